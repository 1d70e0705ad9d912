"""Explaining a condition in plain words."""

from collections.abc import Callable
from typing import Any

from civic.i18n import gettext as _
from civic.routing.facts import ANSWER_PREFIX


def explain_comparison(field: str, operator: str, value: Any, names: Callable[[str, str], str]) -> str:
    """One comparison in the reader's language; `names` gives the name for a field and a code."""
    return _SENTENCES[operator](_field_name(field), _say(field, value, names))


def _field_name(field: str) -> str:
    if field.startswith(ANSWER_PREFIX):
        return _("the answer “%(code)s”", code=field.removeprefix(ANSWER_PREFIX))
    return {
        "category": _("the category"),
        "area": _("the place"),
        "text": _("the text"),
        "channel": _("the channel"),
        "hour": _("the hour"),
        "weekday": _("the weekday"),
        "priority": _("the priority"),
    }[field]


def _say(field: str, value: Any, names: Callable[[str, str], str]) -> str:
    if isinstance(value, tuple):
        return _(", ").join(_say(field, one, names) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:g}"
    return _("“%(word)s”", word=_weekday(value) if field == "weekday" else names(field, str(value)))


def _weekday(value: str) -> str:
    return {
        "monday": _("Monday"),
        "tuesday": _("Tuesday"),
        "wednesday": _("Wednesday"),
        "thursday": _("Thursday"),
        "friday": _("Friday"),
        "saturday": _("Saturday"),
        "sunday": _("Sunday"),
    }[value.lower()]


_SENTENCES: dict[str, Callable[[str, str], str]] = {
    "==": lambda field, value: _("%(field)s is %(value)s", field=field, value=value),
    "!=": lambda field, value: _("%(field)s is not %(value)s", field=field, value=value),
    "<": lambda field, value: _("%(field)s is less than %(value)s", field=field, value=value),
    "<=": lambda field, value: _("%(field)s is at most %(value)s", field=field, value=value),
    ">": lambda field, value: _("%(field)s is more than %(value)s", field=field, value=value),
    ">=": lambda field, value: _("%(field)s is at least %(value)s", field=field, value=value),
    "in": lambda field, value: _("%(field)s is one of %(value)s", field=field, value=value),
    "not in": lambda field, value: _("%(field)s is none of %(value)s", field=field, value=value),
    "contains": lambda field, value: _("%(field)s contains %(value)s", field=field, value=value),
    "not contains": lambda field, value: _("%(field)s does not contain %(value)s", field=field, value=value),
    "is": lambda field, _value: _("%(field)s is yes", field=field),
}
