"""The periods of releases: a year, a quarter, a month, or days from the first to the last, and how an id names them.

A span is made of whole days in the city's time zone; a period is the instants `[from, to)`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from civic.local_time import first_instant
from civic.scores.method.inclusion import Period

MIN_YEAR, MAX_YEAR = 1990, 2900

_DAY = timedelta(days=1)
_YEAR = re.compile(r"(\d{4})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-[qQ]([1-4])", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.|-to-)(\d{4}-\d\d-\d\d)", re.ASCII)
_CORRECTION = re.compile(r"(.+?)(?:-r([2-9]|[1-9]\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from the first to the last, both included."""

    first: date
    last: date

    @property
    def months(self) -> int:
        """The number of whole months; 0 if it does not consist of whole months."""
        if self.first.day != 1 or (self.last + _DAY).day != 1 or self.last < self.first:
            return 0
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def is_named(self) -> bool:
        """Whether it is a year, a quarter or a month: these have one name only."""
        return (self.months == 12 and self.first.month == 1) or self.is_quarter or self.months == 1

    @property
    def is_quarter(self) -> bool:
        return self.months == 3 and self.first.month % 3 == 1

    @property
    def id(self) -> str:
        """The form in a release's id: 2024, 2024-q3, 2024-07, 2024-03-01-to-2024-03-14."""
        if not self.is_named:
            return f"{self.first}-to-{self.last}"
        year = f"{self.first:%Y}"
        return {12: year, 3: f"{year}-q{self.first.month // 3 + 1}", 1: f"{self.first:%Y-%m}"}[self.months]

    def instants(self, zone: ZoneInfo) -> Period:
        """Return the first instant of the first day and that of the day after the last, in UTC."""
        first, after = (datetime.combine(day, time()) for day in (self.first, self.last + _DAY))
        return first_instant(zone, first), first_instant(zone, after)

    def twelve_months(self) -> "Span":
        """Return the twelve months that end with it. Raises ValueError unless it ends with a month."""
        after = self.last + _DAY
        if after.day != 1:
            raise ValueError(f"{self.id} does not end with a month")
        return Span(after.replace(year=after.year - 1), self.last)


def read_span(text: str) -> Span:
    """Read 2024, 2024-Q3, 2024-07 or 2024-03-01..2024-03-14. Raises ValueError for anything else."""
    for pattern, read in _FORMS:
        if match := pattern.fullmatch(text):
            span = read(*match.groups())
            if span.first <= span.last and span.first.year >= MIN_YEAR and span.last.year <= MAX_YEAR:
                return span
    raise ValueError(f"{text[:40]!r} is no period")


def split_release_id(release_id: str) -> tuple[str, int]:
    """Return the id of the period and the number of the release of it: 1 for the first, 3 for 2024-q3-r3."""
    match = _CORRECTION.fullmatch(release_id)
    return (match[1], int(match[2] or 1)) if match else (release_id, 1)


def name_correction(release_id: str) -> str:
    """Return the id of the release that corrects this one."""
    base, number = split_release_id(release_id)
    return f"{base}-r{number + 1}"


def _span_months(year: int, first: int, count: int) -> Span:
    after = date(year + (first + count > 12), (first + count - 1) % 12 + 1, 1)
    return Span(date(year, first, 1), after - _DAY)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Span]], ...] = (
    (_YEAR, lambda year: _span_months(int(year), 1, 12)),
    (_QUARTER, lambda year, quarter: _span_months(int(year), 3 * int(quarter) - 2, 3)),
    (_MONTH, lambda year, month: _span_months(int(year), int(month), 1)),
    (_DAYS, lambda first, last: Span(date.fromisoformat(first), date.fromisoformat(last))),
)
