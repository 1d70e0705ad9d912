"""The city's areas in memory: the one that holds a point, those above and below it, their outlines."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any

import shapely
from pydantic import JsonValue
from shapely import STRtree
from shapely.geometry import MultiPolygon, Point, shape

from civic.geo.distance import METRES_PER_DEGREE, bounding_box

SAME_BORDER_METRES = 0.01  # the borders of an area and of the one above it, as they are stored


@dataclass(frozen=True, slots=True)
class AreaView:
    """An area of the loaded pack. `geometry` is in WGS-84 degrees, longitude first."""

    id: int
    slug: str
    parent_id: int | None
    level: int
    names: dict[str, str]
    geometry: MultiPolygon = field(repr=False, compare=False)

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, south, east, north = self.geometry.bounds
        return west, south, east, north

    @property
    def centre(self) -> tuple[float, float]:
        """A (lat, lon) that lies inside for certain."""
        point = self.geometry.representative_point()
        return point.y, point.x


class Areas:
    """All areas of the loaded pack; an index of their polygons makes look-ups quick."""

    def __init__(
        self, areas: Iterable[AreaView], *, border_metres: float = 0.0, retired: Iterable[AreaView] = ()
    ) -> None:
        self._border_metres = border_metres
        self.retired = {area.slug: area for area in retired}  # what left the pack: it holds no new place
        self.all = tuple(sorted(areas, key=lambda area: (area.level, area.slug)))
        self.by_id = {area.id: area for area in self.all}
        self.by_slug = {area.slug: area for area in self.all}
        self._children: dict[int | None, list[AreaView]] = defaultdict(list)
        for area in self.all:
            self._children[area.parent_id].append(area)
        shapely.prepare([area.geometry for area in self.all])
        self._tree = STRtree([area.geometry for area in self.all])

    def __iter__(self) -> Iterator[AreaView]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def at(self, lat: float, lon: float) -> AreaView | None:
        """The deepest area that holds the point (on a border always the same one); None outside of the city.

        Outside, at most `border_metres` away from it, the point belongs to the nearest area: a satellite fix is no
        better than that, and boundaries are drawn roughly.
        """
        indices = self._tree.query(Point(lon, lat), predicate="intersects")
        if not len(indices):
            return self._beside(lat, lon) if self._border_metres else None
        return max((self.all[int(index)] for index in indices), key=lambda area: (area.level, -area.id))

    def _beside(self, lat: float, lon: float) -> AreaView | None:
        """The area with the nearest border, the deepest of those that share it."""
        south, north, west, east = bounding_box(lat, lon, self._border_metres)
        near = [self.all[int(index)] for index in self._tree.query(shapely.box(west, south, east, north))]
        distances = [(_metres_to(area.geometry, lat, lon), area) for area in near]
        least = min((metres for metres, _area in distances), default=math.inf)
        if least > self._border_metres:
            return None
        nearest = [area for metres, area in distances if metres <= least + SAME_BORDER_METRES]
        return max(nearest, key=lambda area: (area.level, -area.id))

    def path(self, area_id: int | None) -> tuple[AreaView, ...]:
        """The area and all areas above it, deepest first; empty for None and for an area that left the pack."""
        path = []
        while area_id is not None and (area := self.by_id.get(area_id)):
            path.append(area)
            area_id = area.parent_id
        return tuple(path)

    def children(self, area_id: int | None) -> tuple[AreaView, ...]:
        """The areas directly under this one; for None the city itself."""
        return tuple(self._children.get(area_id, ()))

    def find(self, slug: str) -> AreaView | None:
        """The area with this slug, also one that left the pack."""
        return self.by_slug.get(slug) or self.retired.get(slug)

    def below(self, area_id: int) -> set[int]:
        """The ids of the area and of all under it, which a filter by area means; with those that left the pack."""
        found, left = {area_id}, [area_id]
        while left:
            above = left.pop()
            gone = [area for area in self.retired.values() if area.parent_id == above]
            below = [child.id for child in (*self.children(above), *gone)]
            found.update(below)
            left.extend(below)
        return found

    @cached_property
    def outlines(self) -> dict[str, JsonValue]:
        """GeoJSON of all areas, simplified for the base map (to 1/1000 of the city's width)."""
        if not self.all:
            return {"type": "FeatureCollection", "features": []}
        west, _, east, _ = shapely.total_bounds([area.geometry for area in self.all])
        features: list[JsonValue] = []
        for _level, members in groupby(self.all, key=lambda area: area.level):
            areas = list(members)
            # A whole level at once, so that a border that two areas share stays one line.
            rough = shapely.coverage_simplify([area.geometry for area in areas], (east - west) / 1000)
            features += [_feature(area, outline) for area, outline in zip(areas, rough, strict=True)]
        return {"type": "FeatureCollection", "features": features}


def _metres_to(geometry: MultiPolygon, lat: float, lon: float) -> float:
    """The distance of a point from a geometry near it, both laid out flat around the point."""
    wide = math.cos(math.radians(lat))
    flat = shapely.transform(geometry, lambda points: (points - (lon, lat)) * (wide, 1.0))
    return float(shapely.distance(flat, Point(0, 0))) * METRES_PER_DEGREE


def _feature(area: AreaView, outline: Any) -> dict[str, JsonValue]:
    names: dict[str, JsonValue] = {**area.names}
    return {
        "type": "Feature",
        "id": area.id,
        "properties": {"slug": area.slug, "level": area.level, "names": names},
        "geometry": json.loads(shapely.to_geojson(shapely.set_precision(outline, 0.00001, mode="pointwise"))),
    }


def as_multipolygon(geometry: dict[str, object]) -> MultiPolygon:
    """Read a GeoJSON Polygon or MultiPolygon as a MultiPolygon."""
    read = shape(geometry)
    return read if isinstance(read, MultiPolygon) else MultiPolygon([read])
