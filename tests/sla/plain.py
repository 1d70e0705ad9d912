"""Working time the slow, plain way: walk minute by minute and look at the clock.

The office looks at the furthest time that its clocks have shown: it is open while that time is within its
hours. So it does not open again for an hour that the clocks show a second time, and an hour that they skip is
no opening time. Clocks change, and offices open, on whole minutes. Shares no code with the program.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Hours = list[tuple[int, int]]


@dataclass
class PlainCalendar:
    """Hours are minutes after midnight; `workdays` gives the hours of a date, or None for Monday's."""

    zone: str
    weekly: dict[int, Hours]
    holidays: set[date] = field(default_factory=set)
    workdays: dict[date, Hours | None] = field(default_factory=dict)

    def hours(self, day: date) -> Hours:
        if day in self.holidays:
            return []
        if day in self.workdays:
            own = self.workdays[day]
            return self.weekly.get(0, []) if own is None else own
        return self.weekly.get(day.weekday(), [])

    def minutes(self, start: datetime) -> Iterator[tuple[datetime, date, bool]]:
        """Each minute from the one that holds `start`: its begin, the office's date, whether it is open."""
        zone = ZoneInfo(self.zone)
        first = start.astimezone(UTC).replace(second=0, microsecond=0)
        minute = first - timedelta(hours=4)  # far enough back to have seen what a clock that was put back had shown
        furthest = datetime(1, 1, 1)  # noqa: DTZ001
        while True:
            furthest = max(furthest, minute.astimezone(zone).replace(tzinfo=None))
            clock = furthest.hour * 60 + furthest.minute
            if minute >= first:
                is_open = any(opens <= clock < closes for opens, closes in self.hours(furthest.date()))
                yield minute, furthest.date(), is_open
            minute += MINUTE

    def working_time(self, a: datetime, b: datetime) -> timedelta:
        total = timedelta()
        for minute, _, is_open in self.minutes(a):
            if max(a, minute) >= b:
                return total
            if is_open:
                total += min(b, minute + MINUTE) - max(a, minute)
        raise AssertionError("time has no end")

    def add_working(self, a: datetime, time: timedelta) -> datetime:
        if not time:
            return a
        for minute, _, is_open in self.minutes(a):
            if is_open:
                begin = max(a, minute)
                if begin + time <= minute + MINUTE:
                    return begin + time
                time -= minute + MINUTE - begin
        raise AssertionError("time has no end")

    def nth_working_day_close(self, start: datetime, n: int) -> datetime:
        day = start.astimezone(ZoneInfo(self.zone)).date()
        close = start
        seen: set[date] = set()
        for minute, today, is_open in self.minutes(start):
            if is_open and today > day:
                if today not in seen and len(seen) == n:
                    return close
                seen.add(today)
                close = minute + MINUTE
        raise AssertionError("time has no end")
