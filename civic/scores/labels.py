"""Names of the indicators, and their values in words: counts, stars, hours and days, and how a department stands."""

from collections.abc import Mapping, Sequence

from babel.lists import format_list
from babel.support import LazyProxy
from markupsafe import Markup, escape

from civic import formats, i18n
from civic.i18n import gettext as _
from civic.i18n import lazy
from civic.scores.method.release_format import CityStanding, RankRange

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

JUDGEMENTS: Mapping[tuple[str, bool], LazyProxy] = {
    ("better", False): lazy("%(facts)s; all figures together, allowing for harder cases, it is better than the city."),
    ("as", False): lazy("%(facts)s; all figures together, allowing for harder cases, it does as well as the city."),
    ("below", False): lazy("%(facts)s; all figures together, allowing for harder cases, it is below the city."),
    ("better", True): lazy(
        "%(facts)s; it keeps its promises more often than the city, and nobody else does most of this work."
    ),
    ("as", True): lazy(
        "%(facts)s; it keeps its promises as often as the city, and nobody else does most of this work."
    ),
    ("below", True): lazy(
        "%(facts)s; it keeps its promises less often than the city, and nobody else does most of this work."
    ),
}
"""The same after what happened, as a sentence."""

SHARE_NAMES: dict[str, LazyProxy] = {
    "declined": lazy("declined"),
    "merged": lazy("merged into another report"),
    "passed_on": lazy("passed on"),
    "misrouted": lazy("passed on, and marked as sent to the wrong place"),
    "paused": lazy("paused to ask the reporter"),
    "unanswered": lazy("of the paused ones, never answered"),
    "confirmed": lazy("solved, and confirmed by the reporter"),
    "closed_by_time": lazy("solved, and closed by time, unconfirmed"),
    "reopened": lazy("solved, and reopened"),
    "rated": lazy("rated by the reporter"),
    "repeated_words": lazy("first answers that are word for word the same as another"),
}
LEFT_OUT_CASES: Mapping[str, LazyProxy] = {
    "spam": lazy("hidden as spam"),
    "test": lazy("marked as a test"),
    "own": lazy("that a department posted about itself"),
    "nearby": lazy("within 50 m of an earlier case of the same kind and day"),
    "merged": lazy("merged into another case, which counts"),
}
LEFT_OUT_RATINGS: Mapping[str, LazyProxy] = {
    "unconfirmed": lazy("from an email address that was not confirmed"),
    "own": lazy("by members of the department"),
    "case": lazy("of a case that is not counted"),
}
VERDICTS: Mapping[str, LazyProxy] = {"yes": lazy("on time"), "no": lazy("late"), "aside": lazy("set aside")}
"""What a row says of a promise."""

END_NAMES: Mapping[str, LazyProxy] = {
    "open": lazy("still open"),
    "resolved": lazy("solved"),
    "declined": lazy("declined"),
    "handed_over": lazy("passed on to another department"),
    "returned": lazy("passed on to the dispatchers"),
    "merged": lazy("merged into another report"),
    "reassigned": lazy("given to another department by a dispatcher"),
    "closed": lazy("closed while it supported"),
    "done": lazy("its part as support is done"),
}
"""How an assignment ended."""

NOT_ENOUGH = lazy("not enough data")
DASH = "–"
_ORDINAL_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def format_interval(name: str, lo: float, hi: float) -> str:
    """Write the ends of an interval without a unit: "88–95", "4.1–4.6" stars."""
    if name == "satisfaction":
        return DASH.join(formats.number(end, 1) for end in (lo, hi))
    return DASH.join(formats.number(100 * end, 0) for end in (lo, hi))


def figure_label(figure: str) -> str:
    """Name a figure that a list of cases is behind."""
    if figure == "counted":
        return _("All cases that count")
    return str(INDICATOR_NAMES.get(figure) or SHARE_NAMES[figure])


def label_answers(figure: str) -> dict[str, str]:
    """Name the answers that the rows of a figure can give; empty where all give the same."""
    if figure in ("counted", "satisfaction"):
        return {}
    if figure in ("response", "resolution"):
        return {answer: str(label) for answer, label in VERDICTS.items()}
    if figure == "speed":
        return {"yes": _("solved"), "no": _("not solved")}
    if figure == "ownership":
        return {"yes": _("dealt with by the department"), "no": _("passed on")}
    return {"yes": str(SHARE_NAMES[figure]), "no": _("the others")}


def format_composite(value: float) -> str:
    """Write a composite (0 to 100) as a whole number."""
    return formats.number(value, 0)


def format_count(met: int, n: int) -> str:
    """Write what happened: "33 of 33"."""
    return _("%(met)s of %(n)s", met=formats.number(met), n=formats.number(n))


def format_rank(rank: RankRange | None, ranked: int) -> str:
    """Write a rank among `ranked` departments: "2nd of 8", "between 2nd and 5th of 8"; "" for none."""
    if rank is None:
        return ""
    best, worst, count = _ordinal(rank["best"]), _ordinal(rank["worst"]), formats.number(ranked)
    if rank["best"] == rank["worst"]:
        return _("%(rank)s of %(count)s", rank=best, count=count)
    return _("between %(best)s and %(worst)s of %(count)s", best=best, worst=worst, count=count)


def _ordinal(number: int) -> str:
    """Write a place: "2nd" in English; other languages say what a number means around it."""
    if i18n.language() != i18n.SOURCE_LANGUAGE:
        return formats.number(number)
    ending = "th" if number % 100 in (11, 12, 13) else _ORDINAL_ENDINGS.get(number % 10, "th")
    return f"{formats.number(number)}{ending}"


def format_standing(standing: CityStanding | None) -> str:
    """Say how a department stands beside the city; "" without a composite."""
    return str(STANDINGS[standing["code"], standing["alone"]]) if standing else ""


def fill_in(message: str, **values: object) -> Markup:
    """Fill values into a text for a page; they are escaped unless they are Markup."""
    return escape(message) % values


def join_bold(names: Sequence[str]) -> Markup:
    """Join names as the reader's language does, each in bold: "**Water** and **Parks**"."""
    marked = [str(Markup("<b>{}</b>").format(name)) for name in names]
    return Markup(format_list(marked, locale=formats.locale()))  # noqa: S704  # each name is escaped above
