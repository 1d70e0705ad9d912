"""The public map: pins close up, clusters at city scale, by a grid that follows the zoom."""

from typing import Any

from cachetools import TTLCache

from civic import timing
from civic.cache import timed_cache
from civic.cases.status import OPEN, OVERDUE_LOOK, Status
from civic.db import Row, fetch
from civic.geo.areas import Areas
from civic.geo.grid import cluster_position
from civic.geo.maps import MAX_PINS, MapWindow, cell_size, stack_points
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.posts.queries import count_visibility_changes
from civic.reports.filters import ReportFilters
from civic.reports.queries import heading, list_conditions
from civic.reports.schemas import ReportCluster, ReportMapAnswer, ReportPin
from civic.reports.sql import MAP_CLUSTERS, MAP_PINS

# Up to this zoom a window shows much of a city: its clusters are cut out of those of the whole city, which are kept
# for some seconds. Closer up a window holds few reports, and the index on their place finds them.
MAX_CITY_ZOOM = 13

_grids: TTLCache[tuple[ReportFilters, int, float, int], list[ReportCluster]] = timed_cache(seconds=10, max_entries=200)


async def map_points(filters: ReportFilters, window: MapWindow) -> ReportMapAnswer:
    """What a window of the map shows.

    Without a filter by status it shows open cases.
    """
    where, args = await _open_unless_said(filters)
    n = len(args)
    inside = f"{where} AND r.lat BETWEEN ${n + 1} AND ${n + 2} AND r.lon BETWEEN ${n + 3} AND ${n + 4}"
    box = [window.south, window.north, window.west, window.east]
    rows = await fetch(MAP_PINS.format(where=inside, limit=MAX_PINS + 1), *args, *box)
    if len(rows) <= MAX_PINS:
        known = await areas()
        pins = [_pin(row, known) for row in rows]
        stacks = stack_points(pins, window)
        return ReportMapAnswer(
            pins=[pin.model_copy(update={"stack": stack}) for pin, stack in zip(pins, stacks, strict=True)]
        )
    if window.zoom > MAX_CITY_ZOOM:
        return ReportMapAnswer(clusters=await _clusters(inside, [*args, *box], window.cell))
    clusters = [one for one in await _grid(filters, window) if window.holds(one.lat, one.lon)]
    return ReportMapAnswer(clusters=clusters)


async def _open_unless_said(filters: ReportFilters) -> tuple[str, list[Any]]:
    where, args = await list_conditions(filters)
    if not filters.status:
        args.append(list(OPEN))
        where += f" AND c.status = ANY(${len(args)})"
    return where, args


async def _grid(filters: ReportFilters, window: MapWindow) -> list[ReportCluster]:
    """All clusters of the city at this zoom; the cells' height is that of the latitude in whole degrees.

    Those that are kept are of the present number of visibility changes: a hidden report is in none of them.
    """
    lat = float(round((window.south + window.north) / 2))
    asked = (filters, window.zoom, lat, await count_visibility_changes())
    kept = _grids.get(asked)
    if kept is None:
        kept = await _clusters(*await _open_unless_said(filters), cell_size(window.zoom, lat))
        _grids[asked] = kept
    return kept


async def _clusters(where: str, args: list[Any], cell: tuple[float, float]) -> list[ReportCluster]:
    n, (wide, high) = len(args), cell
    sql = MAP_CLUSTERS.format(where=where, wide=n + 1, high=n + 2, now=n + 3)
    rows = await fetch(sql, *args, wide, high, timing.now())
    return [
        ReportCluster(
            lat=cluster_position(row["lat"], row["y"], high),
            lon=cluster_position(row["lon"], row["x"], wide),
            count=row["count"],
            overdue=row["overdue"],
        )
        for row in rows
    ]


def _pin(row: Row, known: Areas) -> ReportPin:
    status, due_at, area = Status(row["status"]), row["due_at"], known.by_id.get(row["area_id"] or 0)
    overdue = status.is_open and due_at is not None and due_at < timing.now()
    return ReportPin(
        id=row["id"],
        lat=row["lat"],
        lon=row["lon"],
        status=status,
        overdue=overdue,
        look=OVERDUE_LOOK if overdue else status.look,
        heading=heading(row["title"], row["text"]),
        status_label=_("Overdue") if overdue else str(status.label),
        place=" · ".join(filter(None, (row["address"] or pick(row["place_names"]), pick(area.names) if area else ""))),
        photo=row["cover"],
    )
