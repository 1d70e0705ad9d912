"""Random walks over every action, by whoever tries it: whatever happens, this always holds."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic import timing
from civic.cases import actions
from civic.cases.actors import SYSTEM, Actor
from civic.cases.history import check_history
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, Outcome, Wait
from civic.cases.status import HELD, OPEN, Status
from civic.catalogue.models import Department
from civic.errors import CivicError
from civic.sla.models import Clock
from tests.builders.town import REASON, REPORTER, Town, list_assignments, local_time, receive_case, reload_case

Act = Callable[[Case, Town, Actor, Department], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "route": lambda case, town, by, to: actions.assign(case.id, to.id, by=SYSTEM, reason=REASON),
    "triage": lambda case, town, by, to: actions.send_to_triage(case.id, reason=REASON),
    "assign": lambda case, town, by, to: actions.assign(
        case.id, to.id, by=town.desk, reason=REASON, support=[town.parks.id], misrouted=True
    ),
    "accept": lambda case, town, by, to: actions.accept(case.id, by=by),
    "reply": lambda case, town, by, to: actions.reply(case.id, by=by, text="We come and look."),
    "ask": lambda case, town, by, to: actions.ask(case.id, by=by, text="Where exactly?"),
    "answer": lambda case, town, by, to: actions.answer(case.id, by=REPORTER, text="There."),
    "hand_over": lambda case, town, by, to: actions.hand_over(case.id, to.id, by=by, text="This is yours."),
    "give_back": lambda case, town, by, to: actions.give_back(case.id, by=by, text="This is not ours."),
    "support": lambda case, town, by, to: actions.add_support(case.id, to.id, by=by, text="Please help us."),
    "support_done": lambda case, town, by, to: actions.support_done(case.id, by=by, text="It is all done."),
    "resolve": lambda case, town, by, to: actions.resolve(case.id, by=by, text="We filled it in."),
    "decline": lambda case, town, by, to: actions.decline(
        case.id, by=by, reason="cannot_find", text="No, that is not so."
    ),
    "decline by the desk": lambda case, town, by, to: actions.decline(
        case.id, by=town.desk, reason="not_public", text="No, that is not so."
    ),
    "confirm": lambda case, town, by, to: actions.confirm(case.id, by=REPORTER),
    "dispute": lambda case, town, by, to: actions.dispute(case.id, by=REPORTER, text="No, that is not so."),
    "uphold": lambda case, town, by, to: actions.uphold(
        case.id, by=town.desk, text="Yes, it is ours.", department_id=to.id
    ),
    "appeal": lambda case, town, by, to: actions.appeal(case.id, by=REPORTER, text="No, that is not so."),
    "reject": lambda case, town, by, to: actions.reject(case.id, by=town.desk, text="No, that is not so."),
    "remind_of_appeal": lambda case, town, by, to: actions.remind_next_appeal(),
    "recategorise as a department": lambda case, town, by, to: actions.recategorise(case.id, town.lamp, by=by),
    "recategorise": lambda case, town, by, to: actions.recategorise(
        case.id, town.pothole if to.slug == "roads" else town.lamp, by=town.desk
    ),
    "note": lambda case, town, by, to: actions.add_note(case.id, by=town.desk, text="Hm."),
    "rate": lambda case, town, by, to: actions.rate_handling(case.id, rater="post:1", stars=3),
    "exclude": lambda case, town, by, to: actions.exclude(case.id, by=town.desk),
    "fire": lambda case, town, by, to: actions.escalate_next_clock(),
    "resume_pause": lambda case, town, by, to: actions.resume_next_pause(),
    "end_wait": lambda case, town, by, to: actions.end_next_wait(),
    "confirm_by_time": lambda case, town, by, to: actions.confirm_next_resolution(),
}
# An action, who tries it, which department it names, and how many hours after the one before.
STEPS = st.tuples(
    st.sampled_from(list(ACTS)), st.integers(0, 2), st.integers(0, 2), st.sampled_from([0, 1, 5, 30, 300])
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=4, max_size=14))
async def test_walks(town: Town, walk: list[tuple[str, int, int, int]]) -> None:
    case = await receive_case(town)
    promised: list[Any] = []
    departments, now = [town.roads, town.parks, town.water], local_time("2026-11-10 09:00")
    for name, who, where, hours in walk:
        now += timedelta(hours=hours)
        before = await reload_case(case)
        leads = next((one for one in departments if one.id == before.department_id), town.roads)
        with timing.at(now):
            try:
                await ACTS[name](case, town, town.of([*departments, *[leads] * 4][who]), departments[where])
            except CivicError:
                assert (await reload_case(case)).events_count == before.events_count
        await holds(case)
        promises = await _promised(case)
        assert not promised or promises == promised
        promised = promises if None not in promises else []
    await Case.filter(id=case.id).update(waiting_until=None, confirm_until=None)  # out of the next walk's way
    await Wait.filter(case_id=case.id).update(resume_at=None)
    await Clock.all().update(step_at=None)


async def _promised(case: Case) -> list[Any]:
    loaded = await reload_case(case)
    return [loaded.response_clock.promised_at, loaded.resolution_clock.promised_at, loaded.received_at]


async def holds(case: Case) -> None:
    """What is true of every case after every change."""
    case, turns = await reload_case(case), await list_assignments(case)
    kinds = await CaseEvent.filter(case_id=case.id).values_list("kind", flat=True)
    assert await check_history(case.id) == []
    assert case.events_count == len(kinds)
    assert case.handovers == kinds.count("handed_over")
    assert case.reopened == kinds.count("reopened") + kinds.count("upheld")
    _assignments_hold(case, turns)
    _clocks_hold(case, turns, await Wait.filter(case_id=case.id).order_by("id"))


def _assignments_hold(case: Case, turns: list[Assignment]) -> None:
    open_now = [one for one in turns if one.ended_at is None]
    leads = [one for one in open_now if one.part == AssignmentPart.LEAD]
    assert len(leads) == (case.status in HELD)
    assert not open_now or case.status in OPEN
    assert all(one.department_id == case.department_id for one in leads)
    if case.status == Status.RECEIVED:
        assert case.department_id is None
    standing = [one for one in turns if one.standing]
    assert len(standing) == (case.status in (Status.RESOLVED, Status.CONFIRMED))
    assert all(one.outcome == Outcome.RESOLVED for one in standing)
    for one in turns:
        assert one.ended_at is None or one.ended_at >= one.given_at
        assert (one.ended_at is None) == (one.ended_by == "")
        assert case.received_at <= one.started_at <= one.given_at
        assert not one.came_back or one.outcome in (Outcome.HANDED_OVER, Outcome.RETURNED)
        assert one.first_word_at == one.response_clock.stopped_at
        assert (one.resolution_clock is None) == (one.part == AssignmentPart.SUPPORT)


def _clocks_hold(case: Case, turns: list[Assignment], waits: list[Wait]) -> None:
    waiting = case.status == Status.WAITING
    open_waits = [one for one in waits if one.ended_at is None]
    assert len(open_waits) == waiting
    assert all((one.ended_at is None) == (one.counts is None) for one in waits)
    assert (case.response_clock.promised_at is None) == (case.resolution_clock.promised_at is None)
    assert case.response_clock.promised_at is not None or case.first_department_id is None
    assert (case.waiting_until is not None) == waiting
    assert (case.confirm_until is not None) == (case.status == Status.RESOLVED and not case.appeal_is_open)
    assert (case.appeal_remind_at is not None) == case.appeal_is_open
    assert not case.appeal_is_open or case.status in (Status.DECLINED, Status.RESOLVED, Status.CONFIRMED)
    assert (case.resolution_clock.due_at is None) == _pauses(case.resolution_clock)
    assert case.resolution_clock.due_at is not None or any(one.case_paused_until for one in open_waits)
    assert (case.resolution_clock.stopped_at is not None) == (case.status in (Status.RESOLVED, Status.CONFIRMED))
    assert case.due_at == (_next(case.response_clock, case.resolution_clock) if case.status in OPEN else None)
    _reminded(case.response_clock, case.status in OPEN)
    _reminded(case.resolution_clock, case.status in OPEN)
    for one in turns:
        goes_on = one.ended_at is None
        assert one.due_at == (_next(one.response_clock, one.resolution_clock) if goes_on else None)
        assert one.response_clock.due_at is not None
        _reminded(one.response_clock, goes_on)
        if one.resolution_clock is not None:
            assert (one.resolution_clock.due_at is None) == _pauses(one.resolution_clock)
            assert one.resolution_clock.due_at is not None or (
                goes_on and any(wait.assignment_id == one.id and wait.assignment_paused_until for wait in open_waits)
            )
            _reminded(one.resolution_clock, goes_on)


def _pauses(clock: Clock) -> bool:
    return clock.paused_at is not None and clock.remaining is not None


def _next(response: Clock, resolution: Clock | None) -> Any:
    if response.promised_at is None:
        return None
    if response.stopped_at is None:
        return response.due_at
    return resolution.due_at if resolution is not None else None


def _reminded(clock: Clock, runs: bool) -> None:
    """A clock has a next step if and only if it runs."""
    assert (clock.step_at is not None) == (runs and clock.stopped_at is None and clock.due_at is not None)
