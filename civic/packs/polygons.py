"""Checking the polygons of a pack: each by itself, and against its siblings and its parent."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

from civic.geo.coordinates import keep_position, position_converter
from civic.i18n import gettext as _

MAX_OVERLAP_SHARE = 0.005  # of the smaller of two siblings; less is rounding
MAX_OUTSIDE_SHARE = 0.01  # of a child, outside of its parent; less is rounding
MAX_REPAIR_SHARE = 0.001  # of a polygon's area, by which a repair may change it
MIN_LATITUDE, MAX_LATITUDE = -60.0, 80.0  # no city lies beyond: such a latitude must be a longitude
MAX_COORDINATE = 1e9  # larger numbers are coordinates of no system
DEGREE_DECIMALS = 7  # of a stored coordinate: a centimetre


def to_wgs84(geometry: MultiPolygon, crs: str) -> MultiPolygon:
    """The geometry in WGS-84, rounded as it is stored."""
    convert = position_converter(crs)
    if convert is not keep_position:
        geometry = shapely.transform(
            geometry, lambda points: np.array([convert(lat, lon)[::-1] for lon, lat in points]).reshape(-1, 2)
        )
    return shapely.transform(geometry, lambda points: np.round(points, DEGREE_DECIMALS))


def position_error(lat: float, lon: float) -> str:
    """What is wrong with a position; "" if nothing."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return _("A coordinate is not a number.")
    if MIN_LATITUDE <= lat <= MAX_LATITUDE and -180 <= lon <= 180:
        return ""
    where = _("latitude %(lat)s, longitude %(lon)s", lat=f"{lat:g}", lon=f"{lon:g}")
    if MIN_LATITUDE <= lon <= MAX_LATITUDE and -180 <= lat <= 180:
        return _("Latitude and longitude look swapped: %(where)s.", where=where)
    return _("This is not on the map: %(where)s.", where=where)


def read_polygon(geometry: Any, *, repair: bool = False) -> tuple[MultiPolygon | None, list[str]]:
    """Read a GeoJSON Polygon or MultiPolygon; return it (None if it is broken) and all that is wrong with it.

    With `repair`, small faults are repaired instead: those that change its area by 1/1000 at most.
    """
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None, [_("This has to be a Polygon or a MultiPolygon, not %(kind)s.", kind=kind or _("nothing"))]
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons:
        return None, [_("The polygon has no coordinates.")]
    problems = [problem for polygon in polygons for problem in _ring_problems(polygon)]
    if problems:
        return None, list(dict.fromkeys(problems))
    shape = MultiPolygon(
        [Polygon(_without_heights(rings[0]), [_without_heights(one) for one in rings[1:]]) for rings in polygons]
    )
    repaired = _repair(shape) if repair else shape
    if not repaired.is_valid:
        reason = explain_validity(shape)
        return None, [_("The polygon is broken: %(reason)s (longitude, latitude).", reason=reason)]
    return repaired, []


def _repair(shape: MultiPolygon) -> MultiPolygon:
    """The shape with small faults repaired; the shape itself if it is valid or the fault is not small."""
    if shape.is_valid:
        return shape
    valid = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    repaired = valid if isinstance(valid, MultiPolygon) else MultiPolygon([valid])
    return repaired if abs(repaired.area - shape.area) <= MAX_REPAIR_SHARE * shape.area else shape


def _without_heights(ring: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """The ring without heights, which GeoJSON allows."""
    return [(point[0], point[1]) for point in ring]


def _ring_problems(polygon: Any) -> Iterator[str]:
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
    """Yield pairs of shapes that overlap (their indices), and the overlapping share of the smaller one."""
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
    """The share of the child that lies outside of its parent; 0 if it is only rounding."""
    if shapely.covers(parent, child):
        return 0.0
    share = child.difference(parent).area / child.area
    return share if share > MAX_OUTSIDE_SHARE else 0.0


def join_polygons(shapes: Sequence[MultiPolygon]) -> MultiPolygon:
    """The union of all shapes: the outline of an area that has none of its own."""
    joined = shapely.union_all(list(shapes))
    return joined if isinstance(joined, MultiPolygon) else MultiPolygon([joined])
