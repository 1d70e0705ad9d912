"""The terms of a clock (target, calendar, start, due instant) when two cases become one, and when they part again."""

from collections.abc import Iterable
from datetime import datetime

from civic.sla import escalation
from civic.sla.calendars import WorkingCalendar
from civic.sla.clocks import set_next_step
from civic.sla.models import Clock, ClockStep
from civic.sla.queries import working_calendar
from civic.sla.targets import parse_target, remaining, resume

TERMS = ("target", "calendar_id", "started_at", "allowance", "promised_at", "half_at", "computed", "moved_at")


async def take_earlier(clock: Clock, other: Clock, at: datetime) -> None:
    """Take the terms of another clock if it is due earlier: a clock keeps the calendar of its due instant."""
    if clock.due_at is None or other.due_at is None or clock.due_at <= other.due_at:
        return
    _take_terms(clock, other)
    clock.promised_at = other.promised_at or clock.promised_at
    clock.due_at, clock.moved_at = other.due_at, at
    if clock.step_at is not None:
        set_next_step(clock, at, await working_calendar(clock.calendar_id))
    await clock.save()


async def take_back(clock: Clock, before: Clock, due_before: datetime, due_after: datetime) -> None:
    """Give a clock the terms that it had before it took those of another, and what it has been put off since.

    `due_before` is its due instant without the other, `due_after` with it. A clock that is paused keeps what would be
    left.
    """
    delay = 0.0
    if clock.due_at is not None and clock.due_at != due_after:
        calendar = await working_calendar(clock.calendar_id)
        delay = remaining(parse_target(clock.target), due_after, clock.due_at, calendar)
    _take_terms(clock, before)
    target, calendar = parse_target(clock.target), await working_calendar(clock.calendar_id)
    if clock.paused_at is not None:
        clock.remaining = remaining(target, clock.paused_at, due_before, calendar)
    else:
        clock.due_at = resume(target, due_before, delay, calendar) if delay else due_before
    await clock.save()


async def settle_steps(clock: Clock, step_before: int, since: datetime, at: datetime) -> None:
    """Forget the steps that a clock fired since, but would not have reached by its terms of now; they fire in time."""
    calendar = await working_calendar(clock.calendar_id)
    fired: Iterable[int] = await ClockStep.filter(clock_id=clock.id, fired_at__gte=since).values_list("step", flat=True)  # type: ignore[assignment]
    latest = _latest(clock, step_before, at, calendar)
    clock.step = max([step_before, *(step for step in fired if step <= latest)])
    await ClockStep.filter(clock_id=clock.id, fired_at__gte=since, step__gt=clock.step).delete()
    if clock.step_at is not None:
        set_next_step(clock, at, calendar)
    await clock.save()


def _take_terms(clock: Clock, other: Clock) -> None:
    for name in TERMS:
        setattr(clock, name, getattr(other, name))


def _latest(clock: Clock, fired: int, at: datetime, calendar: WorkingCalendar) -> int:
    """The latest step that the clock has reached by its terms."""
    if clock.due_at is None:
        return fired
    target = parse_target(clock.target)
    return escalation.latest_step(target, clock.started_at, clock.due_at, clock.allowance, fired, at, calendar)
