"""Rows without the ORM: an import makes twelve for each report, and a model takes fifty times as long to make."""

from functools import cache
from typing import Any, TypeVar, cast

from tortoise.models import Model

from civic.db import column_defaults

M = TypeVar("M", bound=Model)


class _Plain:
    """The values of a row; what was not given is the model's default."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@cache
def row_class(model: type[M]) -> type[M]:
    """A class with the columns of a model and their defaults, and nothing else of it. Needs Tortoise to be set up."""
    return cast(type[M], type(f"Plain{model.__name__}", (_Plain,), column_defaults(model)))
