"""What figures are called, and how they are written: percent, stars, or times the city's pace."""

from collections.abc import Sequence
from typing import Any

from babel.lists import format_list
from markupsafe import Markup, escape

from civic import formats
from civic.i18n import gettext as _
from civic.i18n import lazy

NAMES = {
    "response": lazy("Answered on time"),
    "resolution": lazy("Solved on time"),
    "speed": lazy("Pace"),
    "satisfaction": lazy("Stars"),
    "ownership": lazy("Not passed on"),
}
QUESTIONS = {
    "response": lazy("Did it answer in time?"),
    "resolution": lazy("Did it solve the problem in time, and did it stay solved?"),
    "speed": lazy("How fast, compared with what is usual in the city?"),
    "satisfaction": lazy("Were the people who reported satisfied?"),
    "ownership": lazy("Did it keep what it was given?"),
}
NOT_ENOUGH = lazy("not enough data")
DASH = "–"


def written(name: str, value: float) -> str:
    """An indicator's value (0 to 1) as people read it: "92%", "4.3" stars, "1.26×" the city's pace."""
    if name == "satisfaction":
        return formats.number(stars(value), 1)
    return f"{formats.number(pace(value), 2)}×" if name == "speed" else formats.percent(value)


def between(name: str, lo: float, hi: float) -> str:
    """The ends of an interval, without a unit: "88–95"."""
    if name in ("satisfaction", "speed"):
        return DASH.join(written(name, end).rstrip("×") for end in (lo, hi))
    return DASH.join(formats.number(100 * end, 0) for end in (lo, hi))


def points(value: float) -> str:
    """A composite, 0 to 100."""
    return formats.number(value, 0)


def stars(value: float) -> float:
    """From 0..1 to 1..5."""
    return 1 + 4 * value


def pace(value: float) -> float:
    """From `x / (1 + x)` to `x`: 1 is the city's usual pace, 2 twice as fast."""
    return value / (1 - value)


def rank(found: dict[str, int] | None) -> str:
    """ "3", or "1–2" where departments cannot be told apart; nothing without a rank."""
    if found is None:
        return ""
    best, worst = found["best"], found["worst"]
    return str(best) if best == worst else f"{best}{DASH}{worst}"


def sentence(name: str, department: str, figure: dict[str, Any]) -> str:
    """One indicator in a sentence that anybody understands: "Water answered 92 of 100 on time (88–95)."."""
    if figure["value"] is None:
        return _("%(name)s: not enough data for this yet.", name=department)
    said = {"name": department, "between": between(name, figure["lo"], figure["hi"])}
    share = formats.number(100 * figure["value"], 0)
    if name == "response":
        return _("%(name)s answered %(share)s of 100 on time (%(between)s).", share=share, **said)
    if name == "resolution":
        return _("%(name)s solved %(share)s of 100 on time, and they stayed solved (%(between)s).", share=share, **said)
    if name == "ownership":
        return _("%(name)s kept %(share)s of 100 cases that it was given (%(between)s).", share=share, **said)
    if name == "speed":
        times = formats.number(pace(figure["value"]), 2)
        return _("%(name)s was %(times)s times as fast as is usual in the city (%(between)s).", times=times, **said)
    value = written(name, figure["value"])
    return _("People gave %(name)s %(stars)s of 5 stars for the handling (%(between)s).", stars=value, **said)


def html(message: str, **values: object) -> Markup:
    """A text with its values filled in, safe for a page: values are escaped unless they are Markup."""
    return escape(message) % values


def bold(names: Sequence[str]) -> Markup:
    """ "**Water** and **Parks**", in the reader's language."""
    marked = [str(Markup("<b>{}</b>").format(name)) for name in names]
    return Markup(format_list(marked, locale=formats.locale()))  # noqa: S704  # each name is escaped above
