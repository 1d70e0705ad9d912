"""Periods as people name them: a year, a quarter, a month, or days, in the reader's language."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_interval, format_skeleton

from civic import formats
from civic.errors import Invalid
from civic.i18n import lazy as _
from civic.scores.method.inclusion import Period
from civic.scores.method.spans import Span, read_span


def span_of(period: Period, zone: ZoneInfo) -> Span:
    """Return the days of a period in a time zone."""
    last = (period[1] - timedelta(microseconds=1)).astimezone(zone).date()
    return Span(period[0].astimezone(zone).date(), last)


def parse_span(text: str) -> Span:
    """Parse 2024, 2024-Q3, 2024-07 or 2024-03-01..2024-03-14. Raises Invalid (field "period") for other texts."""
    try:
        return read_span(text.strip())
    except ValueError:
        message = _("A period is written like 2024, 2024-Q3, 2024-07 or 2024-03-01..2024-03-14.")
        raise Invalid(fields={"period": message}) from None


def span_label(span: Span) -> str:
    """Name the span in the reader's language: "2024", "July – September 2024", "July 2024", "1 – 14 Mar 2024"."""
    locale = formats.locale()
    if span.months == 12 and span.first.month == 1:
        return format_skeleton("y", span.first, locale=locale)
    if span.months == 1:
        return format_skeleton("yMMMM", span.first, locale=locale)
    return format_interval(span.first, span.last, "yMMMM" if span.months else "yMMMd", locale=locale)


def current_span(day: date, months: int) -> Span:
    """Return the year (12 months), the quarter (3) or the month (1) that a day lies in."""
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Span(first, _add_months(first, months) - timedelta(days=1))


def span_before(span: Span, months: int) -> Span:
    """Return the span of as many months that ends the day before."""
    return Span(_add_months(span.first, -months), span.first - timedelta(days=1))


def _add_months(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)
