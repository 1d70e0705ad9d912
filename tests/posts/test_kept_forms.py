"""What somebody sends who is not signed in is carried out once they are; what they write survives a switch."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from civic import cookies, timing
from civic.accounts import kept_forms
from civic.accounts.kept_forms import KEPT_FOR, delete_old_kept_forms
from civic.accounts.models import KeptForm, User
from civic.posts.models import Comment, Post, Vote
from civic.ratings.models import Rating
from civic.traffic.models import Confirmation
from tests.builders.riverside import BELL_TOWER, JSON, photo_field, send_report
from tests.clients import Client, make_user
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")
TEXT = "Words <that> nobody wants & to write twice"
PASSWORD = "a sentence works well here"


@dataclass(frozen=True)
class Deed:
    """Something that needs an account, and the rows of it."""

    address: str
    rows: type[Comment | Vote | Rating | Confirmation]
    typed: dict[str, str] = field(default_factory=dict)
    photo: bool = False


DEEDS = {
    "comment": Deed("/posts/{post}/comments", Comment, {"text": TEXT, "suggestion": "1", "client_key": "of-a-comment"}),
    "vote": Deed("/posts/{post}/vote", Vote),
    "still": Deed("/traffic/{update}/still", Confirmation),
    "gone": Deed("/traffic/{update}/gone", Confirmation),
    "rating": Deed(
        "/services/id-card/ratings", Rating, {"stars": "4", "text": TEXT, "client_key": "of-a-rating"}, True
    ),
}


@pytest.fixture
async def places(new_client: Callable[[], Client]) -> dict[str, int]:
    """A report's post, and a traffic update, of other people."""
    report = (await send_report(new_client()))["id"]
    update = await new_client().post("/traffic", json={"kind": "ice", **BELL_TOWER}, headers=JSON)
    return {"post": (await Post.get(report__id=report)).id, "update": update.json()["id"]}


async def _send(client: Client, deed: Deed, places: dict[str, int]) -> httpx2.Response:
    files = [photo_field()] if deed.photo else None
    return await client.post(deed.address.format(**places), data=deed.typed, files=files)


def _next(answer: httpx2.Response) -> str:
    assert answer.status_code == 303
    path, query = urlsplit(answer.headers["location"])[2:4]
    assert path == "/sign-in"
    return parse_qs(query)["next"][0]


@pytest.mark.parametrize("name", DEEDS)
async def test_it_is_done_once_somebody_has_signed_up(name: str, client: Client, places: dict[str, int]) -> None:
    """By plain forms, as without a script: sent, on to an account, and done."""
    deed = DEEDS[name]
    kept = _next(await _send(client, deed, places))
    page = await client.get(f"/sign-up?next={kept}")
    assert not deed.typed or "Words &lt;that&gt;" in page.text
    fields = form_fields(page.text, "/sign-up") | {"email": ["ana@example.org"], "password": [PASSWORD]}
    assert not await deed.rows.exists()
    signed_up = await client.post("/sign-up", data=fields)
    assert (signed_up.status_code, signed_up.headers["location"]) == (307, kept)
    done = await client.post(kept, data=fields)
    assert done.status_code == 303, done.text
    assert await deed.rows.all().count() == 1
    if deed.photo:
        assert (await Post.get(kind="rating")).photos_count == 1
    assert not await KeptForm.exists()
    assert (await client.post(kept)).status_code == 404, "it is not sent twice"
    assert await deed.rows.all().count() == 1


@pytest.mark.parametrize(("name", "button"), [("vote", "Support"), ("still", "Still there"), ("gone", "Gone")])
async def test_what_has_no_words_is_named_too(name: str, button: str, client: Client, places: dict[str, int]) -> None:
    kept = _next(await _send(client, DEEDS[name], places))
    for page in ("/sign-in", "/sign-up"):
        assert re.search(rf"You pressed:\s*<a[^>]*><b>{button}</b></a>", (await client.get(f"{page}?next={kept}")).text)


async def test_opening_its_address_sends_nothing(client: Client, places: dict[str, int]) -> None:
    kept = _next(await _send(client, DEEDS["comment"], places))
    assert (await client.get(kept)).headers["location"].startswith("/sign-in?next=%2Fkept%2F")
    await client.sign_in(await make_user("ana@example.org"))
    page = await client.get(kept)
    assert "Words &lt;that&gt;" in page.text
    assert f'action="{kept}"' in page.text
    assert (await client.get("/sign-in?next=" + kept)).headers["location"] == kept
    assert not await Comment.exists()
    assert (await client.post(f"{kept}/forget")).status_code == 303
    assert (await client.post(kept)).status_code == 404
    assert not await Comment.exists()


async def test_it_belongs_to_one_browser(client: Client, stranger: Client, places: dict[str, int]) -> None:
    """A link that leads somebody to sign in publishes nothing of who sent them the link."""
    kept = _next(await _send(client, DEEDS["comment"], places))
    assert (await stranger.post(kept)).status_code == 404
    assert (await stranger.post(f"{kept}/forget")).status_code == 404
    assert not await Comment.exists()
    assert await KeptForm.exists()


@pytest.mark.parametrize("place", ["/kept/../posts/{post}/vote", "/kept/%2e%2e/posts/{post}/vote", "/kept/x/../../me"])
async def test_signing_in_leads_a_post_to_no_other_address(client: Client, places: dict[str, int], place: str) -> None:
    """A link to the page to sign in names where to go on: nothing is done there in the name of who signs in."""
    entry = {"email": "ana@example.org", "password": PASSWORD, "next": place.format(**places)}
    for path in ("/sign-up", "/sign-in"):
        assert (await client.post(path, data=entry)).status_code == 303, path
        await client.post("/sign-out")
    code = (await send_report(client))["receipt"]
    assert (await client.post("/receipt", data={"code": code, "next": place.format(**places)})).status_code == 303


async def test_what_somebody_writes_who_is_signed_in_is_shown_to_nobody_else(client: Client) -> None:
    """At a shared computer the history of the browser leads back to the page with the form."""
    await client.sign_in(await make_user("ana@example.org"))
    written = {"page": "/reports/new", "form_name": "report", "text": TEXT, "switch": "lang:en"}
    page = (await client.post("/switch", data=written)).headers["location"]
    assert "Words &lt;that&gt;" in (await client.get(page)).text
    await client.post("/sign-out")
    assert "Words &lt;that&gt;" not in (await client.get(page)).text
    await client.sign_in(await make_user("ben@example.org"))
    assert "Words &lt;that&gt;" not in (await client.get(page)).text
    await client.sign_in(await User.get(email="ana@example.org"))
    assert "Words &lt;that&gt;" in (await client.get(page)).text


async def test_it_is_carried_out_in_one_name(client: Client, places: dict[str, int]) -> None:
    """What the first who signed in could not send is not sent in the name of the next."""
    kept = _next(await _send(client, DEEDS["comment"], places))
    await client.sign_in(await make_user("ana@example.org"))
    await Post.filter(id=places["post"]).update(visibility="hidden")
    refused = await client.post(kept)
    assert refused.status_code == 404
    assert "Words &lt;that&gt;" in refused.text, "what was written is there"
    await Post.filter(id=places["post"]).update(visibility="public")
    await client.sign_in(await make_user("ben@example.org"))
    assert (await client.post(kept)).status_code == 404
    assert not await Comment.exists()


async def test_what_is_refused_afterwards_comes_back_in_its_form(client: Client, places: dict[str, int]) -> None:
    deed = Deed(
        "/posts/{post}/comments", Comment, {"text": TEXT, "department": "987654321", "client_key": "of-a-reply"}
    )
    kept = _next(await _send(client, deed, places))
    await client.sign_in(await make_user("ana@example.org"))
    refused = await client.post(kept)
    assert refused.status_code == 403
    assert form_fields(refused.text, deed.address.format(**places))["text"] == [TEXT]


async def test_no_password_waits(client: Client) -> None:
    fields = {"current": PASSWORD, "password": PASSWORD}
    assert (await client.post("/account/password", data=fields)).status_code == 401
    assert not await KeptForm.exists()


async def test_htmx_goes_to_the_page_to_sign_in(client: Client, places: dict[str, int]) -> None:
    answer = await client.post(f"/posts/{places['post']}/vote", headers={"HX-Request": "true"})
    assert answer.headers["hx-redirect"].startswith("/sign-in?next=%2Fkept%2F")


async def test_too_many_wait_and_what_was_written_is_still_there(
    client: Client, places: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_forms, "MAX_KEPT_PER_HOUR", 1)
    _next(await _send(client, DEEDS["comment"], places))
    refused = await _send(client, DEEDS["comment"], places)
    assert refused.status_code == 429
    assert form_fields(refused.text, DEEDS["comment"].address.format(**places))["text"] == [TEXT]
    large = await client.post(f"/posts/{places['post']}/comments", data={"text": "x" * kept_forms.MAX_KEPT_BYTES})
    assert large.status_code in (413, 429)
    assert await KeptForm.all().count() == 1


async def test_what_nobody_comes_back_for_is_dropped(client: Client, places: dict[str, int]) -> None:
    kept = _next(await _send(client, DEEDS["comment"], places))
    with timing.at(timing.now() + KEPT_FOR):
        await client.sign_in(await make_user("ana@example.org"))
        assert (await client.post(kept)).status_code == 404
        await delete_old_kept_forms()
    assert not await KeptForm.exists()


@pytest.mark.parametrize(("switch", "cookie", "value"), [("lang:zh", "lang", "zh"), ("print:large", "print", "large")])
async def test_a_switch_takes_the_form_along(client: Client, switch: str, cookie: str, value: str) -> None:
    page = await client.get("/reports/new")
    fields = form_fields(page.text, "/reports") | {"text": [TEXT], "category": ["pothole"], "email": ["a@example.org"]}
    fields |= {"lat": ["31.19"], "lon": ["118.008"], "located_by": ["pin"]}
    answer = await client.post("/switch", data={**fields, "switch": switch}, files=[photo_field()])
    assert answer.status_code == 303
    assert client.cookies[cookie] == value
    again = await client.get(answer.headers["location"])
    assert ('lang="zh-CN"' in again.text) == (cookie == "lang")
    assert ('class="large"' in again.text) == (cookie == "print")
    found = form_fields(again.text, "/reports")
    assert len(found.pop("kept")) == 1
    assert {name: found[name] for name in fields} == fields
    assert (await client.post("/reports", data=form_fields(again.text, "/reports"))).status_code == 303
    assert (await Post.get()).photos_count == 1


async def test_a_draft_is_saved_without_a_script(client: Client) -> None:
    """Loading the address again shows what was written, and says so; nothing was sent, no language changed."""
    page = await client.get("/reports/new")
    assert re.search(r'<noscript><button class="link" formaction="/switch"[^>]*\s+value="keep:"', page.text)
    typed = form_fields(page.text, "/reports") | {"text": [TEXT]}
    answer = await client.post("/switch", data={**typed, "switch": "keep:"})
    for _ in range(2):
        again = await client.get(answer.headers["location"])
        assert form_fields(again.text, "/reports")["text"] == [TEXT]
        assert "kept at this address for a day" in again.text
    assert "lang" not in client.cookies
    assert not await Post.exists()


async def test_no_page_has_one_noscript_in_another(client: Client, places: dict[str, int]) -> None:
    """With a script its first end tag would end both."""
    for path in ("/reports/new", "/traffic/new", "/services/id-card", (await Post.get(id=places["post"])).path):
        parts = (await client.get(path)).text.split("<noscript>")[1:]
        assert parts
        assert all(part.count("</noscript>") == 1 for part in parts), path


async def test_a_switch_with_nothing_written_is_just_a_switch(client: Client) -> None:
    page = await client.get("/traffic/new")
    answer = await client.post("/switch", data={**form_fields(page.text, "/traffic"), "switch": "lang:zh"})
    assert answer.headers["location"] == "/traffic/new"
    assert not await KeptForm.exists()
    elsewhere = await client.post("/switch", data={"page": "//example.org", "switch": "print:normal"})
    assert elsewhere.headers["location"] == "/"


async def test_another_browser_does_not_see_what_waits(client: Client, stranger: Client) -> None:
    answer = await client.post(
        "/switch", data={"page": "/reports/new", "form_name": "report", "text": TEXT, "switch": "lang:en"}
    )
    assert "Words &lt;that&gt;" in (await client.get(answer.headers["location"])).text
    assert "Words &lt;that&gt;" not in (await stranger.get(answer.headers["location"])).text
    client.cookies.delete(cookies.BROWSER)
    assert "Words &lt;that&gt;" not in (await client.get(answer.headers["location"])).text


@pytest.mark.parametrize("address", ["/reports", "/traffic"])
async def test_a_place_is_looked_up_and_nothing_sent(client: Client, address: str) -> None:
    """The first button of the form without a script, so what Enter presses in the address."""
    page = await client.get(f"{address}/new")
    fields = form_fields(page.text, address) | {"text": [TEXT], "place_text": ["Bell Tower Square"]}
    answer = await client.post(address, data={**fields, "show": "place"})
    assert answer.status_code == 200
    assert re.search(r"◎ [^<]*Bell Tower Square", answer.text)
    assert form_fields(answer.text, address)["text"] == [TEXT]
    assert not await Post.exists()
