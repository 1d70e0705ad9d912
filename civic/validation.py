"""What is wrong with a file that people write, in the reader's language: pydantic's errors as sentences."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from civic.i18n import gettext as _
from civic.i18n import lazy
from civic.suggestions import did_you_mean, unknown_name

Location = tuple[str | int, ...]
"""Keys and indices (from 0) that lead to a value."""

_KINDS = {
    "string_type": lazy("a text"),
    "bool_type": lazy("true or false"),
    "int_type": lazy("a whole number"),
    "float_type": lazy("a number"),
    "list_type": lazy("a list"),
    "dict_type": lazy("a table"),
    "model_type": lazy("a table"),
}


class FileModel(BaseModel):
    """A table of a file: strict, as TOML has types; a key that it does not have is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True)


class ManyProblems(ValueError):
    """Several things are wrong with one value: raise it in a validator."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def explain_errors(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Location, str]]:
    """Where each error stands and what it says; `model` is the one that refused."""
    for details in error.errors():
        location = tuple(part for part in details["loc"] if part != "[key]")
        for message in _explain(details, location, model):
            yield location, message


def write_location(location: Location) -> str:
    """category[3].names: counted from 1, as people do."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".")


def key_names(model: type[BaseModel]) -> list[str]:
    """The keys of a model as a file names them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _explain(details: ErrorDetails, location: Location, model: type[BaseModel]) -> tuple[str, ...]:
    context: dict[str, Any] = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return (_("This key is missing."),)
        case "extra_forbidden":
            names = key_names(_model_at(model, location[:-1]))
            return (_("There is no such key here.") + did_you_mean(str(location[-1]), names),)
        case "literal_error" | "enum":
            return (unknown_name(str(details["input"])[:80], re.findall(r"'([^']*)'", context["expected"])),)
        case "string_too_short" | "too_short":
            return (_("This is empty."),)
        case "string_too_long":
            return (_("This is longer than %(n)s characters.", n=context["max_length"]),)
        case "value_error":
            reason = context["error"]
            return tuple(getattr(reason, "problems", ())) or (str(reason),)
        case kind if kind in _KINDS:
            return (_("This has to be %(kind)s.", kind=_KINDS[kind]),)
    return (details["msg"],)


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """The model of the table at `location`; indices and keys of a free choice lead to what they hold."""
    for part in location:
        field = next((one for name, one in model.model_fields.items() if part == (one.alias or name)), None)
        if field is not None:
            model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
