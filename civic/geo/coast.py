"""The sea of an extract: OpenStreetMap has its edge, with the land on the left, and no polygon."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

import shapely
from shapely import STRtree
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

from civic.geo.features import Box, MapFeature

Position = tuple[float, ...]

MISSING_DEGREES = 0.003  # between the last node of a coast and the border of the extract
BESIDE_DEGREES = 1e-7  # about a centimetre: beside a coast, and not across a canal


def find_sea(coast: Collection[BaseGeometry], city: Box) -> Iterator[MapFeature]:
    """Yield the parts of the city's box that lie on the right of a coast; none where no coast reaches the box."""
    frame = box(*city)
    lines = [line for one in coast for line in _parts(one.intersection(frame))]
    if not lines:
        return
    lines = reach_border(lines, frame.boundary)
    faces = list(shapely.get_parts(shapely.polygonize([shapely.unary_union([*lines, frame.boundary])])))
    tree = STRtree(faces)
    right, left = set[int](), set[int]()
    for line in lines:
        for found, side in ((right, -1), (left, 1)):
            found.update(int(index) for index in tree.query(_beside(line, side), predicate="intersects"))
    for index in right - left:
        yield MapFeature("water", "ocean", faces[index])


def reach_border(lines: Collection[LineString], border: BaseGeometry) -> list[LineString]:
    """Lead loose ends on to the border: an extract may lack the first node beyond it."""
    ends = Counter(end for line in lines for end in (line.coords[0], line.coords[-1]))
    return [LineString(_lead_on([*_lead_on([*line.coords], ends, border)][::-1], ends, border)[::-1]) for line in lines]


def _lead_on(points: list[Position], ends: Mapping[Position, int], border: BaseGeometry) -> list[Position]:
    last = Point(points[-1])
    if ends[points[-1]] != 1 or not 0 < border.distance(last) < MISSING_DEGREES:
        return points
    return [*points, *nearest_points(border, last)[0].coords]


def _parts(geometry: BaseGeometry) -> list[LineString]:
    return [one for one in shapely.get_parts(geometry) if isinstance(one, LineString) and one.length > BESIDE_DEGREES]


def _beside(line: LineString, side: int) -> Point:
    """A point beside the middle of the line's longest segment; `side` is 1 for the left."""
    pairs = zip(line.coords, line.coords[1:], strict=False)
    (x1, y1), (x2, y2) = max(pairs, key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1]))
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    step = side * BESIDE_DEGREES / length
    return Point((x1 + x2) / 2 - (y2 - y1) * step, (y1 + y2) / 2 + (x2 - x1) * step)
