"""Models out of a statement that joins their tables: one question in place of one for each."""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar

from tortoise.models import Model

from civic.db import make_from_row, table_columns

M = TypeVar("M", bound=Model)


@cache
def columns_as(alias: str, model: type[M]) -> str:
    """The columns of a model's table for a SELECT that joins several: `r.id AS "r.id", …`; see `make_from_join`."""
    return ", ".join(f'{alias}."{column}" AS "{alias}.{column}"' for column in table_columns(model).values())


def make_from_join(model: type[M], alias: str, row: Mapping[str, object]) -> M:
    """A saved model from its columns in a row of a join (`columns_as`)."""
    return make_from_row(model, {name: row[f"{alias}.{name}"] for name in table_columns(model).values()})
