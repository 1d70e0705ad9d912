"""Labels: what a filter asks for, kept beside the words of a document so that one look-up finds both.

A label holds a colon, which no word of a text does: nothing that somebody types is one.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from civic.search.documents import Document, Query

FINE, COARSE = 0.01, 0.1  # degrees of the cells that nearness is looked up in; the exact distance comes after
MOST_CELLS = 40
METRES = 111_195  # a degree of latitude


def of_document(document: Document) -> Iterator[str]:
    """The labels that a document is found by."""
    yield f"k:{document.kind}"
    if document.category_id is not None:
        yield f"c:{document.category_id}"
    if document.department_id is not None:
        yield f"d:{document.department_id}"
    if document.status:
        yield f"s:{document.status}"
    yield f"m:{_month(document.at)}"
    yield from (f"a:{area}" for area in document.area_ids)
    yield from (f"r:{reader}" for reader in document.readers)
    if document.lat is not None and document.lon is not None:
        yield _cell("g", FINE, document.lat, document.lon)
        yield _cell("h", COARSE, document.lat, document.lon)


def wanted(query: Query, now: datetime, *, leave: str = "") -> list[list[str]]:
    """Of each filter the labels of which a document must have one; `leave` names a facet that is left open."""
    filters: dict[str, list[str]] = {
        "kind": [f"k:{query.kind}"] if query.kind else [],
        "category": [f"c:{one}" for one in query.category_ids],
        "area": [f"a:{query.area_id}"] if query.area_id is not None else [],
        "department": [f"d:{query.department_id}"] if query.department_id is not None else [],
        "status": [f"s:{one}" for one in query.statuses],
        "time": [f"m:{month}" for month in _months(query.since, now)] if query.since else [],
        "near": list(_cells(*query.near)) if query.near else [],
    }
    found = [labels for name, labels in filters.items() if labels and name != leave]
    if query.readers is not None:
        found.append([f"r:{one}" for one in query.readers] or ["r:nobody"])
    return found


def active(query: Query) -> list[str]:
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


def _month(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m}"


def _months(since: datetime, now: datetime) -> Iterable[str]:
    """The months from `since` to now; one that is older than four years is not asked for by months."""
    first, last = since.astimezone(UTC), now.astimezone(UTC)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count > 48:
        return []
    return [f"{first.year + (first.month - 1 + i) // 12}{(first.month - 1 + i) % 12 + 1:02}" for i in range(count)]


def _cell(sort: str, size: float, lat: float, lon: float) -> str:
    return f"{sort}:{math.floor(lat / size)}_{math.floor(lon / size)}"


def _cells(lat: float, lon: float, metres: int) -> Iterator[str]:
    """The cells that a circle touches, in the finer grid where they are not too many; none: ask for the distance."""
    high = metres / METRES
    wide = high / max(0.01, math.cos(math.radians(lat)))
    for sort, size in (("g", FINE), ("h", COARSE)):
        rows = range(math.floor((lat - high) / size), math.floor((lat + high) / size) + 1)
        columns = range(math.floor((lon - wide) / size), math.floor((lon + wide) / size) + 1)
        if len(rows) * len(columns) <= MOST_CELLS:
            yield from (f"{sort}:{row}_{column}" for row in rows for column in columns)
            return
