"""The service worker and what a phone keeps: headers, scope, and that nothing of a person is in it."""

import re

import pytest

from civic import offline, static
from civic.posts.models import Post
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
KEPT = ["/offline", "/offline/form", "/offline/questions"]
PROGRAM = {"Accept": "application/json"}


async def test_the_worker_serves_the_whole_site_and_is_asked_for_each_time(client: Client) -> None:
    answer = await client.get("/sw.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "worker-src 'self'" in answer.headers["content-security-policy"]
    assert f'self.release = "{offline.release()}"' in answer.text
    for script in re.findall(r'"(/static/[^"]+)"', answer.text):
        assert (await client.get(script)).headers["cache-control"] == static.FOR_EVER
    assert (await client.get("/sw.js", headers={"If-None-Match": answer.headers["etag"]})).status_code == 304


def test_any_changed_file_of_static_is_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    before = offline.release()
    changed = "css/tokens.css"
    real = static.file_version
    monkeypatch.setattr(offline, "file_version", lambda name: "changed" if name == changed else real(name))
    assert offline.release() != before


@pytest.mark.parametrize("path", KEPT)
async def test_a_stranger_gets_pages_that_may_be_kept(client: Client, path: str) -> None:
    answer = await client.get(path, headers={"Accept-Language": "zh"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public")
    assert "set-cookie" not in answer.headers
    assert re.search(r"[\u4e00-\u9fff]", answer.text)
    large = await client.get(f"{path}?print=large")
    assert path == "/offline/questions" or '<html lang="en" class="large"' in large.text


async def test_the_form_that_is_kept_has_no_key_and_no_person(client: Client, citizen: Client) -> None:
    kept = (await client.get("/offline/form")).text
    assert 'name="client_key" value=""' in kept
    assert 'data-reader="0"' in kept
    assert 'name="email"' in kept
    assert (await citizen.get("/offline/form")).headers["cache-control"] == "private, no-cache"
    for path in ("/account", "/me", "/offline/sender"):
        headers = (await citizen.get(path)).headers["cache-control"]
        assert "private" in headers or "no-store" in headers


async def test_the_questions_of_every_category_are_kept(client: Client) -> None:
    questions = (await client.get("/offline/questions")).json()
    assert "Green too short" in questions["traffic-light"]
    asked = (await client.get("/reports/new/questions?category=traffic-light")).text
    assert questions["traffic-light"].split() == asked.split()


async def test_the_sender_is_who_is_signed_in_and_the_browser_gets_its_mark(client: Client, citizen: Client) -> None:
    answer = await client.get("/offline/sender", headers=PROGRAM)
    assert answer.json() == {"person": 0}
    assert "browser" in client.cookies
    assert citizen.user
    assert (await citizen.get("/offline/sender", headers=PROGRAM)).json() == {"person": citizen.user.id}


def report(reader: int, **more: str) -> dict[str, str]:
    place = {"lat": "31.19", "lon": "118.008", "located_by": "pin"}
    return (
        {"text": "A lamp that has been out for a week", "client_key": "waited", "written_by": str(reader)}
        | place
        | more
    )


async def test_what_waited_goes_out_in_no_other_name(citizen: Client, stranger: Client, client: Client) -> None:
    assert citizen.user
    written = report(citizen.user.id)
    for other in (stranger, client):
        refused = await other.post("/reports", data=written, headers=PROGRAM)
        assert refused.status_code == 409
        assert "another account" in refused.json()["message"]
    assert (await stranger.post("/reports", data=report(0), headers=PROGRAM)).status_code == 409
    assert await Post.filter(client_key="waited").count() == 0
    sent = await citizen.post("/reports", data=written, headers=PROGRAM)
    assert sent.status_code == 201
    assert (await Post.get(client_key="waited")).channel == "web"


async def test_the_key_of_a_report_that_waited_opens_nothing_to_another(client: Client, stranger: Client) -> None:
    await client.get("/offline/sender")
    first = (await client.post("/reports", data=report(0), headers=PROGRAM)).json()
    client.cookies.delete("receipts")  # the answer was lost
    again = (await client.post("/reports", data=report(0), headers=PROGRAM)).json()
    assert (again["url"], again["receipt"], again["again"]) == (first["url"], first["receipt"], True)
    assert stranger.user
    other = await stranger.post("/reports", data=report(stranger.user.id), headers=PROGRAM)
    assert other.json() == {"again": True}
    mine = report(stranger.user.id, text="Another text under the key of somebody else")
    assert (await stranger.post("/reports", data=mine, headers=PROGRAM)).status_code == 409
    assert await Post.filter(client_key="waited").count() == 1
