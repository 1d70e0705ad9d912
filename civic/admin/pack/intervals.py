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

HAVE = """
SELECT opens_at, closes_at, before_seconds, local_date FROM calendar_interval WHERE calendar_id = $1
ORDER BY opens_at, before_seconds
"""


async def lay_out(calendar_id: int, spec: dict[str, Any], now: datetime) -> bool:
    """Make the rows of this calendar say what its spec says, ten years ahead; whether that changed any."""
    until = date(now.year + YEARS_AHEAD, 12, 31)
    rows = list(WorkingCalendar.build(CalendarSpec(**spec), until).table())
    have = await db.fetch(HAVE, calendar_id)
    if rows == [(one["opens_at"], one["closes_at"], one["before_seconds"], one["local_date"]) for one in have]:
        return False
    await db.execute("DELETE FROM calendar_interval WHERE calendar_id = $1", calendar_id)
    opens, closes, before, dates = (list(column) for column in zip(*rows, strict=True))
    await db.execute(INSERT, calendar_id, opens, closes, before, dates)
    return bool(have)
