"""The steps at which a clock reminds people: at 50, 80 and 100 % of its allowance, then once a working day.

Steps are numbered 50, 80, 100, and 100 + n at the opening of the n-th working day after the one on which it
fell due (CLOCK-AND-SCORES 2). Whoever comes late fires the latest step only.
"""

from datetime import date, datetime, time, timedelta

from civic.local_time import first_instant
from civic.sla.calendars import WorkingCalendar
from civic.sla.targets import Target, instant_at_share

EARLY_STEPS = (50, 80)
DUE_STEP = 100

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


def find_opening(day: date, calendar: WorkingCalendar) -> datetime:
    """The instant (UTC) at which the calendar opens on the first working day from `day` on."""
    midnight = first_instant(calendar.zone, datetime.combine(day, time()))
    return calendar.add_working(midnight, _INSTANT.total_seconds()) - _INSTANT


def latest_step(
    target: Target,
    start: datetime,
    due: datetime,
    allowance: float,
    fired: int,
    now: datetime,
    calendar: WorkingCalendar,
) -> int:
    """Return the latest step that `now` has reached, or `fired` if there is no later one."""
    if now < due:
        reached = [
            share
            for share in EARLY_STEPS
            if now >= instant_at_share(target, start, due, share / 100, calendar, allowance=allowance)
        ]
        return max([fired, *reached])
    days = _openings(due, now, calendar)
    # A pause moves `due`, so days are counted from the new one; the numbers of the steps go on.
    return max(fired + (1 if fired >= DUE_STEP else 0), DUE_STEP + days)


def next_step_at(
    target: Target,
    start: datetime,
    due: datetime,
    allowance: float,
    fired: int,
    now: datetime,
    calendar: WorkingCalendar,
) -> datetime:
    """Return when the step after `fired` falls due; it may lie in the past."""
    for share in EARLY_STEPS:
        if fired < share:
            return instant_at_share(target, start, due, share / 100, calendar, allowance=allowance)
    if fired < DUE_STEP:
        return due
    return find_opening(now.astimezone(calendar.zone).date() + _DAY, calendar)


def _openings(due: datetime, now: datetime, calendar: WorkingCalendar) -> int:
    """How many working days have opened since the day of `due`."""
    day, today = due.astimezone(calendar.zone).date(), now.astimezone(calendar.zone).date()
    count = calendar.working_days(day, today)
    if count and calendar.is_working_day(today) and find_opening(today, calendar) > now:
        count -= 1
    return count
