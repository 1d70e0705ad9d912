"""What an extract of OpenStreetMap says about the city in it: box, country, languages, administrative boundaries."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from shapely.geometry import LineString, box
from shapely.geometry.base import BaseGeometry

from civic.geo.boundaries import BoundaryLines, close_boundaries
from civic.geo.features import Box, Progress
from civic.geo.osm import describe_damage, guess_share, node_index, read_box, way_lines
from civic.geo.tile_maker import BaseMapError
from civic.i18n import gettext as _

TOLD_EVERY = 20_000
CITY_PLACES = ("city", "town", "municipality", "village")  # the larger first


@dataclass(frozen=True, slots=True)
class Boundary:
    """An administrative boundary of the extract. `names`: by language, and the local one under "".

    `geometry` is the part of it that the extract's box holds; None for one of which nothing can be closed there.
    `whole`: all of its lines are in the extract.
    """

    id: int
    level: int
    names: dict[str, str]
    country: str  # ISO 3166-1, of level 2
    geometry: BaseGeometry | None
    whole: bool


@dataclass
class Survey:
    """What was found. `languages`: how many names of streets there are in each; `streets`: with a name in any."""

    box: Box
    boundaries: list[Boundary] = field(default_factory=list)
    places: list[tuple[int, int, dict[str, str]]] = field(default_factory=list)  # rank, population, names
    languages: Counter[str] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)  # of addresses
    streets: int = 0
    corners: tuple[float, float, float, float] | None = None  # of the streets


@dataclass
class _Relation:
    level: int
    names: dict[str, str]
    country: str
    ways: list[int]
    whole: bool = True


def survey_extract(path: Path, work: Path, on_progress: Progress) -> Survey:
    """Read the extract. `work` is a folder for files that are needed meanwhile.

    Raises BaseMapError for a file that is no whole extract, or has no street.
    """
    try:
        return _Surveyor(path, work).read(on_progress)
    except RuntimeError as error:  # what osmium says of a file
        raise BaseMapError(describe_damage(error)) from error


class _Surveyor:
    def __init__(self, path: Path, work: Path) -> None:
        self.path, self.work = path, work
        self.relations: dict[int, _Relation] = {}
        self.lines: defaultdict[int, list[LineString]] = defaultdict(list)
        self.complete = set[int]()  # ways of which every node is in the extract
        self.found = Survey((0, 0, 0, 0))

    def read(self, on_progress: Progress) -> Survey:
        on_progress(0.0, f"boundaries of {self.path.name}")
        for one in osmium.FileProcessor(str(self.path), osmium.osm.RELATION).with_filter(_keys("boundary")):
            if isinstance(one, osmium.osm.Relation):
                self._add_relation(one)
        self._read_lines(on_progress)
        size = self.path.stat().st_size
        objects = osmium.FileProcessor(str(self.path), osmium.osm.NODE | osmium.osm.WAY).with_locations(self._index)
        for number, one in enumerate(objects.with_filter(_keys("highway", "place", "addr:country"))):
            if number % TOLD_EVERY == 0:
                on_progress(0.5 + guess_share(number, size) / 2, f"{number:,} objects of {self.path.name}")
            self._add(one)
        self._finish()
        return self.found

    @property
    def _index(self) -> str:
        return node_index(self.path, self.work)

    def _read_lines(self, on_progress: Progress) -> None:
        """The lines of the boundaries, by their ways; many of these have no tag of their own."""
        members = {way for relation in self.relations.values() for way in relation.ways}
        if not members:
            return
        on_progress(0.1, f"{len(self.relations):,} boundaries of {self.path.name}")
        wanted = osmium.filter.IdFilter(members)
        wanted.enable_for(osmium.osm.WAY)
        for one in (
            osmium.FileProcessor(str(self.path), osmium.osm.NODE | osmium.osm.WAY)
            .with_locations(self._index)
            .with_filter(wanted)
        ):
            if isinstance(one, osmium.osm.Way) and one.id in members:
                self.lines[one.id] = list(way_lines(one))
                if all(node.location.valid() for node in one.nodes):
                    self.complete.add(one.id)

    def _add_relation(self, one: osmium.osm.Relation) -> None:
        tags = dict(one.tags)
        level = tags.get("admin_level", "")
        if tags.get("boundary") == "administrative" and level.isdigit() and tags.get("name"):
            ways = [member.ref for member in one.members if member.type == "w" and member.role in ("outer", "")]
            country = tags.get("ISO3166-1", "") or tags.get("ISO3166-1:alpha2", "")
            self.relations[one.id] = _Relation(int(level), read_all_names(tags), country, ways)

    def _add(self, one: object) -> None:
        if isinstance(one, osmium.osm.Way):
            self._add_street(one)
        elif isinstance(one, osmium.osm.Node):
            tags = dict(one.tags)
            if tags.get("place") in CITY_PLACES and tags.get("name"):
                population = tags.get("population", "")
                rank = -CITY_PLACES.index(tags["place"])
                self.found.places.append((rank, int(population) if population.isdigit() else 0, read_all_names(tags)))
            if country := tags.get("addr:country"):
                self.found.countries[country.upper()] += 1

    def _add_street(self, way: osmium.osm.Way) -> None:
        if "highway" not in way.tags:
            return
        at = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
        for lon, lat in at[:1]:
            west, south, east, north = self.found.corners or (lon, lat, lon, lat)
            self.found.corners = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
        if "name" in way.tags:
            self.found.streets += 1
            self.found.languages.update(
                tag.k.removeprefix("name:") for tag in way.tags if tag.k.startswith("name:") and len(tag.k) <= 8
            )

    def _finish(self) -> None:
        if not self.found.streets or self.found.corners is None:
            raise BaseMapError(_("The extract has no street with a name."))
        self.found.box = read_box(self.path) or self.found.corners
        frame = box(*self.found.box)
        for level in sorted({one.level for one in self.relations.values()}):
            self._close(level, frame)

    def _close(self, level: int, frame: BaseGeometry) -> None:
        some = {key: one for key, one in self.relations.items() if one.level == level}
        for one in some.values():
            one.whole = all(way in self.complete for way in one.ways)
        lines = {
            key: BoundaryLines([(way, line) for way in one.ways for line in self.lines.get(way, ())], one.whole)
            for key, one in some.items()
        }
        closed = close_boundaries(lines, frame)
        for key, one in some.items():
            self.found.boundaries.append(Boundary(key, level, one.names, one.country, closed.get(key), one.whole))


def _keys(*keys: str) -> osmium.filter.KeyFilter:
    return osmium.filter.KeyFilter(*keys)


def read_all_names(tags: Mapping[str, str]) -> dict[str, str]:
    """The names of all languages, and the local one under ""."""
    found = {key.removeprefix("name:"): text.strip() for key, text in tags.items() if key.startswith("name:")}
    return {"": tags["name"].strip(), **found}
