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
from civic.sla.targets import allowance, due, instant_at_share, parse_target, remaining, used_share
from civic.sla.targets import resume as due_after

LATEST_PAUSE = 0.8  # a clock that has used more of its allowance does not pause

# What a promise is, beside the row that keeps it.
_TERMS = ("target", "calendar_id", "started_at", "allowance", "due_at", "half_at")


def start(
    kind: ClockKind,
    target: str,
    calendar_id: int,
    at: datetime,
    calendar: WorkingCalendar,
    make: Callable[..., Clock] = Clock,
    *,
    promised: bool = True,
    computed: bool = False,
) -> Clock:
    """A clock of `target` ("3 working days") that runs from `at`. Raises ValueError for no target.

    One that is not `promised` yet is shown to nobody; see `promise`.
    """
    parsed = parse_target(target)
    due_at = due(parsed, at, calendar)
    clock = make(
        kind=kind,
        target=str(parsed),
        calendar_id=calendar_id,
        started_at=at,
        allowance=allowance(parsed, at, calendar),
        due_at=due_at,
        promised_at=due_at if promised else None,
        computed=computed,
        step=0,
    )
    if kind == ClockKind.RESPONSE:
        clock.half_at = instant_at_share(parsed, at, due_at, 0.5, calendar, allowance=clock.allowance)
    set_next_step(clock, at, calendar)
    return clock


def promise(clock: Clock) -> bool:
    """Let the due instant be the public promise, if nothing is promised yet."""
    if clock.promised_at is not None:
        return False
    clock.promised_at = clock.due_at
    return True


def take_terms(clock: Clock, other: Clock, at: datetime, calendar: WorkingCalendar) -> None:
    """Run on by the target, the calendar and the due instant of `other`, whose calendar is `calendar`."""
    for name in _TERMS:
        setattr(clock, name, getattr(other, name))
    if clock.stopped_at is None and clock.step_at is not None:
        set_next_step(clock, at, calendar)


def take_up(
    earlier: Clock,
    at: datetime,
    calendar: WorkingCalendar,
    *,
    first_word_at: datetime | None,
    make: type[Clock] = Clock,
) -> Clock:
    """A new clock that goes on with an earlier one, which ended: its start, its due instant, its steps.

    A response clock whose word was given stays stopped. The figures count it in the period of `at`, if that is later.
    """
    terms = {name: getattr(earlier, name) for name in (*_TERMS, "kind", "promised_at", "computed", "step")}
    clock = make(**terms, moved_at=at)
    if clock.kind == ClockKind.RESPONSE and first_word_at is not None:
        clock.stopped_at = first_word_at
    else:
        set_next_step(clock, at, calendar)
    return clock


def may_pause(clock: Clock, at: datetime, calendar: WorkingCalendar) -> bool:
    """Whether the clock runs and has used at most LATEST_PAUSE of its allowance."""
    if clock.due_at is None or clock.stopped_at is not None:
        return False
    target = parse_target(clock.target)
    used = used_share(target, clock.started_at, clock.due_at, at, calendar, allowance=clock.allowance)
    return used <= LATEST_PAUSE


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


def undo_pause(clock: Clock, due_at: datetime, at: datetime, calendar: WorkingCalendar) -> None:
    """Run on as if there had been no pause: `due_at` is the due instant of before it."""
    clock.due_at, clock.moved_at = due_at, at
    clock.paused_at = clock.remaining = None
    set_next_step(clock, at, calendar)


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


def set_next_step(clock: Clock, now: datetime, calendar: WorkingCalendar) -> None:
    """Set when the next step of a running clock falls due; one that was computed afterwards has none."""
    assert clock.due_at is not None
    if clock.computed:
        clock.step_at = None
        return
    clock.step_at = escalation.next_step_at(
        parse_target(clock.target), clock.started_at, clock.due_at, clock.allowance, clock.step, now, calendar
    )


def _latest(clock: Clock, at: datetime, calendar: WorkingCalendar) -> int:
    assert clock.due_at is not None
    target = parse_target(clock.target)
    return escalation.latest_step(target, clock.started_at, clock.due_at, clock.allowance, clock.step, at, calendar)
