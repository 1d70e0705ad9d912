"""A calendar's look-up table in the database: `WorkingCalendar.table` as rows of calendar_interval."""

from datetime import date, datetime
from typing import Any

from civic import db
from civic.sla.calendars import YEARS_AHEAD, WorkingCalendar
from civic.sla.hours import CalendarSpec

INSERT = """
INSERT INTO calendar_interval (calendar_id, opens_at, closes_at, before_seconds, local_date)
SELECT $1, * FROM unnest($2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::date[])
"""

REACH = "SELECT max(local_date) AS last FROM calendar_interval WHERE calendar_id = $1"


async def lay_out(calendar_id: int, spec: dict[str, Any], now: datetime, *, anew: bool) -> bool:
    """Make the rows of this calendar say what its spec says, ten years ahead; whether that changed any.

    Without `anew` the spec is the one that its rows were made from, and only a new year lays them out again.
    """
    until = date(now.year + YEARS_AHEAD, 12, 31)
    reach = await db.fetch_one(REACH, calendar_id)
    last: date | None = reach["last"] if reach else None
    if not anew and last is not None and last > until:  # the mark at the end stands on the day after
        return False
    rows = WorkingCalendar.build(CalendarSpec(**spec), until).table()
    await db.execute("DELETE FROM calendar_interval WHERE calendar_id = $1", calendar_id)
    opens, closes, before, dates = (list(column) for column in zip(*rows, strict=True))
    await db.execute(INSERT, calendar_id, opens, closes, before, dates)
    return last is not None
