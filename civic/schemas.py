"""What programs get as JSON: pydantic models, from which the OpenAPI description is made (civic/api/openapi.py).

A domain's models stand in its `schemas.py` and derive from `Schema`. A view answers with `web.json_answer(model)`, and
its route names the model: `web.route(…, answers=Model)`.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue, RootModel

T = TypeVar("T")


class Schema(BaseModel):
    """A JSON answer, or a part of one; `Model.model_validate(dataclass_object)` copies the fields of the same name.

    Times are written as ISO 8601 with their offset: "2026-11-22T08:15:00+00:00".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    # Texts and finite numbers alone, no times: pydantic itself writes them, which is several times quicker.
    has_plain_values: ClassVar[bool] = False


class SchemaList(RootModel[list[T]]):
    """A JSON answer that is a list: `class PlacesAnswer(SchemaList[PlaceAnswer])`."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class JsonDocument(RootModel[dict[str, JsonValue]]):
    """A JSON object whose form is published elsewhere, such as GeoJSON or a release of scores."""

    model_config = ConfigDict(frozen=True)


class ErrorAnswer(Schema):
    """The answer to a request that failed: the kind of error, a message, and messages by the name of the field."""

    error: str
    message: str
    fields: dict[str, str] = {}


class ServerErrorAnswer(ErrorAnswer):
    """The answer when the fault is the server's: `request` finds the line in the log."""

    request: str


AnswerType = type[BaseModel] | UnionType
"""A model, or a union of models."""


def to_json(model: BaseModel) -> bytes:
    """The model as UTF-8 JSON. Raises TypeError for a value that JSON cannot hold, ValueError for NaN."""
    if isinstance(model, Schema) and model.has_plain_values:
        return model.model_dump_json(by_alias=True).encode()
    values = model.model_dump(by_alias=True)
    return json.dumps(values, default=_encode, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _encode(value: object) -> str | float | list[object]:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
