"""What a reporter says on a case: an answer where one was asked for, else a comment; and a history that grows long."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.history import check_history
from civic.cases.models import Case, CaseEvent
from civic.cases.queries import MAX_LINES_SHOWN
from civic.cases.status import Status
from civic.config import LimitsConfig
from civic.notifications.models import Message
from civic.notifications.rendering import render_message
from civic.posts.models import Comment, Post
from tests.builders.posts import ana, bo, get_holder, make_report
from tests.builders.riverside import JSON, act_at_desk, get_case, get_department_id, photo_field, send_routed_report
from tests.clients import Client
from tests.statements import Statements

__all__ = ["ana", "bo"]

pytestmark = pytest.mark.usefixtures("riverside")
QUESTION = "On which side of the road is it?"


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def comment_on(reader: Client, report: dict[str, Any], **fields: object) -> int:
    post = await Post.get(path=report["url"])
    answer = await reader.post(f"/posts/{post.id}/comments", data={"text": "On the left side.", **fields})
    return answer.status_code


async def resolve(roads: Client, case: Case) -> None:
    fields = {"text": "It has been filled in."}
    answer = await roads.post(f"/desk/cases/{case.id}/resolve", data=fields, files=[photo_field()])
    assert answer.status_code == 303, answer.text


async def status(report: dict[str, Any]) -> Status:
    return (await get_case(report["id"])).status


async def test_nobody_answers_unasked(client: Client, roads: Client) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])

    async def answer() -> int:
        return (await client.post(f"{one['url']}/answer", data={"text": "And another thing."})).status_code

    assert await answer() == 409
    await act_at_desk(roads, case.id, "ask", text=QUESTION)
    assert [await answer() for _ in range(3)] == [303, 409, 409], "once for each question"
    refused = await client.post(f"{one['url']}/answer", data={"text": "Unasked for"})
    assert "Please write a comment instead" in refused.text
    assert "Unasked for" in refused.text, "what was typed is kept"
    await resolve(roads, case)
    assert await answer() == 409
    assert await CaseEvent.filter(kind="answered").count() == 1
    assert await check_history(case.id) == []


@pytest.mark.parametrize("name", ["answer", "confirm", "dispute", "rate"])
async def test_no_text_of_a_reporter_is_longer_than_a_report(client: Client, roads: Client, name: str) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "ask", text=QUESTION)
    if name != "answer":
        await resolve(roads, case)
    state = client.app.state
    state.config = state.config.model_copy(update={"limits": LimitsConfig(text=100)})  # type: ignore[call-arg]
    for length, statuses in ((101, {422}), (100, {200})):
        fields = {"text": "x" * length, "stars": "4"}
        answer = await client.post(f"{one['url']}/{name}", json=fields, headers=JSON)
        assert answer.status_code in statuses, answer.text
        assert length == 100 or answer.json()["fields"].keys() == {"text"}


# --- any word of the reporter ends the wait ---------------------------------------------------------------------------


async def test_a_comment_of_the_reporter_ends_the_wait(citizen: Client, stranger: Client, roads: Client) -> None:
    one = await send_routed_report(citizen)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "ask", text=QUESTION)
    assert await comment_on(citizen, one) == 303
    assert await status(one) == Status.IN_PROGRESS
    assert (await Case.get(id=case.id)).waiting_until is None
    assert await check_history(case.id) == []
    comment = await Comment.get()
    *_, line = (await stranger.get(one["url"], headers=JSON)).json()["timeline"]
    assert (line["kind"], line["by"], line["text"], line["comment"]) == ("answered", "reporter", "", comment.id)
    assert f'href="#comment-{comment.id}"' in (await stranger.get(one["url"])).text
    told = render_message(await Message.get(kind="case_answered"))
    assert "The answer is a comment" in told.body
    assert await comment_on(citizen, one, text="And one more thing") == 303
    assert await CaseEvent.filter(kind="answered").count() == 1


async def test_other_comments_do_not(
    client: Client, citizen: Client, stranger: Client, roads: Client, dispatcher: Client
) -> None:
    one = await send_routed_report(client)
    await act_at_desk(roads, (await get_case(one["id"])).id, "ask", text=QUESTION)
    department = await get_department_id("roads")
    for reader, fields in ((citizen, {}), (dispatcher, {}), (roads, {}), (roads, {"department": department})):
        assert await comment_on(reader, one, **fields) == 303
    assert await status(one) == Status.WAITING


async def test_an_official_word_of_the_reporter_is_none_of_theirs(agent: Client) -> None:
    """A clerk who reported it as a citizen and then speaks for the department."""
    await agent.join(await get_department_id("roads"))
    one = await send_routed_report(agent)
    await act_at_desk(agent, (await get_case(one["id"])).id, "ask", text=QUESTION)
    assert await comment_on(agent, one, department=await get_department_id("roads")) == 303
    assert await status(one) == Status.WAITING


async def test_a_reporter_of_the_same_case(client: Client, citizen: Client, roads: Client, dispatcher: Client) -> None:
    """Whose report was merged: a word on any report of the case counts."""
    one, other = await send_routed_report(client), await send_routed_report(citizen, text="The same hole again")
    into = await get_case(one["id"])
    merged = await get_case(other["id"])
    await act_at_desk(dispatcher, merged.id, "merge", into=into.number, text="It is the same hole.")
    await act_at_desk(roads, into.id, "ask", text=QUESTION)
    assert await comment_on(citizen, one) == 303
    assert await status(one) == Status.IN_PROGRESS


# --- a long history ---------------------------------------------------------------------------------------------------


async def lengthen(case_id: int, lines: int) -> None:
    """A question, and after it so many lines of a dispatcher."""
    await cases.ask(case_id, by=await get_holder(case_id), text=QUESTION)
    for n in range(lines):
        await cases.add_note(case_id, by=Actor(ActorKind.DISPATCHER), text=f"Internal line {n}.")
        await cases.reply(case_id, by=await get_holder(case_id), text=f"Public line number {n}.")


def shown(page: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'id="event-(\d+)"', page)]


async def test_a_long_history_comes_in_parts(ana: Person, stranger: Client, dispatcher: Client) -> None:
    """Without a script, from the newest to the first; every line is in one part, whatever is internal between them."""
    one = await make_report(ana, "A deep hole")
    await lengthen(one.case_id, MAX_LINES_SHOWN + 30)
    for reader, path in ((stranger, f"/reports/{one.id}"), (dispatcher, f"/desk/cases/{one.case_id}")):
        seen: list[int] = []
        address: str | None = path
        while address:
            page = (await reader.get(address)).text
            part = shown(page)
            assert len(part) <= MAX_LINES_SHOWN
            assert part == sorted(part)
            seen = part + seen
            link = re.search(r'href="(\?before=\d+)#history"', page)
            address = path + link[1] if link else None
        public = CaseEvent.filter(case_id=one.case_id)
        expected = public if reader is dispatcher else public.filter(internal=False)
        assert seen == list(await expected.order_by("seq").values_list("seq", flat=True))
    page = (await stranger.get(f"/reports/{one.id}")).text
    assert QUESTION in page, "what is asked is pinned, however long ago"
    first = (await stranger.get(f"/reports/{one.id}?before=3")).text
    assert f"Public line number {MAX_LINES_SHOWN + 29}." in first, "and so is the latest official answer"
    assert f'href="/reports/{one.id}#history"' in first


async def test_a_program_pages_it_too(ana: Person, client: Client, dispatcher: Client) -> None:
    one = await make_report(ana, "A deep hole")
    await lengthen(one.case_id, MAX_LINES_SHOWN)
    for reader, path in ((client, f"/api/v1/reports/{one.id}"), (dispatcher, f"/api/v1/desk/cases/{one.case_id}")):
        newest = (await reader.get(path)).json()
        assert len(newest["timeline"]) == MAX_LINES_SHOWN
        earlier = (await reader.get(f"{path}?before={newest['earlier']}")).json()
        assert earlier["timeline"][-1]["seq"] < newest["timeline"][0]["seq"]
    assert (earlier["earlier"] is None) == (len(earlier["timeline"]) < MAX_LINES_SHOWN)


@pytest.mark.parametrize("before", ["", "0", "-1", "x", "9" * 18, "9" * 30, "²"])
async def test_parts_that_there_are_not(client: Client, before: str) -> None:
    one = await send_routed_report(client)
    assert (await client.get(f"{one['url']}?before={before}")).status_code == 200


async def test_a_long_history_costs_no_more_statements(
    ana: Person, bo: Person, stranger: Client, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    counts = []
    for lines in (2, MAX_LINES_SHOWN + 5):
        one = await make_report(ana, f"Hole {lines}")
        await lengthen(one.case_id, lines)
        await stranger.get(f"/reports/{one.id}")
        with count_queries() as statements:
            assert (await stranger.get(f"/reports/{one.id}")).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 16, counts


async def test_the_moderation_page_asks_little(
    ana: Person,
    stranger: Client,
    dispatcher: Client,
    count_queries: Callable[[], AbstractContextManager[Statements]],
) -> None:
    """However many lines were flagged and hidden."""
    one = await make_report(ana, "A deep hole")
    await lengthen(one.case_id, 6)
    number = (await Case.get(id=one.case_id)).number
    counts = []
    for seq in (5, 7, 9, 11):
        line = f"{number}-{seq}"
        await stranger.post(f"/posts/{one.post_id}/flag", data={"line": line, "reason": "spam"})
        await dispatcher.post("/desk/moderation/hide", data={"line": f"{number}-{seq + 1}", "reason": "spam"})
        with count_queries() as statements:
            assert (await dispatcher.get("/desk/moderation")).status_code == 200
        counts.append(len(statements))
    assert len(set(counts)) == 1, counts
