"""Working time as a look-up: when a calendar is open, how much of it lies between two instants.

A calendar is laid out once as a table of open intervals, each with the opening time that came before it;
every question is then a binary search in that table and never a walk over days. The same rows go to the
database (`table`).

How local times are read (CLOCK-AND-SCORES 1): a local time means the first instant at which the clocks of the
zone show that time or a later one. So a time that the clocks skip is the instant of the skip, a time that
they show twice is the first of the two, a day of 23 or 25 hours has the hours that really passed, and a date
that never was is not a working day.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from civic.local_time import first_instant
from civic.sla.hours import CalendarError, CalendarSpec, OpeningHours, read_spec

FIRST_DAY = date(2000, 1, 1)
YEARS_AHEAD = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_NOTHING = timedelta()
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_DAY_US = 24 * 60 * _MINUTE_US


def last_day(now: datetime) -> date:
    """The last day of a calendar's table that is laid out now: at least YEARS_AHEAD years ahead."""
    return date(now.astimezone(UTC).year + YEARS_AHEAD, 12, 31)


class OutsideCalendar(ValueError):
    """An instant, a date or an answer lies outside the years that a calendar's table covers."""


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC; raises ValueError for a datetime without a zone, which is no instant."""
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()} has no time zone, so it is no instant to count from")
    return instant.astimezone(UTC)


def _microseconds(instant: datetime) -> int:
    return (as_utc(instant) - _EPOCH) // _MICROSECOND


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


class _Table:
    """A calendar's columns, in microseconds since 1970 or of opening time; `days` and `dates` are ordinals.

    Integers, so that work which exactly uses up a day ends on the closing instant and not a rounding error
    later.
    """

    def __init__(self) -> None:
        self.start = self.end = self.total = 0
        self.opens, self.closes, self.before, self.dates = array("q"), array("q"), array("q"), array("l")
        self.days, self.day_closes = array("l"), array("q")

    def add(self, ordinal: int, opens: int, closes: int) -> None:
        """Append an interval; one without length, as a skipped hour can leave, is no opening time."""
        if closes <= opens:
            return
        self.opens.append(opens)
        self.closes.append(closes)
        self.before.append(self.total)
        self.dates.append(ordinal)
        self.total += closes - opens
        if self.days and self.days[-1] == ordinal:
            self.day_closes[-1] = closes
        else:
            self.days.append(ordinal)
            self.day_closes.append(closes)


def _lay_out(hours: OpeningHours, until: date) -> _Table:
    """The table up to `until`. The zone is asked once a day, and for every time only on days it changes."""
    table, zone = _Table(), hours.zone
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=zone)
    offset = midnight.utcoffset()
    table.start = _local_instant(zone, FIRST_DAY.toordinal(), 0)
    for ordinal in range(FIRST_DAY.toordinal(), until.toordinal() + 1):
        midnight += _DAY
        next_offset = midnight.utcoffset()
        plain = (ordinal - _EPOCH_ORDINAL) * _DAY_US - (offset or _NOTHING) // _MICROSECOND
        for opens, closes in hours.on(ordinal):
            if offset == next_offset:
                table.add(ordinal, plain + opens * _MINUTE_US, plain + closes * _MINUTE_US)
            else:
                ends = (_local_instant(zone, ordinal, minute) for minute in (opens, closes))
                table.add(ordinal, *ends)
        offset = next_offset
    table.end = _local_instant(zone, until.toordinal() + 1, 0)
    return table


def _local_instant(zone: ZoneInfo, ordinal: int, minutes: int) -> int:
    wall = datetime.combine(date.fromordinal(ordinal), time()) + timedelta(minutes=minutes)
    return _microseconds(first_instant(zone, wall))


@dataclass(frozen=True, slots=True, eq=False)
class WorkingCalendar:
    """When an office is open, from 2000-01-01 to the end of `until` (local dates). Made by `build`.

    Answers are in UTC. Every method refuses a datetime without a zone (ValueError) and raises OutsideCalendar
    where the table does not reach.
    """

    spec: CalendarSpec
    zone: ZoneInfo
    until: date
    _table: _Table = field(repr=False)

    @classmethod
    def build(cls, spec: CalendarSpec, until: date | None = None) -> "WorkingCalendar":
        """Lay the calendar out up to and including `until`; by default to the end of this year + 10.

        Raises CalendarError (a ValueError) that lists everything wrong with `spec`, each with the day it
        concerns.
        """
        hours = read_spec(spec)
        last = until or last_day(datetime.now(UTC))
        if last < FIRST_DAY:
            raise ValueError(f"a calendar begins on {FIRST_DAY} and cannot end on {last}")
        table = _lay_out(hours, last)
        if not table.opens:
            raise CalendarError([f"the calendar never opens between {FIRST_DAY} and {last}"])
        return cls(spec, hours.zone, last, table)

    def working_seconds(self, a: datetime, b: datetime) -> float:
        """Seconds of opening time in [a, b), to the microsecond; 0 when `b <= a`."""
        first, last = _microseconds(a), _microseconds(b)
        if last <= first:
            return 0.0
        return (self._position(last) - self._position(first)) / _SECOND_US

    def add_working(self, a: datetime, s: float) -> datetime:
        """The earliest instant `t >= a` with `working_seconds(a, t) >= s`; `a` itself when `s` is 0.

        A negative `s` goes back: the earliest `t` with `working_seconds(t, a) <= -s`. Either way work that
        exactly uses up a day ends at that day's closing instant, never at the next opening.
        """
        start = _microseconds(a)
        position = self._position(start)
        step = round(s * _SECOND_US)
        return _instant(self._instant_at(position + step) if step else start)

    def nth_working_day_close(self, start: datetime, n: int) -> datetime:
        """The closing instant of the `n`-th working day (from 1) with a local date after that of `start`."""
        if n < 1:
            raise ValueError(f"working days are counted from 1, not {n}")
        self._check(_microseconds(start))
        day = start.astimezone(self.zone).toordinal()
        index = bisect_right(self._table.days, day) + n - 1
        if index >= len(self._table.days):
            raise self._outside(f"working day {n} after {start.isoformat()}")
        return _instant(self._table.day_closes[index])

    def is_working_day(self, day: date) -> bool:
        """Whether the calendar is open for any time at all on that local date."""
        if not FIRST_DAY <= day <= self.until:
            raise self._outside(day.isoformat())
        days, ordinal = self._table.days, day.toordinal()
        index = bisect_left(days, ordinal)
        return index < len(days) and days[index] == ordinal

    def working_days(self, after: date, until: date) -> int:
        """How many working days there are from the day after `after` up to and including `until`."""
        days = self._table.days
        return bisect_right(days, until.toordinal()) - bisect_right(days, after.toordinal()) if until > after else 0

    def table(self) -> Iterator[tuple[datetime, datetime, int, date]]:
        """Rows (opens_at, closes_at, before_seconds, local_date) for the database, in order of time.

        `before_seconds` is the opening time since the table's start, always whole. Two marks without length,
        dated the day before and the day after the calendar, say how far it reaches; where it opens at the
        very start, the first mark is not needed and left out.
        """
        table = self._table
        if table.opens[0] > table.start:
            yield _instant(table.start), _instant(table.start), 0, FIRST_DAY - _DAY
        for opens, closes, before, ordinal in zip(table.opens, table.closes, table.before, table.dates, strict=True):
            yield _instant(opens), _instant(closes), before // _SECOND_US, date.fromordinal(ordinal)
        yield _instant(table.end), _instant(table.end), table.total // _SECOND_US, self.until + _DAY

    def _position(self, instant: int) -> int:
        """Opening time from the table's start to `instant`."""
        self._check(instant)
        table = self._table
        index = bisect_right(table.opens, instant) - 1
        if index < 0:
            return 0
        return table.before[index] + min(instant, table.closes[index]) - table.opens[index]

    def _instant_at(self, position: int) -> int:
        """The earliest instant by which `position` of opening time has passed."""
        table = self._table
        if not 0 < position <= table.total:
            raise self._outside("the instant asked for")
        index = bisect_left(table.before, position) - 1
        return table.opens[index] + position - table.before[index]

    def _check(self, instant: int) -> None:
        if not self._table.start <= instant <= self._table.end:
            raise self._outside(_instant(instant).isoformat())

    def _outside(self, what: str) -> OutsideCalendar:
        return OutsideCalendar(f"{what} lies outside this calendar, which covers {FIRST_DAY} to {self.until}")
