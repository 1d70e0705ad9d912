"""The map's grid: at city scale the points of a cell are shown as one cluster, close up each as a pin."""

import math

PINS_FROM = 16  # zoom from which every point stands alone
CELLS = 6  # cells on the width of a map tile of 256 pixels: clusters about 43 pixels apart


def cell_degrees(zoom: int) -> float:
    """The side of a cell in degrees of longitude at a web map's zoom, 0 to 22."""
    return 360.0 / (2 ** min(max(zoom, 0), 22) * CELLS)


def clusters_sql(source: str, zoom: int, latitude: float) -> str:
    """A statement that groups `source`, a query with columns id, lat and lon, by cell.

    Rows: n; lat, lon (the mean); id (the newest of the cell, the only one where n is 1); west, south, east,
    north of its points. `latitude` is the map's middle: cells look square there. Only numbers are put in.
    """
    wide = cell_degrees(zoom)
    high = wide * max(0.05, math.cos(math.radians(latitude)))
    return f"""
SELECT count(*) AS n, avg(lat) AS lat, avg(lon) AS lon, max(id) AS id,
       min(lon) AS west, min(lat) AS south, max(lon) AS east, max(lat) AS north
FROM ({source}) points
GROUP BY floor(lat / {high!r}::float8), floor(lon / {wide!r}::float8)
"""
