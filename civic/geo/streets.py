"""Streets of the gazetteer: ways of one name that lie together, and where two of them meet."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry import LineString, MultiLineString, Point
from shapely.ops import nearest_points

from civic.geo.distance import METRES_PER_DEGREE

SAME_STREET_METRES = 700  # between parts of one name; farther apart they are two streets
SAME_CROSSING_METRES = 120  # between the nodes where two streets meet: carriageways of one crossing
PART_POINTS = 16  # of a stretch that is looked up as one
Positions = NDArray[np.int32]  # longitude and latitude in 1e-7 degrees, one pair a row
SCALE = 1e7


@dataclass(frozen=True, slots=True)
class StreetWay:
    """A piece of a street: its positions, and the numbers of its nodes in OpenStreetMap."""

    positions: Positions
    nodes: NDArray[np.int64]


@dataclass
class NamedWays:
    """All ways of one name: how often each name of each language stands on them."""

    local: str
    names: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    ways: list[StreetWay] = field(default_factory=list)

    def pick_names(self, languages: Sequence[str]) -> dict[str, str]:
        """The commonest name in each language; the local one where there is none."""
        return {one: max(self.names[one].items(), key=_rank)[0] if self.names[one] else self.local for one in languages}


def _rank(counted: tuple[str, int]) -> tuple[int, str]:
    return counted[1], counted[0]


@dataclass(frozen=True)
class Street:
    """A street of one name at one place of the city."""

    names: dict[str, str]
    ways: list[StreetWay]
    lat: float
    lon: float

    def parts(self) -> Iterator[Positions]:
        """Yield stretches short enough to look near ones up by their boxes."""
        for way in self.ways:
            for start in range(0, max(1, len(way.positions) - 1), PART_POINTS - 1):
                yield way.positions[start : start + PART_POINTS]


def make_streets(found: NamedWays, languages: Sequence[str]) -> Iterator[Street]:
    """Yield a street for each group of ways that lie together."""
    names = found.pick_names(languages)
    shrink = math.cos(math.radians(found.ways[0].positions[0, 1] / SCALE))
    for ways in _group(found.ways, shrink):
        lat, lon = _middle(ways, shrink)
        yield Street(names, ways, lat, lon)


def _group(ways: list[StreetWay], shrink: float) -> list[list[StreetWay]]:
    if len(ways) == 1:
        return [ways]
    lines = [_flat_line(way, shrink) for way in ways]
    tree = STRtree(lines)
    pairs = tree.query(lines, predicate="dwithin", distance=SAME_STREET_METRES / METRES_PER_DEGREE)
    group = list(range(len(ways)))
    for one, other in pairs.T.tolist():
        first, second = _root(group, one), _root(group, other)
        group[max(first, second)] = min(first, second)
    groups: defaultdict[int, list[StreetWay]] = defaultdict(list)
    for number, way in enumerate(ways):
        groups[_root(group, number)].append(way)
    return list(groups.values())


def _root(group: list[int], one: int) -> int:
    while group[one] != one:
        group[one] = group[group[one]]
        one = group[one]
    return one


def _flat_line(way: StreetWay, shrink: float) -> LineString:
    """In degrees of latitude both ways, so that distances are right."""
    return LineString(way.positions / SCALE * (shrink, 1.0))


def _middle(ways: list[StreetWay], shrink: float) -> tuple[float, float]:
    """The point of the street that is nearest to the middle of all of it."""
    whole = MultiLineString([_flat_line(way, shrink) for way in ways])
    point = nearest_points(whole, whole.centroid)[0]
    return point.y, point.x / shrink


def metres_to(lines: Iterable[Positions], lat: float, lon: float) -> float:
    """From a position to the nearest of the lines."""
    shrink = math.cos(math.radians(lat))
    point = Point(lon * shrink, lat)
    nearest = min(point.distance(LineString(one / SCALE * (shrink, 1.0))) for one in lines)
    return float(nearest * METRES_PER_DEGREE)


def measure_flat(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two positions of one city, as on a plane: quick, and exact to a per mille."""
    shrink = math.cos(math.radians(lat))
    return math.hypot(lat - other_lat, (lon - other_lon) * shrink) * METRES_PER_DEGREE


def find_crossings(streets: Sequence[Street]) -> Iterator[tuple[int, int, float, float]]:
    """Yield (number of a street, number of another one, lat, lon) for each place where two of them share a node."""
    ways = [(number, way) for number, street in enumerate(streets) for way in street.ways]
    if not ways:
        return
    nodes = np.concatenate([way.nodes for _number, way in ways])
    positions = np.concatenate([way.positions for _number, way in ways])
    owners = np.concatenate([np.full(len(way.nodes), number, np.int32) for number, way in ways])
    order = np.argsort(nodes, kind="stable")
    same = np.flatnonzero(np.diff(nodes[order]) == 0)
    meetings: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for one in (*order[same].tolist(), *order[same + 1].tolist()):
        meetings[int(nodes[one])][int(owners[one])] = (int(positions[one, 0]), int(positions[one, 1]))
    found: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for owned in meetings.values():
        for first in owned:
            for second in owned:
                if first < second and streets[first].names != streets[second].names:
                    found[first, second].append(owned[first])
    for (first, second), at in found.items():
        for lat, lon in _join_near(at):
            yield first, second, lat, lon


def _join_near(at: list[tuple[int, int]]) -> Iterator[tuple[float, float]]:
    """One position for those of one crossing."""
    left = [(lat / SCALE, lon / SCALE) for lon, lat in sorted(at)]
    while left:
        near = [one for one in left if measure_flat(*left[0], *one) <= SAME_CROSSING_METRES]
        left = [one for one in left if one not in near]
        yield sum(one[0] for one in near) / len(near), sum(one[1] for one in near) / len(near)
