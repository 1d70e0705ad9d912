"""Bringing the rows of a table to what a pack says: changed in place, retired, never deleted."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.models import Model


@dataclass
class RowCounts:
    """How many rows of a kind were added, changed, retired or left as they were."""

    added: int = 0
    changed: int = 0
    retired: int = 0
    same: int = 0

    @property
    def touched(self) -> int:
        return self.added + self.changed + self.retired


class TableSync:
    """Brings the rows of one table to what the pack says: adds, changes in place, and retires at the end."""

    def __init__(self, model: type[Model], key: str, owned: list[str], now: datetime) -> None:
        self.model, self.key, self.owned, self.now = model, key, owned, now
        self.rows: dict[str, Any] = {}
        self.ids: dict[str, int] = {}  # of the rows in the pack, by slug
        self.touched: set[str] = set()  # slugs of rows that were added or changed
        self.retired: list[str] = []  # slugs of rows that were retired just now
        self.tally = RowCounts()

    async def start(self) -> "TableSync":
        self.rows = {getattr(row, self.key): row for row in await self.model.all()}
        return self

    async def put(self, slug: str, **values: Any) -> Any:
        """Add or change the row with this slug; return it."""
        fields = {name: _as_json(value) for name, value in values.items()}
        row: Any = self.rows.get(slug)
        if row is None:
            values = {self.key: slug, **fields}
            row = await self.model.create(using_db=None, **values)
            self.tally.added += 1
        elif row.retired_at is not None or any(getattr(row, name) != value for name, value in fields.items()):
            await row.update_from_dict({**fields, "retired_at": None}).save()
            self.tally.changed += 1
        else:
            self.tally.same += 1
            self.ids[slug] = row.id
            return row
        self.touched.add(slug)
        self.ids[slug] = row.id
        return row

    async def finish(self) -> dict[str, int]:
        """Retire the rows of the last pack that this one does not have; return the ids of the others by slug."""
        for slug in self.owned:
            row = self.rows.get(slug)
            if row is not None and slug not in self.ids and row.retired_at is None:
                await row.update_from_dict({"retired_at": self.now}).save(update_fields=["retired_at"])
                self.tally.retired += 1
                self.retired.append(slug)
        return self.ids


def _as_json(value: Any) -> Any:
    """The value as JSON gives it back, so that equal values compare as equal."""
    return json.loads(json.dumps(value)) if isinstance(value, dict | list | tuple) else value
