"""The map of the traffic board: pins or, where there are many updates, clusters."""

from civic.db import fetch
from civic.geo.maps import MAX_PINS, MapWindow, stack_points
from civic.geo.queries import areas
from civic.traffic.queries import UPDATE_COLUMNS, TrafficFilters, UpdateView, live_conditions, view_update
from civic.traffic.schemas import TrafficMapAnswer, UpdateCluster, UpdatePin
from civic.traffic.sql import MAP_CLUSTERS

PIN_LOOKS = {"confirmed": "late", "doubted": "off", "single": "wait"}


async def map_points(filters: TrafficFilters, window: MapWindow) -> TrafficMapAnswer:
    """What is on the road now, in a window."""
    sql, args = live_conditions(filters)
    n = len(args)
    sql += f" AND t.lat BETWEEN ${n + 1} AND ${n + 2} AND t.lon BETWEEN ${n + 3} AND ${n + 4}"
    args += [window.south, window.north, window.west, window.east]
    rows = await fetch(f"{UPDATE_COLUMNS} {sql} LIMIT {MAX_PINS + 1}", *args)
    if len(rows) <= MAX_PINS:
        known = await areas()
        updates = [view_update(row, known) for row in rows]
        stacks = stack_points(updates, window)
        return TrafficMapAnswer(pins=[_pin(one, stack) for one, stack in zip(updates, stacks, strict=True)])
    clusters = await fetch(MAP_CLUSTERS.format(live=sql, wide=n + 5, high=n + 6), *args, *window.cell)
    return TrafficMapAnswer(clusters=[UpdateCluster(**row) for row in clusters])


def _pin(update: UpdateView, stack: int) -> UpdatePin:
    return UpdatePin(
        id=update.id,
        url=f"/traffic/{update.id}",
        lat=update.lat,
        lon=update.lon,
        kind=update.kind,
        look=PIN_LOOKS[update.sure],
        heading=" · ".join(part for part in (update.name, update.where) if part),
        stack=stack,
    )
