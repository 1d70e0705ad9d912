"""Keeping the map's counts: the changes that triggers note are summed up, and what became overdue is marked."""

from civic import timing
from civic.db import execute, fetch, in_transaction, retry_transaction, try_advisory_lock
from civic.reports.maps.sql import DROP_EMPTY, EMPTY, FORGET_CHANGES, MAKE_CELLS, MAKE_POINTS, MARK_LATE, SUM_UP

MAX_CHANGES = 20_000  # summed up in one transaction
MAX_LATE = 2_000  # marked in one transaction
LOCK = "civic.map"


@retry_transaction
async def sum_up_changes() -> int:
    """Sum up the oldest changes, and say how many; 0 also where another worker is at it.

    Killed at any moment it has done all of it or nothing, and what is read is right before, meanwhile and afterwards.
    """
    async with in_transaction():
        if not await try_advisory_lock(LOCK):
            return 0
        [done] = await fetch(SUM_UP, MAX_CHANGES)
        if done["emptied"]:
            await execute(DROP_EMPTY, done["emptied"])
    return int(done["changes"])


async def mark_late_points() -> int:
    """Count as overdue what became so; until then each answer looks for it by itself."""
    return await execute(MARK_LATE, timing.now(), MAX_LATE)


@retry_transaction
async def rebuild_map() -> int:
    """Make all points and counts again from the reports, and say how many points there are.

    Who posts or works on a case meanwhile waits for it: up to a minute for each 100,000 reports on a busy machine.
    """
    async with in_transaction():
        await execute(EMPTY)
        made = await execute(MAKE_POINTS, timing.now())
        await execute(MAKE_CELLS)
        await execute(FORGET_CHANGES)
    return made
