"""What every map of points shares: the window that it shows, and when points become clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from civic.errors import BadRequest
from civic.geo.grid import cell_degrees

MAX_PINS = 150  # up to this many points are shown one by one
MIN_ZOOM, MAX_ZOOM = 0, 22
MAX_SCREEN_PIXELS = 8192  # a window that is wider at its zoom gets the clusters of a lower zoom
TILE_PIXELS = 256
STACK_PIXELS = 26  # pins that are nearer to each other lie on one another, and none but the last could be opened


Box = tuple[float, float, float, float]  # west, south, east, north in degrees


def parse_box(text: str) -> Box | None:
    """Parse `west,south,east,north`; None for anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except (ValueError, OverflowError):
        return None
    if not all(map(math.isfinite, (west, south, east, north))) or west > east or south > north:
        return None
    return west, south, east, north


@dataclass(frozen=True)
class MapWindow:
    """What a map shows: west, south, east, north in degrees, and a zoom as web maps count it."""

    west: float
    south: float
    east: float
    north: float
    zoom: int

    @classmethod
    def read(cls, bbox: str, zoom: str) -> "MapWindow":
        """From `bbox=west,south,east,north` and `zoom`. Raises BadRequest."""
        box = parse_box(bbox)
        try:
            level = int(float(zoom))
        except (ValueError, OverflowError):
            raise BadRequest() from None
        if box is None:
            raise BadRequest()
        west, south, east, north = box
        degrees = max(east - west, north - south, 1e-9)
        possible = math.floor(math.log2(MAX_SCREEN_PIXELS * 360 / TILE_PIXELS / degrees))
        return cls(west, south, east, north, max(MIN_ZOOM, min(level, MAX_ZOOM, possible)))

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a grid cell in degrees (longitude, latitude)."""
        return cell_size(self.zoom, (self.south + self.north) / 2)

    def holds(self, lat: float, lon: float) -> bool:
        """Whether a cluster there is in the window, or at most a cell beside it: clusters reach beyond their middle."""
        wide, high = self.cell
        beside = self.west - wide <= lon <= self.east + wide
        return beside and self.south - high <= lat <= self.north + high


class Located(Protocol):
    @property
    def lat(self) -> float: ...

    @property
    def lon(self) -> float: ...


def stack_points(points: Sequence[Located], window: MapWindow) -> list[int]:
    """For each point the number of its stack, the index of the first point there; those of one stack lie together."""
    degrees = 360 / (TILE_PIXELS * 2**window.zoom)
    high = degrees * max(0.05, math.cos(math.radians((window.south + window.north) / 2)))
    first: list[int] = []
    stacks = []
    for index, one in enumerate(points):
        near = (
            stack
            for stack in first
            if math.hypot((one.lat - points[stack].lat) / high, (one.lon - points[stack].lon) / degrees) < STACK_PIXELS
        )
        stack = next(near, index)
        if stack == index:
            first.append(index)
        stacks.append(stack)
    return stacks


def cell_size(zoom: int, lat: float) -> tuple[float, float]:
    """Width and height of a grid cell in degrees at a latitude: on the map it is as high as wide."""
    wide = cell_degrees(zoom)
    return wide, wide * max(0.05, math.cos(math.radians(lat)))
