"""A gazetteer by names and positions alone."""

from collections.abc import Iterable

from civic import cache
from civic.db import in_transaction
from civic.geo.actions import GazetteerRows, PlaceRow, replace_gazetteer


async def write_places(places: Iterable[tuple[dict[str, str], float, float]]) -> None:
    """The gazetteer of a pack that has these (names, lat, lon)."""
    await write_gazetteer(GazetteerRows([PlaceRow(names, lat, lon) for names, lat, lon in places]))


async def write_gazetteer(rows: GazetteerRows) -> None:
    async with in_transaction():
        await replace_gazetteer(rows)
    cache.clear_caches()
