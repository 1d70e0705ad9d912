"""Targets: how long an answer or a solution may take, and the instants that follow (CLOCK-AND-SCORES 1, 2).

A target is one of `4 working hours`, `3 working days`, `48 hours`, `5 days`. Its allowance is counted in
seconds of its own kind: opening time for the working ones, elapsed time for the others. Time that has run
past the due instant counts as a negative remainder, so that a pause never shortens a delay.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from civic.i18n import ngettext
from civic.local_time import first_instant
from civic.sla.calendars import WorkingCalendar, as_utc

MAX_TARGET_DAYS = 1_000
MAX_TARGET_HOURS = 10_000
TARGET_SYNTAX = 'a target is written like "4 working hours", "3 working days", "48 hours" or "5 days"'


class Unit(StrEnum):
    """What a target counts; the value is its plural in a pack."""

    WORKING_HOURS = "working hours"
    WORKING_DAYS = "working days"
    HOURS = "hours"
    DAYS = "days"

    @property
    def works(self) -> bool:
        """Whether its allowance is opening time."""
        return self in (Unit.WORKING_HOURS, Unit.WORKING_DAYS)

    @property
    def counts_days(self) -> bool:
        return self in (Unit.WORKING_DAYS, Unit.DAYS)


@dataclass(frozen=True, slots=True)
class Target:
    """An amount of a unit. Raises ValueError for nothing, a part of a day, and more than is allowed."""

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        amount = Decimal(self.amount)
        object.__setattr__(self, "amount", amount)
        most = MAX_TARGET_DAYS if self.unit.counts_days else MAX_TARGET_HOURS
        if not 0 < amount <= most:
            raise ValueError(f'"{self}": a target is more than 0 and at most {most:,} {self.unit}')
        if self.unit.counts_days and amount != int(amount):
            raise ValueError(f'"{self}": only hours can be divided; {TARGET_SYNTAX}')

    def __str__(self) -> str:
        """As in a pack; `parse_target` reads it back."""
        number = _number(self.amount)
        return f"{number} {self.unit.value.removesuffix('s') if number == '1' else self.unit.value}"

    def describe(self) -> str:
        """The target in the reader's language."""
        return describe_amount(self.amount, self.unit)

    @property
    def hours(self) -> timedelta:
        """The length of a target in hours."""
        return timedelta(microseconds=int(self.amount * 3_600_000_000))


def describe_amount(amount: Decimal, unit: Unit) -> str:
    """Any amount of a unit in the reader's language, also more than a target may be."""
    number = _number(amount)
    # A part of an hour takes the plural, as in "1.5 hours".
    n = int(amount) if amount == int(amount) else 2
    if unit is Unit.WORKING_HOURS:
        return ngettext("%(number)s working hour", "%(number)s working hours", n, number=number)
    if unit is Unit.WORKING_DAYS:
        return ngettext("%(number)s working day", "%(number)s working days", n, number=number)
    if unit is Unit.HOURS:
        return ngettext("%(number)s hour", "%(number)s hours", n, number=number)
    return ngettext("%(number)s day", "%(number)s days", n, number=number)


def _number(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s+(working\s+)?(hour|day)s?", re.IGNORECASE | re.ASCII)


@lru_cache(1000)  # a city has some dozens
def parse_target(text: str) -> Target:
    """The target that `text` says; raises ValueError, with what is allowed, for anything else."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no target: {TARGET_SYNTAX}")
    number, working, noun = match.groups()
    return Target(Decimal(number), Unit(f"{'working ' if working else ''}{noun.lower()}s"))


def due(target: Target, start: datetime, calendar: WorkingCalendar) -> datetime:
    """The instant (UTC) until which `target`, started at `start`, is kept."""
    match target.unit:
        case Unit.WORKING_HOURS:
            return calendar.add_working(start, target.hours.total_seconds())
        case Unit.WORKING_DAYS:
            return calendar.nth_working_day_close(start, int(target.amount))
        case Unit.HOURS:
            return as_utc(start) + target.hours
        case Unit.DAYS:
            return _days_later(start, int(target.amount), calendar)


def _days_later(start: datetime, days: int, calendar: WorkingCalendar) -> datetime:
    """The same local time on a later date; one that the clocks skip or repeat is read as calendars do."""
    local = as_utc(start).astimezone(calendar.zone).replace(tzinfo=None, fold=0)
    return first_instant(calendar.zone, local + timedelta(days=days))


def allowance(target: Target, start: datetime, calendar: WorkingCalendar) -> float:
    """The seconds that `target` gives from `start`: of opening time for working targets, else elapsed."""
    if target.unit.counts_days:
        return remaining(target, start, due(target, start, calendar), calendar)
    return target.hours.total_seconds()


def remaining(target: Target, now: datetime, due: datetime, calendar: WorkingCalendar) -> float:
    """Seconds left at `now`, of the kind that `target` counts: what a pause keeps. Negative when overdue."""
    if not target.unit.works:
        return (as_utc(due) - as_utc(now)).total_seconds()
    if due < now:
        return -calendar.working_seconds(due, now)
    return calendar.working_seconds(now, due)


def resume(target: Target, now: datetime, remaining: float, calendar: WorkingCalendar) -> datetime:
    """The due instant (UTC) of a clock that goes on at `now` with `remaining` seconds; past if overdue."""
    if target.unit.works:
        return calendar.add_working(now, remaining)
    return as_utc(now) + timedelta(seconds=remaining)


def instant_at_share(
    target: Target,
    start: datetime,
    due: datetime,
    share: float,
    calendar: WorkingCalendar,
    *,
    allowance: float | None = None,
) -> datetime:
    """When `share` (0.5, 0.8, 1) of the allowance is used, never before `start`.

    Counted back from `due`, so that it also holds after a pause. `allowance` is the one that was stored when
    the clock started; without it, it is computed anew with the calendar as it is now.
    """
    whole = _allowance(target, start, calendar, allowance)
    return max(as_utc(start), resume(target, due, (share - 1) * whole, calendar))


def used_share(
    target: Target,
    start: datetime,
    due: datetime,
    now: datetime,
    calendar: WorkingCalendar,
    *,
    allowance: float | None = None,
) -> float:
    """The share of the allowance that is used at `now`: 0 before the start, more than 1 when overdue."""
    whole = _allowance(target, start, calendar, allowance)
    return max(0.0, 1 - remaining(target, now, due, calendar) / whole)


def _allowance(target: Target, start: datetime, calendar: WorkingCalendar, stored: float | None) -> float:
    return allowance(target, start, calendar) if stored is None else stored
