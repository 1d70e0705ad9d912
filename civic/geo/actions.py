"""Filling the gazetteer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from civic.db import execute, fetch
from civic.geo import sql
from civic.geo.gazetteer import PlaceKind, folded_names
from civic.geo.streets import SCALE, Positions

BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of the gazetteer, in WGS-84; its number is its place in `GazetteerRows.places`."""

    names: dict[str, str]
    lat: float
    lon: float
    kind: PlaceKind = PlaceKind.PACK


@dataclass
class GazetteerRows:
    """All of a gazetteer; the numbers in it are those of places."""

    places: list[PlaceRow] = field(default_factory=list)
    houses: Iterable[tuple[int, str, str, float, float]] = ()  # place, key, shown, lat, lon; the first of a key counts
    crossings: Iterable[tuple[int, int, float, float]] = ()  # place, other place, lat, lon
    parts: Iterable[tuple[int, Positions]] = ()  # stretches of streets


async def replace_gazetteer(rows: GazetteerRows) -> dict[str, int]:
    """Put `rows` where the gazetteer of before was, in the transaction in hand; how many places there were of each."""
    before = await count_gazetteer()
    for statement in (sql.EMPTY_PARTS, sql.EMPTY_CROSSINGS, sql.EMPTY_HOUSES, sql.EMPTY_NAMES, sql.EMPTY_GAZETTEER):
        await execute(statement)
    every = list(enumerate(rows.places, 1))
    await _add(sql.ADD_PLACES, ((n, one.kind, json.dumps(one.names), one.lat, one.lon) for n, one in every))
    await _add(sql.ADD_NAMES, ((name, n) for n, one in every for name in folded_names(one.names)))
    await _add(sql.ADD_HOUSES, ((place + 1, *about) for place, *about in rows.houses))
    await _add(sql.ADD_CROSSINGS, ((one + 1, other + 1, lat, lon) for one, other, lat, lon in rows.crossings))
    await _add(sql.ADD_PARTS, ((place + 1, *_extent(part), part.tobytes()) for place, part in rows.parts))
    await execute(sql.ANALYZE_GAZETTEER)
    return before


async def count_gazetteer() -> dict[str, int]:
    """How many places, houses and crossings there are."""
    return dict((await fetch(sql.COUNT_GAZETTEER))[0])


async def _add(statement: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Run a statement with rows, an argument for each column, in batches."""
    left = iter(rows)
    while batch := list(islice(left, BATCH_ROWS)):
        await fetch(statement, *map(list, zip(*batch, strict=True)))


def _extent(part: Positions) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees."""
    west, south = (part.min(axis=0) / SCALE).tolist()
    east, north = (part.max(axis=0) / SCALE).tolist()
    return west, south, east, north
