"""The cells that a map counts in: squares of the web map (Web Mercator), 64 pixels wide at their zoom.

The map's square is 2^31 units wide; x grows to the east, y to the south. A cell is named by one number: 1, then two
bits for each halving of the square, one of y and one of x. So all cells within a cell are one range of numbers, and
`cell >> 2` is the cell around it. The database's map_x, map_y and map_cell say the same
(civic/migrations/initial/reports.sql).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from civic.geo.maps import MapWindow

WORLD_UNITS = 2**31
CELL_BITS = 2  # a tile of 256 pixels is four cells wide
MAX_LAT = 85.0
UNIT_ZOOM = 31 - CELL_BITS  # at which a cell is one unit wide
MAX_CELLS = 540  # of one answer; a window of more gets the cells of a lower zoom
SNAP_CELLS = 2  # the sides of a window lie on multiples of so many cells: whoever looks at one place asks the same

Span = tuple[int, int]  # from a cell up to another one, without it


def world_position(lat: float, lon: float) -> tuple[int, int]:
    """x and y of a position in degrees; what lies beyond the map lies at its edge."""
    sine = math.sin(math.radians(max(-MAX_LAT, min(MAX_LAT, lat))))
    x = (lon + 180) / 360
    y = 0.5 - math.atanh(sine) / (2 * math.pi)
    return _inside(x), _inside(y)


def _inside(share: float) -> int:
    return max(0, min(WORLD_UNITS - 1, math.floor(share * WORLD_UNITS)))


def degrees_of(x: float, y: float) -> tuple[float, float]:
    """Latitude and longitude of x and y."""
    lat = math.degrees(math.atan(math.sinh((0.5 - y / WORLD_UNITS) * 2 * math.pi)))
    return lat, x / WORLD_UNITS * 360 - 180


def cell_units(zoom: int) -> int:
    """The side of a cell."""
    return int(2 ** (UNIT_ZOOM - zoom))


def name_cell(column: int, row: int, zoom: int) -> int:
    """The number of the cell in this column and row at a zoom."""
    return 1 << 2 * (zoom + CELL_BITS) | _spread(column) | _spread(row) << 1


@lru_cache(maxsize=10_000)
def _spread(number: int) -> int:
    """The bits of a number with room for another number's between them."""
    return int(f"{number:b}", 4)


@dataclass(frozen=True)
class CellWindow:
    """A part of the map as columns and rows of cells at a zoom, the last ones included."""

    zoom: int
    west: int
    north: int
    east: int
    south: int

    @classmethod
    def around(cls, window: MapWindow) -> "CellWindow":
        """The cells of a window, which reach a little beyond it; of a lower zoom where they would be too many."""
        for zoom in range(min(window.zoom, UNIT_ZOOM), 0, -1):
            found = cls._at(window, zoom)
            if found.size <= MAX_CELLS:
                return found
        return cls._at(window, 0)

    @classmethod
    def _at(cls, window: MapWindow, zoom: int) -> "CellWindow":
        step = cell_units(zoom) * SNAP_CELLS
        west, north = world_position(window.north, window.west)
        east, south = world_position(window.south, window.east)
        first, last = (west // step, north // step), (east // step, south // step)
        return cls(
            zoom,
            first[0] * SNAP_CELLS,
            first[1] * SNAP_CELLS,
            last[0] * SNAP_CELLS + SNAP_CELLS - 1,
            last[1] * SNAP_CELLS + SNAP_CELLS - 1,
        )

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.east - self.west + 1) * (self.south - self.north + 1)

    def as_window(self, zoom: int) -> MapWindow:
        """The part of the map in degrees, as a window at a zoom."""
        side = cell_units(self.zoom)
        north, west = degrees_of(self.west * side, self.north * side)
        south, east = degrees_of((self.east + 1) * side, (self.south + 1) * side)
        return MapWindow(west, south, east, north, zoom)

    def cells(self) -> list[int]:
        return [
            name_cell(column, row, self.zoom)
            for column in range(self.west, self.east + 1)
            for row in range(self.north, self.south + 1)
        ]


def join_spans(cells: Iterable[int]) -> list[Span]:
    """These cells of one zoom as ranges: those that follow one another are one."""
    spans: list[Span] = []
    for cell in sorted(cells):
        if spans and spans[-1][1] == cell:
            spans[-1] = spans[-1][0], cell + 1
        else:
            spans.append((cell, cell + 1))
    return spans


def at_zoom(spans: Sequence[Span], zoom: int, wanted: int) -> tuple[list[int], list[int]]:
    """Ranges of cells of a zoom as those of a higher zoom: where each begins, and where it ends."""
    bits = 2 * (wanted - zoom)
    return [low << bits for low, _high in spans], [high << bits for _low, high in spans]


def place_in_cell(x: float, y: float, zoom: int) -> tuple[float, float]:
    """Latitude and longitude of a cluster: the mean of its points, but within the middle third of its cell.

    So that those of two neighbouring cells are never nearer than two thirds of a cell: each can be read and hit.
    """
    side = cell_units(zoom)
    return degrees_of(*(_in_middle(value, side) for value in (x, y)))


def _in_middle(value: float, side: int) -> float:
    start = value // side * side
    return min(max(value, start + side / 3), start + side * 2 / 3)
