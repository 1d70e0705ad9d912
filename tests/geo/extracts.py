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


def write_town(path: Path, west: float, south: float) -> Path:
    """Write the extract of a town in Chinese and English: three streets, of which two cross, with house numbers."""
    with osmium.SimpleWriter(str(path), overwrite=True) as file:
        _TownWriter(file, west, south).write_all()
    return path


def write_country(path: Path, west: float, south: float) -> Path:
    """Write a hundred towns a degree apart, each a street that is named by its number; a motorway through one row."""
    with osmium.SimpleWriter(str(path), overwrite=True) as file:
        writer = _ExtractWriter(file, west, south)
        for number in range(100):
            x, y = 1000 * (number % 10), 1000 * (number // 10)
            writer.write_street(f"Katu {number}", (x, y), (x + 10, y + 5))
        writer.write_street("", (0, 6000), (9000, 6000), highway="motorway")
        writer.flush()
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
        self.flush()
        self.file.add_relation(Relation(id=1, tags=pond, members=[("w", outer, "outer"), ("w", inner, "inner")]))
        self.file.add_relation(Relation(id=2, tags=missing, members=[("w", 99_999, "outer"), ("w", outer, "outer")]))

    def write_street(self, name: str, *points: tuple[float, float], highway: str = "residential") -> None:
        self._way({"highway": highway, **({"name": name} if name else {})}, *points)

    def flush(self) -> None:
        for node in self.nodes:
            self.file.add_node(node)
        for way in self.ways:
            self.file.add_way(way)

    def _point(self, tags: Tags, x: float, y: float) -> int:
        """A node at a point in thousandths of a degree; its id."""
        location = (self.west + x / 1000, self.south + y / 1000)
        self.nodes.append(Node(id=len(self.nodes) + 1, location=location, tags=tags))
        return len(self.nodes)

    def _way(self, tags: Tags, *points: tuple[float, float]) -> int:
        """A way through points in thousandths of a degree; its id."""
        first = len(self.nodes) + 1
        closed = points[0] == points[-1]
        for x, y in points[:-1] if closed else points:
            self.nodes.append(Node(id=len(self.nodes) + 1, location=(self.west + x / 1000, self.south + y / 1000)))
        ids = [*range(first, len(self.nodes) + 1), *([first] if closed else [])]
        self.ways.append(Way(id=len(self.ways) + 1, nodes=ids, tags=tags))
        return len(self.ways)


class _TownWriter(_ExtractWriter):
    def write_all(self) -> None:
        road = {"highway": "primary", "name": "人民路", "name:en": "People’s Road"}
        build = {"highway": "residential", "name": "建设路", "name:en": "Build Road"}
        lake = {"highway": "residential", "name": "湖滨路", "name:en": "Lake Road"}
        corner = self._point({}, 8, 10)
        for tags, start, end in ((road, (0, 10), (16, 10)), (build, (8, 0), (8, 20))):
            ids = [self._point({}, *start), corner, self._point({}, *end)]
            self.ways.append(Way(id=len(self.ways) + 1, nodes=ids, tags=tags))
        self._way(lake, (0, 60), (10, 60))
        self._way(lake, (150, 60), (160, 60))
        self._way({"highway": "residential", "name": "外面路"}, (400, 60), (410, 60))
        self._point(_house("人民路", "12"), 5, 10.1)
        self._point(_house("人民路", "12 B"), 5.2, 10.1)
        self._point(_house("People’s Road", "12-16"), 6.6, 10.5)
        self._point(_house("湖滨路", "3"), 151, 60.1)
        self._point(_house("人民路", "20;22"), 12, 9.9)
        self._point(_house("没有路", "7"), 12, 9.9)
        self._way({"building": "yes", **_house("建设路", "1")}, *_ring(8.2, 2, 0.2))
        self._point({"amenity": "school", "name": "第一小学", "name:en": "First School"}, 16, 16)
        self._point({"place": "suburb", "name": "老城", "name:en": "Old Town"}, 9, 9)
        for ref, x in (("L7", 6), ("L8", 7), ("L8", 8), ("", 9)):
            self._point({"highway": "street_lamp", **({"ref": ref} if ref else {})}, x, 10.2)
        self._point({"highway": "bus_stop", "name": "人民路", "name:en": "People’s Road"}, 3, 10.2)
        self.flush()


def _house(street: str, number: str) -> Tags:
    return {"addr:street": street, "addr:housenumber": number}


def _ring(x: float, y: float, side: float) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]


def write_city(path: Path, west: float, south: float, names: Tags, *, cut: bool = False, country: str = "") -> Path:
    """Write a city of 20 by 20 thousandths of a degree with two districts side by side, and a street with `names`.

    `cut`: as an extract is cut out of the world: what lies more than 11 thousandths to the north is not in it.
    """
    header = osmium.io.Header()
    high = 11 if cut else 20
    corner, other = osmium.osm.Location(west, south), osmium.osm.Location(west + 0.02, south + high / 1000)
    header.add_box(osmium.osm.Box(corner, other))
    with osmium.SimpleWriter(str(path), overwrite=True, header=header) as file:
        _CityWriter(file, west, south).write_city(names, high=high, country=country)
    return path


class _CityWriter(_ExtractWriter):
    def write_city(self, names: Tags, *, high: int, country: str) -> None:
        place = {"place": "town", "population": "9000", **names}
        self._point({**place, **({"addr:country": country} if country else {})}, 10, 10)
        self._way({"highway": "residential", **names}, (1, 5), (19, 5))
        up = list(range(0, 21, 2))
        left = self._way({}, (10, 0), *((0, y) for y in up), (10, 20))
        right = self._way({}, (10, 20), *((20, y) for y in up[::-1]), (10, 0))
        middle = self._way({}, *((10, y) for y in up))
        self.nodes = [node for node in self.nodes if node.location[1] <= self.south + high / 1000 + 1e-9]
        self.flush()
        self._boundary(1, 8, names, left, right)
        self._boundary(2, 9, _district(names, "West"), left, middle)
        self._boundary(3, 9, _district(names, "East"), right, middle)
        self._boundary(4, 10, {"name": "Nowhere"}, 99_999)

    def _boundary(self, id: int, level: int, names: Tags, *ways: int) -> None:
        tags = {"type": "boundary", "boundary": "administrative", "admin_level": str(level), **names}
        self.file.add_relation(Relation(id=id, tags=tags, members=[("w", way, "outer") for way in ways]))


def _district(names: Tags, side: str) -> Tags:
    return {key: f"{name} {side}" for key, name in names.items()}
