"""What a pack holds once it is read, every name in it known."""

from dataclasses import dataclass, field

from shapely.geometry import MultiPolygon

from civic.catalogue.assets import AssetRow
from civic.geo.features import MapFeature
from civic.packs.categories import PackCategory, PackGroup
from civic.packs.fields import Names
from civic.packs.schemas import PackCalendar, PackCity, PackDepartment, PackRule, PackService


@dataclass(frozen=True)
class PackArea:
    slug: str
    parent: str | None
    level: int
    names: Names
    geometry: MultiPolygon = field(repr=False)


@dataclass(frozen=True)
class PackPlace:
    names: Names
    lat: float
    lon: float


@dataclass(frozen=True)
class Pack:
    """A whole pack. Parents stand before their children; all positions are WGS-84."""

    digest: str  # SHA-256 over its files
    city: PackCity
    areas: tuple[PackArea, ...]
    calendars: tuple[PackCalendar, ...]
    departments: tuple[PackDepartment, ...]
    groups: tuple[PackGroup, ...]
    categories: tuple[PackCategory, ...]
    rules: tuple[PackRule, ...]
    services: tuple[PackService, ...]
    places: tuple[PackPlace, ...]
    synonyms: tuple[tuple[str, ...], ...]  # groups of phrases that mean the same
    assets: tuple[AssetRow, ...] = field(default=(), repr=False)  # of the pack's own file
    layers: tuple[MapFeature, ...] = field(default=(), repr=False)  # of the base map

    @property
    def asset_kinds(self) -> list[str]:
        """The kinds of assets that categories name, in order."""
        return sorted({kind for one in self.categories for kind in one.assets})

    @property
    def bbox(self) -> list[float]:
        """West, south, east, north of the whole city."""
        return [float(edge) for edge in self.areas[0].geometry.bounds]
