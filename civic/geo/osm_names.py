"""What an OpenStreetMap extract knows by name: streets, places and house numbers of a city, for the gazetteer.

An extract is read in one pass. Memory holds the named streets (sixteen bytes a node), the places and the house numbers
of the city alone, however large the extract is; the positions of nodes are on disk for a large file.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from civic.geo.features import LOCAL_NAME, Progress
from civic.geo.gazetteer import compact
from civic.geo.house_numbers import read_numbers
from civic.geo.osm import TOLD_EVERY, describe_damage, guess_share, node_index, read_names
from civic.geo.osm_tags import ROADS
from civic.geo.streets import SCALE, NamedWays, StreetWay
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


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house: its street's folded name, the number by which it is found and as it is shown."""

    street: str
    key: str
    shown: str
    lat: float
    lon: float


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

    streets: dict[str, NamedWays] = field(default_factory=dict)  # by their folded local names
    places: list[NamedPoint] = field(default_factory=list)
    houses: list[HouseNumber] = field(default_factory=list)
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
        found, size = ExtractNames(), self.path.stat().st_size
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
            tags = dict(one.tags)
            if tags.get("highway") in ROADS and tags.get("name"):
                self._add_street(tags, one, found)
            elif self._is_wanted(tags) and (at := _mean([(n.lat, n.lon) for n in _valid(one.nodes)])):
                self._add_point(tags, *at, found, f"w{one.id}")
        elif isinstance(one, osmium.osm.Area) and not one.from_way():
            tags = dict(one.tags)
            outer = [(n.lat, n.lon) for ring in one.outer_rings() for n in _valid(ring)]
            if self._is_wanted(tags) and (at := _mean(outer)):
                self._add_point(tags, *at, found, f"r{one.orig_id()}")

    def _is_wanted(self, tags: Mapping[str, str]) -> bool:
        return "name" in tags or NUMBER in tags or any(key in tags for key in self._asset_keys)

    def _add_street(self, tags: Mapping[str, str], way: osmium.osm.Way, found: ExtractNames) -> None:
        nodes = [(n.ref, n.lon, n.lat) for n in _valid(way.nodes)]
        degrees = np.array([node[1:] for node in nodes]).reshape(-1, 2)
        if len(nodes) < 2 or not shapely.contains_xy(self.city, degrees).any():
            return
        names = read_names(tags, self.languages)
        local = names.pop(LOCAL_NAME)
        key = compact(local)
        if not key:
            return
        street = found.streets.setdefault(key, NamedWays(local))
        for language, name in names.items():
            street.names[language][name] += 1
        refs = np.array([node[0] for node in nodes], np.int64)
        street.ways.append(StreetWay(np.rint(degrees * SCALE).astype(np.int32), refs))

    def _add_point(self, tags: Mapping[str, str], lat: float, lon: float, found: ExtractNames, osm_id: str) -> None:
        if not shapely.contains_xy(self.city, lon, lat):
            return
        if (number := tags.get(NUMBER)) and (street := compact(tags.get(STREET) or tags.get("addr:place", ""))):
            houses = (HouseNumber(street, key, shown, lat, lon) for key, shown in read_numbers(number))
            found.houses.extend(houses)
        if tags.get("name") and any(tags.get(key) in values for key, values in PLACE_TAGS.items()):
            names = read_names(tags, self.languages)
            district = tags.get("place") in PLACE_TAGS["place"][1:]
            found.places.append(NamedPoint(names, lat, lon, district))
        for key in self._asset_keys:
            if (kind := f"{key}={tags.get(key)}") in self.kinds:
                found.assets.append(ExtractAsset(kind, tags.get("ref", "").strip(), osm_id, lat, lon))


def _valid(nodes: osmium.osm.NodeRefList) -> Iterator[osmium.osm.NodeRef]:
    return (node for node in nodes if node.location.valid())


def _mean(at: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    if not at:
        return None
    return sum(lat for lat, _lon in at) / len(at), sum(lon for _lat, lon in at) / len(at)
