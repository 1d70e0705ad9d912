"""Reads about the city: itself, its areas, the names of its places."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from civic import i18n
from civic.cache import cached, cached_while
from civic.config import GeocoderConfig
from civic.geo import gazetteer
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.gazetteer import NamedPosition
from civic.geo.models import Area, City
from civic.geo.settings import CitySettings

Bbox = tuple[float, float, float, float]
WORLD: Bbox = (-180.0, -60.0, 180.0, 75.0)


@dataclass(frozen=True)
class CityView:
    """The city of this installation; before a pack is loaded (`loaded_at` is None) a nameless one.

    `bbox` is west, south, east, north in WGS-84 degrees; `accent` a CSS colour `#rrggbb` or nothing.
    """

    names: dict[str, str] = field(default_factory=lambda: {"en": "Civic"})
    languages: tuple[str, ...] = ("en", "zh")  # the first is the default
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    phone: str = ""
    accent: str = ""
    settings: CitySettings = field(default_factory=CitySettings)
    bbox: Bbox = WORLD
    loaded_at: datetime | None = None
    pack_hash: str = ""

    @cached_property
    def centre(self) -> tuple[float, float]:
        """The middle of `bbox` as (lat, lon)."""
        west, south, east, north = self.bbox
        return (south + north) / 2, (west + east) / 2

    @property
    def name(self) -> str:
        """The city's name in the reader's language."""
        return i18n.pick(self.names)

    def local(self, instant: datetime) -> datetime:
        """`instant` in the city's zone."""
        return instant.astimezone(self.zone)


@cached(seconds=2)
async def city() -> CityView:
    """The city as its pack says, kept for two seconds."""
    row = await City.get_or_none(id=1)
    if row is None:
        return CityView()
    west, south, east, north = row.bbox or WORLD
    return CityView(
        names=row.names,
        languages=tuple(row.languages),
        zone=ZoneInfo(row.zone),
        phone=row.phone,
        accent=row.accent,
        settings=CitySettings.from_stored(row.settings),
        bbox=(west, south, east, north),
        loaded_at=row.loaded_at,
        pack_hash=row.pack_hash,
    )


async def pack_version() -> object:
    """What changes whenever a pack was loaded that differs from the one before."""
    view = await city()
    return view.loaded_at, view.pack_hash


@cached_while(pack_version)
async def areas() -> Areas:
    """The areas of the pack in force, kept until another pack is loaded."""
    rows = await Area.filter(retired_at=None).order_by("id")
    return Areas(
        AreaView(row.id, row.slug, row.parent_id, row.level, row.names, as_multipolygon(row.geometry)) for row in rows
    )


async def area_at(lat: float, lon: float) -> AreaView | None:
    """The deepest area at a position; None outside of the city."""
    return (await areas()).at(lat, lon)


async def geocode(text: str, settings: GeocoderConfig | None = None, limit: int = 5) -> list[NamedPosition]:
    """Positions for an address as typed, best first; none when nothing fits or a provider fails.

    With the provider `pack` the pack's own places answer. Only hits inside the city's box are given.
    """
    view = await city()
    if settings is None or settings.provider == "pack":
        return await gazetteer.search_pack(text, limit)
    found = await gazetteer.search_provider(text, settings, view.languages[0], limit * 4)
    west, south, east, north = view.bbox
    return [hit for hit in found if south <= hit.lat <= north and west <= hit.lon <= east][:limit]


async def nearest_place(lat: float, lon: float, within: float = 1000.0) -> NamedPosition | None:
    """The nearest place of the pack, at most `within` metres away: by which a position is named."""
    return await gazetteer.find_nearest(lat, lon, within)
