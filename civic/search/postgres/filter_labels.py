"""Labels: the values that filters ask for, kept beside the words of a document, so that one look-up finds both.

A label begins with a colon. No word of a text does, so nothing that somebody types can be a label or begin one.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from civic.geo.distance import bounding_box
from civic.search.documents import Document, Query, SortOrder
from civic.search.static_rank import STEP_SQL, rank_steps

# Grids in which nearness is looked up, by the letter of their labels; the exact distance is compared afterwards.
CELL_DEGREES = (("g", 0.01), ("h", 0.1))
MAX_CELLS = 40


def document_labels(document: Document, rank: float) -> Iterator[str]:
    """The labels that a document with this static rank is found by."""
    yield f":k:{document.kind}"
    if document.category_id is not None:
        yield f":c:{document.category_id}"
    if document.department_id is not None:
        yield f":d:{document.department_id}"
    if document.status:
        yield _status(document.status)
    yield from (step_label(*one) for one in rank_steps(document.at, document.support, rank).items())
    yield from (f":a:{area}" for area in document.area_ids)
    yield from (f":r:{reader}" for reader in document.readers)
    if document.lat is not None and document.lon is not None:
        for sort, size in CELL_DEGREES:
            yield _cell(sort, size, math.floor(document.lat / size), math.floor(document.lon / size))


def step_label(sort: SortOrder, step: int) -> str:
    return f":{STEP_SQL[sort][0]}:{step}"


def query_labels(query: Query, now: datetime, *, except_facet: str = "") -> list[list[str]]:
    """For each filter the labels, any of which matches; without the filter of the facet `except_facet`."""
    filters: dict[str, list[str]] = {
        "kind": [f":k:{query.kind}"] if query.kind else [],
        "category": [f":c:{one}" for one in query.category_ids],
        "area": [f":a:{query.area_id}"] if query.area_id is not None else [],
        "department": [f":d:{query.department_id}"] if query.department_id is not None else [],
        "status": [_status(one) for one in query.statuses],
        "time": [f":m:{month}" for month in _months(query.since, now)] if query.since else [],
        "near": list(_cells(*query.near)) if query.near else [],
    }
    found = [labels for name, labels in filters.items() if labels and name != except_facet]
    if query.readers is not None:
        found.append([f":r:{one}" for one in query.readers] or [":r:nobody"])
    return found


def narrowed_facets(query: Query) -> list[str]:
    """The facets that the query narrows."""
    given: dict[str, object] = {
        "kind": query.kind,
        "category": query.category_ids,
        "area": query.area_id,
        "department": query.department_id,
        "status": query.statuses,
        "time": query.since,
    }
    return [name for name, value in given.items() if value]


@lru_cache(maxsize=1000)
def _status(code: str) -> str:
    """Whatever the code holds, it cannot end the label or become an operator of a query."""
    return f":s:{quote(code[:40], safe='', errors='replace')}"


def _months(since: datetime, now: datetime) -> Iterable[str]:
    """The months from `since` to the next one, as a clock may be ahead; of more than four years none is asked for."""
    first, last = since.astimezone(UTC), now.astimezone(UTC)
    count = (last.year - first.year) * 12 + last.month - first.month + 2
    if count > 48:
        return []
    return [f"{first.year + (first.month - 1 + i) // 12}{(first.month - 1 + i) % 12 + 1:02}" for i in range(count)]


def _cell(sort: str, size: float, row: int, column: int) -> str:
    """Columns go round the world: east of 180° follows -180°."""
    return f":{sort}:{row}_{column % round(360 / size)}"


def _cells(lat: float, lon: float, metres: float) -> Iterator[str]:
    """The cells that a circle touches, in the finer grid where they are not too many; none: ask for the distance."""
    south, north, west, east = bounding_box(lat, lon, metres)
    if not (south > -90 and north < 90 and abs(lon) <= 180):
        return  # around a pole, or nowhere
    for sort, size in CELL_DEGREES:
        rows = range(math.floor(south / size), math.floor(north / size) + 1)
        columns = range(math.floor(west / size), math.floor(east / size) + 1)
        if len(rows) * len(columns) <= MAX_CELLS:
            yield from (_cell(sort, size, row, column) for row in rows for column in columns)
            return
