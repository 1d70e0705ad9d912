"""The changes of a clock: start, pause, resume, stop, end, escalate. They change the row in memory and save nothing.

A clock that runs has `step_at`, the instant of its next escalation. One that was *ended* (its assignment or case is
over) without having been *stopped* (the promise was kept, early or late) keeps its due instant for the scores.
Each change says whether there was one; `calendar` is the clock's own.
"""

from collections.abc import Callable
from datetime import datetime

from civic.sla import escalation
from civic.sla.calendars import WorkingCalendar
from civic.sla.models import Clock, ClockKind
from civic.sla.targets import allowance, due, instant_at_share, parse_target, remaining
from civic.sla.targets import resume as due_after


def start(
    kind: ClockKind,
    target: str,
    calendar_id: int,
    at: datetime,
    calendar: WorkingCalendar,
    make: Callable[..., Clock] = Clock,
) -> Clock:
    """A clock of `target` ("3 working days") that runs from `at`. Raises ValueError for no target."""
    parsed = parse_target(target)
    due_at = due(parsed, at, calendar)
    clock = make(
        kind=kind,
        target=str(parsed),
        calendar_id=calendar_id,
        started_at=at,
        allowance=allowance(parsed, at, calendar),
        due_at=due_at,
        promised_at=due_at,
        step=0,
    )
    if kind == ClockKind.RESPONSE:
        clock.half_at = instant_at_share(parsed, at, due_at, 0.5, calendar, allowance=clock.allowance)
    set_next_step(clock, at, calendar)
    return clock


def pause(clock: Clock, at: datetime, calendar: WorkingCalendar) -> bool:
    """Keep what is left at `at`; no due instant until it resumes. Twice is once; a stopped one stays."""
    if clock.due_at is None or clock.stopped_at is not None:
        return False
    clock.remaining = remaining(parse_target(clock.target), at, clock.due_at, calendar)
    clock.paused_at, clock.due_at, clock.step_at = at, None, None
    return True


def resume(clock: Clock, at: datetime, calendar: WorkingCalendar) -> bool:
    """Go on with what was left: due = `at` + remaining. A clock that is not paused is left alone."""
    if clock.remaining is None:
        return False
    clock.due_at = due_after(parse_target(clock.target), at, clock.remaining, calendar)
    clock.paused_at = clock.remaining = None
    set_next_step(clock, at, calendar)
    return True


def stop(clock: Clock, at: datetime, calendar: WorkingCalendar) -> bool:
    """Stop the clock: the target was reached at `at`, early or late. Only the first stop counts."""
    if clock.stopped_at is not None:
        return False
    resume(clock, at, calendar)
    clock.stopped_at, clock.step_at = at, None
    return True


def end(clock: Clock, at: datetime, calendar: WorkingCalendar) -> bool:
    """End the clock: there are no further steps, but the scores still need its due instant."""
    resumed = resume(clock, at, calendar)
    if clock.step_at is None:
        return resumed
    clock.step_at = None
    return True


def restart(clock: Clock, at: datetime, calendar: WorkingCalendar) -> None:
    """Let a stopped or ended clock run on, with the due instant that it had."""
    clock.stopped_at = None
    set_next_step(clock, at, calendar)


def escalate(clock: Clock, at: datetime, calendar: WorkingCalendar) -> int | None:
    """Record the latest step that `at` has reached, set the next one, and return it; None if no step is due."""
    if clock.step_at is None or clock.step_at > at or clock.due_at is None:
        return None
    before, clock.step = clock.step, _latest(clock, at, calendar)
    set_next_step(clock, at, calendar)
    return clock.step if clock.step != before else None


def pass_over(clock: Clock, at: datetime, calendar: WorkingCalendar) -> None:
    """Pass over the steps that an imported clock has reached by `at`, so that they remind nobody.

    What it reaches later does; but a promise that was broken before `at` is not spoken of every day from then on.
    """
    if clock.step_at is None or clock.due_at is None:
        return
    clock.step = _latest(clock, at, calendar)
    if clock.due_at <= at:
        clock.step_at = None
    else:
        set_next_step(clock, at, calendar)


def set_next_step(clock: Clock, now: datetime, calendar: WorkingCalendar) -> None:
    """Set when the next step of a running clock falls due."""
    assert clock.due_at is not None
    clock.step_at = escalation.next_step_at(
        parse_target(clock.target), clock.started_at, clock.due_at, clock.allowance, clock.step, now, calendar
    )


def _latest(clock: Clock, at: datetime, calendar: WorkingCalendar) -> int:
    assert clock.due_at is not None
    target = parse_target(clock.target)
    return escalation.latest_step(target, clock.started_at, clock.due_at, clock.allowance, clock.step, at, calendar)
