"""Periods as people name them: a year, a quarter, a month, or days from the first to the last.

A span is made of whole days in the city's time zone; a period is the instants `[from, to)`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton

from civic import formats
from civic.errors import Invalid
from civic.i18n import lazy as _
from civic.scores.inclusion import Period
from civic.sla.calendars import first_instant

_DAY = timedelta(days=1)
_YEAR = re.compile(r"(\d{4})")
_QUARTER = re.compile(r"(\d{4})-[qQ]([1-4])")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.|-to-)(\d{4}-\d\d-\d\d)")


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
        first = self.first.month
        return (self.months == 12 and first == 1) or (self.months == 3 and first % 3 == 1) or self.months == 1

    @property
    def id(self) -> str:
        """The form in a release's id: 2024, 2024-q3, 2024-07, 2024-03-01-to-2024-03-14."""
        if not self.is_named:
            return f"{self.first}-to-{self.last}"
        year = f"{self.first:%Y}"
        return {12: year, 3: f"{year}-q{self.first.month // 3 + 1}", 1: f"{self.first:%Y-%m}"}[self.months]

    def instants(self, zone: ZoneInfo) -> Period:
        """Return the first instant of the first day and that of the day after the last, in UTC."""
        return tuple(first_instant(zone, datetime.combine(day, time())) for day in (self.first, self.last + _DAY))  # type: ignore[return-value]

    @property
    def label(self) -> str:
        """In the reader's language: "2024", "July – September 2024", "July 2024", "1 – 14 Mar 2024"."""
        locale = formats.locale()
        if self.months == 12 and self.first.month == 1:
            return format_skeleton("y", self.first, locale=locale)
        if self.months == 1:
            return format_skeleton("yMMMM", self.first, locale=locale)
        return format_interval(self.first, self.last, "yMMMM" if self.months else "yMMMd", locale=locale)


def span_of(period: Period, zone: ZoneInfo) -> Span:
    """Return the days of a period in a time zone."""
    last = (period[1] - timedelta(microseconds=1)).astimezone(zone).date()
    return Span(period[0].astimezone(zone).date(), last)


def parse_span(text: str) -> Span:
    """Parse 2024, 2024-Q3, 2024-07 or 2024-03-01..2024-03-14. Raises Invalid (field "period") for other texts."""
    for pattern, read in _FORMS:
        if match := pattern.fullmatch(text.strip()):
            try:
                span = read(*match.groups())
            except ValueError:
                break
            if span.first <= span.last:
                return span
    raise Invalid(fields={"period": _("A period is written like 2024, 2024-Q3, 2024-07 or 2024-03-01..2024-03-14.")})


def _months(year: int, first: int, count: int) -> Span:
    after = date(year + (first + count > 12), (first + count - 1) % 12 + 1, 1)
    return Span(date(year, first, 1), after - _DAY)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Span]], ...] = (
    (_YEAR, lambda year: _months(int(year), 1, 12)),
    (_QUARTER, lambda year, quarter: _months(int(year), 3 * int(quarter) - 2, 3)),
    (_MONTH, lambda year, month: _months(int(year), int(month), 1)),
    (_DAYS, lambda first, last: Span(date.fromisoformat(first), date.fromisoformat(last))),
)
