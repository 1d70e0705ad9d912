"""Polygons of a pack: what is wrong with one, and with those that stand side by side."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

from civic.geo import gcj02
from civic.i18n import gettext as _

MAX_OVERLAP_SHARE = 0.005  # of the smaller of two siblings: more is no matter of rounding
MAX_OUTSIDE_SHARE = 0.01  # of a child, beyond its parent
MAX_REPAIR_SHARE = 0.001  # of a polygon's area, by which mending may change it
MIN_LATITUDE, MAX_LATITUDE = -60.0, 80.0  # nobody's city lies beyond: such a latitude is a longitude
MAX_COORDINATE = 1e9  # what is more is no coordinate of any system
DEGREE_DECIMALS = 7  # of a stored degree: a centimetre

Convert = Callable[[float, float], tuple[float, float]]


def keep_position(lat: float, lon: float) -> tuple[float, float]:
    return lat, lon


def position_converter(crs: str) -> Convert:
    """What takes a (lat, lon) of the pack to WGS-84."""
    return gcj02.to_wgs84 if crs == "gcj02" else keep_position


def to_wgs84(geometry: MultiPolygon, crs: str) -> MultiPolygon:
    """The geometry as it is stored."""
    moved = gcj02.geometry_to_wgs84(geometry) if crs == "gcj02" else geometry
    return shapely.transform(moved, lambda points: np.round(points, DEGREE_DECIMALS))


def position_error(lat: float, lon: float) -> str:
    """What is wrong with a position, or nothing."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return _("A coordinate is not a number.")
    if MIN_LATITUDE <= lat <= MAX_LATITUDE and -180 <= lon <= 180:
        return ""
    where = _("latitude %(lat)s, longitude %(lon)s", lat=f"{lat:g}", lon=f"{lon:g}")
    if MIN_LATITUDE <= lon <= MAX_LATITUDE and -180 <= lat <= 180:
        return _("Latitude and longitude look swapped: %(where)s.", where=where)
    return _("This is not on the map: %(where)s.", where=where)


def read_polygon(geometry: Any, *, repair: bool = False) -> tuple[MultiPolygon | None, list[str]]:
    """A GeoJSON Polygon or MultiPolygon, and all that is wrong with it.

    With `repair`, a polygon that is broken by a hair is mended instead (its area changes by 1/1000 at most).
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None, [_("This has to be a Polygon or a MultiPolygon, not %(kind)s.", kind=kind or _("nothing"))]
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        return None, [_("The polygon has no coordinates.")]
    problems = [problem for polygon in polygons for problem in _wrong_rings(polygon)]
    if problems:
        return None, list(dict.fromkeys(problems))
    shape = MultiPolygon([Polygon(_flat(rings[0]), [_flat(one) for one in rings[1:]]) for rings in polygons])
    mended = _mended(shape) if repair else shape
    if not mended.is_valid:
        reason = explain_validity(shape)
        return None, [_("The polygon is broken: %(reason)s (longitude, latitude).", reason=reason)]
    return mended, []


def _mended(shape: MultiPolygon) -> MultiPolygon:
    """The shape without its small faults; the shape itself where there is none, or one that is not small."""
    if shape.is_valid:
        return shape
    sound = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    mended = sound if isinstance(sound, MultiPolygon) else MultiPolygon([sound])
    return mended if abs(mended.area - shape.area) <= MAX_REPAIR_SHARE * shape.area else shape


def _flat(ring: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """The ring without the heights that GeoJSON allows."""
    return [(point[0], point[1]) for point in ring]


def _wrong_rings(polygon: Any) -> Iterator[str]:
    if not isinstance(polygon, list) or not polygon:
        yield _("The polygon has no coordinates.")
        return
    for ring in polygon:
        if not isinstance(ring, list) or not all(_is_point(point) for point in ring):
            yield _("A ring has to be a list of [longitude, latitude] numbers.")
        elif len(ring) < 4:
            yield _("A ring needs at least four points, the last the same as the first.")
        elif ring[0][:2] != ring[-1][:2]:
            yield _("A ring is not closed: its last point has to be its first, %(point)s.", point=ring[0][:2])
        else:
            yield from sorted({wrong for lon, lat, *_z in ring if (wrong := position_error(lat, lon))})[:1]


def _is_point(point: Any) -> bool:
    return (
        isinstance(point, list)
        and len(point) in (2, 3)
        and all(
            isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < MAX_COORDINATE for one in point
        )
    )


def find_overlaps(shapes: Sequence[MultiPolygon]) -> Iterator[tuple[int, int, float]]:
    """Pairs of shapes that cover the same ground, and which share of the smaller one."""
    if len(shapes) < 2:
        return
    tree = STRtree(shapes)
    for first, second in tree.query(shapes, predicate="intersects").T:
        if first < second:
            shared = shapes[first].intersection(shapes[second]).area
            share = shared / min(shapes[first].area, shapes[second].area)
            if share > MAX_OVERLAP_SHARE:
                yield int(first), int(second), share


def outside_share(child: MultiPolygon, parent: MultiPolygon) -> float:
    """The share of the child that lies beyond its parent; 0 where it is no more than rounding."""
    if shapely.covers(parent, child):
        return 0.0
    share = child.difference(parent).area / child.area
    return share if share > MAX_OUTSIDE_SHARE else 0.0


def join_polygons(shapes: Sequence[MultiPolygon]) -> MultiPolygon:
    """All shapes as one: the outline of an area that has none of its own."""
    joined = shapely.union_all(list(shapes))
    return joined if isinstance(joined, MultiPolygon) else MultiPolygon([joined])
