"""Several writes in one statement: one round trip, where each row by itself would take one.

Their rows refer to each other by ids that are taken before, so nothing that was written has to be read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from tortoise.models import Model

from civic.db import fetch, mark_saved, model_fields, table_columns, table_name

NEXT_IDS = "SELECT nextval(name::regclass) AS id FROM unnest($1::text[]) AS name"
KEEP_PLANS = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)"
PLACEHOLDER = re.compile(r"\$(\d+)")


async def new_ids(*models: type[Model]) -> list[int]:
    """Ids for new rows of these models, in this order."""
    rows = await fetch(NEXT_IDS, [f"{table_name(model)}_id_seq" for model in models])
    return [row["id"] for row in rows]


async def keep_plans() -> None:
    """Let the statements of the transaction in hand be planned once for a connection, whatever their values.

    For statements that take small arrays, again and again: a plan for arrays of any length looks dearer to PostgreSQL
    than one for these, so it plans each time, and that takes longer than doing it.
    """
    await fetch(KEEP_PLANS)


class Writes:
    """Statements that are run as one. None of them sees what another wrote; triggers and foreign keys see all of it."""

    def __init__(self) -> None:
        self._statements: list[tuple[str, Sequence[object]]] = []
        self._columns: dict[str, list[list[object]]] = {}  # of the statements that take any number of rows
        self._ids: dict[type[Model], list[int]] = {}

    async def reserve_ids(self, wanted: Mapping[type[Model], int]) -> None:
        """Take so many ids for new rows of these models, for `take_id`."""
        models = [model for model, count in wanted.items() for _ in range(count)]
        for model, new_id in zip(models, await new_ids(*models), strict=True):
            self._ids.setdefault(model, []).append(new_id)

    def take_id(self, model: type[Model]) -> int:
        """One of the reserved ids."""
        return self._ids[model].pop(0)

    def add(self, sql: str, *args: object) -> None:
        """Add an INSERT, an UPDATE or a DELETE."""
        self._statements.append((sql, args))

    def add_rows(self, sql: str, *columns: Iterable[object]) -> None:
        """Add rows to a statement that takes each column as an array; it is run once for all of them."""
        known = self._columns.setdefault(sql, [[] for _ in columns])
        for values, more in zip(known, columns, strict=True):
            values.extend(more)

    def insert(self, *rows: Model) -> None:
        """Add rows of one model that have their ids."""
        self.add_rows(insert_statement(type(rows[0])), *column_values(rows))
        for row in rows:
            mark_saved(row, row.pk)

    async def run(self) -> None:
        """Run them all, or none of them. Raises IntegrityError as each of them would."""
        parts: list[str] = []
        values: list[object] = []
        for place, (sql, args) in enumerate([*self._statements, *self._columns.items()]):
            parts.append(f"write_{place} AS ({_number_from(sql, len(values))})")
            values += args
        if parts:
            await fetch(f"WITH {', '.join(parts)} SELECT 1 AS written", *values)


@lru_cache(maxsize=200)
def _number_from(sql: str, used: int) -> str:
    """The statement with parameters that follow those that are `used` already."""
    return PLACEHOLDER.sub(lambda match: f"${int(match[1]) + used}", sql)


@cache
def insert_statement(model: type[Model]) -> str:
    """The INSERT of any number of rows, each column an array (`column_values`)."""
    columns, arrays = _as_arrays(model, tuple(table_columns(model)))
    return f"INSERT INTO {table_name(model)} ({columns}) SELECT * FROM unnest({arrays})"


@cache
def update_statement(model: type[Model], names: tuple[str, ...]) -> str:
    """The UPDATE of some fields of any number of rows: their ids, then each field, as arrays (`field_values`)."""
    columns, arrays = _as_arrays(model, ("id", *names))
    changes = ", ".join(f'"{column}" = new."{column}"' for column in map(table_columns(model).get, names))
    table = table_name(model)
    return f"UPDATE {table} SET {changes} FROM unnest({arrays}) AS new ({columns}) WHERE {table}.id = new.id"


def _as_arrays(model: type[Model], names: tuple[str, ...]) -> tuple[str, str]:
    """The columns of some fields, and their parameters."""
    fields, columns = model_fields(model), table_columns(model)
    types = [fields[name].get_for_dialect("postgres", "SQL_TYPE") for name in names]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
    return ", ".join(f'"{columns[name]}"' for name in names), arrays


def field_values(rows: Sequence[Model], names: Iterable[str]) -> list[list[object]]:
    """The values of some fields of rows of one model, by field. Raises ValidationError."""
    fields = model_fields(type(rows[0]))
    return [[fields[name].to_db_value(getattr(row, name), row) for row in rows] for name in names]


def column_values(rows: Sequence[Model]) -> list[list[object]]:
    """The values of every column, as `field_values`."""
    return field_values(rows, table_columns(type(rows[0])))
