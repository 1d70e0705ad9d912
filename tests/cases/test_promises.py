"""One promise: which dates a case and its first assignment get, and what passing a case around does to them.

Roads and parks are open 09:00-12:00 and 13:30-17:30 in Shanghai, water in the afternoon only; 2026-11-10 is a Tuesday.
"""

import pytest

from civic.cases import actions
from civic.cases.models import Case
from civic.catalogue.models import Department
from civic.city.models import City
from civic.sla.models import Clock
from tests.builders.town import (
    REASON,
    SYSTEM,
    Town,
    at,
    list_assignments,
    local_time,
    receive_assigned_case,
    receive_case,
    reload_case,
)


async def dates(case: Case) -> list[object]:
    loaded = await reload_case(case)
    return [loaded.response_clock.due_at, loaded.resolution_clock.due_at]


async def promised(case: Case) -> list[object]:
    loaded = await reload_case(case)
    return [loaded.response_clock.promised_at, loaded.resolution_clock.promised_at]


def own_dates(clock: Clock, other: Clock | None) -> list[object]:
    return [clock.due_at, other.due_at if other else None]


async def test_the_routers_department_gives_the_promise_from_the_receipt_on(town: Town) -> None:
    case = await receive_case(town, "2026-11-10 10:00")
    assert await promised(case) == [None, None]
    with at("2026-11-10 15:00"):  # the router was slow
        await actions.assign(case.id, town.water.id, by=SYSTEM, reason=REASON, support=[town.parks.id])
    waters = [local_time("2026-11-10 17:30"), local_time("2026-11-13 17:30")]
    loaded = await reload_case(case)
    lead, support = await list_assignments(case)
    assert await dates(case) == await promised(case) == waters
    assert own_dates(lead.response_clock, lead.resolution_clock) == waters
    assert loaded.response_clock.calendar_id == town.water.calendar_id
    assert (loaded.due_at, loaded.first_department_id) == (waters[0], town.water.id)
    for one in (lead, support):
        assert (one.started_at, one.given_at) == (local_time("2026-11-10 10:00"), local_time("2026-11-10 15:00"))
        assert one.added_by == "system"
    assert support.response_clock.due_at == local_time("2026-11-10 15:30")
    assert loaded.response_clock.half_at == lead.response_clock.half_at == local_time("2026-11-10 15:30")


async def test_triage_promises_the_citys_dates(town: Town) -> None:
    case = await receive_case(town)
    with at("2026-11-10 09:05"):
        await actions.send_to_triage(case.id, reason=REASON)
    citys = [local_time("2026-11-10 14:30"), local_time("2026-11-13 17:30")]
    assert await dates(case) == await promised(case) == citys
    assert (await reload_case(case)).due_at == citys[0]


@pytest.mark.parametrize("triaged", [True, False])
@pytest.mark.parametrize(
    ("city", "to", "due", "kept"),
    [
        ("city", "water", "2026-11-10 14:30", "roads"),  # the city's date was promised, and is the earlier
        ("afternoons", "roads", "2026-11-10 14:30", "roads"),  # the department's is
        ("city", "parks", "2026-11-10 14:30", "roads"),
    ],
)
async def test_of_the_citys_and_a_dispatchers_choice_the_earlier_stands(
    town: Town, city: str, to: str, due: str, kept: str, triaged: bool
) -> None:
    await City.filter(id=1).update(settings={"calendar": city})
    department: Department = getattr(town, to)
    case = await receive_case(town)
    if triaged:
        with at("2026-11-10 09:05"):
            await actions.send_to_triage(case.id, reason=REASON)
    with at("2026-11-10 11:00"):
        await actions.assign(case.id, department.id, by=town.desk, reason=REASON)
    loaded = await reload_case(case)
    [lead] = await list_assignments(case)
    assert loaded.response_clock.due_at == loaded.due_at == local_time(due)
    assert loaded.response_clock.calendar_id == getattr(town, kept).calendar_id
    assert loaded.response_clock.started_at == case.received_at
    assert lead.started_at == lead.given_at == lead.response_clock.started_at == local_time("2026-11-10 11:00")
    assert lead.response_clock.calendar_id == department.calendar_id
    assert lead.added_by == "dispatcher"


async def test_only_the_first_department_gives_the_promise(town: Town) -> None:
    case = await receive_assigned_case(town)
    before = await dates(case)
    with at("2026-11-10 11:00"):
        await actions.hand_over(case.id, town.water.id, by=town.of(town.roads), text="This is yours.")
    loaded = await reload_case(case)
    assert await dates(case) == before
    assert (loaded.first_department_id, loaded.response_clock.calendar_id) == (town.roads.id, town.roads.calendar_id)


async def test_a_router_that_fails_loses_no_promise(town: Town) -> None:
    case = await receive_case(town)
    with at("2026-11-10 10:59"):
        assert not await actions.escalate_next_clock()
    with at("2026-11-10 11:00"):  # half of the time to answer by the city's calendar
        assert await actions.escalate_next_clock()
    citys = [local_time("2026-11-10 14:30"), local_time("2026-11-13 17:30")]
    assert await promised(case) == await dates(case) == citys
    assert (await reload_case(case)).due_at == citys[0]
    with at("2026-11-10 15:00"):
        await actions.assign(case.id, town.water.id, by=SYSTEM, reason=REASON)
    assert (await dates(case))[0] == citys[0]


async def test_a_department_that_gets_back_what_it_passed_on_goes_on(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.reply(case.id, by=town.of(town.roads), text="We come tomorrow.")
    with at("2026-11-10 15:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    with at("2026-11-11 10:00"):
        await actions.hand_over(case.id, town.roads.id, by=town.of(town.parks), text="No, this is yours.")
    first, other, again = await list_assignments(case)
    assert [one.came_back for one in (first, other, again)] == [True, False, False]
    assert (again.started_at, again.given_at) == (first.started_at, local_time("2026-11-11 10:00"))
    assert again.first_word_at == again.response_clock.stopped_at == local_time("2026-11-10 10:00")
    assert own_dates(again.response_clock, again.resolution_clock) == own_dates(
        first.response_clock, first.resolution_clock
    )
    assert again.resolution_clock is not None
    assert again.resolution_clock.stopped_at is None
    assert again.due_at == again.resolution_clock.due_at == local_time("2026-11-13 17:30")
    assert [one.moved_at for one in (again.response_clock, again.resolution_clock)] == [again.given_at] * 2
    assert again.added_by == "department"


async def test_returned_to_triage_and_given_again_is_come_back(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 14:00"):
        await actions.give_back(case.id, by=town.of(town.roads), text="This is not ours.")
    with at("2026-11-12 10:00"):
        await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
    first, again = await list_assignments(case)
    assert first.came_back
    assert again.response_clock.due_at == again.due_at == local_time("2026-11-10 14:30")  # and so overdue
    with at("2026-11-12 10:01"):
        assert await actions.escalate_next_clock()
    assert again.first_word_at is None


async def test_what_a_dispatcher_took_away_starts_afresh(town: Town) -> None:
    case = await receive_assigned_case(town)
    for hour, department in (("10:00", town.parks), ("11:00", town.roads)):
        with at(f"2026-11-10 {hour}"):
            await actions.assign(case.id, department.id, by=town.desk, reason=REASON)
    first, _parks, again = await list_assignments(case)
    assert not first.came_back
    assert again.started_at == again.given_at == local_time("2026-11-10 11:00")


async def test_who_ended_an_assignment_and_who_gave_it_is_kept(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.add_support(case.id, town.water.id, by=town.of(town.roads), text="A pipe is broken.")
        await actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON)
        await actions.resolve(case.id, by=town.of(town.parks), text="The hole is filled.")
    roads, water, parks = await list_assignments(case)
    assert [one.added_by for one in (roads, water, parks)] == ["system", "department", "dispatcher"]
    assert [one.ended_by for one in (roads, water, parks)] == ["dispatcher", "department", "department"]
    assert {one.category_id for one in (roads, water, parks)} == {town.pothole.id}
