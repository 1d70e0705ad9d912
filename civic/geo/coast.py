"""The sea of an extract: OpenStreetMap has its edge, with the land on the left, and no polygon."""

from collections.abc import Collection, Iterator

import shapely
from shapely import STRtree
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry

from civic.geo.features import Box, MapFeature

BESIDE_DEGREES = 1e-7  # about a centimetre: beside a coast, and not across a canal


def find_sea(coast: Collection[BaseGeometry], city: Box) -> Iterator[MapFeature]:
    """Yield the parts of the city's box that lie on the right of a coast; none where no coast reaches the box."""
    frame = box(*city)
    lines = [line for one in coast for line in _parts(one.intersection(frame))]
    if not lines:
        return
    faces = list(shapely.get_parts(shapely.polygonize([shapely.unary_union([*lines, frame.boundary])])))
    tree = STRtree(faces)
    right, left = set[int](), set[int]()
    for line in lines:
        for found, side in ((right, -1), (left, 1)):
            found.update(int(index) for index in tree.query(_beside(line, side), predicate="intersects"))
    for index in right - left:
        yield MapFeature("water", "ocean", faces[index])


def _parts(geometry: BaseGeometry) -> list[LineString]:
    return [one for one in shapely.get_parts(geometry) if isinstance(one, LineString) and one.length > BESIDE_DEGREES]


def _beside(line: LineString, side: int) -> Point:
    """A point beside the middle of the line's longest segment; `side` is 1 for the left."""
    pairs = zip(line.coords, line.coords[1:], strict=False)
    (x1, y1), (x2, y2) = max(pairs, key=lambda pair: abs(pair[0][0] - pair[1][0]) + abs(pair[0][1] - pair[1][1]))
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    step = side * BESIDE_DEGREES / length
    return Point((x1 + x2) / 2 - (y2 - y1) * step, (y1 + y2) / 2 + (x2 - x1) * step)
