"""Names of the indicators, and their values in words: percent, stars, or times the city's pace."""

from collections.abc import Sequence

from babel.lists import format_list
from markupsafe import Markup, escape

from civic import formats
from civic.i18n import gettext as _
from civic.i18n import lazy
from civic.scores.release_format import IndicatorFigure, RankRange

INDICATOR_NAMES = {
    "response": lazy("Answered on time"),
    "resolution": lazy("Solved on time"),
    "speed": lazy("Pace"),
    "satisfaction": lazy("Stars"),
    "ownership": lazy("Kept its cases"),
}
INDICATOR_QUESTIONS = {
    "response": lazy("Did it answer in time?"),
    "resolution": lazy("Did it solve the problem in time, and did it stay solved?"),
    "speed": lazy("How fast, compared with what is usual in the city?"),
    "satisfaction": lazy("Were the people who reported satisfied?"),
    "ownership": lazy("Did it keep what it was given?"),
}
NOT_ENOUGH = lazy("not enough data")
DASH = "–"


def format_value(name: str, value: float) -> str:
    """Write an indicator's value (0 to 1) for people: "92%", "4.3" stars, "1.26×" the city's pace."""
    if name == "satisfaction":
        return formats.number(star_value(value), 1)
    return f"{formats.number(pace_value(value), 2)}×" if name == "speed" else formats.percent(value)


def format_interval(name: str, lo: float, hi: float) -> str:
    """Write the ends of an interval without a unit: "88–95"."""
    if name in ("satisfaction", "speed"):
        return DASH.join(format_value(name, end).rstrip("×") for end in (lo, hi))
    return DASH.join(formats.number(100 * end, 0) for end in (lo, hi))


def format_composite(value: float) -> str:
    """Write a composite (0 to 100) as a whole number."""
    return formats.number(value, 0)


def star_value(value: float) -> float:
    """Convert a value from 0..1 to 1..5 stars."""
    return 1 + 4 * value


def pace_value(value: float) -> float:
    """Convert `x / (1 + x)` to `x`: 1 is the city's usual pace, 2 is twice as fast."""
    return value / (1 - value)


def format_rank(rank: RankRange | None) -> str:
    """Write a rank: "3", or "1–2" for departments that cannot be told apart; "" for none."""
    if rank is None:
        return ""
    best, worst = rank["best"], rank["worst"]
    return str(best) if best == worst else f"{best}{DASH}{worst}"


def describe_indicator(name: str, department: str, figure: IndicatorFigure) -> str:
    """Put an indicator in a sentence that anybody understands: "Water answered 92 of 100 on time (88–95)."."""
    value, lo, hi = figure["value"], figure["lo"], figure["hi"]
    if value is None or lo is None or hi is None:
        return _("%(name)s: not enough data for this yet.", name=department)
    ends = {"name": department, "between": format_interval(name, lo, hi)}
    share = formats.number(100 * value, 0)
    if name == "response":
        return _("%(name)s answered %(share)s of 100 on time (%(between)s).", share=share, **ends)
    if name == "resolution":
        return _("%(name)s solved %(share)s of 100 on time, and they stayed solved (%(between)s).", share=share, **ends)
    if name == "ownership":
        return _("%(name)s kept %(share)s of 100 cases that it was given (%(between)s).", share=share, **ends)
    if name == "speed":
        times = formats.number(pace_value(value), 2)
        return _("%(name)s was %(times)s times as fast as is usual in the city (%(between)s).", times=times, **ends)
    stars = format_value(name, value)
    return _("People gave %(name)s %(stars)s of 5 stars for the handling (%(between)s).", stars=stars, **ends)


def fill_in(message: str, **values: object) -> Markup:
    """Fill values into a text for a page; they are escaped unless they are Markup."""
    return escape(message) % values


def join_bold(names: Sequence[str]) -> Markup:
    """Join names as the reader's language does, each in bold: "**Water** and **Parks**"."""
    marked = [str(Markup("<b>{}</b>").format(name)) for name in names]
    return Markup(format_list(marked, locale=formats.locale()))  # noqa: S704  # each name is escaped above
