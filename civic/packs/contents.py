"""What a pack holds once it is read. `at` is where it stood, for problems that show only when all is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon

from civic.city.settings import CitySettings
from civic.packs.tables import Table

Names = dict[str, str]


@dataclass(frozen=True)
class CityPart:
    names: Names
    languages: tuple[str, ...]
    zone: str
    phone: str
    accent: str
    crs: str  # wgs84 or gcj02
    settings: CitySettings
    areas: "AreaKeys"
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class AreaKeys:
    """Under which properties of a GeoJSON feature its id, parent and names stand (dots go down)."""

    id: str = "slug"
    parent: str = "parent"
    name: str | Mapping[str, str] = "names"
    root: str = "city"  # slug of the city's own area where the file has none
    repair: bool = False  # mend lines that cross themselves by a hair, as published boundaries often do


@dataclass(frozen=True)
class AreaPart:
    slug: str
    parent: str | None
    level: int
    names: Names
    geometry: MultiPolygon = field(repr=False)


@dataclass(frozen=True)
class CalendarPart:
    slug: str
    zone: str
    spec: dict[str, Any]  # zone, weekly, holidays, workdays: as sla.hours.CalendarSpec takes them, in plain data
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class DepartmentPart:
    slug: str
    parent: str
    names: Names
    calendar: str
    contacts: dict[str, str]
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class CategoryPart:
    code: str
    group: str
    names: Names
    descriptions: Names
    questions: tuple[dict[str, Any], ...]
    response: str
    resolution: str
    department: str
    by_area: dict[str, str]  # area slug -> department slug
    photo_required: bool
    evidence_required: bool
    public: bool
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class RulePart:
    slug: str
    names: Names
    condition: str
    department: str
    support: tuple[str, ...]
    priority: str
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class ServicePart:
    slug: str
    names: Names
    department: str
    guide: dict[str, dict[str, Any]]
    url: str
    lat: float | None
    lon: float | None
    at: Table = field(repr=False, compare=False)


@dataclass(frozen=True)
class PlacePart:
    names: Names
    lat: float
    lon: float


@dataclass(frozen=True)
class Pack:
    """A whole pack, every name in it known. Parents stand before their children."""

    folder: Path
    digest: str  # SHA-256 over its files
    city: CityPart
    areas: tuple[AreaPart, ...]
    calendars: tuple[CalendarPart, ...]
    departments: tuple[DepartmentPart, ...]
    groups: dict[str, Names]
    categories: tuple[CategoryPart, ...]
    rules: tuple[RulePart, ...]
    services: tuple[ServicePart, ...]
    places: tuple[PlacePart, ...]
    synonyms: tuple[tuple[str, ...], ...]  # groups of phrases that mean the same

    @property
    def bbox(self) -> list[float]:
        """West, south, east, north of the whole city."""
        return [float(edge) for edge in self.areas[0].geometry.bounds]
