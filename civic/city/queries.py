"""Reads of the city."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from civic import i18n
from civic.cache import cached
from civic.city.models import City
from civic.city.settings import CitySettings

Bbox = tuple[float, float, float, float]
WORLD: Bbox = (-180.0, -60.0, 180.0, 75.0)


@dataclass(frozen=True)
class CityView:
    """The city of this installation; before a pack is loaded (`loaded_at` is None) a nameless one.

    `bbox` is west, south, east, north in WGS-84 degrees; `accent` is a CSS colour `#rrggbb` or "". `version` is 0
    before anything is loaded.
    """

    names: dict[str, str] = field(default_factory=lambda: {"en": "Civic"})
    languages: tuple[str, ...] = ("en", "zh")  # the first is the default
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    phone: str = ""
    accent: str = ""
    settings: CitySettings = field(default_factory=CitySettings)
    bbox: Bbox = WORLD
    base_map: str = ""  # version of the tiles that were made of the pack
    loaded_at: datetime | None = None
    version: int = 0

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
    """The city as its pack says; a change by another process is seen within two seconds."""
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
        settings=CitySettings.model_validate(row.settings),
        bbox=(west, south, east, north),
        base_map=row.base_map,
        loaded_at=row.loaded_at,
        version=row.version,
    )


_pinned: ContextVar[int | None] = ContextVar("pinned city version", default=None)


@contextmanager
def pin_version(version: int) -> Iterator[None]:
    """Within the block it is this version: a page that began with one catalogue ends with it."""
    token = _pinned.set(version)
    try:
        yield
    finally:
        _pinned.reset(token)


async def city_version() -> int:
    """The version of what is loaded: see city.actions.bump_version."""
    pinned = _pinned.get()
    return (await city()).version if pinned is None else pinned
