"""Reads of areas and of the names of places."""

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.config import GeocoderConfig
from civic.geo import gazetteer
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.gazetteer import NamedPosition
from civic.geo.models import Area


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
    view = await city()
    if settings is None or settings.provider == "pack":
        return await gazetteer.search_pack(text, limit)
    hits = await gazetteer.search_provider(text, settings, view.languages[0], limit * 4)
    west, south, east, north = view.bbox
    return [hit for hit in hits if south <= hit.lat <= north and west <= hit.lon <= east][:limit]


async def nearest_place(lat: float, lon: float, within: float = 1000.0) -> NamedPosition | None:
    """The nearest place of the pack, at most `within` metres away; it names a position."""
    return await gazetteer.find_nearest(lat, lon, within)
