"""Escalation: each step once, the latest missed one only, told to whom it concerns."""

import asyncio
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from civic import timing
from civic.cases import actions
from civic.cases.models import Case, CaseEvent
from civic.cases.status import Status
from civic.notifications.models import Message
from civic.sla.models import Clock, ClockStep
from tests.builders.town import (
    REPORTER,
    Town,
    at,
    list_assignments,
    local_time,
    make_case_in,
    receive_assigned_case,
    receive_case,
)


async def fire_all() -> int:
    """Fire whatever is due at this time; how many were."""
    count = 0
    while await actions.escalate_next_clock():
        count += 1
    return count


async def steps(clock: Clock | None) -> list[int]:
    assert clock is not None
    return await ClockStep.filter(clock_id=clock.id).order_by("id").values_list("step", flat=True)  # type: ignore[return-value]


async def told() -> list[tuple[str, str]]:
    """Kind and recipient of every reminder so far."""
    rows = await Message.filter(kind__in=["promise_soon", "promise_overdue"]).order_by("id")
    return [(row.kind.removeprefix("promise_"), _recipient(row)) for row in rows]


def _recipient(row: Message) -> str:
    if row.user_id:
        return "person"
    return row.role or "desk"


async def test_each_share_once_and_then_each_working_day(town: Town) -> None:
    """4 working hours from Tuesday 09:00: 11:00, 13:42, 14:30, then Wednesday and Thursday at 09:00."""
    case = await receive_assigned_case(town)
    clock = (await list_assignments(case))[0].response_clock
    seen = []
    for when, step in (
        ("2026-11-10 10:59", None),
        ("2026-11-10 11:00", 50),
        ("2026-11-10 13:41", 50),
        ("2026-11-10 13:42", 80),
        ("2026-11-10 14:30", 100),
        ("2026-11-11 08:59", 100),
        ("2026-11-11 09:00", 101),
        ("2026-11-12 09:00", 102),
    ):
        with at(when):
            await fire_all()
            assert await fire_all() == 0
        found = await steps(clock)
        assert (found[-1] if found else None) == step, when
        seen = found
    assert seen == [50, 80, 100, 101, 102]


async def test_a_worker_that_was_down_fires_the_latest_step_only(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-12 10:00"):
        await fire_all()
    [assignment] = await list_assignments(case)
    assert await steps(assignment.response_clock) == [102]
    assert await steps(assignment.resolution_clock) == [50]
    # Public once, though the step at 100 % itself was missed.
    assert await CaseEvent.filter(case_id=case.id, kind="overdue").count() == 1


async def test_over_a_weekend_nobody_is_reminded(town: Town) -> None:
    case = await receive_assigned_case(town, "2026-11-13 09:00")
    for when in ("2026-11-13 15:00", "2026-11-14 12:00", "2026-11-15 12:00", "2026-11-16 08:59"):
        with at(when):
            await fire_all()
    assert await steps((await list_assignments(case))[0].response_clock) == [100]


async def test_who_is_told(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 11:00"):
        await fire_all()
    assert await told() == [("soon", "desk")]
    await actions.set_assignee(case.id, by=town.of(town.roads), user_id=town.agent.id)
    with at("2026-11-10 13:42"):
        await fire_all()
    assert (await told())[1:] == [("soon", "lead")]
    with at("2026-11-10 14:30"):
        await fire_all()
    assert sorted((await told())[2:]) == [("overdue", "dispatcher"), ("overdue", "lead"), ("overdue", "person")]
    with at("2026-11-11 09:00"):
        await fire_all()
    assert sorted((await told())[5:]) == [("overdue", "dispatcher"), ("overdue", "lead"), ("overdue", "person")]


async def test_what_the_public_and_the_desk_can_read(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 14:30"):
        await fire_all()
    events = await CaseEvent.filter(case_id=case.id, seq__gt=2).order_by("kind")
    assert [(one.kind, one.internal) for one in events] == [("escalated", True), ("overdue", False)]
    assert events[1].data == {"clock": "response", "step": 100, "due": "2026-11-10T06:30:00+00:00"}
    with at("2026-11-11 09:00"):
        await fire_all()
    assert await CaseEvent.filter(case_id=case.id, seq__gt=2).count() == 2


async def test_in_triage_the_dispatchers_are_reminded(town: Town) -> None:
    await receive_case(town)
    for when in ("2026-11-10 11:00", "2026-11-10 13:42", "2026-11-10 14:30"):
        with at(when):
            await fire_all()
    assert await told() == [("soon", "dispatcher"), ("soon", "dispatcher"), ("overdue", "dispatcher")]


@pytest.mark.parametrize(
    "status", [Status.RESOLVED, Status.CONFIRMED, Status.DECLINED, Status.MERGED], ids=lambda one: one.value
)
async def test_nobody_is_reminded_of_what_is_over(town: Town, status: Status) -> None:
    case = await make_case_in(town, status)
    clocks = [case.response_clock_id, case.resolution_clock_id]
    for assignment in await list_assignments(case):
        clocks += [assignment.response_clock_id, assignment.resolution_clock_id or 0]
    assert not await Clock.filter(id__in=clocks).exclude(step_at=None).exists()


async def test_while_waiting_the_resolution_is_not_reminded_of(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at("2026-11-20 10:00"):
        assert await fire_all() == 0
        await actions.answer(case.id, by=REPORTER, text="There.")
    with at("2026-11-24 10:00"):
        await fire_all()
    assert await steps((await list_assignments(case))[0].resolution_clock) == [50]


async def test_ended_assignments_do_not_escalate(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    with at("2026-11-20 10:00"):
        await fire_all()
    first, second = await list_assignments(case)
    assert await steps(first.response_clock) == []
    assert await steps(second.response_clock) == [108]


async def test_many_workers_fire_each_step_once(town: Town) -> None:
    cases = [await receive_assigned_case(town) for _ in range(6)]
    with at("2026-11-10 14:30"):
        counts = await asyncio.gather(*(fire_all() for _ in range(8)))
    assert sum(counts) == 2 * len(cases)
    await _each_once(cases)


async def _each_once(cases: list[Case]) -> None:
    """At 14:30 the case's and the assignment's response clock are at 100 %: one of each thing for every case."""
    assert await ClockStep.all().count() == 2 * len(cases)
    for case in cases:
        assert await CaseEvent.filter(case_id=case.id, kind="overdue").count() == 1
        assert await CaseEvent.filter(case_id=case.id, kind="escalated").count() == 1
    assert await Message.filter(kind="promise_overdue").count() == 3 * len(cases)


WORKER = """
import asyncio, sys
from datetime import datetime
from civic import timing
from civic.cases import actions
from civic.db import connect

async def main():
    async with connect(sys.argv[1], pool=2):
        with timing.at(datetime.fromisoformat(sys.argv[2])):
            print("ready", flush=True)
            while await actions.fire_step():
                print("fired", flush=True)

asyncio.run(main())
"""


async def _worker(url: str) -> asyncio.subprocess.Process:
    when = local_time("2026-11-10 14:30").isoformat()
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, url, when, stdout=asyncio.subprocess.PIPE)


async def test_workers_killed_in_the_middle(town: Town, database: str) -> None:
    """Two at a time; each is killed after some lines, wherever it is then. What they left is done by the next."""
    cases = [await receive_assigned_case(town) for _ in range(20)]
    for lines in (2, 4, 7):
        pair = [await _worker(database), await _worker(database)]
        for worker in pair:
            assert worker.stdout is not None
            for _ in range(lines):
                await worker.stdout.readline()
            with suppress(ProcessLookupError):  # nothing was left to do, and it has ended
                worker.kill()
        await asyncio.gather(*(worker.communicate() for worker in pair))
    with at("2026-11-10 14:30"):
        await fire_all()
    await _each_once(cases)


async def test_a_wait_and_a_closing_end_once_with_many_workers(town: Town) -> None:
    for _ in range(3):
        await make_case_in(town, Status.WAITING)
        await make_case_in(town, Status.RESOLVED)
    with at("2026-12-24 12:00"):
        waits = await asyncio.gather(*(actions.end_next_wait() for _ in range(8)))
        closings = await asyncio.gather(*(actions.confirm_next_resolution() for _ in range(8)))
    assert (sum(waits), sum(closings)) == (3, 3)
    assert await CaseEvent.filter(kind="wait_ended").count() == 3
    assert await CaseEvent.filter(kind="closed").count() == 3


async def test_time_with_the_actions_never_waits_in_a_circle(town: Town) -> None:
    """Reminders and actions on the same cases at once: none fails for a deadlock."""
    cases = [await receive_assigned_case(town) for _ in range(4)]
    roads = town.of(town.roads)

    async def talk(case: Case) -> None:
        for _ in range(5):
            await actions.reply(case.id, by=roads, text="We come and look.")

    async def remind() -> None:
        for minutes in range(0, 600, 100):
            with timing.at(local_time("2026-11-10 14:30") + timedelta(minutes=minutes)):
                await fire_all()

    results: list[Any] = await asyncio.gather(*map(talk, cases), remind(), remind(), return_exceptions=True)
    assert results == [None] * len(results)


async def test_one_that_fails_does_not_stop_the_others(town: Town) -> None:
    """As if a row had been changed by hand: what comes after it still happens, and it is tried again."""
    broken, sound = await receive_assigned_case(town), await receive_assigned_case(town)
    clocks = [(await list_assignments(case))[0].response_clock for case in (broken, sound)]
    await Clock.filter(id=clocks[0].id).update(target="some day")
    with at("2026-11-10 11:00"):
        await fire_all()
        assert await fire_all() == 0
    assert [await steps(clock) for clock in clocks] == [[], [50]]
    await Clock.filter(id=clocks[0].id).update(target=clocks[0].target)
    with at("2026-11-10 11:10"):
        await fire_all()
    assert await steps(clocks[0]) == [50]


async def test_a_wait_that_cannot_end_does_not_stop_the_others(town: Town) -> None:
    broken, sound = await make_case_in(town, Status.WAITING), await make_case_in(town, Status.WAITING)
    await Clock.filter(id=broken.resolution_clock_id).update(target="some day")
    with at("2027-01-10 11:00"):
        assert await actions.end_next_wait()
        assert await actions.end_next_wait()
        assert not await actions.end_next_wait()
    assert [(await Case.get(id=case.id)).status for case in (broken, sound)] == [Status.WAITING, Status.IN_PROGRESS]
    assert await CaseEvent.filter(case_id=broken.id, kind="wait_ended").count() == 0


async def test_reopening_goes_on_where_the_reminders_were(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-16 10:00"):
        await fire_all()
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    with at("2026-11-17 10:00"):
        assert await fire_all() == 0
        await actions.dispute(case.id, by=REPORTER, text="No, that is not so.")
    with at("2026-11-18 10:00"):
        await fire_all()
    clock = await Clock.get(id=case.resolution_clock_id)
    assert await steps(clock) == [101, 103]
    assert await CaseEvent.filter(case_id=case.id, kind="overdue", data__contains={"clock": "resolution"}).count() == 1
