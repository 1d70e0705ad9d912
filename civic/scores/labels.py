"""Names of the indicators, and their values in words: percent, stars, hours and days."""

from collections.abc import Mapping, Sequence

from babel.lists import format_list
from babel.support import LazyProxy
from markupsafe import Markup, escape

from civic import formats
from civic.i18n import gettext as _
from civic.i18n import lazy
from civic.scores.method.release_format import CityStanding, IndicatorFigures, RankRange

INDICATOR_NAMES: dict[str, LazyProxy] = {
    "response": lazy("Answered on time"),
    "resolution": lazy("Solved on time"),
    "speed": lazy("Time to solve"),
    "satisfaction": lazy("Stars"),
    "ownership": lazy("Kept its cases"),
}
INDICATOR_QUESTIONS: dict[str, LazyProxy] = {
    "response": lazy("Did it answer in time?"),
    "resolution": lazy("Did it solve the problem in time, and did it stay solved?"),
    "speed": lazy("How long did it take, beside the same cases in the whole city?"),
    "satisfaction": lazy("Were the people who reported satisfied?"),
    "ownership": lazy("Did it keep what it was given?"),
}
STANDINGS: Mapping[tuple[str, bool], LazyProxy] = {
    ("better", False): lazy("better than the city"),
    ("as", False): lazy("as the city"),
    ("below", False): lazy("below the city"),
    ("better", True): lazy("keeps its promises more often than the city; nobody else does most of this work"),
    ("as", True): lazy("keeps its promises as often as the city; nobody else does most of this work"),
    ("below", True): lazy("keeps its promises less often than the city; nobody else does most of this work"),
}
"""How a department stands beside the city, by code and by whether most of what it does is done by nobody else."""

SHARE_NAMES: dict[str, LazyProxy] = {
    "declined": lazy("declined"),
    "merged": lazy("merged into another report"),
    "passed_on": lazy("passed on"),
    "misrouted": lazy("marked as sent to the wrong place"),
    "paused": lazy("paused to ask the reporter"),
    "unanswered": lazy("of these, never answered"),
    "confirmed": lazy("confirmed by the reporter"),
    "closed_by_time": lazy("closed by time, unconfirmed"),
    "reopened": lazy("reopened"),
    "rated": lazy("rated by the reporter"),
    "repeated_words": lazy("first answers that are word for word the same as another"),
}
NOT_ENOUGH = lazy("not enough data")
DASH = "–"


def format_interval(name: str, lo: float, hi: float) -> str:
    """Write the ends of an interval without a unit: "88–95", "4.1–4.6" stars."""
    if name == "satisfaction":
        return DASH.join(formats.number(end, 1) for end in (lo, hi))
    return DASH.join(formats.number(100 * end, 0) for end in (lo, hi))


def format_composite(value: float) -> str:
    """Write a composite (0 to 100) as a whole number."""
    return formats.number(value, 0)


def format_rank(rank: RankRange | None) -> str:
    """Write a rank: "3", or "1–2" for departments that cannot be told apart; "" for none."""
    if rank is None:
        return ""
    best, worst = rank["best"], rank["worst"]
    return str(best) if best == worst else f"{best}{DASH}{worst}"


def format_standing(standing: CityStanding | None) -> str:
    """Say how a department stands beside the city; "" without a composite."""
    return str(STANDINGS[standing["code"], standing["alone"]]) if standing else ""


def describe_indicator(name: str, department: str, figures: IndicatorFigures) -> str:
    """Put an indicator in a sentence that anybody understands: "Water answered 33 of 33 on time."."""
    if name == "speed":
        return _describe_speed(department, figures)
    if name == "satisfaction":
        stars = figures["satisfaction"]["value"]
        if stars is None:
            return _("%(name)s: not enough data for this yet.", name=department)
        return _("People gave %(name)s %(stars)s of 5 stars.", name=department, stars=formats.number(stars, 1))
    if name == "ownership":
        figure = figures["ownership"]
    else:
        figure = figures["response"] if name == "response" else figures["resolution"]
    if figure["met"] is None:
        return _("%(name)s: not enough data for this yet.", name=department)
    values = {"name": department, "met": formats.number(figure["met"]), "n": formats.number(figure["n"])}
    if name == "response":
        return _("%(name)s answered %(met)s of %(n)s on time.", **values)
    if name == "resolution":
        return _("%(name)s solved %(met)s of %(n)s on time, and they stayed solved.", **values)
    return _("%(name)s kept %(met)s of %(n)s cases that it was given.", **values)


def _describe_speed(department: str, figures: IndicatorFigures) -> str:
    own, city = figures["speed"]["mean_s"], figures["speed"]["city_s"]
    if own is None or city is None:
        return _("%(name)s: not enough data for this yet.", name=department)
    return _(
        "%(name)s took %(time)s on average; the same cases take the city %(city)s.",
        name=department,
        time=formats.duration(own),
        city=formats.duration(city),
    )


def fill_in(message: str, **values: object) -> Markup:
    """Fill values into a text for a page; they are escaped unless they are Markup."""
    return escape(message) % values


def join_bold(names: Sequence[str]) -> Markup:
    """Join names as the reader's language does, each in bold: "**Water** and **Parks**"."""
    marked = [str(Markup("<b>{}</b>").format(name)) for name in names]
    return Markup(format_list(marked, locale=formats.locale()))  # noqa: S704  # each name is escaped above
