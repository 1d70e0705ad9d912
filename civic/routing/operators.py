"""Trying a condition on the facts of a report."""

from collections.abc import Callable
from typing import Any

from civic.routing.facts import ANSWER_PREFIX, WEEKDAYS, Facts


class CannotCompare(ValueError):
    """A condition cannot be tried on these facts: a number was needed and a text was there."""


def read_field(field: str, facts: Facts) -> Any:
    """The field's value; a tuple where it has several (areas, choices), None where it is not known."""
    if field.startswith(ANSWER_PREFIX):
        answer = facts.answers.get(field.removeprefix(ANSWER_PREFIX))
        return tuple(answer) if isinstance(answer, list) else answer if answer != "" else None
    if field == "area":
        return facts.areas
    if field == "hour":
        return float(facts.at.hour)
    if field == "weekday":
        return WEEKDAYS[facts.at.weekday()]
    return getattr(facts, field)


def _same(found: Any, value: Any) -> bool:
    """Equal, or one of several is; a number also as it was typed."""
    if isinstance(found, tuple):
        return any(_same(one, value) for one in found)
    if isinstance(found, bool) or isinstance(value, bool):
        return _yes(found) == _yes(value)
    if isinstance(value, float):
        return _number(found) == value
    return str(found).casefold() == str(value).casefold()


def _among(found: Any, values: Any) -> bool:
    return any(_same(found, value) for value in values)


def _contains(found: Any, value: Any) -> bool:
    """A text holds the words; several hold the choice. Of a list, any."""
    if isinstance(value, tuple):
        return any(_contains(found, one) for one in value)
    if isinstance(found, tuple):
        return _same(found, value)
    return str(value).casefold() in str(found).casefold()


def _number(found: Any) -> float:
    try:
        return float(found)
    except (TypeError, ValueError):
        raise CannotCompare("a number was needed, and a text was there") from None


def _yes(found: Any) -> bool:
    return found.casefold() in ("yes", "true", "1", "on") if isinstance(found, str) else bool(found)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "!=": lambda found, value: not _same(found, value),
    "<": lambda found, value: _number(found) < _number(value),
    "<=": lambda found, value: _number(found) <= _number(value),
    ">": lambda found, value: _number(found) > _number(value),
    ">=": lambda found, value: _number(found) >= _number(value),
    "in": _among,
    "not in": lambda found, value: not _among(found, value),
    "contains": _contains,
    "not contains": lambda found, value: not _contains(found, value),
    "is": lambda found, _value: _yes(found),
}
