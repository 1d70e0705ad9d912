"""Time zone data: one pinned version for every machine, and what changes where another version brings other hours.

The program reads the package `tzdata` alone (`civic/__init__.py`), never the files of the operating system, so that two
machines of one city agree. A promise keeps its due instant; the hours of a calendar follow the newer data.
"""

from dataclasses import dataclass
from datetime import date

import tzdata

from civic import timing
from civic.catalogue.models import Calendar
from civic.db import fetch
from civic.i18n import gettext as _
from civic.sla.queries import compile_calendar
from civic.sla.sql import RUNNING_CLOCKS, STORED_HOURS

VERSION: str = tzdata.IANA_VERSION


@dataclass(frozen=True, slots=True)
class MovedHours:
    """From `day` on, a calendar's hours are at other instants than those that were stored for it."""

    calendar: str  # slug
    day: date
    running: int  # promises in working time that end later, and keep their due instants

    def __str__(self) -> str:
        return _(
            "The hours of the calendar “%(calendar)s” are others from %(day)s on, by the time zone data %(version)s;"
            " %(n)s running promises that end later keep their dates.",
            calendar=self.calendar,
            day=self.day,
            version=VERSION,
            n=self.running,
        )


async def find_moved_hours() -> list[MovedHours]:
    """The calendars in use whose stored hours are not those of the time zone data in hand."""
    found = [await compare_hours(row) for row in await Calendar.filter(retired_at=None).order_by("slug")]
    return [one for one in found if one is not None]


async def compare_hours(calendar: Calendar) -> MovedHours | None:
    """The first day, from today on, of which other hours are stored than the calendar has; None if there is none."""
    compiled = compile_calendar(calendar.zone, calendar.spec)
    today = timing.now().astimezone(compiled.zone).date()
    stored = await fetch(STORED_HOURS, calendar.id, today)
    # The last row of each is a mark of its end, and tables that were laid out in different years end apart.
    expected = [(opens, closes, day) for opens, closes, _before, day in compiled.table() if day >= today][:-1]
    for row, hours in zip(stored[:-1], expected, strict=False):
        if tuple(row.values()) != hours:
            day, since = min((row["local_date"], row["opens_at"]), (hours[2], hours[0]))
            running = await fetch(RUNNING_CLOCKS, calendar.id, since)
            return MovedHours(calendar.slug, day, int(running[0]["n"]))
    return None
