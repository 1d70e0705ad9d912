"""Lengthen the tables of the working calendars in each new year, so that promises never reach their end."""

from civic.sla.actions import extend_calendars

EVERY = 3600.0


async def handle_one() -> bool:
    await extend_calendars()
    return False
