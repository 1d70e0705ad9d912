"""Columns that nearly every table has."""

import functools
import json
from typing import Any

from tortoise import fields
from tortoise.fields.base import OnDelete

ENCODE = functools.partial(json.dumps, separators=(",", ":"))


def row_id() -> Any:
    return fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)


def json_field(**options: Any) -> Any:
    """A jsonb column."""
    return fields.JSONField(encoder=ENCODE, decoder=json.loads, **options)


def foreign_key(name: str, model: str, *, to_field: str = "id", **options: Any) -> tuple[str, Any]:
    """A reference, which keeps the row that it points at from being deleted."""
    return name, fields.ForeignKeyField(f"civic.{model}", **_reference(name, to_field), **options)


def one_to_one(name: str, model: str, *, to_field: str = "id", **options: Any) -> tuple[str, Any]:
    """A reference that at most one row has."""
    return name, fields.OneToOneField(f"civic.{model}", **_reference(name, to_field), **options)


def _reference(name: str, to_field: str) -> dict[str, Any]:
    return {"source_field": f"{name}_{to_field}", "to_field": to_field, "on_delete": OnDelete.RESTRICT}
