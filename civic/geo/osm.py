"""Features of the base map from an OpenStreetMap extract (`.osm.pbf`).

An extract is read in one pass, object by object: memory holds the positions of its nodes (on disk for a large file)
and the lines of named streets, which are many short ways each and become one line where they meet.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import osmium
import shapely
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from civic.geo.coast import find_sea
from civic.geo.features import LOCAL_NAME, Box, MapFeature, Progress
from civic.geo.osm_tags import Kind, classify_area, classify_line, classify_point
from civic.geo.tile_maker import ATTRIBUTION_OF_OSM, BaseMapError
from civic.geo.tiles import write_box
from civic.i18n import gettext as _

LARGE_FILE_BYTES = 200 * 2**20  # above which the positions of nodes are kept on disk
TOLD_EVERY = 20_000  # objects after which progress is told
KEYS = (
    "highway", "railway", "waterway", "natural", "water", "landuse", "leisure", "building", "place", "aeroway",
    "man_made", "amenity",
)  # fmt: skip


@dataclass(frozen=True)
class ExtractReader:
    """Reads what lies in `box`, with its names in `languages`, from the extract at `path`."""

    path: Path
    box: Box
    languages: Collection[str]
    streets: "dict[_StreetKey, list[bytes]]" = field(default_factory=lambda: defaultdict(list))
    coast: list[BaseGeometry] = field(default_factory=list)
    attribution: str = ATTRIBUTION_OF_OSM

    def read(self, work: Path, on_progress: Progress) -> Iterator[MapFeature]:
        """Yield the features. Raises BaseMapError for a file that is damaged, or has no street in the box."""
        self.streets.clear()
        self.coast.clear()
        streets = 0
        try:
            for feature in self._read_objects(work, on_progress):
                streets += feature.layer == "roads" and feature.kind != "rail"
                yield feature
        except RuntimeError as error:  # what osmium says of a file
            raise BaseMapError(describe_damage(error)) from error
        if not streets and not self.streets:
            raise BaseMapError(self._describe_place())
        yield from find_sea(self.coast, self._covered_box())
        for key in list(self.streets):
            for line in join_lines(self.streets.pop(key)):
                yield key.feature(line)

    def _describe_place(self) -> str:
        """What is wrong with an extract that has no street of the city."""
        city = write_box(self.box)
        if (covered := read_box(self.path)) is None:
            return _("The extract has no street in the city, whose box is %(city)s.", city=city)
        return _(
            "The extract has no street in the city: it covers %(there)s (west, south, east, north), and the city's box "
            "is %(city)s.",
            there=write_box(covered),
            city=city,
        )

    def _covered_box(self) -> Box:
        """The part of the box that the extract covers: coasts end at its border."""
        one, other = self.box, read_box(self.path) or self.box
        return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])

    def _read_objects(self, work: Path, on_progress: Progress) -> Iterator[MapFeature]:
        size = self.path.stat().st_size
        wanted = osmium.filter.KeyFilter(*KEYS)
        objects = osmium.FileProcessor(str(self.path)).with_locations(node_index(self.path, work))
        for number, one in enumerate(objects.with_areas(wanted).with_filter(wanted)):
            if number % TOLD_EVERY == 0:
                on_progress(guess_share(number, size), f"{number:,} objects of {self.path.name}")
            yield from self._features(one)

    def _features(self, one: object) -> Iterator[MapFeature]:
        if isinstance(one, osmium.osm.Node):
            tags = dict(one.tags)
            if kind := classify_point(tags):
                yield from self._made(kind, tags, Point(one.lon, one.lat))
        elif isinstance(one, osmium.osm.Way):
            tags = dict(one.tags)
            if tags.get("natural") == "coastline":
                self.coast.extend(way_lines(one))
            elif kind := classify_line(tags, closed=one.is_closed()):
                yield from self._street(kind, one, tags)
        elif isinstance(one, osmium.osm.Area):
            tags = dict(one.tags)
            if kind := classify_area(tags):
                yield from self._made(kind, tags, _area(one))

    def _street(self, kind: Kind, way: osmium.osm.Way, tags: Mapping[str, str]) -> Iterator[MapFeature]:
        names = read_names(tags, self.languages) if kind.named else {}
        if names:
            for line in way_lines(way):
                if self._is_inside(line):
                    self.streets[_StreetKey(kind, tuple(names.items()))].append(_pack(line))
        else:
            for line in way_lines(way):
                yield from self._made(kind, tags, line)

    def _made(self, kind: Kind, tags: Mapping[str, str], geometry: BaseGeometry | None) -> Iterator[MapFeature]:
        """The feature, if it lies in the box; and a point with its name where it is a named park or water."""
        if geometry is None or not self._is_inside(geometry):
            return
        names = read_names(tags, self.languages) if kind.named else {}
        if geometry.geom_type not in ("Polygon", "MultiPolygon"):
            yield kind.feature(geometry, names)
            return
        yield kind.feature(geometry, {})
        if names:
            label = Kind("pois", kind.kind, kind.detail, min_zoom=max(kind.min_zoom, 13))
            yield label.feature(geometry.representative_point(), names)

    def _is_inside(self, geometry: BaseGeometry) -> bool:
        west, south, east, north = self.box
        bounds: Box = geometry.bounds
        return bounds[0] <= east and bounds[2] >= west and bounds[1] <= north and bounds[3] >= south


@dataclass(frozen=True, slots=True)
class _StreetKey:
    kind: Kind
    names: tuple[tuple[str, str], ...]

    def feature(self, line: BaseGeometry) -> MapFeature:
        return self.kind.feature(line, dict(self.names))


def read_names(tags: Mapping[str, str], languages: Collection[str]) -> dict[str, str]:
    """The local name and those in the languages, where they differ from it."""
    local = tags.get("name", "").strip()
    names = {LOCAL_NAME: local} if local else {}
    for language in languages:
        found = next((name for one in written_as(language) if (name := tags.get(f"name:{one}", "").strip())), "")
        if found and found != local:
            names[language] = found
    return names


def written_as(language: str) -> tuple[str, ...]:
    """How tags name a language, in the order in which its names are taken."""
    return ("zh", "zh-Hans", "zh-Hant") if language == "zh" else (language,)


def node_index(path: Path, work: Path) -> str:
    """Where osmium keeps the positions of nodes while it reads: in memory, for a large file in `work`."""
    return f"sparse_file_array,{work / 'nodes'}" if path.stat().st_size > LARGE_FILE_BYTES else "flex_mem"


def read_box(path: Path) -> Box | None:
    """What an extract covers, if it says so."""
    with osmium.io.Reader(str(path)) as file:
        box = file.header().box()
    if not box.valid():
        return None
    return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat


def describe_damage(error: RuntimeError) -> str:
    """What to say of a file that osmium cannot read to its end."""
    return _("The extract is damaged or cut short: %(error)s.", error=error)


def guess_share(number: int, size: int) -> float:
    """About how much of the file is read: an object that counts takes some sixty bytes of it."""
    return min(0.99, number * 60 / max(size, 1))


def way_lines(way: osmium.osm.Way) -> Iterator[LineString]:
    """Yield the parts of the way that the extract has: nodes beyond its border may be missing."""
    try:
        whole = shapely.from_wkb(_WKB.create_linestring(way))
    except (
        RuntimeError,
        osmium.InvalidLocationError,
        shapely.GEOSException,
    ):  # a node is missing, or all lie at one place
        whole = None
    if isinstance(whole, LineString):
        yield whole
        return
    for valid, nodes in groupby(way.nodes, lambda node: node.location.valid()):
        positions = [(node.location.lon, node.location.lat) for node in nodes] if valid else []
        if len(positions) > 1:
            yield LineString(positions)


def _area(area: osmium.osm.Area) -> BaseGeometry | None:
    try:
        return shapely.from_wkb(_WKB.create_multipolygon(area))
    except (RuntimeError, osmium.InvalidLocationError, shapely.GEOSException):
        return None  # rings that do not close, as an extract has them at its border


_WKB = osmium.geom.WKBFactory()


def _pack(line: LineString) -> bytes:
    """Its positions in eight bytes each, as OpenStreetMap has them: a city's streets are a million of them."""
    packed: bytes = np.rint(shapely.get_coordinates(line) * 1e7).astype(np.int32).tobytes()
    return packed


def _unpack(packed: bytes) -> LineString:
    return LineString(np.frombuffer(packed, np.int32).reshape(-1, 2) / 1e7)


def join_lines(packed: Collection[bytes]) -> list[BaseGeometry]:
    """Lines that meet at their ends become one, so that a name has the whole street to stand on."""
    merged = shapely.line_merge(MultiLineString([_unpack(one) for one in packed]))
    return list(merged.geoms) if isinstance(merged, MultiLineString) else [merged]
