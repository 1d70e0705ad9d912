"""The ground of the made-up city: river, lakes, parks, streets, rail and bridges, where its areas and places want them.

`python -m civic.demo.city_plan` writes the layers of the demo's pack again; the same areas and places give the same
city.
"""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, Point, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, unary_union

PACK = Path(__file__).with_name("pack")
METRE = 1 / 111_320  # in degrees of latitude
WIDTH = math.cos(math.radians(31.2))  # of a degree of longitude, in degrees of latitude
LAMP_METRES, LAMP_SIDE_METRES = 120, 7  # between two lamps of a main street, and from its middle
Names = dict[str, str]
Position = tuple[float, float]  # longitude, latitude

RIVER: Names = {"zh": "清河", "en": "Clear River"}
RIVER_METRES = 110  # on either side of its middle
# Lakes and parks by the place after which they are named: its name, in how many metres around, and how far to the east
# and to the north of it their middle lies.
LAKES = (
    ("鹭湖公园", {"zh": "鹭湖", "en": "Heron Lake"}, 800, -950, -600),
    ("松林水库", {"zh": "松林水库", "en": "Pine Wood Reservoir"}, 700, 500, 500),
    ("荷塘公园", {"zh": "荷塘", "en": "Lotus Pond"}, 140, 190, -120),
)
GREENS = (
    ("中山公园", "park", 330), ("柳荫公园", "park", 360), ("鹭湖公园", "park", 520), ("荷塘公园", "park", 380),
    ("云岭森林公园东门", "forest", 2100), ("茶山隧道口", "forest", 1200), ("稻香路", "farmland", 1500),
    ("稻香小学", "farmland", 1300),
)  # fmt: skip
# Main streets through places of the gazetteer, or through positions; "highway" is the ring.
MAIN = (
    ("major_road", "人民路", (
        (117.955, 31.197), "石桥路", (118.008, 31.2025), "人民路", (118.045, 31.2052), (118.0754, 31.2075))),
    ("major_road", "学府路", (
        (117.966, 31.2235), (117.985, 31.2255), "学府路", "河滨大学北门", "柳荫农贸市场", "创业园")),
    ("major_road", "高新大道", ("第三中学", "柳荫路", "高新大道", "政务服务中心", "高新区实验学校")),
    ("major_road", "望岭大道", ("第二人民医院", "望岭大道", (118.0005, 31.239), "学府路地铁站")),
    ("major_road", "柳荫路", ("东门汽车站", "柳荫公园", "柳荫农贸市场", "柳荫路")),
    ("major_road", {"zh": "解放路", "en": "Liberation Road"}, (
        "学府路地铁站", "河滨大学北门", "人民路", "中山公园", "解放桥", (118.0140, 31.1620), "南岸妇幼保健院",
        "纺织厂宿舍", "荷塘路")),
    ("major_road", "南站路", ("解放桥", "站前广场", (118.0380, 31.1560), "南站路")),
    ("major_road", {"zh": "东埠路", "en": "East Wharf Road"}, (
        "创业园", "市体育中心", "环湖路", "东埠大桥", "交警支队车管所", "河滨南站", "南岸妇幼保健院")),
    ("major_road", {"zh": "西湾路", "en": "West Bend Road"}, (
        "西郊水厂", "茶山路", "西湾大桥", "稻香村公交站", "稻香路", "西湾泵站")),
    ("major_road", "码头路", ("鹭湖花园", (118.1190, 31.1970), "码头路", "海员新村", "东埠码头", "集装箱货场")),
    ("major_road", {"zh": "青石路", "en": "Bluestone Road"}, (
        "石桥路", "染坊巷", "三眼石桥", "青石桥", "荷塘公园", "荷塘夜市")),
    ("major_road", "松林路", ("望岭小区", "松林路", "松林水库")),
    ("minor_road", "石桥路", ("石桥菜市场", "石桥路", (117.9935, 31.2065))),
    ("minor_road", "染坊巷", ((117.9840, 31.1868), "染坊巷", (117.9965, 31.1853))),
    ("minor_road", "文庙街", ("文庙", "文庙街", "河滨市图书馆")),
    ("minor_road", "茶山路", ("茶山路", (117.9440, 31.2010), "茶山隧道口", "茶山村委会")),
    ("minor_road", "环湖路", ((118.0745, 31.2030), "环湖路", (118.0850, 31.1880), (118.0985, 31.1925), "鹭湖公园")),
    ("minor_road", "稻香路", ("稻香小学", "稻香路", "荷塘公园")),
    ("minor_road", "荷塘路", ("荷塘夜市", "荷塘路", "南站路")),
    ("path", "滨江步道", ((118.0790, 31.1560), "滨江步道", (118.1050, 31.1760))),
)  # fmt: skip
RAIL = ((117.905, 31.120), (117.985, 31.138), "河滨南站", (118.075, 31.162), (118.1060, 31.1700), (118.128, 31.225))
RING = (
    "云岭森林公园东门",
    (117.955, 31.2520),
    "学府路地铁站",
    (118.050, 31.2530),
    (118.0980, 31.2470),
    (118.1220, 31.2200),
)
# Metres between the streets of a quarter, and by how many degrees they are turned from north; 330 for others.
BLOCKS = {"pine-wood": 800, "tea-hill": 850, "rice-fields": 800, "docks": 480, "bell-tower": 210, "scholars-gate": 220}
COUNT = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")


@dataclass(frozen=True)
class Drawn:
    """A feature of a layer."""

    kind: str
    geometry: BaseGeometry
    names: Names = field(default_factory=dict)
    bridge: bool = False
    code: str = ""  # the number of a thing

    def as_line(self) -> str:
        """As GeoJSON, on one line."""
        about: dict[str, object] = {"kind": self.kind}
        about |= {"names": self.names} if self.names else {}
        about |= {"bridge": True} if self.bridge else {}
        about |= {"code": self.code} if self.code else {}
        rounded = json.loads(shapely.to_geojson(shapely.transform(self.geometry, lambda points: np.round(points, 5))))
        return json.dumps({"type": "Feature", "properties": about, "geometry": rounded}, ensure_ascii=False)


class CityPlan:
    """The city, drawn from the areas and places of its pack."""

    def __init__(self, folder: Path = PACK) -> None:
        areas = json.loads((folder / "areas.geojson").read_text("utf-8"))["features"]
        self.areas = {one["properties"]["slug"]: shape(one["geometry"]) for one in areas}
        self.names: dict[str, Names] = {one["properties"]["slug"]: one["properties"]["names"] for one in areas}
        self.quarters = [
            one["properties"]["slug"] for one in areas if one["properties"].get("parent") not in (None, "riverside")
        ]
        with (folder / "places.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.places: dict[str, Position] = {row["name_zh"]: (float(row["lon"]), float(row["lat"])) for row in rows}
        self.english = {row["name_zh"]: row["name_en"] for row in rows}

    def layers(self) -> dict[str, list[Drawn]]:
        """The features of each file."""
        return {
            "water.geojson": self.water,
            "green.geojson": self.greens,
            "streets.geojson": self.streets,
            "assets.geojson": self.lamps,
        }

    @cached_property
    def river(self) -> BaseGeometry:
        """Its middle runs where the south of the city meets the rest."""
        south = self.areas["southpond"]
        rest = unary_union([self.areas[one] for one in ("old-town", "cloudridge", "eastwharf", "willowbank")])
        border = south.buffer(20 * METRE).intersection(rest.boundary)
        middle = linemerge(border) if border.geom_type == "MultiLineString" else border
        lines = [one for one in shapely.get_parts(middle) if south.distance(one) < 30 * METRE]
        bends = [_smooth([(x, y) for x, y in line.simplify(70 * METRE).coords]) for line in lines]
        return _round_metres(unary_union(bends), RIVER_METRES)

    @cached_property
    def lakes(self) -> list[Drawn]:
        return [
            Drawn("water", _blob(_moved(self.places[place], east, north), metres, seed), names)
            for seed, (place, names, metres, east, north) in enumerate(LAKES)
        ]

    @cached_property
    def water(self) -> list[Drawn]:
        """River and lakes."""
        return [Drawn("water", self.river, RIVER), *self.lakes]

    @cached_property
    def wet(self) -> BaseGeometry:
        return unary_union([one.geometry for one in self.water])

    @cached_property
    def greens(self) -> list[Drawn]:
        """Parks, woods and fields, none of them in the water or on another."""
        taken, found = self.wet, list[Drawn]()
        for seed, (place, kind, metres) in enumerate(GREENS):
            around = _blob(self.places[place], metres, seed + 7).intersection(self.areas["riverside"]).difference(taken)
            taken = taken.union(around)
            names = self._names_of(place.removesuffix("东门")) if kind != "farmland" else {}
            found.append(Drawn(kind, around, names))
        return found

    @cached_property
    def lamps(self) -> list[Drawn]:
        """Numbered street lamps along the main streets, by turns on either side."""
        found = list[Drawn]()
        for kind, _name, stops in MAIN:
            line = self._through(stops)
            for at in np.arange(LAMP_METRES / 2, line.length / METRE, LAMP_METRES) if kind == "major_road" else ():
                side = LAMP_SIDE_METRES if len(found) % 2 else -LAMP_SIDE_METRES
                here, ahead = line.interpolate(at * METRE), line.interpolate((at + 1) * METRE)
                east, north = (ahead.x - here.x) * WIDTH, ahead.y - here.y
                step = side * METRE / math.hypot(east, north)
                lamp = Point(here.x - north * step / WIDTH, here.y + east * step)
                found.append(Drawn("lamp", lamp, code=f"L-{len(found) + 1:04}"))
        return found

    @cached_property
    def streets(self) -> list[Drawn]:
        """Main streets, with their bridges, then those of the quarters between them, then the railway."""
        main = [Drawn(kind, self._through(stops), self._names_of(name)) for kind, name, stops in MAIN]
        main.append(Drawn("highway", self._through(RING), {"zh": "北环快速路", "en": "North Ring Expressway"}))
        bridged = [part for one in main for part in self._with_bridges(one)]
        rail = self._with_bridges(Drawn("rail", self._through(RAIL).intersection(self.areas["riverside"])))
        return [*bridged, *self._quarter_streets(main), *rail]

    def _names_of(self, name: str | Names) -> Names:
        if not isinstance(name, str):
            return name
        known = {"云岭森林公园": "Cloudridge Forest Park"}
        return {"zh": name, "en": known.get(name) or self.english[name]}

    def _through(self, stops: Iterable[str | Position]) -> LineString:
        return _smooth([self.places[stop] if isinstance(stop, str) else stop for stop in stops])

    def _with_bridges(self, one: Drawn) -> Iterator[Drawn]:
        """The street in parts: on land, and over water."""
        banks = self.wet.buffer(25 * METRE)
        for geometry, bridge in ((one.geometry.difference(banks), False), (one.geometry.intersection(banks), True)):
            for part in shapely.get_parts(geometry):
                if isinstance(part, LineString) and not part.is_empty:
                    yield Drawn(one.kind, part, one.names, bridge)

    def _quarter_streets(self, main: Sequence[Drawn]) -> Iterator[Drawn]:
        """Two families of streets in each quarter, which end at the water, at parks and at its border."""
        closed = unary_union([self.wet.buffer(40 * METRE), *(one.geometry for one in self.greens)])
        near_main = unary_union([one.geometry for one in main]).buffer(55 * METRE)
        for number, slug in enumerate(self.quarters):
            free = self.areas[slug].buffer(8 * METRE).difference(closed)
            for family, lines in enumerate(_grid(self.areas[slug], BLOCKS.get(slug, 330), number * 17 % 44 - 22)):
                count = 0
                for line in lines:
                    parts = [part for part in shapely.get_parts(line.intersection(free)) if part.length > 150 * METRE]
                    parts = [part for part in parts if part.intersection(near_main).length < part.length * 0.5]
                    count += bool(parts)
                    for part in parts:
                        yield Drawn("minor_road", part, self._street_names(slug, family, count))

    def _street_names(self, slug: str, family: int, count: int) -> Names:
        """Such as 茶山三街, Tea Hill 3rd Street."""
        ending = {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th") if count not in (11, 12, 13) else "th"
        tens = "" if count <= 10 else "十" if count < 20 else f"{COUNT[count // 10 - 1]}十"
        number = tens + ("" if count > 10 and count % 10 == 0 else COUNT[(count - 1) % 10])

        names: Mapping[str, str] = self.names[slug]
        short = names["zh"].removesuffix("街道")
        return {
            "zh": f"{short}{number}{'路街'[family]}",
            "en": f"{names['en']} {count}{ending} {('Road', 'Street')[family]}",
        }


def _moved(position: Position, east: float, north: float) -> Position:
    """So many metres away."""
    return position[0] + east * METRE / WIDTH, position[1] + north * METRE


def _round_metres(geometry: BaseGeometry, metres: float) -> BaseGeometry:
    """What lies within so many metres of it."""
    wide = affinity.scale(geometry, WIDTH, 1, origin=(0, 0)).buffer(metres * METRE, quad_segs=4)
    return affinity.scale(wide.simplify(4 * METRE), 1 / WIDTH, 1, origin=(0, 0))


def _blob(middle: Position, metres: float, seed: int) -> BaseGeometry:
    """A round shape with bays, about so many metres from its middle to its edge."""
    turns = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    far = (
        metres
        * METRE
        * (
            1
            + 0.16 * np.sin(2 * turns + seed)
            + 0.10 * np.sin(3 * turns + 2.3 * seed)
            + 0.05 * np.sin(5 * turns + seed)
        )
    )
    return shapely.Polygon(np.column_stack((middle[0] + far * np.cos(turns) / WIDTH, middle[1] + far * np.sin(turns))))


def _smooth(points: Sequence[Position]) -> LineString:
    """A line through the points that bends gently (Catmull and Rom)."""
    p = np.array([points[0], *points, points[-1]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    parts = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return LineString(np.vstack([*parts, p[-1]]))


def _grid(area: BaseGeometry, metres: float, degrees: float) -> Iterator[list[LineString]]:
    """Lines across the area, in two families, that bend a little."""
    middle, side = area.centroid, metres * METRE
    west, south, east, north = area.bounds
    reach = int(max((east - west) * WIDTH, north - south) / side) + 1
    along = np.linspace(-reach * side, reach * side, 4 * reach + 1)
    for turn in (degrees, degrees + 90):
        angle = math.radians(turn)
        lines = []
        for number in range(-reach, reach + 1):
            across = number * side + 0.16 * side * np.sin(along / side * 0.7 + number)
            x = middle.x + (along * math.cos(angle) - across * math.sin(angle)) / WIDTH
            y = middle.y + along * math.sin(angle) + across * math.cos(angle)
            lines.append(LineString(np.column_stack((x, y))))
        yield lines


def write_layers(folder: Path) -> None:
    """Write the layers of the pack in `folder`, a feature on each line."""
    for name, drawn in CityPlan(folder).layers().items():
        lines = ",\n".join(one.as_line() for one in drawn if not one.geometry.is_empty)
        (folder / name).write_text(f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n', "utf-8")


@cache
def street_map() -> "StreetMap":
    """The streets of the demo's pack, read once."""
    return StreetMap()


class StreetMap:
    """The streets of the made-up city, to put what is reported on one of them."""

    def __init__(self, folder: Path = PACK) -> None:
        features = json.loads((folder / "streets.geojson").read_text("utf-8"))["features"]
        self._lines = [
            shape(one["geometry"]) for one in features if one["properties"]["kind"] not in ("rail", "highway")
        ]
        self._tree = shapely.STRtree(self._lines)

    def nearest(self, lat: float, lon: float) -> tuple[float, float]:
        """The nearest (lat, lon) on a street."""
        here = Point(lon, lat)
        line = self._lines[int(self._tree.nearest(here))]
        there = line.interpolate(line.project(here))
        return round(there.y, 6), round(there.x, 6)


if __name__ == "__main__":
    write_layers(PACK)
