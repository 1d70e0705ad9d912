"""Parsing dates and times as a source writes them."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from civic.i18n import gettext as _
from civic.imports.mapping import ISO, TimeFormats
from civic.local_time import first_instant, wall_time

DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
HAS_TIME = re.compile(r"%[HIcXsT]")
MAX_CACHED_DATES = 50_000  # dates repeat often, times hardly ever


class UnreadableTimestamp(ValueError):
    """The text fits none of the formats, or the zone is unknown."""


class Timestamps:
    """Parses texts by the formats of the mapping, tried in order. Local times are read as calendars read them."""

    def __init__(self, times: TimeFormats) -> None:
        self.times = times
        self._cache: dict[tuple[str, time, str], datetime] = {}

    def read(self, text: str, day_time: time, zone: str = "") -> datetime:
        """The instant in UTC; a date without a time is at `day_time`, local; `zone` is what the row says of its zone.

        Raises UnreadableTimestamp.
        """
        key = text, day_time, zone
        if key not in self._cache:
            if len(self._cache) >= MAX_CACHED_DATES:
                self._cache.clear()
            parsed = self._parse(text, day_time)
            if parsed.tzinfo is None:
                self._cache[key] = first_instant(self._find_zone(zone), parsed)
            else:
                self._cache[key] = parsed.astimezone(UTC)
        return self._cache[key]

    def read_second(self, text: str, day_time: time, zone: str = "") -> datetime:
        """The second instant at which the clocks showed a local time that they showed twice; else what `read` gives."""
        parsed = self._parse(text, day_time)
        if parsed.tzinfo is None:
            there = self._find_zone(zone)
            second = parsed.replace(tzinfo=there, fold=1).astimezone(UTC)
            if wall_time(there, second) == parsed:
                return second
        return self.read(text, day_time, zone)

    def _parse(self, text: str, day_time: time) -> datetime:
        for form in self.times.formats:
            try:
                parsed = _parsed(text, form)
                parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)  # it is within the years that there are
            except (ValueError, OverflowError):
                continue
            if _is_date(text, form):
                return datetime.combine(date(parsed.year, parsed.month, parsed.day), day_time)
            return parsed
        raise UnreadableTimestamp(
            _(
                "“%(text)s” is not a date in a format of the mapping (%(formats)s).",
                text=text[:40],
                formats=", ".join(self.times.formats),
            )
        )

    def _find_zone(self, name: str) -> ZoneInfo:
        try:
            return self.times.find_zone(name)
        except (KeyError, ValueError, OSError):
            raise UnreadableTimestamp(
                _("“%(name)s” is no time zone, and times.zones does not say which it is.", name=name[:40])
            ) from None


def _parsed(text: str, how: str) -> datetime:
    return datetime.fromisoformat(text) if how == ISO else datetime.strptime(text, how)  # noqa: DTZ007  # local


def _is_date(text: str, how: str) -> bool:
    return DATE.fullmatch(text) is not None if how == ISO else HAS_TIME.search(how) is None
