"""Opening hours as a city writes them, and their check.

`CalendarSpec` is plain data, as TOML and JSON give it: weekdays are numbers (0 is Monday) or English
names of at least three letters, dates are dates or ISO text, times are "HH:MM" or local times, and a closing
time may be "24:00".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Intervals = Sequence[Sequence[str | time]]
DayHours = tuple[tuple[int, int], ...]
"""A day's open intervals in minutes after local midnight: sorted, apart, none empty."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_MINUTES = 24 * 60


class CalendarError(ValueError):
    """A calendar cannot be read. `problems` lists everything that is wrong, each with the day it concerns."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True)
class CalendarSpec:
    """A working calendar as written (CLOCK-AND-SCORES 1).

    `weekly`: weekday to its list of local [open, close) intervals; a day left out is closed.
    `holidays`: dates on which it is closed.
    `workdays`: dates on which it is open although the week says closed; with their hours, or None for
    Monday's.
    `source`: where dates were taken from beside those that were written; `estimated_from`: the first year for which
    that knows no moved days, 0 for none.
    """

    zone: str
    weekly: Mapping[int, Intervals] | Mapping[str, Intervals]
    holidays: Collection[date | str] = frozenset()
    workdays: Mapping[date, Intervals | None] | Mapping[str, Intervals | None] = field(default_factory=dict)
    source: str = ""
    estimated_from: int = 0


@dataclass(frozen=True)
class OpeningHours:
    """A checked calendar: the hours of any date."""

    zone: ZoneInfo
    weekly: tuple[DayHours, ...]
    dated: Mapping[int, DayHours]

    def on(self, ordinal: int) -> DayHours:
        """The intervals of the date with that proleptic ordinal."""
        hours = self.dated.get(ordinal)
        return self.weekly[(ordinal + 6) % 7] if hours is None else hours


def read_spec(spec: CalendarSpec) -> OpeningHours:
    """Check `spec` whole; raises CalendarError with all that is wrong with it."""
    problems: list[str] = []
    zone = _read_zone(spec.zone, problems)
    weekly = _read_week(spec.weekly, problems)
    dated = _read_dates(spec, weekly[0], problems)
    if not problems and not any(weekly) and not any(dated.values()):
        problems.append("the calendar never opens")
    if problems or zone is None:
        raise CalendarError(problems)
    return OpeningHours(zone, weekly, dated)


def _read_zone(name: str, problems: list[str]) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        problems.append(f"{name!r} is not an IANA time zone")
        return None


def _read_week(weekly: Mapping[int, Intervals] | Mapping[str, Intervals], problems: list[str]) -> tuple[DayHours, ...]:
    week: dict[int, DayHours] = {}
    for name, intervals in weekly.items():
        weekday = _weekday(name)
        if weekday is None:
            problems.append(f"{name!r} is not a weekday (monday … sunday, or 0 … 6 from Monday)")
        elif weekday in week:
            problems.append(f"{WEEKDAYS[weekday]}: given twice")
        else:
            week[weekday] = _read_intervals(WEEKDAYS[weekday], intervals, problems)
    return tuple(week.get(weekday, ()) for weekday in range(7))


def _weekday(name: int | str) -> int | None:
    text = str(name).strip().lower()
    if text in {"0", "1", "2", "3", "4", "5", "6"}:
        return int(text)
    matches = [index for index, full in enumerate(WEEKDAYS) if len(text) >= 3 and full.startswith(text)]
    return matches[0] if matches else None


def _read_dates(spec: CalendarSpec, monday: DayHours, problems: list[str]) -> dict[int, DayHours]:
    dated: dict[int, DayHours] = {}
    for holiday in spec.holidays:
        if (day := _date("holiday", holiday, problems)) is not None:
            dated[day.toordinal()] = ()
    holidays = set(dated)
    for workday, intervals in spec.workdays.items():
        if (day := _date("workday", workday, problems)) is None:
            continue
        if day.toordinal() in holidays:
            problems.append(f"{day}: both a holiday and a workday")
        elif day.toordinal() in dated:
            problems.append(f"{day}: given twice")
        dated[day.toordinal()] = _workday_hours(day, intervals, monday, problems)
    return dated


def _workday_hours(day: date, intervals: Intervals | None, monday: DayHours, problems: list[str]) -> DayHours:
    if intervals is None:
        if not monday:
            problems.append(f"workday {day}: has no hours of its own and Monday has none to lend")
        return monday
    if not intervals:
        problems.append(f"workday {day}: an empty list of hours (leave the list out for Monday's)")
    return _read_intervals(f"workday {day}", intervals, problems)


def _date(kind: str, value: date | str, problems: list[str]) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(value)
    except (ValueError, TypeError):
        problems.append(f"{kind} {value!r}: not a date (YYYY-MM-DD)")
        return None


def _read_intervals(day: str, intervals: Intervals, problems: list[str]) -> DayHours:
    """The day's intervals in order; what is wrong with them goes to `problems` under the day's name."""
    read: list[tuple[int, int]] = []
    for interval in intervals:
        ends = _ends(interval)
        if ends is None:
            problems.append(f"{day}: {_shown(interval)} is not an interval [open, close] of times HH:MM")
        elif ends[1] <= ends[0]:
            fault = "is empty" if ends[0] == ends[1] else "closes before it opens"
            problems.append(f"{day}: {_shown(interval)} {fault}")
        else:
            read.append(ends)
    read.sort()
    for (_, closes), (opens, _) in pairwise(read):
        if opens < closes:
            problems.append(f"{day}: two intervals overlap between {_clock(opens)} and {_clock(closes)}")
    return tuple(read)


def _ends(interval: Sequence[str | time]) -> tuple[int, int] | None:
    if isinstance(interval, str) or len(interval) != 2:
        return None
    opens, closes = (_minutes(end) for end in interval)
    if opens is None or closes is None or opens == _DAY_MINUTES:
        return None
    return opens, closes


def _minutes(value: str | time) -> int | None:
    """Return the minutes after midnight, or None if it is not a whole minute of a day. 24:00 is the end of the day."""
    if value == "24:00":
        return _DAY_MINUTES
    try:
        clock = value if isinstance(value, time) else time.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    if clock.second or clock.microsecond or clock.tzinfo:
        return None
    return clock.hour * 60 + clock.minute


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _shown(interval: Sequence[str | time]) -> str:
    if isinstance(interval, str):
        return repr(interval)
    return "-".join(str(end)[:5] if isinstance(end, time) else str(end) for end in interval)
