"""Parsing dates and times as a source writes them."""

import re
from datetime import UTC, date, datetime, time

from civic.i18n import gettext as _
from civic.imports.mapping import ISO, TimeFormats
from civic.local_time import first_instant

DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
HAS_TIME = re.compile(r"%[HIcXsT]")
MAX_CACHED_DATES = 50_000  # dates repeat often, times hardly ever


class UnreadableTimestamp(ValueError):
    """The text fits none of the formats."""


class Timestamps:
    """Parses texts by the formats of the mapping, tried in order. Local times are read as calendars read them."""

    def __init__(self, times: TimeFormats) -> None:
        self.times, self.zone = times, times.zoneinfo
        self._cache: dict[tuple[str, time], datetime] = {}

    def read(self, text: str, day_time: time) -> datetime:
        """The instant in UTC; a date without a time is at `day_time`, local. Raises UnreadableTimestamp."""
        key = text, day_time
        if key not in self._cache:
            if len(self._cache) >= MAX_CACHED_DATES:
                self._cache.clear()
            self._cache[key] = self._read(text, day_time)
        return self._cache[key]

    def _read(self, text: str, day_time: time) -> datetime:
        for form in self.times.formats:
            try:
                parsed = _parsed(text, form)
                if parsed.tzinfo is not None:
                    return parsed.astimezone(UTC)
                if _is_date(text, form):
                    parsed = datetime.combine(date(parsed.year, parsed.month, parsed.day), day_time)
                return first_instant(self.zone, parsed)
            except (ValueError, OverflowError):
                continue
        raise UnreadableTimestamp(
            _(
                "“%(text)s” is not a date in a format of the mapping (%(formats)s).",
                text=text[:40],
                formats=", ".join(self.times.formats),
            )
        )


def _parsed(text: str, how: str) -> datetime:
    return datetime.fromisoformat(text) if how == ISO else datetime.strptime(text, how)  # noqa: DTZ007  # local


def _is_date(text: str, how: str) -> bool:
    return DATE.fullmatch(text) is not None if how == ISO else HAS_TIME.search(how) is None
