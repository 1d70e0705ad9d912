"""CLOCK-AND-SCORES 2, row by row: when each clock starts, stops and pauses, by the actions that make it so.

Roads is open 09:00–12:00 and 13:30–17:30 in Shanghai, Monday to Friday; 2026-11-10 is a Tuesday.
"""

import pytest

from civic.cases import actions
from civic.cases.models import AssignmentPart, Case, Outcome
from civic.cases.status import Status
from civic.catalogue.models import Category
from civic.sla.models import Clock
from tests.builders.town import (  # noqa: F401  # fixtures
    REASON,
    REPORTER,
    Town,
    at,
    database_dsn,
    empty,
    list_assignments,
    local_time,
    make_town,
    open_case,
    receive_assigned_case,
    receive_case,
    reload_case,
)


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def clocks(case: Case) -> tuple[Clock, Clock]:
    loaded = await reload_case(case)
    return loaded.response_clock, loaded.resolution_clock


# -- the case's clocks -------------------------------------------------------------------------------


async def test_case_clocks_start_when_the_case_is_received(town: Town) -> None:
    case = await receive_case(town, "2026-11-13 16:30")
    response, resolution = await clocks(case)
    assert (response.target, resolution.target) == ("4 working hours", "3 working days")
    assert response.started_at == resolution.started_at == local_time("2026-11-13 16:30")
    assert response.due_at == local_time("2026-11-16 12:00")
    assert resolution.due_at == local_time("2026-11-18 17:30")
    assert response.promised_at is resolution.promised_at is case.due_at is None  # before the router has decided


async def test_a_case_without_category_has_the_citys_targets(town: Town) -> None:
    with at("2026-11-10 09:00"):
        case = await open_case(None)
    response, resolution = await clocks(case)
    assert (response.target, resolution.target) == ("2 working days", "10 working days")


@pytest.mark.parametrize("word", ["reply", "ask", "accept", "resolve", "decline", "support reply", "support done"])
async def test_a_public_word_stops_the_response_clocks(town: Town, word: str) -> None:
    case = await receive_assigned_case(town)
    roads, parks = town.of(town.roads), town.of(town.parks)
    with at("2026-11-10 10:00"):
        await actions.add_support(case.id, town.parks.id, by=town.desk, text="Please help.")
    with at("2026-11-10 11:00"):
        match word:
            case "reply":
                await actions.reply(case.id, by=roads, text="We come and look.")
            case "ask":
                await actions.ask(case.id, by=roads, text="Where exactly?")
            case "accept":
                await actions.accept(case.id, by=roads, text="We take it up now.")
            case "resolve":
                await actions.resolve(case.id, by=roads, text="We filled it in.")
            case "decline":
                await actions.decline(case.id, by=roads, reason="not_public", text="Private ground.")
            case "support reply":
                await actions.reply(case.id, by=parks, text="We come there, too.")
            case "support done":
                await actions.support_done(case.id, by=parks, text="The tree is cut.")
    response, _resolution = await clocks(case)
    assert response.stopped_at == (await reload_case(case)).first_word_at == local_time("2026-11-10 11:00")
    lead, support = await list_assignments(case)
    spoke, silent = (support, lead) if word.startswith("support") else (lead, support)
    assert spoke.first_word_at == spoke.response_clock.stopped_at == local_time("2026-11-10 11:00")
    assert silent.first_word_at is None
    assert silent.response_clock.stopped_at is None


async def test_transfers_and_silent_acts_never_stop_a_response_clock(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads, parks = town.of(town.roads), town.of(town.parks)
    with at("2026-11-10 10:00"):
        await actions.add_support(case.id, town.water.id, by=roads, text="A pipe is broken.")
        await actions.support_done(case.id, by=town.of(town.water))
        await actions.set_assignee(case.id, by=roads, user_id=town.agent.id)
        await actions.add_note(case.id, by=roads, text="Looks bad.")
        await actions.hand_over(case.id, town.parks.id, by=roads, text="This is yours.")
        await actions.give_back(case.id, by=parks, text="This is not ours.")
        await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
        await actions.accept(case.id, by=roads)
    response, _resolution = await clocks(case)
    assert response.stopped_at is None
    assert response.due_at == local_time("2026-11-10 14:30")
    assert (await reload_case(case)).first_word_at is None
    assert all(one.first_word_at is None for one in await list_assignments(case))


async def test_only_the_first_word_counts(town: Town) -> None:
    case = await receive_assigned_case(town)
    for hour in ("10:00", "11:00"):
        with at(f"2026-11-10 {hour}"):
            await actions.reply(case.id, by=town.of(town.roads), text="We come and look.")
    assert (await clocks(case))[0].stopped_at == local_time("2026-11-10 10:00")
    assert (await list_assignments(case))[0].first_word_at == local_time("2026-11-10 10:00")


async def test_the_resolution_clock_stops_with_the_resolution_that_stands(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-11 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    assert (await clocks(case))[1].stopped_at == local_time("2026-11-11 10:00")
    with at("2026-11-12 10:00"):
        await actions.dispute(case.id, by=REPORTER, text="Still there.")
    _response, resolution = await clocks(case)
    assert resolution.stopped_at is None
    assert resolution.due_at == local_time("2026-11-13 17:30")
    with at("2026-11-13 10:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="Filled better.")
    assert (await clocks(case))[1].stopped_at == local_time("2026-11-13 10:00")


# -- pauses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "due", "after"),
    [
        # Asked on Tuesday at 11:00 and answered on Wednesday at 15:00: 9.5 working hours, 28 elapsed ones.
        ("10 working hours", "2026-11-11 12:00", "2026-11-12 16:00"),
        ("3 working days", "2026-11-13 17:30", "2026-11-17 11:30"),
        ("80 hours", "2026-11-13 17:00", "2026-11-14 21:00"),
        ("5 days", "2026-11-15 09:00", "2026-11-16 13:00"),
    ],
)
async def test_waiting_pauses_each_kind_of_target(town: Town, target: str, due: str, after: str) -> None:
    category = await Category.create(
        code="x", names={"en": "X"}, response_target="1 working days", resolution_target=target
    )
    case = await receive_assigned_case(town, "2026-11-10 09:00", category)

    async def resolutions() -> list[Clock]:
        assignment = (await list_assignments(case))[0].resolution_clock
        assert assignment is not None
        return [(await clocks(case))[1], assignment]

    assert [one.due_at for one in await resolutions()] == [local_time(due)] * 2
    with at("2026-11-10 11:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    for clock in await resolutions():
        assert (clock.due_at, clock.step_at) == (None, None)
        assert clock.paused_at == local_time("2026-11-10 11:00")
    assert (await reload_case(case)).due_at is (await list_assignments(case))[0].due_at is None
    with at("2026-11-11 15:00"):
        await actions.answer(case.id, by=REPORTER, text="At the bridge.")
    assert [one.due_at for one in await resolutions()] == [local_time(after)] * 2
    assert [one.promised_at for one in await resolutions()] == [local_time(due)] * 2
    assert (await reload_case(case)).due_at == (await list_assignments(case))[0].due_at == local_time(after)


async def test_waiting_ends_by_itself_after_the_citys_limit(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 11:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    assert (await reload_case(case)).waiting_until == local_time("2026-11-24 17:30")  # 10 working days
    with at("2026-11-24 17:29"):
        assert not await actions.end_next_wait()
    with at("2026-11-24 17:30"):
        assert await actions.end_next_wait()
        assert not await actions.end_next_wait()
    loaded = await reload_case(case)
    assert (loaded.status, loaded.waiting_until) == (Status.IN_PROGRESS, None)
    # A wait to the limit counts as if it had not been.
    assert loaded.due_at == loaded.resolution_clock.due_at == local_time("2026-11-13 17:30")
    assert loaded.resolution_clock.moved_at == local_time("2026-11-24 17:30")


async def test_the_response_clock_of_a_supporter_never_pauses(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.add_support(case.id, town.parks.id, by=town.desk, text="Please help.")
    with at("2026-11-10 11:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    support = (await list_assignments(case))[1]
    assert support.part == AssignmentPart.SUPPORT
    assert support.resolution_clock is None
    assert support.due_at == support.response_clock.due_at == local_time("2026-11-10 15:30")


async def test_an_overdue_clock_does_not_pause(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-16 10:00"):  # one working hour late
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    resolution = (await clocks(case))[1]
    assert (resolution.due_at, resolution.paused_at) == (local_time("2026-11-13 17:30"), None)
    with at("2026-11-17 09:30"):
        await actions.answer(case.id, by=REPORTER, text="There.")
    assert (await clocks(case))[1].due_at == local_time("2026-11-13 17:30")


# -- assignments ------------------------------------------------------------------------------------------


async def test_a_assignment_has_the_categorys_targets_from_its_own_start_on_its_departments_calendar(
    town: Town,
) -> None:
    case = await receive_case(town)
    with at("2026-11-11 10:00"):
        await actions.assign(case.id, town.water.id, by=town.desk, reason=REASON)  # open 13:30–17:30
    [assignment] = await list_assignments(case)
    assert assignment.response_clock.due_at == assignment.due_at == local_time("2026-11-11 17:30")
    assert assignment.resolution_clock is not None
    assert assignment.resolution_clock.due_at == local_time("2026-11-16 17:30")


async def test_handing_over_buys_no_time(town: Town) -> None:
    case = await receive_assigned_case(town)
    before = await clocks(case)
    with at("2026-11-11 15:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="A tree is there.")
    after = await clocks(case)
    assert [one.due_at for one in after] == [one.due_at for one in before]
    assert [one.stopped_at for one in after] == [None, None]
    first, second = await list_assignments(case)
    assert (first.outcome, first.ended_at) == (Outcome.HANDED_OVER, local_time("2026-11-11 15:00"))
    assert first.response_clock.due_at == local_time("2026-11-10 14:30")  # stays, for the scores
    assert (first.response_clock.stopped_at, first.response_clock.step_at) == (None, None)
    assert first.resolution_clock is not None
    assert first.resolution_clock.stopped_at == local_time("2026-11-11 15:00")
    assert second.started_at == local_time("2026-11-11 15:00")
    assert second.response_clock.due_at == local_time("2026-11-12 10:30")


@pytest.mark.parametrize(("when", "early"), [("2026-11-10 14:29", True), ("2026-11-10 14:31", False)])
async def test_a_assignment_handed_over_without_a_word_shows_whether_that_was_early(
    town: Town, when: str, early: bool
) -> None:
    case = await receive_assigned_case(town)
    with at(when):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    assignment = (await list_assignments(case))[0]
    assert assignment.ended_at is not None
    assert assignment.response_clock.due_at is not None
    assert assignment.first_word_at is None
    assert (assignment.ended_at < assignment.response_clock.due_at) == early


async def test_a_assignment_that_ends_while_waiting_gets_a_due_instant_back(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 11:00"):
        await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at("2026-11-11 15:00"):
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="This is yours.")
    assignment = (await list_assignments(case))[0].resolution_clock
    assert assignment is not None
    assert assignment.due_at == (await clocks(case))[1].due_at == local_time("2026-11-13 17:30")
    assert (await reload_case(case)).waiting_until is None


# -- reopening ---------------------------------------------------------------------------------------


async def test_reopening_keeps_the_first_promise_and_starts_a_fresh_assignment(town: Town) -> None:
    case = await receive_assigned_case(town)
    promised = [one.due_at for one in await clocks(case)]
    with at("2026-11-10 15:00"):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    assert (await reload_case(case)).due_at is None
    with at("2026-11-12 10:00"):
        await actions.dispute(case.id, by=REPORTER, text="Still there.")
    loaded = await reload_case(case)
    assert [one.due_at for one in await clocks(case)] == promised
    assert (loaded.status, loaded.reopened, loaded.resolved_at) == (Status.IN_PROGRESS, 1, None)
    assert loaded.due_at == local_time("2026-11-13 17:30")
    first, second = await list_assignments(case)
    assert (first.outcome, first.standing) == (Outcome.RESOLVED, False)
    assert (second.department_id, second.part, second.ended_at) == (town.roads.id, AssignmentPart.LEAD, None)
    assert second.response_clock.due_at == local_time("2026-11-12 15:30")
    assert second.resolution_clock is not None
    assert second.resolution_clock.due_at == local_time("2026-11-17 17:30")


async def test_declining_ends_the_assignment_and_an_upheld_appeal_reopens(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.decline(case.id, by=town.of(town.roads), reason="not_public", text="Private ground.")
    [assignment] = await list_assignments(case)
    assert (assignment.outcome, assignment.standing, assignment.overturned) == (Outcome.DECLINED, False, False)
    resolution = (await clocks(case))[1]
    assert (resolution.stopped_at, resolution.step_at) == (None, None)
    with at("2026-11-12 10:00"):
        await actions.uphold(case.id, by=town.desk, text="The city owns it.")
    first, second = await list_assignments(case)
    loaded = await reload_case(case)
    assert (first.overturned, second.outcome) == (True, None)
    assert (loaded.status, loaded.reopened, loaded.decline_overturned) == (Status.IN_PROGRESS, 1, True)
    assert loaded.declined_reason == ""
    assert loaded.due_at == loaded.resolution_clock.due_at == local_time("2026-11-13 17:30")
    assert loaded.resolution_clock.step_at is not None


async def test_a_second_decline_is_not_overturned(town: Town) -> None:
    case = await receive_assigned_case(town)
    for day in (10, 12):
        with at(f"2026-11-{day} 10:00"):
            await actions.decline(case.id, by=town.of(town.roads), reason="not_public", text="It is private land.")
        if day == 10:
            with at("2026-11-11 10:00"):
                await actions.uphold(case.id, by=town.desk, text="The city owns it.")
    first, second = await list_assignments(case)
    assert (first.overturned, second.overturned) == (True, False)
    assert not (await reload_case(case)).decline_overturned


async def test_a_dispatchers_decline_answers_the_citizen_but_is_nobodys_word(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.decline(case.id, by=town.desk, reason="not_public", text="Private ground.")
    [assignment] = await list_assignments(case)
    assert (assignment.outcome, assignment.first_word_at) == (Outcome.CLOSED, None)
    assert (await reload_case(case)).first_word_at == local_time("2026-11-10 10:00")


# -- later edits -------------------------------------------------------------------------------------


async def test_later_edits_change_nothing_that_has_started(town: Town) -> None:
    case = await receive_assigned_case(town)
    before = [one.due_at for one in await clocks(case)]
    town.pothole.response_target = "1 hours"
    await town.pothole.save()
    with at("2026-11-10 09:30"):
        await actions.recategorise(case.id, town.lamp, by=town.desk)
    assert [one.due_at for one in await clocks(case)] == before
    with at("2026-11-10 10:00"):
        await actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON)
    assert (await list_assignments(case))[1].response_clock.due_at == local_time(
        "2026-11-12 10:00"
    )  # 48 hours, the lamp's
