"""Reads of areas and of the names of places."""

from dataclasses import replace

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.config import GeocoderConfig
from civic.db import fetch, fetch_one
from civic.geo import gazetteer
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.distance import bounding_box, measure_metres
from civic.geo.gazetteer import NamedPosition
from civic.geo.models import Area
from civic.geo.positions import LatLon, read_position

# Candidates: what was typed is part of one of their names, or one of their names is part of what was typed
# ("人民路12号" finds 人民路). The same first, then names found inside, the longest first, then the shortest others.
FIND_PLACES = r"""
SELECT p.names, p.lat, p.lon
FROM place p, LATERAL (
    SELECT max(CASE WHEN n = $1 THEN 3000 WHEN length(n) >= 2 AND strpos($1, n) > 0 THEN 1000 + length(n)
                    WHEN strpos(n, $1) > 0 THEN 1000 - length(n) ELSE -10000 END) AS rank
    FROM unnest(string_to_array(p.key, E'\n')) n
) m
WHERE m.rank > -10000
ORDER BY m.rank DESC, p.id
LIMIT $2
"""
# Names of about this length, among which one may differ by a letter.
PLACES_OF_LENGTH = r"""
SELECT p.names, p.lat, p.lon, p.key
FROM place p
WHERE EXISTS (SELECT FROM unnest(string_to_array(p.key, E'\n')) n WHERE length(n) BETWEEN $1 - 1 AND $1 + 1)
ORDER BY p.id
"""
MAX_CANDIDATES = 200
SAME_HIT_METRES = 500.0  # a provider gives each stretch of one street as a hit of its own

NEAREST_PLACE = """
SELECT names, lat, lon, metres_between(lat, lon, $1, $2) AS metres
FROM place WHERE lat BETWEEN $3 AND $4 AND lon BETWEEN $5 AND $6
ORDER BY metres, id LIMIT 1
"""


@cached_while(city_version)
async def areas() -> Areas:
    """The areas of the loaded pack, and those that left it, cached until the city's version rises."""
    views: dict[bool, list[AreaView]] = {True: [], False: []}
    for row in await Area.all().order_by("id"):
        view = AreaView(row.id, row.slug, row.parent_id, row.level, row.names, as_multipolygon(row.geometry))
        views[row.retired_at is not None].append(view)
    return Areas(views[False], border_metres=(await city()).settings.border_metres, retired=views[True])


async def find_position(text: str) -> LatLon | None:
    """The position that a text consists of, in any notation, or that its link names; None for an address."""
    view, known = await city(), await areas()
    west, south, east, north = view.bbox

    def inside(lat: float, lon: float) -> bool:
        return known.at(lat, lon) is not None or (not len(known) and south <= lat <= north and west <= lon <= east)

    return read_position(text, LatLon(*view.centre), inside)


async def geocode(text: str, settings: GeocoderConfig | None = None, limit: int = 5) -> list[NamedPosition]:
    """Find positions for an address as typed, best first; empty if nothing fits or a provider fails.

    A text that is a position itself gives that one, without a name. With the provider `pack` the pack's own places
    answer. Of names only hits inside the city's box are given.
    """
    if position := await find_position(text):
        return [NamedPosition({}, position.lat, position.lon, sure=True)]
    if settings is None or settings.provider == "pack":
        return await search_places(text, limit)
    view = await city()
    hits = await gazetteer.search_provider(text, settings, view.languages[0], limit * 4)
    west, south, east, north = view.bbox
    near = [hit for hit in hits if south <= hit.lat <= north and west <= hit.lon <= east][:limit]
    same = all(measure_metres(near[0].lat, near[0].lon, hit.lat, hit.lon) <= SAME_HIT_METRES for hit in near)
    return [replace(hit, sure=same and hit is near[0]) for hit in near]


async def search_places(text: str, limit: int) -> list[NamedPosition]:
    """Find places of the pack by their name or a part of it, by one that stands in the text, or but for one letter."""
    text = text[: gazetteer.MAX_ADDRESS_CHARS]
    wanted = gazetteer.compact(text)
    if not wanted:
        return []
    rows = await fetch(FIND_PLACES, wanted, MAX_CANDIDATES)
    hits = gazetteer.rank_places(text, (NamedPosition(**row) for row in rows), limit)
    if any(hit.sure for hit in hits) or len(hits) > 1:
        return hits
    typed = gazetteer.drop_numbers(gazetteer.fold_name(text))
    rows = await fetch(PLACES_OF_LENGTH, len("".join(typed)))
    slips = [row for row in rows if any(gazetteer.is_slip(typed, name) for name in row["key"].split("\n"))]
    found = gazetteer.rank_places(text, (NamedPosition(row["names"], row["lat"], row["lon"]) for row in slips), limit)
    return found or hits


async def nearest_place(lat: float, lon: float, within: float = 1000.0) -> NamedPosition | None:
    """The nearest place of the pack, at most `within` metres away; it names a position."""
    row = await fetch_one(NEAREST_PLACE, lat, lon, *bounding_box(lat, lon, within))
    return NamedPosition(**row) if row is not None and row["metres"] <= within else None
