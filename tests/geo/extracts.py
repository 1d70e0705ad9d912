"""A small made OpenStreetMap extract: a street of two ways, a park, a pond with an island, a railway and a suburb."""

from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

Tags = dict[str, str]


def write_extract(path: Path, west: float, south: float, *, streets: bool = True) -> Path:
    """Write an extract whose things lie within 0.02 degrees north-east of the corner."""
    with osmium.SimpleWriter(str(path), overwrite=True) as file:
        _ExtractWriter(file, west, south).write(streets=streets)
    return path


class _ExtractWriter:
    def __init__(self, file: osmium.SimpleWriter, west: float, south: float) -> None:
        self.file, self.west, self.south = file, west, south
        self.nodes: list[Node] = []
        self.ways: list[Way] = []

    def write(self, *, streets: bool) -> None:
        place = {"place": "suburb", "name": "Kallio", "name:sv": "Berghäll"}
        self.nodes.append(Node(id=1, location=(self.west + 0.01, self.south + 0.01), tags=place))
        if streets:
            named = {"highway": "residential", "name": "Katu", "name:sv": "Gatan"}
            self._way(named, (0, 5), (5, 5))
            self._way(named, (5, 5), (10, 5.5), (15, 5))
            self._way({"highway": "footway", "footway": "sidewalk"}, (0, 5.2), (15, 5.2))
        self._way({"railway": "rail", "bridge": "yes"}, (0, 8), (15, 9))
        self._way({"leisure": "park", "name": "Puisto"}, *_ring(2, 10, 6))
        outer, inner = self._way({}, *_ring(10, 10, 6)), self._way({}, *_ring(12, 12, 2))
        pond = {"type": "multipolygon", "natural": "water", "name": "Lampi"}
        missing = {"type": "multipolygon", "natural": "water"}  # as at the border of every extract
        for node in self.nodes:
            self.file.add_node(node)
        for way in self.ways:
            self.file.add_way(way)
        self.file.add_relation(Relation(id=1, tags=pond, members=[("w", outer, "outer"), ("w", inner, "inner")]))
        self.file.add_relation(Relation(id=2, tags=missing, members=[("w", 99_999, "outer"), ("w", outer, "outer")]))

    def _way(self, tags: Tags, *points: tuple[float, float]) -> int:
        """A way through points in thousandths of a degree; its id."""
        first = len(self.nodes) + 1
        closed = points[0] == points[-1]
        for x, y in points[:-1] if closed else points:
            self.nodes.append(Node(id=len(self.nodes) + 1, location=(self.west + x / 1000, self.south + y / 1000)))
        ids = [*range(first, len(self.nodes) + 1), *([first] if closed else [])]
        self.ways.append(Way(id=len(self.ways) + 1, nodes=ids, tags=tags))
        return len(self.ways)


def _ring(x: float, y: float, side: float) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
