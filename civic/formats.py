"""Times, numbers and durations as the reader writes them: in the reader's language, times in the city's zone."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup, escape

from civic import i18n, timing

NOTHING = "–"
UNSPACED = ("zh", "ja")
REMEMBERED_NUMBERS = 20_000  # a page of scores writes thousands, most of them again and again
JUST_NOW = 60  # seconds
MONTH_SECONDS = 30 * 86400
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))

_zone: ContextVar[tzinfo] = ContextVar("zone", default=UTC)


def set_zone(zone: tzinfo) -> None:
    """The zone in which times are shown from here on, in this task."""
    _zone.set(zone)


def zone() -> tzinfo:
    return _zone.get()


@cache
def _locale_of(code: str) -> Locale:
    """English is written day first and with 24 hours: most cities that are read in English are not American."""
    try:
        return Locale("en", "GB") if code == i18n.SOURCE_LANGUAGE else Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "GB")


def locale() -> Locale:
    """Babel's locale of the reader."""
    return _locale_of(i18n.language())


@cache
def language_name(code: str) -> str:
    """A language's name in itself: English, 中文."""
    found = _locale_of(code)
    return (found.get_language_name() if found.language == code.split("-")[0] else None) or code


def when(instant: datetime | None) -> str:
    """Day and minute in the city's zone: "22 Nov 2026, 08:15"."""
    if instant is None:
        return NOTHING
    return _written(instant, zone(), locale())


@lru_cache(5000)  # the same instants are shown again and again, and Babel takes its time
def _written(instant: datetime, zone: tzinfo, locale: Locale) -> str:
    return format_datetime(instant, "medium", tzinfo=zone, locale=locale).rpartition(":")[0]


def soon(instant: datetime | None) -> str:
    """As one says it when it is near: "today 17:30", "tomorrow 09:00", "Tue 17:30"; else the day and minute."""
    if instant is None:
        return NOTHING
    local = instant.astimezone(zone())
    days = (local.date() - timing.now().astimezone(zone()).date()).days
    time = f"{local:%H:%M}"
    if days == 0:
        return i18n.gettext("today %(time)s", time=time)
    if days == 1:
        return i18n.gettext("tomorrow %(time)s", time=time)
    if 1 < days < 7:
        return f"{format_date(local.date(), 'EEE', locale=locale())} {time}"
    return when(instant)


def _marked(instant: datetime | None, words: str) -> Markup:
    """The words of an instant as a <time> element: they stay on one line, and programs read the instant."""
    if instant is None:
        return escape(words)
    written = instant.astimezone(zone()).isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(written, words)


def marked_when(instant: datetime | None) -> Markup:
    """`when` for pages."""
    return _marked(instant, when(instant))


def marked_soon(instant: datetime | None) -> Markup:
    """`soon` for pages."""
    return _marked(instant, soon(instant))


def date(instant: datetime | None) -> str:
    """The day in the city's zone: "22 Nov 2026"."""
    return NOTHING if instant is None else format_date(instant.astimezone(zone()).date(), "medium", locale=locale())


def today() -> str:
    """The day of now."""
    return date(timing.now())


def ago(instant: datetime | None) -> Markup:
    """A <time> element that says "2 hours ago", "in 2 hours" or "just now", the exact time on hover."""
    if instant is None:
        return escape(NOTHING)
    seconds = round((instant - timing.now()).total_seconds())
    if abs(seconds) > MONTH_SECONDS:  # the words are those of the whole hour, in which many others are remembered
        whole = abs(seconds) // 3600 * 3600 + 1
        seconds = whole if seconds > 0 else -whole
    words = i18n.gettext("just now") if abs(seconds) < JUST_NOW else _distance(seconds, locale())
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        instant.astimezone(zone()).isoformat(timespec="seconds"), when(instant), words
    )


@lru_cache(5000)
def _distance(seconds: int, locale: Locale) -> str:
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale)


def duration(seconds: float | None) -> str:
    """Its two largest units: "3 hrs 40 mins"; never "0"."""
    return NOTHING if seconds is None else _duration(max(1, round(seconds)), locale())


@lru_cache(REMEMBERED_NUMBERS)
def _duration(rest: int, locale: Locale) -> str:
    parts: list[str] = []
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(format_unit(count, f"duration-{unit}", "short", locale=locale))
        elif parts:
            break
    return ("" if locale.language in UNSPACED else " ").join(parts[:2])


def number(value: float | Decimal | None, digits: int | None = None) -> str:
    """With the reader's separators; `digits` after the point, as many as there are when not given."""
    if value is None:
        return NOTHING
    return _number(value, None if digits is None else _pattern(digits), locale())


@lru_cache(REMEMBERED_NUMBERS, typed=True)
def _number(value: float | Decimal, pattern: str | None, locale: Locale) -> str:
    return format_decimal(value, pattern, locale=locale)


@cache
def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


def percent(share: float | None, digits: int = 0) -> str:
    """0.923 as "92%"."""
    if share is None:
        return NOTHING
    return _percent(share, f"{_pattern(digits)}%", locale())


@lru_cache(REMEMBERED_NUMBERS, typed=True)
def _percent(share: float, pattern: str, locale: Locale) -> str:
    return format_percent(share, pattern, locale=locale)


# Those of plain texts, such as mails.
PLAIN_FILTERS: dict[str, Callable[..., Any]] = {"when": when, "soon": soon}
FILTERS: dict[str, Callable[..., Any]] = {
    "when": marked_when,
    "soon": marked_soon,
    "ago": ago,
    "date": date,
    "duration": duration,
    "number": number,
    "percent": percent,
}
GLOBALS: dict[str, Callable[..., Any]] = {**FILTERS, "language_name": language_name, "today": today}
