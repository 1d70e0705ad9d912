"""Streets of the gazetteer: ways of one name that lie together, and where two of them meet.

All positions lie in flat arrays, sixteen bytes a node: a large city has half a million ways.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from civic.geo.distance import METRES_PER_DEGREE

SAME_STREET_METRES = 700  # between parts of one name; farther apart they are two streets
SAME_CROSSING_METRES = 120  # between the nodes where two streets meet: carriageways of one crossing
PART_POINTS = 16  # of a stretch that is looked up as one
Positions = NDArray[np.int32]  # longitude and latitude in 1e-7 degrees, one pair a row
Numbers = NDArray[np.int64]
SCALE = 1e7


@dataclass
class WayStore:
    """Ways as they are read: the number of the name of each, its nodes in OpenStreetMap and their positions."""

    names: "array[int]" = field(default_factory=lambda: array("i"))
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    nodes: "array[int]" = field(default_factory=lambda: array("q"))
    positions: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, name: int, nodes: Sequence[tuple[int, int, int]]) -> None:
        """Add a way of at least two nodes: (number, longitude, latitude), the latter in 1e-7 degrees."""
        self.names.append(name)
        self.starts.append(len(self.nodes))
        for node, x, y in nodes:
            self.nodes.append(node)
            self.positions.append(x)
            self.positions.append(y)


class StreetNet:
    """The streets that the ways in a city make. A street is a number; `names` has that of its name."""

    def __init__(self, store: WayStore, city: BaseGeometry) -> None:
        self._nodes = np.frombuffer(store.nodes, np.int64) if store.nodes else np.empty(0, np.int64)
        flat = np.frombuffer(store.positions, np.int32) if store.positions else np.empty(0, np.int32)
        self._positions: Positions = flat.reshape(-1, 2)
        ends = np.array([*store.starts, len(self._nodes)], np.int64)
        self._starts, self._ends = ends[:-1], ends[1:]
        self._street = np.full(len(self._starts), -1, np.int64)  # of each way; -1 outside of the city
        self.names: list[int] = []
        if len(self._starts):
            self._group(np.frombuffer(store.names, np.int32), city)

    def __len__(self) -> int:
        return len(self.names)

    def _group(self, way_names: NDArray[np.int32], city: BaseGeometry) -> None:
        shapely.prepare(city)
        inside = np.logical_or.reduceat(shapely.contains_xy(city, self._positions / SCALE), self._starts)
        ways = np.flatnonzero(inside)
        ways = ways[np.argsort(way_names[ways], kind="stable")]
        bounds = np.flatnonzero(np.diff(way_names[ways])) + 1
        for group in np.split(ways, bounds) if len(ways) else ():
            for street in self._parts_of_name(group.tolist()):
                self._street[street] = len(self.names)
                self.names.append(int(way_names[group[0]]))

    def _parts_of_name(self, ways: list[int]) -> list[list[int]]:
        """The ways of one name, those that lie together in one list."""
        if len(ways) == 1:
            return [ways]
        sets = _Sets(len(ways))
        seen: dict[int, int] = {}
        for number, way in enumerate(ways):
            for node in self._nodes[self._starts[way] : self._ends[way]].tolist():
                sets.join(number, seen.setdefault(node, number))
        groups = [[ways[number] for number in group] for group in sets.groups()]
        return groups if len(groups) == 1 else self._join_near(groups)

    def _join_near(self, groups: list[list[int]]) -> list[list[int]]:
        lines = [flat_lines([self._line(way) for way in group]) for group in groups]
        near = SAME_STREET_METRES / METRES_PER_DEGREE
        pairs = STRtree(lines).query(lines, predicate="dwithin", distance=near)
        sets = _Sets(len(groups))
        for one, other in pairs.T.tolist():
            sets.join(one, other)
        return [[way for number in joined for way in groups[number]] for joined in sets.groups()]

    def _line(self, way: int) -> Positions:
        return self._positions[self._starts[way] : self._ends[way]]

    @cached_property
    def _ways_of(self) -> tuple[Numbers, Numbers]:
        """The ways in the order of their streets, and where each street begins among them."""
        order = np.argsort(self._street, kind="stable")
        return order, np.searchsorted(self._street[order], np.arange(len(self) + 1))

    def lines(self, street: int) -> list[Positions]:
        """The lines of a street."""
        order, first = self._ways_of
        return [self._line(way) for way in order[first[street] : first[street + 1]].tolist()]

    def middles(self) -> list[tuple[float, float]]:
        """Of each street the middle of the stretch that is nearest to its centre: (lat, lon)."""
        owner = self._owner_of_nodes()
        first = np.ones(len(owner), bool)
        first[self._ends[:-1]] = False  # the step from one way to the next is none
        segment = np.flatnonzero(first[1:] & (owner[1:] >= 0))
        one, other = self._positions[segment].astype(float), self._positions[segment + 1].astype(float)
        middle, streets = (one + other) / 2, owner[segment]
        shrink = np.cos(np.radians(middle[:, 1] / SCALE))
        length = np.hypot((one[:, 0] - other[:, 0]) * shrink, one[:, 1] - other[:, 1]) + 1
        total = np.bincount(streets, length, len(self))
        centre = np.stack([np.bincount(streets, length * middle[:, axis], len(self)) / total for axis in (0, 1)], 1)
        away = np.hypot((middle[:, 0] - centre[streets, 0]) * shrink, middle[:, 1] - centre[streets, 1])
        order = np.lexsort((away, streets))
        nearest = order[np.searchsorted(streets[order], np.arange(len(self)))]
        return [(lat, lon) for lon, lat in (middle[nearest] / SCALE).tolist()]

    def _owner_of_nodes(self) -> Numbers:
        return np.repeat(self._street, self._ends - self._starts)

    def parts(self) -> Iterator[tuple[int, Positions]]:
        """Yield the stretches of each street, short enough to look near ones up by their boxes."""
        for way, street in enumerate(self._street.tolist()):
            line = self._line(way)
            for start in range(0, len(line) - 1 if street >= 0 else 0, PART_POINTS - 1):
                yield street, line[start : start + PART_POINTS]

    def crossings(self) -> Iterator[tuple[int, int, float, float]]:
        """Yield (street, another one, lat, lon) for each place where two of different names share a node."""
        found = self._shared_nodes()
        bounds = np.flatnonzero(np.any(np.diff(found[:, :2], axis=0) != 0, axis=1)) + 1
        starts, ends = [0, *bounds.tolist()], [*bounds.tolist(), len(found)]
        for start, end in zip(starts, ends, strict=True):
            if start == end:
                continue
            one, other = found[start, :2].tolist()
            for lat, lon in _join_near(found[start:end, 2:].tolist()):
                yield one, other, lat, lon

    def _shared_nodes(self) -> Numbers:
        """A row (street, another one, longitude, latitude) for each node of two streets, ordered by the streets."""
        owner = self._owner_of_nodes()
        order = np.lexsort((owner, self._nodes))
        order = order[owner[order] >= 0]
        nodes, owners = self._nodes[order], owner[order]
        new = np.ones(len(order), bool)
        new[1:] = (np.diff(nodes) != 0) | (np.diff(owners) != 0)
        order, nodes, owners = order[new], nodes[new], owners[new]
        names = np.array(self.names, np.int64)[owners] if len(owners) else owners
        rows, step = [np.empty((0, 4), np.int64)], 1
        while (same := np.flatnonzero(nodes[step:] == nodes[:-step])).size:
            same = same[names[same] != names[same + step]]
            at = self._positions[order[same]].astype(np.int64)
            rows.append(np.column_stack([owners[same], owners[same + step], at]))
            step += 1
        every = np.concatenate(rows)
        return every[np.lexsort((every[:, 1], every[:, 0]))]


class _Sets:
    """Numbers from 0, joined into sets."""

    def __init__(self, count: int) -> None:
        self.above = list(range(count))

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self._root(one), self._root(other)))
        self.above[second] = first

    def _root(self, one: int) -> int:
        while self.above[one] != one:
            self.above[one] = self.above[self.above[one]]
            one = self.above[one]
        return one

    def groups(self) -> list[list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        for number in range(len(self.above)):
            found[self._root(number)].append(number)
        return list(found.values())


def flat_lines(lines: Iterable[Positions]) -> MultiLineString:
    """The lines in degrees of latitude both ways, so that distances are right."""
    every = list(lines)
    shrink = math.cos(math.radians(float(every[0][0, 1]) / SCALE))
    return MultiLineString([LineString(one / SCALE * (shrink, 1.0)) for one in every])


def metres_to(lines: Iterable[Positions], lat: float, lon: float) -> float:
    """From a position to the nearest of the lines."""
    every = list(lines)
    shrink = math.cos(math.radians(float(every[0][0, 1]) / SCALE))
    return float(flat_lines(every).distance(Point(lon * shrink, lat)) * METRES_PER_DEGREE)


def measure_flat(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two positions of one city, as on a plane: quick, and exact to a per mille."""
    shrink = math.cos(math.radians(lat))
    return math.hypot(lat - other_lat, (lon - other_lon) * shrink) * METRES_PER_DEGREE


def _join_near(at: Sequence[Sequence[int]]) -> Iterator[tuple[float, float]]:
    """One position for the nodes (longitude, latitude) of one crossing."""
    left = sorted((lat / SCALE, lon / SCALE) for lon, lat in at)
    while left:
        near = [one for one in left if measure_flat(*left[0], *one) <= SAME_CROSSING_METRES]
        left = [one for one in left if one not in near]
        yield sum(one[0] for one in near) / len(near), sum(one[1] for one in near) / len(near)
