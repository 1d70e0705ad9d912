"""Reads of areas and of the names of places."""

from dataclasses import replace

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.config import GeocoderConfig
from civic.db import fetch
from civic.geo import addresses, gazetteer, sql
from civic.geo.addresses import nearest_place
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.distance import measure_metres
from civic.geo.gazetteer import NamedPosition
from civic.geo.models import Area
from civic.geo.positions import LatLon, read_position

MAX_CANDIDATES = 200
MAX_SLIPS = 2000
SAME_HIT_METRES = 500.0  # a provider gives each stretch of one street as a hit of its own
AFTER_ALL = "\U0010ffff"  # no name goes on with it


__all__ = ["areas", "find_position", "geocode", "nearest_place", "search_places"]


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
    rows = await fetch(sql.FIND_PLACES, [wanted, *gazetteer.name_runs(text)], MAX_CANDIDATES)
    rows = rows or await fetch(sql.FIND_PARTS, wanted, MAX_CANDIDATES)
    hits = gazetteer.rank_places(text, (NamedPosition(**row) for row in rows), MAX_CANDIDATES)
    if not any(hit.sure for hit in hits) and len(hits) <= 1:
        hits = await _find_slips(text) or hits
    return (await addresses.narrow(text, hits))[:limit]


async def _find_slips(text: str) -> list[NamedPosition]:
    """Places whose name is the text, without its house number, but for one letter."""
    typed = gazetteer.drop_numbers(gazetteer.fold_name(text))
    whole = "".join(typed)
    half = max(1, len(whole) // 2 - 1)
    start, end = whole[:half], whole[-half:][::-1]
    rows = await fetch(sql.FIND_SLIPS, len(whole), start, start + AFTER_ALL, end, end + AFTER_ALL, MAX_SLIPS)
    slips = {row["id"]: row for row in rows if gazetteer.is_slip(typed, row.pop("name"))}
    return gazetteer.rank_places(text, (NamedPosition(**row) for row in slips.values()), MAX_CANDIDATES)
