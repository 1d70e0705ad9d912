"""Reads of areas and of the names of places."""

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.config import GeocoderConfig
from civic.db import fetch, fetch_one
from civic.geo import gazetteer
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.distance import bounding_box
from civic.geo.gazetteer import NamedPosition
from civic.geo.models import Area

# A place matches if what was typed is part of one of its names, or one of its names is part of what was typed
# ("人民路12号" finds 人民路). Best: the same, then a beginning, then the longest name found inside.
SEARCH_PLACES = r"""
SELECT p.names, p.lat, p.lon
FROM place p, LATERAL (
    SELECT max(CASE WHEN n = $1 THEN 3000 WHEN starts_with(n, $1) THEN 2000 WHEN strpos(n, $1) > 0 THEN 1000
                    WHEN length(n) >= 2 AND strpos($1, n) > 0 THEN length(n) ELSE -1 END) AS rank,
           min(length(n)) AS shortest
    FROM unnest(string_to_array(p.key, E'\n')) n
) m
WHERE m.rank > 0
ORDER BY m.rank DESC, m.shortest, p.id
LIMIT $2
"""

NEAREST_PLACE = """
SELECT names, lat, lon, metres_between(lat, lon, $1, $2) AS metres
FROM place WHERE lat BETWEEN $3 AND $4 AND lon BETWEEN $5 AND $6
ORDER BY metres, id LIMIT 1
"""


@cached_while(city_version)
async def areas() -> Areas:
    """The areas of the loaded pack, cached until the city's version rises."""
    rows = await Area.filter(retired_at=None).order_by("id")
    return Areas(
        AreaView(row.id, row.slug, row.parent_id, row.level, row.names, as_multipolygon(row.geometry)) for row in rows
    )


async def geocode(text: str, settings: GeocoderConfig | None = None, limit: int = 5) -> list[NamedPosition]:
    """Find positions for an address as typed, best first; empty if nothing fits or a provider fails.

    With the provider `pack` the pack's own places answer. Only hits inside the city's box are given.
    """
    if settings is None or settings.provider == "pack":
        return await search_places(text, limit)
    view = await city()
    hits = await gazetteer.search_provider(text, settings, view.languages[0], limit * 4)
    west, south, east, north = view.bbox
    return [hit for hit in hits if south <= hit.lat <= north and west <= hit.lon <= east][:limit]


async def search_places(text: str, limit: int) -> list[NamedPosition]:
    """Find places of the pack by a part of a name, best first."""
    wanted = gazetteer.fold_words(text[: gazetteer.MAX_ADDRESS_CHARS])
    rows = await fetch(SEARCH_PLACES, wanted, limit) if wanted else []
    return [NamedPosition(**row) for row in rows]


async def nearest_place(lat: float, lon: float, within: float = 1000.0) -> NamedPosition | None:
    """The nearest place of the pack, at most `within` metres away; it names a position."""
    row = await fetch_one(NEAREST_PLACE, lat, lon, *bounding_box(lat, lon, within))
    return NamedPosition(**row) if row is not None and row["metres"] <= within else None
