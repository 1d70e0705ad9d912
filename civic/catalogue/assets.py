"""Numbered things of the city (lamps, hydrants, gullies) that reports may name: what a pack has of them, loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from civic.catalogue import sql
from civic.db import execute, fetch

MAX_CODE_CHARS, MAX_KIND_CHARS = 64, 64
BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class AssetRow:
    """A thing in WGS-84. `kind` is one that categories name: of assets.geojson, or `key=value` of OpenStreetMap."""

    kind: str
    code: str
    lat: float
    lon: float


@dataclass(frozen=True)
class AssetCounts:
    """How many were added, changed, retired or left as they were."""

    added: int
    changed: int
    retired: int
    same: int


async def replace_assets(assets: Sequence[AssetRow], now: datetime) -> AssetCounts:
    """Bring the table to what `assets` has, in the transaction in hand.

    Rows are changed in place, for reports may point at them, and what is no longer there is retired.
    """
    await execute(sql.MAKE_LOADED_ASSETS)
    for at in range(0, len(assets), BATCH_ROWS):
        rows = [(one.kind, one.code, one.lat, one.lon) for one in assets[at : at + BATCH_ROWS]]
        await fetch(sql.ADD_LOADED_ASSETS, *map(list, zip(*rows, strict=True)))
    touched = await fetch(sql.PUT_ASSETS)
    retired = await execute(sql.RETIRE_ASSETS, now)
    await execute(sql.DROP_LOADED_ASSETS)
    added = sum(row["added"] for row in touched)
    return AssetCounts(added, len(touched) - added, retired, len(assets) - len(touched))
