"""What a window of the map shows."""

from dataclasses import dataclass
from typing import Any

from civic import timing
from civic.cases.status import OPEN, OVERDUE_LOOK, Status
from civic.db import Row, fetch
from civic.geo.areas import Areas
from civic.geo.cells import UNIT_ZOOM, CellWindow, at_zoom, join_spans, place_in_cell
from civic.geo.distance import bounding_box
from civic.geo.maps import MAX_PINS, stack_points
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.reports.filters import OVERDUE, STATUS_FILTERS, ReportFilters
from civic.reports.maps.sql import (
    COUNT_CELLS,
    COUNT_POINTS,
    FIND_CELLS,
    MAP_FAULTS,
    ONLY_LATE,
    OVERDUE_ALONE,
    OVERDUE_MARK,
    PINS,
    STATE,
)
from civic.reports.queries import find_by_words, heading
from civic.reports.schemas import ReportCluster, ReportMapAnswer, ReportPin
from civic.schemas import to_json

MIN_COUNTED_ZOOM, MAX_COUNTED_ZOOM = 8, 15  # of the cells that are counted beforehand: those of report_cell
MAX_ANSWER_BYTES = 30_000  # of pins; more become clusters


async def read_map_state() -> tuple[int, int]:
    """Two numbers: while both stay, the map shows the same, but for what became overdue."""
    [row] = await fetch(STATE)
    return row["visibility"], row["changes"]


async def map_points(filters: ReportFilters, cells: CellWindow, zoom: int) -> ReportMapAnswer:
    """What these cells show on a map at this zoom: all pins where they are few, else a cluster for each cell.

    Without a filter by status it shows open cases.
    """
    if filters.finds_nothing:
        return ReportMapAnswer()
    wanted = await find_wanted(filters)
    counts = await _count(wanted, cells)
    if sum(one["number"] for one in counts) <= MAX_PINS:
        answer = await _read_pins(wanted, cells, counts, zoom)
        if len(to_json(answer)) <= MAX_ANSWER_BYTES:
            return answer
    return ReportMapAnswer(clusters=[_cluster(one, cells.zoom) for one in counts])


@dataclass(frozen=True)
class Wanted:
    """Filters as SQL over points, `m`; `{n}` stands for the number of the n-th of `args`.

    `counted`: the cells tell all of it. `overdue`: only what is overdue, which `conditions` do not say.
    """

    conditions: str
    args: list[Any]
    counted: bool
    overdue: bool

    def where(self, after: int) -> str:
        """The conditions in a statement that has `after` arguments of its own."""
        return self.conditions.format(*(f"${after + n}" for n in range(1, len(self.args) + 1)))


@dataclass(frozen=True)
class MapFaults:
    """How many points, and counts of cells, are not what the reports say."""

    points: int
    counts: int
    waiting: int  # changes that are not summed up yet; no fault


async def find_map_faults() -> MapFaults:
    """Compare the points with the reports, and the counts with the points, all at one moment. Reads all of them."""
    [row] = await fetch(MAP_FAULTS)
    return MapFaults(**row)


async def find_wanted(filters: ReportFilters) -> Wanted:
    """The filters as SQL; open cases where they name no status."""
    parts: list[str] = []
    args: list[Any] = []

    def add(condition: str, *values: object) -> None:
        parts.append(" AND " + condition.format(*(f"{{{len(args) + n}}}" for n in range(len(values)))))
        args.extend(values)

    add("m.status = ANY({})", sorted(STATUS_FILTERS.get(filters.status, OPEN)))
    if filters.category:
        add("m.category_id = ANY({})", list(filters.category_ids))
    if filters.area:
        add("m.area_id = ANY({})", list(filters.area_ids))
    if filters.department_id:
        add("m.department_id = {}", filters.department_id)
    counted = not (filters.since or filters.until or filters.near or filters.q)
    if filters.since:
        add("m.received_at >= {}", filters.since)
    if filters.until:
        add("m.received_at < {}", filters.until)
    if filters.near:
        lat, lon, metres = filters.near
        south, north, west, east = bounding_box(lat, lon, metres)
        add("m.x BETWEEN map_x({}) AND map_x({})", west, east)
        add("m.y BETWEEN map_y({}) AND map_y({})", north, south)
        add("metres_between(map_lat(m.y), map_lon(m.x), {}, {}) <= {}", lat, lon, float(metres))
    if filters.q:
        condition, value = await find_by_words(filters.q, "m.post_id")
        add(condition, value)
    return Wanted("".join(parts), args, counted, OVERDUE in (filters.status, filters.sort))


async def _count(wanted: Wanted, cells: CellWindow) -> list[Row]:
    """For each cell that has some: `cell`, `number`, the sums `x` and `y`, and how many are `overdue`."""
    spans = join_spans(cells.cells())
    if not wanted.counted or cells.zoom > MAX_COUNTED_ZOOM:
        low, high = at_zoom(spans, cells.zoom, UNIT_ZOOM)
        where = wanted.where(4) + (" AND m.due_at < $4" if wanted.overdue else "")
        up = 2 * (UNIT_ZOOM - cells.zoom)
        return await fetch(COUNT_POINTS.format(where=where), low, high, up, timing.now(), *wanted.args)
    zoom = max(cells.zoom, MIN_COUNTED_ZOOM)
    sql = COUNT_CELLS.format(
        where=wanted.where(5),
        late=ONLY_LATE if wanted.overdue else "",
        counted=OVERDUE_ALONE if wanted.overdue else OVERDUE_MARK,
    )
    finer, coarser = 2 * (MAX_COUNTED_ZOOM - zoom), 2 * (zoom - cells.zoom)
    return await fetch(sql, *at_zoom(spans, cells.zoom, zoom), finer, coarser, timing.now(), *wanted.args)


async def _read_pins(wanted: Wanted, cells: CellWindow, counts: list[Row], zoom: int) -> ReportMapAnswer:
    if not counts:
        return ReportMapAnswer()
    filled, zoom_of_cells = join_spans(one["cell"] for one in counts), cells.zoom
    if wanted.counted and cells.zoom < MAX_COUNTED_ZOOM:
        low, high = at_zoom(filled, cells.zoom, max(cells.zoom, MIN_COUNTED_ZOOM))
        found = await fetch(FIND_CELLS.format(where=wanted.where(2)), low, high, *wanted.args)
        filled, zoom_of_cells = join_spans(row["cell"] for row in found), MAX_COUNTED_ZOOM
    where = wanted.where(3) + " AND ($3::timestamptz IS NULL OR m.due_at < $3)"
    now = timing.now() if wanted.overdue else None
    sql = PINS.format(where=where, limit=MAX_PINS)
    rows = await fetch(sql, *at_zoom(filled, zoom_of_cells, UNIT_ZOOM), now, *wanted.args)
    known = await areas()
    pins = [_pin(row, known) for row in rows]
    stacks = zip(pins, stack_points(pins, cells.as_window(zoom)), strict=True)
    return ReportMapAnswer(pins=[pin.model_copy(update={"stack": stack}) for pin, stack in stacks])


def _cluster(row: Row, zoom: int) -> ReportCluster:
    lat, lon = place_in_cell(row["x"] / row["number"], row["y"] / row["number"], zoom)
    return ReportCluster(lat=round(lat, 5), lon=round(lon, 5), count=row["number"], overdue=row["overdue"])


def _pin(row: Row, known: Areas) -> ReportPin:
    status, due_at, area = Status(row["status"]), row["due_at"], known.by_id.get(row["area_id"])
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
        supporters=row["votes_count"],
    )
