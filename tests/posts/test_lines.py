"""One line of a public history: anybody flags it, a moderator hides, restores and erases it, and the chain holds."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from civic import timing
from civic.cases.history import check_history
from civic.cases.models import Case, CaseEvent
from civic.config import Config
from civic.db import fetch
from civic.media.models import Photo
from civic.notifications.delivery import deliver_message
from civic.notifications.models import Message
from civic.notifications.rendering import render_message
from civic.posts.models import Flag, Moderation, Post
from civic.reports.actions import notify_reporters
from tests.builders.riverside import (
    HOLE,
    JSON,
    act_at_desk,
    get_case,
    get_department_id,
    photo_field,
    send_desk_form,
    send_routed_report,
)
from tests.clients import Client
from tests.indexed import indexed

pytestmark = pytest.mark.usefixtures("riverside")

PHONE = "13800000000"
TEXT = f"Call the neighbour Blomqvist, {PHONE}, he has the key"
HIDDEN = "This text is hidden. Reason: Shows somebody"  # … 's personal data, escaped
UNREAD = "The public does not read this. Reason: Shows somebody"


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


@pytest.fixture
async def report(client: Client, roads: Client) -> dict[str, Any]:
    """A stranger's report, whose department said too much."""
    one = await send_routed_report(client, email="ana@example.org")
    await Post.all().update(email_confirmed_at=timing.now())
    case = await get_case(one["id"])
    answer = await roads.post(f"/desk/cases/{case.id}/reply", data={"text": TEXT}, files=[photo_field()])
    assert answer.status_code == 303, answer.text
    return one


async def lines_of(reader: Client, report: dict[str, Any]) -> list[dict[str, Any]]:
    timeline: list[dict[str, Any]] = (await reader.get(report["url"], headers=JSON)).json()["timeline"]
    return timeline


async def spoken_line(reader: Client, report: dict[str, Any]) -> dict[str, Any]:
    return (await lines_of(reader, report))[-1]


async def moderate(dispatcher: Client, act: str, line: str, **more: object) -> int:
    answer = await dispatcher.post(f"/desk/moderation/{act}", data={"line": line, "reason": "personal_data", **more})
    return answer.status_code


async def tell(report: dict[str, Any]) -> Message:
    """The message to the reporter about the latest line."""
    event = await CaseEvent.filter(case__reports__id=report["id"]).order_by("-seq").first()
    assert event
    await notify_reporters(event.id)
    return await Message.get(key__startswith=f"event:{event.id}:")


async def assert_chain_holds(report: dict[str, Any]) -> None:
    assert await check_history((await get_case(report["id"])).id) == []


async def test_anybody_flags_a_line(
    client: Client, stranger: Client, dispatcher: Client, report: dict[str, Any]
) -> None:
    line = (await spoken_line(stranger, report))["line"]
    post = await Post.get()
    address = f"/posts/{post.id}/flag?line={line}"
    assert address in (await client.get(report["url"])).text
    form = (await client.get(address)).text
    assert f'name="line" value="{line}"' in form
    assert TEXT in form, "it says what it is about"
    for reader in (client, stranger, stranger):  # once a person who is known
        answer = await reader.post(f"/posts/{post.id}/flag", data={"line": line, "reason": "personal_data"})
        assert answer.status_code == 200
    assert await Flag.filter(line=line).count() == 2
    [listed] = (await dispatcher.get("/api/v1/desk/moderation")).json()["flagged"]
    assert (listed["line"], listed["count"], listed["text"]) == (line, 2, TEXT)
    page = (await dispatcher.get("/desk/moderation")).text
    assert TEXT in page
    assert (await client.get(listed["url"].partition("#")[0])).status_code == 200
    assert TEXT in (await stranger.get(report["url"])).text, "nothing is hidden without a person's decision"
    assert await moderate(dispatcher, "keep", line) == 303
    assert "Nothing is waiting for you" in (await dispatcher.get("/desk/moderation")).text


@pytest.mark.parametrize("line", ["26-1-1", "26-999999-2", "x", "26-1", "26-99999999999999999999-1", "²6-1-1"])
async def test_a_line_that_there_is_not(client: Client, dispatcher: Client, report: dict[str, Any], line: str) -> None:
    post = await Post.get()
    answer = await client.post(f"/posts/{post.id}/flag", data={"line": line, "reason": "spam"})
    assert answer.status_code == 404
    for act in ("hide", "restore", "erase", "keep"):
        assert await moderate(dispatcher, act, line) == 404
    assert await Flag.all().count() == await Moderation.all().count() == 0


async def test_only_what_is_on_the_page_can_be_flagged(
    client: Client, roads: Client, dispatcher: Client, report: dict[str, Any]
) -> None:
    """Neither a line of another case, nor an internal one, nor one that says nothing."""
    other = await send_routed_report(client, text="Another hole")
    elsewhere = await Post.get(path=other["url"])
    line = (await spoken_line(client, report))["line"]
    case = await get_case(report["id"])
    await act_at_desk(roads, case.id, "note", text="An internal note")
    post, silent = await Post.get(path=report["url"]), f"{case.number}-1"
    for post_id, name in ((elsewhere.id, line), (post.id, f"{case.number}-4"), (post.id, silent)):
        answer = await client.post(f"/posts/{post_id}/flag", data={"line": name, "reason": "spam"})
        assert answer.status_code == 404, name
    assert await moderate(dispatcher, "hide", f"{case.number}-4") == 404, "what is internal is no moderator's"
    await moderate(dispatcher, "hide", line)
    answer = await client.post(f"/posts/{post.id}/flag", data={"line": line, "reason": "spam"})
    assert answer.status_code == 404, "nor one that is hidden already"


async def test_a_hidden_line(
    client: Client, stranger: Client, roads: Client, dispatcher: Client, report: dict[str, Any]
) -> None:
    line = (await spoken_line(stranger, report))["line"]
    photo = await Photo.get()
    await client.post(f"/posts/{(await Post.get()).id}/flag", data={"line": line, "reason": "personal_data"})
    await indexed()
    case = await get_case(report["id"])
    assert await moderate(dispatcher, "hide", line, text="A number is in it.") == 303
    assert await Flag.filter(settled_at=None).count() == 0
    for reader in (client, stranger, dispatcher):
        for path in (report["url"], f"/api/v1{report['url']}", f"/api/v1/search?q={PHONE}", f"/search?q={PHONE}"):
            answer = (await reader.get(path)).text
            assert "Blomqvist" not in answer, path
            assert PHONE not in answer.replace(f"q={PHONE}", "").replace(f'value="{PHONE}"', "") or "search" in path
        assert HIDDEN in (await reader.get(report["url"])).text
    shown = await spoken_line(stranger, report)
    assert (shown["text"], shown["hidden"], shown["kind"]) == ("", "personal_data", "replied")
    assert (await stranger.get(f"/photos/{photo.name}/320.webp")).status_code == 404
    assert not (await Photo.get()).public
    desk = (await roads.get(f"/desk/cases/{case.id}")).text
    assert TEXT in desk, "who works on the case goes on reading it"
    assert UNREAD in desk
    [told] = await Message.filter(kind="hidden")
    assert told.department_id == await get_department_id("roads")
    assert "Your entry" in render_message(told).subject
    entry = await Moderation.get()
    assert (entry.act, entry.line, entry.reason, entry.text) == ("hide", line, "personal_data", "A number is in it.")
    assert line in (await dispatcher.get("/desk/moderation")).text
    await assert_chain_holds(report)
    assert await moderate(dispatcher, "hide", line) == 409
    assert await moderate(dispatcher, "restore", line) == 303
    shown = await spoken_line(stranger, report)
    assert (shown["text"], shown["hidden"]) == (TEXT, None)
    assert (await Photo.get()).public
    assert (await Photo.get()).name in (await stranger.get(report["url"])).text
    assert await moderate(dispatcher, "restore", line) == 409
    await assert_chain_holds(report)


async def test_an_erased_line(
    client: Client, stranger: Client, roads: Client, dispatcher: Client, report: dict[str, Any]
) -> None:
    line = (await spoken_line(stranger, report))["line"]
    assert await moderate(dispatcher, "erase", line) == 409, "only what is hidden"
    assert await moderate(dispatcher, "hide", line) == 303
    assert await moderate(dispatcher, "erase", line) == 303
    case = await get_case(report["id"])
    for reader, path in (
        (stranger, report["url"]),
        (dispatcher, report["url"]),
        (dispatcher, f"/desk/cases/{case.id}"),
    ):
        page = (await reader.get(path)).text
        assert "Blomqvist" not in page
        assert "The text of this entry was erased" in page
    shown = await spoken_line(stranger, report)
    assert (shown["text"], shown["erased"], shown["hidden"]) == ("", True, None)
    assert not await CaseEvent.filter(text__contains="Blomqvist").exists()
    assert not (await Photo.get()).attached, "its photo goes with the next tidying"
    assert not await fetch("SELECT 1 FROM case_event_photo")
    for act in ("hide", "restore", "erase"):
        assert await moderate(dispatcher, act, line) == 409
    assert [one.act for one in await Moderation.all().order_by("id")] == ["hide", "erase"]
    await assert_chain_holds(report)


Act = Callable[[Client, str], Awaitable[None]]


async def hide(dispatcher: Client, line: str) -> None:
    assert await moderate(dispatcher, "hide", line) == 303


async def erase(dispatcher: Client, line: str) -> None:
    await hide(dispatcher, line)
    assert await moderate(dispatcher, "erase", line) == 303


@pytest.mark.parametrize("act", [hide, erase])
@pytest.mark.parametrize("told_before", [True, False], ids=["message waits", "message is not made yet"])
async def test_mails_that_were_not_sent(
    dispatcher: Client, report: dict[str, Any], config: Config, act: Act, told_before: bool
) -> None:
    line = (await spoken_line(dispatcher, report))["line"]
    if told_before:
        assert TEXT in render_message(await tell(report)).body
    await act(dispatcher, line)
    message = await tell(report)
    assert "This text was hidden" in render_message(message).body
    assert await deliver_message(message.id, config)
    [mail] = (config.paths.var / "outbox").glob("*.eml")
    assert PHONE not in mail.read_text()
    for one in await Message.all():
        assert "Blomqvist" not in str(one.values), "nor does a text stay in a message that was sent"


async def test_what_was_told_is_told_again_when_it_is_restored(dispatcher: Client, report: dict[str, Any]) -> None:
    line, message = (await spoken_line(dispatcher, report))["line"], await tell(report)
    await hide(dispatcher, line)
    assert TEXT not in render_message(await message.get(id=message.id)).body
    await moderate(dispatcher, "restore", line)
    assert render_message(await message.get(id=message.id)).body == render_message(message).body


async def test_messages_to_the_desk(client: Client, roads: Client, dispatcher: Client) -> None:
    """What the reporter answered is repeated to the department, in a message that stays in its list."""
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "ask", text="Who has the key?")
    await client.post(f"{one['url']}/answer", data={"text": TEXT})
    assert TEXT in (await roads.get("/desk/messages")).text
    await hide(dispatcher, (await spoken_line(client, one))["line"])
    assert "Blomqvist" not in (await roads.get("/desk/messages")).text
    assert "Blomqvist" not in str([message.values for message in await Message.all()])


async def test_a_question_that_is_hidden(client: Client, roads: Client, dispatcher: Client) -> None:
    """What is pinned above the history is hidden with it."""
    one = await send_routed_report(client)
    await act_at_desk(roads, (await get_case(one["id"])).id, "ask", text=TEXT)
    await hide(dispatcher, (await spoken_line(client, one))["line"])
    page = (await client.get(one["url"])).text
    assert "Blomqvist" not in page
    assert page.count(HIDDEN) == 2
    assert f'action="{one["url"]}/answer"' in page, "the wait goes on"


async def test_what_somebody_missed_is_not_repeated(client: Client, roads: Client, dispatcher: Client) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "reply", text=TEXT)
    await hide(dispatcher, (await spoken_line(client, one))["line"])
    late = await send_desk_form(roads, case.id, "hand_over", text="This is for the parks.", to="parks", seen=2)
    assert late.status_code == 409
    assert "Somebody else was quicker" in late.text
    assert "“Call the" not in late.text


async def test_a_returned_case_in_the_triage(client: Client, roads: Client, dispatcher: Client) -> None:
    one = await send_routed_report(client)
    await act_at_desk(roads, (await get_case(one["id"])).id, "give_back", text=TEXT)
    assert TEXT in (await dispatcher.get("/desk/triage")).text
    await hide(dispatcher, (await spoken_line(client, one))["line"])
    assert "Blomqvist" not in (await dispatcher.get("/desk/triage")).text


# --- departments ------------------------------------------------------------------------------------------------------


async def test_a_department_hides_its_own_line_at_once(
    stranger: Client, roads: Client, dispatcher: Client, report: dict[str, Any]
) -> None:
    """It is in the log, and a moderator looks at it: nobody hides by themselves what is only unpleasant."""
    line = (await spoken_line(stranger, report))["line"]
    case = await get_case(report["id"])
    assert 'action="/desk/lines/withdraw"' in (await roads.get(f"/desk/cases/{case.id}")).text
    answer = await roads.post("/desk/lines/withdraw", data={"line": line, "text": "A number slipped in."})
    assert answer.status_code == 303
    assert (await spoken_line(stranger, report))["hidden"] == "personal_data"
    [flagged] = (await dispatcher.get("/api/v1/desk/moderation")).json()["flagged"]
    assert (flagged["line"], flagged["hidden"], flagged["withdrawn"]) == (line, True, True)
    page = (await dispatcher.get("/desk/moderation")).text
    assert "Hidden by the department that wrote it" in page
    assert "A number slipped in." in page
    assert (await roads.post("/desk/lines/withdraw", data={"line": line})).status_code == 409
    assert "/desk/lines/withdraw" not in (await roads.get(f"/desk/cases/{case.id}")).text
    assert await moderate(dispatcher, "restore", line) == 303
    assert (await spoken_line(stranger, report))["text"] == TEXT
    assert "Nothing is waiting for you" in (await dispatcher.get("/desk/moderation")).text


async def test_only_lines_of_its_own(client: Client, agent: Client, citizen: Client, report: dict[str, Any]) -> None:
    spoken = (await spoken_line(client, report))["line"]
    asked = await send_routed_report(client, text="Another hole")
    case = await get_case(asked["id"])
    await act_at_desk(agent, case.id, "ask", text="Where exactly is it?")
    await client.post(f"{asked['url']}/answer", data={"text": "There."})
    answered = (await spoken_line(client, asked))["line"]
    assert (await agent.post("/desk/lines/withdraw", data={"line": answered})).status_code == 404
    assert (await citizen.post("/desk/lines/withdraw", data={"line": spoken})).status_code == 403
    assert (await client.post("/desk/lines/withdraw", data={"line": spoken}, headers=JSON)).status_code == 401
    assert agent.user
    await fetch("DELETE FROM membership WHERE user_id = $1", agent.user.id)
    await agent.join(await get_department_id("parks"))
    assert (await agent.post("/desk/lines/withdraw", data={"line": spoken})).status_code == 404
    assert await Moderation.all().count() == 0


@pytest.mark.parametrize("act", ["hide", "restore", "erase", "keep"])
async def test_moderators_only(
    client: Client, citizen: Client, roads: Client, report: dict[str, Any], act: str
) -> None:
    line = (await spoken_line(client, report))["line"]
    for someone, status in ((client, 303), (citizen, 403), (roads, 403)):
        assert await moderate(someone, act, line) == status
    page = (await client.get(report["url"])).text
    assert "/desk/moderation/" not in page
    assert TEXT in page


async def test_a_line_of_a_case_that_was_merged(client: Client, dispatcher: Client, report: dict[str, Any]) -> None:
    """It stands on no page, is still in messages, and is hidden by its name."""
    line = (await spoken_line(client, report))["line"]
    message = await tell(report)
    into = await send_routed_report(client, text="The same hole")
    case, other = await get_case(report["id"]), await get_case(into["id"])
    await act_at_desk(dispatcher, case.id, "merge", into=other.number, text="It is the same hole.")
    assert (await Case.get(id=case.id)).merged_into_id == other.id
    there = await Post.get(path=into["url"])
    answer = await client.post(f"/posts/{there.id}/flag", data={"line": line, "reason": "wrong"})
    assert answer.status_code == 404
    await hide(dispatcher, line)
    assert "Blomqvist" not in str((await Message.get(id=message.id)).values)
    assert UNREAD in (await dispatcher.get(f"/desk/cases/{case.id}")).text


# --- comments ---------------------------------------------------------------------------------------------------------


async def test_an_erased_comment(citizen: Client, stranger: Client, dispatcher: Client, report: dict[str, Any]) -> None:
    post = await Post.get()
    await citizen.post(f"/posts/{post.id}/comments", data={"text": TEXT})
    [row] = await fetch("SELECT id FROM comment")

    async def act(name: str) -> int:
        fields = {"post": post.id, "comment": row["id"], "reason": "personal_data"}
        return (await dispatcher.post(f"/desk/moderation/{name}", data=fields)).status_code

    assert await act("erase") == 409
    assert await act("hide") == 303
    assert TEXT in (await citizen.get(report["url"])).text
    assert await act("erase") == 303
    assert [row["text"] for row in await fetch("SELECT text FROM comment")] == [""]
    page = (await dispatcher.get(report["url"])).text
    assert "The text of this comment was erased" in page
    for name in ("erase", "restore", "hide"):
        assert await act(name) == 409
    assert (await dispatcher.post("/desk/moderation/erase", data={"post": post.id})).status_code == 404
    assert HOLE in (await stranger.get(report["url"])).text


async def test_what_a_merge_says_stands_once(client: Client, stranger: Client, dispatcher: Client) -> None:
    """So what is erased does not come back on another page when the merge is undone."""
    early, late = [await send_routed_report(client) for _ in range(2)]
    into, merged = await get_case(early["id"]), await get_case(late["id"])
    await act_at_desk(dispatcher, merged.id, "merge", into=into.number, text=TEXT)
    assert PHONE in (await stranger.get(early["url"])).text
    [event] = await CaseEvent.filter(text=TEXT)
    for act in ("hide", "erase"):
        form = {"line": f"{into.number}-{event.seq}", "reason": "personal_data"}
        assert (await dispatcher.post(f"/desk/moderation/{act}", data=form)).status_code == 303
    await act_at_desk(dispatcher, merged.id, "unmerge", text="It is another hole, further on")
    for one in (early, late):
        assert PHONE not in (await stranger.get(one["url"])).text
    assert await CaseEvent.filter(text__contains="another hole").count() == 1
