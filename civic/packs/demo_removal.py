"""Removing the demo city before a real one is loaded: nobody who was made up may sign in to a city, or count in it."""

from civic import db
from civic.city.models import City
from civic.packs.sql import COUNTS, EMPTY, TABLES


async def count_demo() -> dict[str, int]:
    """What there is in the database of the demo city, by what it is."""
    row = await db.fetch_one(COUNTS)
    assert row is not None
    return {name: count for name, count in row.items() if count}


async def remove_demo(city: City) -> dict[str, int]:
    """Empty every table, within the caller's transaction, whatever was added to the demo since; what was there.

    The city's row stays for its version, which must not begin again: it says what processes keep in memory.
    """
    removed = await count_demo()
    names = [row["name"] for row in await db.fetch(TABLES)]
    await db.execute(EMPTY.format(tables=", ".join(names)))
    await City.create(
        id=1,
        names=city.names,
        languages=city.languages,
        zone=city.zone,
        pack_hash="",
        version=city.version,
        loaded_at=city.loaded_at,
    )
    return removed
