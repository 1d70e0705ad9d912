"""What is private or hidden: no word of it comes to others by any list, map, search or answer."""

import re
from collections.abc import Callable

import pytest

from civic.accounts.models import Role
from civic.app import routes
from civic.posts.models import Visibility
from civic.web import GuardedRoute
from tests.builders.riverside import act_at_desk, change_category, get_case_id, get_department_id, send_routed_report
from tests.clients import Client, make_user
from tests.indexed import indexed
from tests.security.requests import get_post_id

pytestmark = pytest.mark.usefixtures("riverside")

WORDS = ("Quillfeather", "Zanderhof", "13800000000", "Ostrichsong")
DEEDS = ("answer", "confirm", "dispute", "appeal", "rate", "doubt", "confirm-mail")


async def send_private(author: Client, agent: Client) -> int:
    """A private report with a word of its own in each place; its id."""
    async with change_category("pothole", public=False):
        one = await send_routed_report(
            author, text=f"{WORDS[0]} needs help {WORDS[2]}", title=WORDS[0], address=f"{WORDS[1]} 5"
        )
    await agent.join(await get_department_id("roads"))
    await act_at_desk(agent, await get_case_id(one["id"]), "note", text=f"{WORDS[3]} was told at the counter.")
    return int(one["id"])


async def send_hidden(author: Client, moderator: Client) -> int:
    """A report with these words that a moderator has hidden; its id."""
    one = await send_routed_report(author, text=f"{WORDS[0]} of {WORDS[1]}: {WORDS[2]}", title=WORDS[3])
    answer = await moderator.post(
        "/desk/moderation/hide", data={"post": await get_post_id(one["id"]), "reason": "personal_data"}
    )
    assert answer.status_code == 303, answer.text
    return int(one["id"])


def readable(report: int, post: int, case: int) -> list[str]:
    """Every address that can be read, lists asked for what the report says and where it is."""
    found = []
    for route in routes():
        if isinstance(route, GuardedRoute) and "GET" in (route.methods or ()):
            path = route.path.replace("/desk/cases/{id:int}", f"/desk/cases/{case}")
            path = re.sub(r"\{id:int\}", str(post if path.startswith(("/posts", "/api/v1/posts")) else report), path)
            found.append(re.sub(r"\{.*?\}", "x", path))
    here = "lat=31.19&lon=118.008"
    found += [f"{path}?q={word}" for path in ("/search", "/reports", "/services", "/places") for word in WORDS[:2]]
    found += [f"/search?q={WORDS[0][:7]}&typing=1", f"/desk/search?q={WORDS[0]}", "/reports?near=31.19,118.008,500"]
    found += [f"/reports/new/similar?text={WORDS[0]}&{here}", f"/api/v1/search?q={WORDS[1]}", f"/search?q={WORDS[0]}s"]
    return [*found, "/map/points?bbox=117,30,119,32&zoom=16", "/api/v1/map/points?bbox=117,30,119,32&zoom=9"]


@pytest.mark.parametrize("kind", [Visibility.PRIVATE, Visibility.HIDDEN])
async def test_no_word_of_it_is_told(
    kind: Visibility,
    citizen: Client,
    stranger: Client,
    agent: Client,
    dispatcher: Client,
    client: Client,
    new_client: Callable[[], Client],
) -> None:
    report = await (send_private(citizen, agent) if kind == Visibility.PRIVATE else send_hidden(citizen, dispatcher))
    post, case = await get_post_id(report), await get_case_id(report)
    await indexed()
    other = await new_client().sign_in(await make_user("clerk@example.org", Role.AGENT))
    await other.join(await get_department_id("parks"))
    assert WORDS[0] in (await citizen.get(f"/reports/{report}")).text
    for who in (client, stranger, other):
        for path in readable(report, post, case):
            answer = await who.get(path, headers={"HX-Request": "true"} if "typing" in path else {})
            said = answer.text + str(answer.headers)
            asked = [word for word in WORDS if word in path]  # which a page may repeat as what was asked for
            told = [word for word in WORDS if word in said and word not in asked]
            assert told == [], (path, told)
        for path in (f"/reports/{report}", f"/reports/{report}/history.json", f"/posts/{post}/flag"):
            assert (await who.get(path)).status_code == 404, path
        assert (await who.get(f"/desk/cases/{case}")).status_code in (303, 403, 404)


@pytest.mark.parametrize("kind", [Visibility.PRIVATE, Visibility.HIDDEN])
async def test_it_is_as_one_that_there_is_not(
    kind: Visibility, citizen: Client, stranger: Client, agent: Client, dispatcher: Client, client: Client
) -> None:
    """Neither reading nor a deed tells a stranger that it is there."""
    report = await (send_private(citizen, agent) if kind == Visibility.PRIVATE else send_hidden(citizen, dispatcher))
    post, unused = await get_post_id(report), 1000
    form = {"text": "It is still not fixed there.", "stars": "1", "reason": "spam"}
    paths = [(f"/reports/{{}}/{deed}", report) for deed in DEEDS]
    paths += [(f"/posts/{{}}/{deed}", post) for deed in ("comments", "vote", "flag")]
    for who in (client, stranger):
        for path, number in paths:
            there, missing = [
                await who.post(path.format(one), data=form, headers={"Accept": "application/json"})
                for one in (number, number + unused)
            ]
            assert there.status_code == missing.status_code, path
            assert there.status_code in (401, 404), path
            assert there.json()["message"] == missing.json()["message"], path
