"""Waits for the reporter, and what they do to the resolution clocks of the assignment and of the case."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from civic.cases import actions
from civic.cases.models import Case, CaseEvent, Wait
from civic.cases.status import Status
from civic.catalogue.models import Category
from tests.builders.town import (
    REASON,
    REPORTER,
    Town,
    at,
    list_assignments,
    local_time,
    receive_assigned_case,
    reload_case,
)


async def receive(town: Town, target: str = "14 working hours") -> Case:
    category = await Category.create(
        code="x", names={"en": "X"}, response_target="1 working days", resolution_target=target
    )
    return await receive_assigned_case(town, "2026-11-10 09:00", category)


async def ask(town: Town, case: Case, when: str) -> None:
    with at(when):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")


async def answer(case: Case, when: str) -> None:
    with at(when):
        await actions.answer(case.id, by=REPORTER, text="At the bridge.")


async def dues(case: Case) -> list[datetime | None]:
    """Of the case and of its latest lead assignment."""
    loaded = await reload_case(case)
    own = (await list_assignments(case))[-1].resolution_clock
    assert own is not None
    return [loaded.resolution_clock.due_at, own.due_at]


async def moved(case: Case) -> list[datetime | None]:
    own = (await list_assignments(case))[0].resolution_clock
    assert own is not None
    return [(await reload_case(case)).resolution_clock.moved_at, own.moved_at]


WEDNESDAY = local_time("2026-11-11 17:30")


async def test_the_pause_of_the_definitions(town: Town) -> None:
    case = await receive(town)
    assert await dues(case) == [WEDNESDAY] * 2
    await ask(town, case, "2026-11-10 17:30")
    assert await dues(case) == [None, None]
    await answer(case, "2026-11-13 09:00")
    assert await dues(case) == [local_time("2026-11-13 17:30")] * 2
    assert await moved(case) == [None, None]
    wait = await Wait.get(case_id=case.id)
    assert (wait.ended_by, wait.counts) == ("answer", True)
    assert wait.assignment_paused_until == wait.case_paused_until == wait.ended_at == local_time("2026-11-13 09:00")


async def _limit(case: Case, town: Town) -> None:
    with at("2026-11-24 17:30"):
        assert await actions.end_next_wait()


ENDS: dict[str, Callable[[Case, Town], Awaitable[object]]] = {
    "limit": _limit,
    "resolved": lambda case, town: actions.resolve(case.id, by=town.of(town.roads), text="The hole is filled."),
    "declined": lambda case, town: actions.decline(
        case.id, by=town.of(town.roads), reason="cannot_find", text="Nothing there."
    ),
    "passed_on": lambda case, town: actions.hand_over(
        case.id, town.parks.id, by=town.of(town.roads), text="This is yours."
    ),
}


@pytest.mark.parametrize("end", ENDS)
async def test_a_wait_that_the_department_or_the_limit_ends_had_not_been(town: Town, end: str) -> None:
    case = await receive(town)
    await ask(town, case, "2026-11-10 17:30")
    ended_at = "2026-11-24 17:30" if end == "limit" else "2026-11-13 10:00"
    with at(ended_at):
        await ENDS[end](case, town)
    first = (await list_assignments(case))[0]
    assert first.resolution_clock is not None
    assert [(await reload_case(case)).resolution_clock.due_at, first.resolution_clock.due_at] == [WEDNESDAY] * 2
    assert await moved(case) == [local_time(ended_at)] * 2
    wait = await Wait.get(case_id=case.id)
    assert (wait.ended_by, wait.counts, wait.ended_at) == (end, False, local_time(ended_at))
    assert first.unanswered_at == (local_time("2026-11-10 17:30") if end == "limit" else None)
    if end == "resolved":
        assert first.resolution_clock.stopped_at == local_time(ended_at)  # not kept
    event = await CaseEvent.filter(case_id=case.id, data__contains={"wait": {"ended_by": end}}).first()
    assert event is not None
    assert event.data["wait"]["counts"] is False


@pytest.mark.parametrize("end", ["reassigned", "declined"])
async def test_a_wait_that_a_dispatcher_ends_counts(town: Town, end: str) -> None:
    case = await receive(town)
    await ask(town, case, "2026-11-10 17:30")
    with at("2026-11-13 09:00"):
        if end == "reassigned":
            await actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON)
        else:
            await actions.decline(case.id, by=town.desk, reason="not_public", text="Private ground.")
    assert (await reload_case(case)).resolution_clock.due_at == local_time("2026-11-13 17:30")
    wait = await Wait.get(case_id=case.id)
    assert (wait.ended_by, wait.counts) == (end, True)


@pytest.mark.parametrize(
    ("when", "pauses"),
    [("2026-11-11 14:36", True), ("2026-11-11 15:00", False), ("2026-11-12 10:00", False)],
)
async def test_a_clock_that_has_used_more_than_80_percent_does_not_pause(town: Town, when: str, pauses: bool) -> None:
    case = await receive(town)  # 80 % of 14 hours: Wednesday 14:42
    await ask(town, case, when)
    loaded = await reload_case(case)
    assert loaded.status == Status.WAITING
    assert await dues(case) == ([None, None] if pauses else [WEDNESDAY] * 2)
    wait = await Wait.get(case_id=case.id)
    assert (wait.assignment_paused_until is not None) == (wait.case_paused_until is not None) == pauses


async def test_each_clock_pauses_by_what_it_has_used_itself(town: Town) -> None:
    case = await receive(town)
    with at("2026-11-11 15:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    with at("2026-11-11 15:30"):
        await actions.ask(case.id, by=town.of(town.parks), text="Where exactly?")
    assert await dues(case) == [WEDNESDAY, None]
    await answer(case, "2026-11-12 15:30")
    assert await dues(case) == [WEDNESDAY, local_time("2026-11-16 15:00")]
    wait = await Wait.get(case_id=case.id)
    assert wait.case_paused_until is None
    assert wait.assignment_paused_until == local_time("2026-11-12 15:30")


@pytest.mark.parametrize("worked", [True, False])
async def test_no_pause_is_later_than_one_limit_after_the_first_question(town: Town, worked: bool) -> None:
    case = await receive(town, "20 working days")
    await ask(town, case, "2026-11-10 11:00")  # the limit: Tuesday 24 November, 17:30
    await answer(case, "2026-11-23 10:00")
    assert await dues(case) == [local_time("2026-12-21 16:30")] * 2
    await ask(town, case, "2026-11-23 17:30")
    assert (await reload_case(case)).waiting_until == local_time("2026-12-07 17:30")
    with at("2026-11-24 17:29"):
        assert not await actions.resume_next_pause()
    if worked:
        with at("2026-11-24 20:00"):
            assert await actions.resume_next_pause()
            assert not await actions.resume_next_pause()
        loaded = await reload_case(case)
        assert (loaded.status, loaded.due_at) == (Status.WAITING, loaded.resolution_clock.due_at)
        assert loaded.due_at == (await list_assignments(case))[0].due_at
    await answer(case, "2026-12-02 10:00")
    # One working day of pause: from Monday 17:30 to Tuesday 17:30.
    assert await dues(case) == [local_time("2026-12-22 16:30")] * 2
    wait = await Wait.filter(case_id=case.id).order_by("-id").first()
    assert wait is not None
    assert wait.case_paused_until == wait.assignment_paused_until == local_time("2026-11-24 17:30")
    await ask(town, case, "2026-12-02 11:00")
    assert await dues(case) == [local_time("2026-12-22 16:30")] * 2  # asked too late to pause


async def test_the_pauses_of_an_assignment_that_came_back_go_on(town: Town) -> None:
    case = await receive(town, "20 working days")
    await ask(town, case, "2026-11-10 11:00")
    with at("2026-11-11 10:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
        await actions.hand_over(case.id, town.roads.id, by=town.of(town.parks), text="No, this is yours.")
    await ask(town, case, "2026-11-25 10:00")  # after the limit of the first question
    wait = await Wait.filter(case_id=case.id).order_by("-id").first()
    assert wait is not None
    assert (wait.assignment_paused_until, wait.case_paused_until) == (None, None)


@pytest.mark.parametrize(("text", "ends"), [("Come on.", True), ("", False)])
async def test_words_with_the_stars_end_a_wait(town: Town, text: str, ends: bool) -> None:
    case = await receive(town)
    with at("2026-11-10 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="The hole is filled.")
        await actions.dispute(case.id, by=REPORTER, text="It is still there.")
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at("2026-11-10 11:00"):
        await actions.rate_handling(case.id, rater="post:1", stars=2, text=text)
    assert (await reload_case(case)).status == (Status.IN_PROGRESS if ends else Status.WAITING)
    assert (await Wait.get(case_id=case.id)).ended_by == ("answer" if ends else None)
