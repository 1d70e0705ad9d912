"""What an OpenStreetMap extract knows by name: streets, places and house numbers of a city, for the gazetteer.

An extract is read in one pass. Memory holds the named streets (sixteen bytes a node), the places and the house numbers
of the city alone, however large the extract is; the positions of nodes are on disk for a large file.
"""

import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from civic.geo.features import Progress
from civic.geo.gazetteer import compact
from civic.geo.house_numbers import read_numbers
from civic.geo.osm import TOLD_EVERY, describe_damage, guess_share, node_index, read_names, written_as
from civic.geo.osm_tags import ROADS
from civic.geo.streets import SCALE, WayStore
from civic.geo.tile_maker import BaseMapError

PLACE_TAGS = {
    "place": ("square", "island", "neighbourhood", "quarter", "suburb"),
    "amenity": (
        "arts_centre", "bus_station", "childcare", "cinema", "clinic", "college", "community_centre", "courthouse",
        "embassy", "exhibition_centre", "ferry_terminal", "fire_station", "grave_yard", "hospital", "kindergarten",
        "library", "marketplace", "place_of_worship", "police", "post_office", "school", "theatre", "townhall",
        "university",
    ),
    "railway": ("station", "halt", "tram_stop"),
    "public_transport": ("station",),
    "highway": ("bus_stop",),
    "leisure": ("park", "garden", "playground", "sports_centre", "stadium", "swimming_area", "nature_reserve"),
    "tourism": ("museum", "attraction", "zoo", "gallery"),
    "landuse": ("cemetery",),
    "natural": ("beach", "water", "bay"),
    "man_made": ("bridge", "pier"),
    "shop": ("mall", "department_store"),
    "aeroway": ("aerodrome",),
}  # fmt: skip
NUMBER, STREET = "addr:housenumber", "addr:street"
KEYS = (*PLACE_TAGS, NUMBER)


@dataclass(frozen=True, slots=True)
class NamedPoint:
    """A place with its names by language, and the local one under LOCAL_NAME. `district`: a part of the city."""

    names: dict[str, str]
    lat: float
    lon: float
    district: bool = False


@dataclass
class StreetNames:
    """The names of streets by their numbers, which are in the order in which they are met."""

    languages: Sequence[str]
    keys: dict[str, int] = field(default_factory=dict)  # folded local name: number
    local: list[str] = field(default_factory=list)
    votes: list[defaultdict[str, Counter[str]]] = field(default_factory=list)  # by language, how many ways have it
    seen: dict[tuple[str | None, ...], int] = field(default_factory=dict)

    def add(self, tags: osmium.osm.TagList) -> int:
        """The number of the name of a way; -1 for a name without a letter."""
        written = tuple(tags.get(key) for key in self._tags)
        number = self.seen.get(written)
        if number is None:
            number = self.seen[written] = self._number(written[0] or "")
        if number >= 0:
            for language, name in self._spoken(written):
                self.votes[number][language][name] += 1
        return number

    @cached_property
    def _tags(self) -> list[str]:
        return ["name", *(f"name:{one}" for language in self.languages for one in written_as(language))]

    def _spoken(self, written: tuple[str | None, ...]) -> Iterator[tuple[str, str]]:
        tags = {key: name for key, name in zip(self._tags, written, strict=True) if name}
        yield from ((language, name) for language, name in read_names(tags, self.languages).items() if language)

    def _number(self, local: str) -> int:
        key = compact(local)
        if key and key not in self.keys:
            self.keys[key] = len(self.local)
            self.local.append(local.strip())
            self.votes.append(defaultdict(Counter))
        return self.keys[key] if key else -1

    def pick(self, number: int) -> dict[str, str]:
        """The commonest name in each language; the local one where there is none."""
        votes = self.votes[number]
        return {one: votes[one].most_common(1)[0][0] if votes[one] else self.local[number] for one in self.languages}


@dataclass
class HouseNumbers:
    """House numbers in flat lists: the number of the street's folded name, the key, as it is shown, the position."""

    streets: dict[str, int] = field(default_factory=dict)
    street: "array[int]" = field(default_factory=lambda: array("i"))
    keys: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    positions: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, street: str, written: str, lat: float, lon: float) -> None:
        """Add the numbers of a tag."""
        for key, shown in read_numbers(written):
            self.street.append(self.streets.setdefault(street, len(self.streets)))
            self.keys.append(sys.intern(key))
            self.shown.append(sys.intern(shown))
            self.positions.extend((lat, lon))


@dataclass(frozen=True, slots=True)
class ExtractAsset:
    """A thing with the tag `kind`; `ref` is what stands on it, "" for nothing. `osm_id` is like n123 or w45."""

    kind: str
    ref: str
    osm_id: str
    lat: float
    lon: float


@dataclass
class ExtractNames:
    """What an extract has of a city."""

    names: StreetNames
    ways: WayStore = field(default_factory=WayStore)
    places: list[NamedPoint] = field(default_factory=list)
    houses: HouseNumbers = field(default_factory=HouseNumbers)
    assets: list[ExtractAsset] = field(default_factory=list)


@dataclass(frozen=True)
class NameReader:
    """Reads what lies in `city` from the extract at `path`: names in `languages`, and the assets of `kinds`."""

    path: Path
    city: BaseGeometry
    languages: Sequence[str]
    kinds: Collection[str] = ()  # of assets: tags such as highway=street_lamp

    def read(self, work: Path, on_progress: Progress) -> ExtractNames:
        """Read all. `work` is a folder for files that are needed meanwhile. Raises BaseMapError for a damaged file."""
        found, size = ExtractNames(StreetNames(self.languages)), self.path.stat().st_size
        shapely.prepare(self.city)
        wanted = osmium.filter.KeyFilter(*{*KEYS, *self._asset_keys})
        objects = osmium.FileProcessor(str(self.path)).with_locations(node_index(self.path, work))
        try:
            for number, one in enumerate(objects.with_areas(wanted).with_filter(wanted)):
                if number % TOLD_EVERY == 0:
                    on_progress(guess_share(number, size), f"names of {self.path.name}, {number:,} objects")
                self._add(one, found)
        except RuntimeError as error:  # what osmium says of a file
            raise BaseMapError(describe_damage(error)) from error
        return found

    @cached_property
    def _asset_keys(self) -> list[str]:
        return sorted({kind.partition("=")[0] for kind in self.kinds if "=" in kind})

    def _add(self, one: object, found: ExtractNames) -> None:
        if isinstance(one, osmium.osm.Node):
            self._add_point(dict(one.tags), one.lat, one.lon, found, f"n{one.id}")
        elif isinstance(one, osmium.osm.Way):
            if one.tags.get("highway") in ROADS and "name" in one.tags:
                self._add_street(one, found)
            elif self._is_wanted(tags := dict(one.tags)) and (at := _mean([(n.lat, n.lon) for n in _valid(one.nodes)])):
                self._add_point(tags, *at, found, f"w{one.id}")
        elif isinstance(one, osmium.osm.Area) and not one.from_way():
            tags = dict(one.tags)
            outer = [(n.lat, n.lon) for ring in one.outer_rings() for n in _valid(ring)]
            if self._is_wanted(tags) and (at := _mean(outer)):
                self._add_point(tags, *at, found, f"r{one.orig_id()}")

    def _is_wanted(self, tags: Mapping[str, str]) -> bool:
        return "name" in tags or NUMBER in tags or any(key in tags for key in self._asset_keys)

    def _add_street(self, way: osmium.osm.Way, found: ExtractNames) -> None:
        nodes = [(node.ref, node.x, node.y) for node in way.nodes if node.location.valid()]
        west, south, east, north = self._box
        around = any(west <= x <= east and south <= y <= north for _node, x, y in nodes)
        if around and len(nodes) > 1 and (number := found.names.add(way.tags)) >= 0:
            found.ways.add(number, nodes)

    @cached_property
    def _box(self) -> tuple[float, float, float, float]:
        west, south, east, north = self.city.bounds
        return west * SCALE, south * SCALE, east * SCALE, north * SCALE

    def _add_point(self, tags: Mapping[str, str], lat: float, lon: float, found: ExtractNames, osm_id: str) -> None:
        if not shapely.contains_xy(self.city, lon, lat):
            return
        if (number := tags.get(NUMBER)) and (street := fold_street(tags.get(STREET) or tags.get("addr:place", ""))):
            found.houses.add(street, number, lat, lon)
        if tags.get("name") and any(tags.get(key) in values for key, values in PLACE_TAGS.items()):
            names = read_names(tags, self.languages)
            district = tags.get("place") in PLACE_TAGS["place"][1:]
            found.places.append(NamedPoint(names, lat, lon, district))
        for key in self._asset_keys:
            if (kind := f"{key}={tags.get(key)}") in self.kinds:
                found.assets.append(ExtractAsset(kind, tags.get("ref", "").strip(), osm_id, lat, lon))


@lru_cache(maxsize=100_000)
def fold_street(name: str) -> str:
    """The folded name: a street has many houses."""
    return compact(name)


def _valid(nodes: osmium.osm.NodeRefList) -> Iterator[osmium.osm.NodeRef]:
    return (node for node in nodes if node.location.valid())


def _mean(at: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    if not at:
        return None
    return sum(lat for lat, _lon in at) / len(at), sum(lon for _lat, lon in at) / len(at)
