"""The public map: pins close up, clusters at city scale, by a grid that follows the zoom."""

import math
from dataclasses import dataclass
from typing import Any

from civic.db import fetch
from civic.errors import BadRequest
from civic.geo.grid import cell_degrees
from civic.reports.filters import OPEN, Filters
from civic.reports.queries import CARD, Card, card, narrowed

PINS = 150  # up to this many are shown one by one
ZOOMS = (0, 22)


@dataclass(frozen=True)
class Window:
    """What a map shows: west, south, east, north in degrees, and a zoom as web maps count it."""

    west: float
    south: float
    east: float
    north: float
    zoom: int

    @classmethod
    def read(cls, bbox: str, zoom: str) -> "Window":
        """From `bbox=west,south,east,north` and `zoom`. Raises BadRequest."""
        try:
            west, south, east, north = (float(part) for part in bbox.split(","))
            level = int(float(zoom))
        except ValueError:
            raise BadRequest() from None
        if not all(map(math.isfinite, (west, south, east, north))) or west > east or south > north:
            raise BadRequest()
        return cls(west, south, east, north, min(max(level, ZOOMS[0]), ZOOMS[1]))

    @property
    def cell(self) -> tuple[float, float]:
        """Width and height of a grid cell in degrees (longitude, latitude)."""
        wide = cell_degrees(self.zoom)
        return wide, wide * max(0.05, math.cos(math.radians((self.south + self.north) / 2)))


async def shown(filters: Filters, window: Window) -> dict[str, list[dict[str, Any]]]:
    """Pins {id, lat, lon, status, overdue, heading} or, where there are many, clusters {lat, lon, count, overdue}.

    Without a filter by status the map shows what is open.
    """
    where, args = narrowed(filters)
    if not filters.status:
        args.append(list(OPEN))
        where += f" AND c.status = ANY(${len(args)})"
    n = len(args)
    where += f" AND r.lat BETWEEN ${n + 1} AND ${n + 2} AND r.lon BETWEEN ${n + 3} AND ${n + 4}"
    args += [window.south, window.north, window.west, window.east]
    rows = await fetch(f"{CARD} WHERE {where} LIMIT {PINS + 1}", *args)
    if len(rows) <= PINS:
        return {"pins": [_pin(card(row)) for row in rows], "clusters": []}
    return {"pins": [], "clusters": await _clusters(where, args, window)}


async def _clusters(where: str, args: list[Any], window: Window) -> list[dict[str, Any]]:
    n = len(args)
    return await fetch(
        f"""
        SELECT avg(r.lat) AS lat, avg(r.lon) AS lon, count(*) AS count,
               count(*) FILTER (WHERE c.due_at < now()) AS overdue
        FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
        WHERE {where} GROUP BY floor(r.lon / ${n + 1}), floor(r.lat / ${n + 2})
        """,
        *args,
        *window.cell,
    )


def _pin(one: Card) -> dict[str, Any]:
    return {
        "id": one.id,
        "lat": one.lat,
        "lon": one.lon,
        "status": one.status,
        "overdue": one.overdue,
        "heading": one.heading,
    }
