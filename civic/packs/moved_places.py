"""After a pack has other areas: reports and traffic updates get the area that holds their place today."""

from dataclasses import dataclass

from civic import db
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.packs.sql import IN_RETIRED_AREAS, MOVE, MOVE_CASES, PLACES

BATCH_ROWS = 5000


@dataclass(frozen=True)
class MovedPlaces:
    """How many got another area. What lies in no area of today keeps the one that it had."""

    reports: int = 0
    traffic_updates: int = 0


async def lie_in_retired_areas() -> bool:
    """Whether some report still has an area that left the pack: a load was ended before all were moved."""
    row = await db.fetch_one(IN_RETIRED_AREAS)
    return row is not None and row["some"]


async def move_places() -> MovedPlaces:
    """In batches, each a transaction of its own; ended in the middle and called again, it moves the rest."""
    known = await areas()
    return MovedPlaces(await _move_rows("report", known), await _move_rows("traffic_update", known))


@db.retry_transaction
async def _move_rows(table: str, known: Areas) -> int:
    last = moved = 0
    while rows := await db.fetch(PLACES.format(table=table), last, BATCH_ROWS):
        last = rows[-1]["id"]
        found = {row["id"]: known.at(row["lat"], row["lon"]) for row in rows}
        wanted = {row["id"]: at.id for row in rows if (at := found[row["id"]]) and at.id != row["area_id"]}
        if not wanted:
            continue
        async with db.in_transaction():
            await db.execute(MOVE.format(table=table), list(wanted), list(wanted.values()))
            if table == "report":
                await db.execute(MOVE_CASES, list(wanted))
        moved += len(wanted)
    return moved
