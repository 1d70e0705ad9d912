"""Lines and areas that people draw: read, checked and kept as GeoJSON in WGS-84 (longitude before latitude)."""

import json
from collections.abc import Sequence
from typing import Literal

import shapely
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from civic.geo.areas import Areas
from civic.geo.positions import LatLon
from civic.i18n import gettext as _

MAX_VERTICES = 50
LEAST_VERTICES = {"line": 2, "area": 3}
Pair = tuple[FiniteFloat, FiniteFloat]
Shape = dict[str, object]
"""A GeoJSON geometry as plain data, as the database keeps it."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["LineString"]
    coordinates: list[Pair]


class _Area(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["Polygon"]
    coordinates: tuple[list[Pair]]  # without holes


def read_shape(value: object, kind: str, areas: Areas) -> Shape | None:
    """The line or area that somebody gave, as text or as JSON; None for nothing, and where only a point is asked for.

    Raises ValueError with a text for the reader: no such geometry, too few or too many points, one outside of the city,
    an area whose border crosses itself.
    """
    if kind not in LEAST_VERTICES or value in (None, ""):
        return None
    corners = list(dict.fromkeys(_read_corners(value, kind)))
    if not LEAST_VERTICES[kind] <= len(corners) <= MAX_VERTICES:
        least, most = LEAST_VERTICES[kind], MAX_VERTICES
        raise ValueError(_("Please draw from %(least)s to %(most)s points.", least=least, most=most))
    if any(not (abs(lat) <= 90 and abs(lon) <= 180) or areas.at(lat, lon) is None for lon, lat in corners):
        raise ValueError(_("A part of what you drew lies outside of the city."))
    if kind == "line":
        return {"type": "LineString", "coordinates": [list(one) for one in corners]}
    if not shapely.Polygon(corners).is_valid:
        raise ValueError(_("The border of the area crosses itself. Please draw it again."))
    return {"type": "Polygon", "coordinates": [[list(one) for one in [*corners, corners[0]]]]}


def make_line(start: LatLon, end: LatLon) -> Shape:
    """A straight line between two places."""
    return {"type": "LineString", "coordinates": [[start.lon, start.lat], [end.lon, end.lat]]}


def _read_corners(value: object, kind: str) -> Sequence[Pair]:
    """The corners as (lon, lat), each to about a decimetre; of an area without the last, which is the first again."""
    try:
        given = json.loads(value) if isinstance(value, str) else value
        line = kind == "line"
        found = _Line.model_validate(given).coordinates if line else _Area.model_validate(given).coordinates[0]
    except (ValueError, ValidationError, RecursionError):
        raise ValueError(_("We could not read what was drawn.")) from None
    return [(round(lon, 6), round(lat, 6)) for lon, lat in found]
