"""The desk's list: what is due first on top, whole and without doubles, with its counts; whose it is."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from civic import db, timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases.models import Assignment
from civic.catalogue.queries import catalogue
from civic.desk import queue
from tests.builders.riverside import (
    JSON,
    act_at_desk,
    get_case,
    get_department_id,
    send_desk_form,
    send_report,
    send_routed_report,
)
from tests.clients import Client
from tests.indexed import indexed
from tests.statements import Statements

pytestmark = pytest.mark.usefixtures("riverside")
MORNING = datetime(2026, 11, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Tuesday


PLANS = """
SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE $1 ORDER BY prepare_time DESC
"""


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def on_desk(client: Client, query: str = "") -> list[int]:
    answer = await client.get(f"/desk{query}", headers=JSON)
    assert answer.status_code == 200, answer.text
    return [one["case"] for one in answer.json()["cases"]]


async def at(hours: float, client: Client, **more: Any) -> int:
    """A hole sent and routed so many hours after that morning; its case."""
    with timing.at(MORNING + timedelta(hours=hours)):
        return (await get_case((await send_routed_report(client, **more))["id"])).id


async def test_an_empty_desk(agent: Client, roads: Client) -> None:
    page = (await roads.get("/desk")).text
    assert "Nothing here. Well done." in page
    assert "0 open" in page


async def test_who_belongs_to_no_department_is_told(agent: Client) -> None:
    assert "You are not a member of any department yet" in (await agent.get("/desk")).text


async def test_what_is_due_first_is_on_top(client: Client, roads: Client) -> None:
    first, second, third = [await at(hours, client) for hours in (0, 1, 2)]
    with timing.at(MORNING + timedelta(hours=3)):
        assert await on_desk(roads) == [first, second, third]
        await act_at_desk(roads, first, "reply", text="We come and look.")  # now its solution is due, in days
        assert await on_desk(roads) == [second, third, first]
        await act_at_desk(roads, second, "ask", text="Where exactly?")
        await act_at_desk(roads, third, "decline", reason="not_public", text="No, that is not so.")
        assert await on_desk(roads) == [first, second], "what stands still comes last, what is over not at all"


async def test_the_rows_say_what_is_due_and_how_much_is_used(client: Client, roads: Client) -> None:
    case = await at(0, client)
    with timing.at(MORNING + timedelta(hours=2)):
        page = (await roads.get("/desk")).text
        page = re.sub("</?time[^>]*>", "", page)
        assert "answer by today 17:30" in page or "answer by tomorrow" in page
        [used] = re.findall(r'<progress class="clock " max="100" value="(\d+)"', page)
        assert 0 < int(used) < 50
        [row] = (await roads.get("/desk", headers=JSON)).json()["cases"]
        assert abs(row["used"] * 100 - int(used)) < 1
    with timing.at(MORNING + timedelta(days=6)):
        page = (await roads.get("/desk")).text
        assert "working days late" in page
        assert 'class="clock over"' in page
        assert "Overdue" in page
    with timing.at(MORNING + timedelta(hours=3)):
        await act_at_desk(roads, case, "ask", text="Where exactly?")
        assert "paused: the reporter was asked" in (await roads.get("/desk")).text


async def test_a_kept_line_is_late_when_its_instant_passes(client: Client, roads: Client) -> None:
    case = await at(0, client)
    due = (await Assignment.get(case_id=case)).due_at
    assert due is not None
    for seconds, late in ((-1, False), (1, True), (-1, False)):
        with timing.at(due + timedelta(seconds=seconds)):
            page = (await roads.get("/desk")).text
            assert ('class="clock over"' in page) is late
            assert ("Just became late" in page) is late


async def test_a_kept_line_says_what_was_done_at_once(client: Client, roads: Client) -> None:
    case = await at(0, client)
    with timing.at(MORNING + timedelta(hours=1)):
        assert " · Cleo" not in (await roads.get("/desk")).text
        await act_at_desk(roads, case, "take")
        page = (await roads.get("/desk")).text
        assert " · Cleo" in page
        assert "answer by" in page
        await roads.get("/desk?lang=zh")
        assert "answer by" not in (await roads.get("/desk")).text


@pytest.mark.parametrize("view", queue.VIEWS)
async def test_the_list_is_planned_once_for_a_connection(view: str) -> None:
    """The planner takes longer than the list itself: whatever the values are, it finds its plan as good."""
    departments = [one.id for one in (await catalogue()).every_department]
    for person, some in ((Person(id=1, role=Role.DISPATCHER), None), (Person(id=1, role=Role.AGENT), departments[:2])):
        async with db.in_transaction():
            for _ in range(9):
                await queue.load_queue(person, some, view, after="2026-11-10T09:00:00+00:00_1")
            plans, *_others = await db.fetch(PLANS, "%AS count_due%")
        assert (plans["custom_plans"], plans["generic_plans"]) == (5, 4), "five are tried first"


async def test_what_was_only_computed_is_no_deadline(client: Client, roads: Client) -> None:
    """A case of imported history: its target lies behind it, and nothing was promised."""
    case = await at(0, client)
    await db.execute("UPDATE clock SET computed = true WHERE id = (SELECT response_clock_id FROM assignment)")
    await db.execute("UPDATE assignment SET due_at = NULL WHERE case_id = $1", case)
    with timing.at(MORNING + timedelta(days=30)):
        page = (await roads.get("/desk")).text
        assert "no deadline" in page
        assert "<progress" not in page


async def test_the_views_and_their_counts(client: Client, roads: Client, dispatcher: Client) -> None:
    first, second, third = [await at(hours, client) for hours in (0, 1, 2)]
    lamp = await at(3, client, category="street-light")
    with timing.at(MORNING + timedelta(hours=4)):
        await act_at_desk(roads, first, "take")
        await act_at_desk(roads, second, "ask", text="Where exactly?")
        await act_at_desk(dispatcher, lamp, "add_support", to="roads", text="Please look at the cable.")
        views = {view: await on_desk(roads, f"?view={view}") for view in queue.VIEWS}
        assert views["mine"] == [first]
        assert views["waiting"] == [second]
        assert views["support"] == [lamp]
        assert set(views["new"]) == {first, third, lamp}
        assert views["overdue"] == []
        counts = (await roads.get("/desk", headers=JSON)).json()["counts"]
        assert counts == {view: len(views[view]) for view in queue.VIEWS}
        assert await on_desk(roads, "?view=unknown") == views["due"]
        everywhere = (await dispatcher.get("/desk", headers=JSON)).json()["counts"]
        assert everywhere == {"due": 5, "mine": 0, "new": 4, "waiting": 1, "overdue": 0, "support": 1}, "of all desks"
        assert everywhere == {view: len(await on_desk(dispatcher, f"?view={view}")) for view in queue.VIEWS}
    with timing.at(MORNING + timedelta(days=6)):
        assert set(await on_desk(roads, "?view=overdue")) == {first, third, lamp}


async def test_search_by_number_or_words(client: Client, roads: Client) -> None:
    hole = await at(0, client, text="A hole near the market")
    await at(1, client, text="桥头路面塌陷")
    await indexed()
    number = (await roads.get(f"/desk/cases/{hole}", headers=JSON)).json()["number"]
    assert await on_desk(roads, f"?q={number}") == [hole]
    assert await on_desk(roads, "?q=market") == [hole]
    assert len(await on_desk(roads, "?q=桥头")) == 1
    for nothing in ("%22%27;--", "!!", "unicorn"):
        assert await on_desk(roads, f"?q={nothing}") == []
    page = (await roads.get("/desk?q=unicorn")).text
    assert "No case on this desk matches your search." in page
    assert 'href="/search?q=unicorn"' in page


async def test_pages_hold_each_assignment_once(client: Client, roads: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [await at(number // 3, client) for number in range(11)]  # some fall due in the same instant
    await act_at_desk(roads, cases[0], "ask", text="Where exactly?")
    await act_at_desk(roads, cases[1], "ask", text="Where exactly?")
    monkeypatch.setattr(queue, "PAGE_ROWS", 4)
    seen, cursor = [], ""
    while True:
        answer = (await roads.get(f"/desk?page={cursor.replace('+', '%2B')}", headers=JSON)).json()
        seen.append([one["case"] for one in answer["cases"]])
        if not (cursor := answer["next"] or ""):
            break
    assert [len(page) for page in seen] == [4, 4, 3]
    assert sorted(case for page in seen for case in page) == sorted(cases)
    whole = seen[0]
    page = (await roads.get("/desk")).text
    assert 'rel="next"' in page
    for bad in (
        "x",
        "_",
        "_x",
        "²_²",
        "2026-11-10T09:00:00_1",
        "0001-01-01T00:00:00+14:00_1",
        f"_{10**30}",
        "a_1",
        "%00",
    ):
        answer = await roads.get(f"/desk?page={bad}", headers=JSON)
        assert answer.status_code in (200, 400)
        assert answer.status_code == 400 or [one["case"] for one in answer.json()["cases"]] == whole


async def test_the_desk_of_others_is_not_seen(client: Client, roads: Client, dispatcher: Client) -> None:
    hole, lamp = await at(0, client), await at(0, client, category="street-light")
    assert await on_desk(roads) == [hole]
    assert await on_desk(roads, "?department=lighting") == [hole], "only one's own can be chosen"
    assert set(await on_desk(dispatcher)) == {hole, lamp}
    assert await on_desk(dispatcher, "?department=lighting") == [lamp]


async def test_only_staff_has_a_desk(client: Client, citizen: Client) -> None:
    answer = await client.get("/desk")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/desk")
    assert (await citizen.get("/desk")).status_code == 403
    assert (await client.get("/desk", headers=JSON)).status_code == 401


async def test_what_the_desk_was_told(client: Client, roads: Client) -> None:
    case = await at(0, client)
    assert f'href="/desk/cases/{case}"' in (await roads.get("/desk/messages")).text
    assert [one["url"] for one in (await roads.get("/api/v1/desk/messages")).json()["messages"]] == [
        f"/desk/cases/{case}"
    ]


async def test_held_jobs_are_for_dispatchers(client: Client, dispatcher: Client, roads: Client) -> None:
    assert (await dispatcher.get("/desk")).status_code == 200
    assert (await roads.post("/desk/jobs/1/requeue")).status_code == 403


@pytest.mark.parametrize("path", ["/desk", "/desk?view=mine", "/desk/triage", "/desk/messages", "/desk/moderation"])
async def test_what_the_desk_asks_does_not_grow(
    client: Client,
    dispatcher: Client,
    path: str,
    count_queries: Callable[[], AbstractContextManager[Statements]],
) -> None:
    asked = []
    for number in (1, 6):
        for _ in range(number):
            one = await send_routed_report(client)
            await send_report(client, category=None)
            await client.post(f"/posts/{(await get_case(one['id'])).id}/flag", data={"reason": "spam"})
        await dispatcher.get(path)
        with count_queries() as statements:
            assert (await dispatcher.get(path)).status_code == 200
        asked.append(len(statements))
    assert asked[0] == asked[1] <= (10 if path.startswith("/desk/") else 3), statements.texts


async def test_ended_assignments_leave_the_desk(client: Client, roads: Client) -> None:
    case = await at(0, client)
    await act_at_desk(roads, case, "hand_over", to="lighting", text="The lamp is theirs.")
    assert await on_desk(roads) == []
    assert await Assignment.filter(case_id=case, ended_at=None).count() == 1
    assert (await send_desk_form(roads, case, "reply", text="This is a text.")).status_code == 403
