"""Working calendars, kept in memory as tables."""

import json
from typing import Any

from civic import timing
from civic.cache import cached
from civic.catalogue.models import Calendar
from civic.sla.calendars import WorkingCalendar, last_day
from civic.sla.hours import CalendarSpec

# The latest due instant of the clocks that run on working time, by calendar.
LATEST_DUE = """
SELECT calendar_id, max(due_at) AS due_at FROM clock
WHERE step_at IS NOT NULL AND target LIKE '%working%' GROUP BY calendar_id
"""

_laid_out: dict[str, WorkingCalendar] = {}  # by what the calendar says: an edited one is another


@cached(seconds=2)
async def _calendars() -> dict[int, WorkingCalendar]:
    rows = await Calendar.all().values("id", "zone", "spec")
    return {row["id"]: compile_calendar(row["zone"], row["spec"]) for row in rows}


def compile_calendar(zone: str, spec: dict[str, Any]) -> WorkingCalendar:
    """The calendar that the columns `zone` and `spec` of a Calendar row say; laid out again in each new year."""
    key = json.dumps([zone, spec], sort_keys=True)
    if key not in _laid_out or _laid_out[key].until < last_day(timing.now()):
        _laid_out[key] = WorkingCalendar.build(
            CalendarSpec(
                zone=zone,
                weekly=spec["weekly"],
                holidays=spec.get("holidays") or (),
                workdays=spec.get("workdays") or {},
                estimated_from=spec.get("estimated_from") or 0,
            ),
            last_day(timing.now()),
        )
    return _laid_out[key]


async def working_calendar(calendar_id: int) -> WorkingCalendar:
    """The calendar as it is now (an edit is seen within two seconds). Raises KeyError for none."""
    return (await _calendars())[calendar_id]
