"""The terms of a clock (target, calendar, start, due instant) when two cases become one, and when they part again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from civic.sla import escalation
from civic.sla.calendars import WorkingCalendar
from civic.sla.clocks import set_next_step
from civic.sla.models import Clock, ClockStep
from civic.sla.queries import working_calendar
from civic.sla.targets import parse_target, remaining, resume

TERMS = ("target", "calendar_id", "started_at", "allowance", "promised_at", "half_at", "computed", "moved_at")


async def take_earlier(clock: Clock, other: Clock, at: datetime) -> None:
    """Take the terms of another clock if it is due earlier: a clock keeps the calendar of its due instant.

    What was computed afterwards for imported history was promised to nobody, and is not taken.
    """
    if other.computed or clock.due_at is None or other.due_at is None or clock.due_at <= other.due_at:
        return
    _take_terms(clock, other)
    clock.promised_at = other.promised_at or clock.promised_at
    clock.due_at, clock.moved_at = other.due_at, at
    if clock.step_at is not None:
        set_next_step(clock, at, await working_calendar(clock.calendar_id))
    await clock.save()


@dataclass(frozen=True, slots=True)
class TakenTerms:
    """A clock as it was before it took the terms of another, and when it fell due without them and with them."""

    before: Clock
    due_before: datetime
    due_after: datetime

    async def take_back(self, clock: Clock, paused_due_at: datetime | None) -> None:
        """Give the clock its own terms again, and what it has been put off since.

        `paused_due_at` is when it was due before the pause in which it stands: it keeps what would be left of that.
        """
        due_at = await self.own_due(clock, clock.due_at or paused_due_at or self.due_after)
        _take_terms(clock, self.before)
        if clock.paused_at is None:
            clock.due_at = due_at
        else:
            calendar = await working_calendar(clock.calendar_id)
            clock.remaining = remaining(parse_target(clock.target), clock.paused_at, due_at, calendar)
        await clock.save()

    async def own_due(self, clock: Clock, due_at: datetime) -> datetime:
        """When a clock that still has the other's terms, and is due at `due_at`, would be due by its own."""
        if due_at == self.due_after:
            return self.due_before
        target, own = parse_target(clock.target), parse_target(self.before.target)
        delay = remaining(target, self.due_after, due_at, await working_calendar(clock.calendar_id))
        return resume(own, self.due_before, delay, await working_calendar(self.before.calendar_id))


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
