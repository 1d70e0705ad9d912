"""The operators of conditions, applied to the facts of a report."""

from collections.abc import Callable
from typing import Any

from civic.routing.facts import ANSWER_PREFIX, WEEKDAYS, Facts


class CannotCompare(ValueError):
    """A number is needed for the comparison, and the answer is another text."""


def read_field(field: str, facts: Facts) -> Any:
    """The value of a field; a tuple if it has several (areas, choices), None if it is not known."""
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


def _equals(actual: Any, value: Any) -> bool:
    """Whether the values are equal, or one of several is; a number may have been typed as a text."""
    if isinstance(actual, tuple):
        return any(_equals(one, value) for one in actual)
    if isinstance(actual, bool) or isinstance(value, bool):
        return _is_yes(actual) == _is_yes(value)
    if isinstance(value, float):
        return _to_number(actual) == value
    return str(actual).casefold() == str(value).casefold()


def _is_one_of(actual: Any, values: Any) -> bool:
    return any(_equals(actual, value) for value in values)


def _contains(actual: Any, value: Any) -> bool:
    """Whether a text contains the words, or several choices the one; of a list, any is enough."""
    if isinstance(value, tuple):
        return any(_contains(actual, one) for one in value)
    if isinstance(actual, tuple):
        return _equals(actual, value)
    return str(value).casefold() in str(actual).casefold()


def _to_number(actual: Any) -> float:
    try:
        return float(actual)
    except (TypeError, ValueError):
        raise CannotCompare("a number was needed, and a text was there") from None


def _is_yes(actual: Any) -> bool:
    return actual.casefold() in ("yes", "true", "1", "on") if isinstance(actual, str) else bool(actual)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equals,
    "!=": lambda actual, value: not _equals(actual, value),
    "<": lambda actual, value: _to_number(actual) < _to_number(value),
    "<=": lambda actual, value: _to_number(actual) <= _to_number(value),
    ">": lambda actual, value: _to_number(actual) > _to_number(value),
    ">=": lambda actual, value: _to_number(actual) >= _to_number(value),
    "in": _is_one_of,
    "not in": lambda actual, value: not _is_one_of(actual, value),
    "contains": _contains,
    "not contains": lambda actual, value: not _contains(actual, value),
    "is": lambda actual, _value: _is_yes(actual),
}
