"""Rows without the ORM: an import makes twelve for each report, and making a model takes fifty times as long."""

from functools import cache
from typing import Any, TypeVar, cast

from tortoise.models import Model

from civic.db import column_defaults

M = TypeVar("M", bound=Model)


class _Plain:
    """The values of a row; the others have the model's defaults."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@cache
def row_class(model: type[M]) -> type[M]:
    """A class with only the columns of a model and their defaults. Needs Tortoise to be set up."""
    return cast(type[M], type(f"Plain{model.__name__}", (_Plain,), column_defaults(model)))
