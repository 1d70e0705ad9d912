"""How many reports each area has: the colours of the map, and their table."""

from civic import timing
from civic.db import fetch
from civic.geo.areas import Areas, AreaView
from civic.geo.cells import CELL_BITS
from civic.geo.queries import areas
from civic.i18n import pick
from civic.reports.filters import ReportFilters
from civic.reports.maps.queries import MIN_COUNTED_ZOOM, find_wanted
from civic.reports.maps.sql import COUNT_AREA_POINTS, COUNT_AREAS, ONLY_LATE, OVERDUE_ALONE
from civic.reports.schemas import AreaCount, AreaCountsAnswer

NO_AREA = 0  # the id that points without an area have
ONE_EACH = OVERDUE_ALONE.partition(",")[0]
FIRST_CELL = 1 << 2 * (MIN_COUNTED_ZOOM + CELL_BITS)  # of the lowest zoom that is counted


async def count_by_area(filters: ReportFilters) -> AreaCountsAnswer:
    """The reports of each area and of all below it, of the whole city; open ones where the filters name no status."""
    known = await areas()
    counts = {} if filters.finds_nothing else await _count(filters)
    return AreaCountsAnswer(
        areas=[_sum_up(area, known, counts) for area in _from_the_top(known, None)],
        outside=counts.get(NO_AREA, (0, 0))[0],
    )


async def _count(filters: ReportFilters) -> dict[int, tuple[int, int]]:
    """By the id of the deepest area: how many, and how many of them are overdue."""
    wanted = await find_wanted(filters)
    if wanted.counted:
        late = ONLY_LATE if wanted.overdue else ""
        sql = COUNT_AREAS.format(where=wanted.where(3), late=late, counted=ONE_EACH if wanted.overdue else "0")
        rows = await fetch(sql, FIRST_CELL, FIRST_CELL << 2, timing.now(), *wanted.args)
    else:
        where = wanted.where(1) + (" AND m.due_at < $1" if wanted.overdue else "")
        rows = await fetch(COUNT_AREA_POINTS.format(where=where), timing.now(), *wanted.args)
    return {row["area_id"]: (row["number"], row["overdue"]) for row in rows}


def _from_the_top(known: Areas, above: int | None) -> list[AreaView]:
    found = []
    for area in known.children(above):
        found += [area, *_from_the_top(known, area.id)]
    return found


def _sum_up(area: AreaView, known: Areas, counts: dict[int, tuple[int, int]]) -> AreaCount:
    parts = [counts.get(one, (0, 0)) for one in known.below(area.id)]
    return AreaCount(
        area=area.slug,
        name=pick(area.names),
        level=area.level,
        count=sum(number for number, _overdue in parts),
        overdue=sum(overdue for _number, overdue in parts),
    )
