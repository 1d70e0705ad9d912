"""The lines and figures of a period as pages and tables show them: what happened first, in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from civic import formats
from civic.i18n import gettext as _
from civic.i18n import ngettext, pick
from civic.scores import labels
from civic.scores.method.release_format import (
    CityFigures,
    IndicatorFigure,
    IndicatorFigures,
    LineFigures,
    MixedFigure,
    PublishedShares,
    Results,
    ShareFigure,
    StarFigure,
)
from civic.scores.method.standing import AS_THE_CITY, BELOW, BETTER

Names = Mapping[str, dict[str, str]]  # slug -> language -> name
Bar = tuple[float, float, float]  # lo, value, hi on a scale of 0 to 100

STANDING_ORDER = (BETTER, AS_THE_CITY, BELOW)


@dataclass(frozen=True, slots=True)
class IndicatorCell:
    """One indicator of one line. `bar` is None without enough data, and where there is no interval.

    `text` says what happened: "19 of 37", "6 hrs", "4.3"; `share` the same as "51%" of a share; `between` is the
    interval; `beside` what stands beside it in words: the allowance for harder cases, the city's time, the ratings.
    """

    name: str
    text: str
    n: int
    share: str = ""
    between: str = ""
    bar: Bar | None = None
    beside: str = ""
    late: int = 0  # how many of the n of a share did not do well
    has_data: bool = True

    @property
    def label(self) -> str:
        return str(labels.INDICATOR_NAMES[self.name])

    @property
    def question(self) -> str:
        return str(labels.INDICATOR_QUESTIONS[self.name])

    @property
    def value(self) -> str:
        """The figure in short: "51%" of a share, else what happened."""
        return self.share or self.text


@dataclass(frozen=True, slots=True)
class ShareCell:
    """One of the shares beside a score: "5 of 80", "6%"; both "" where too few are counted."""

    name: str
    text: str
    share: str
    n: int

    @property
    def label(self) -> str:
        return str(labels.SHARE_NAMES[self.name])


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """The line of a department, or of the city (slug ""). `rank`: in words, of the departments that have a score."""

    slug: str
    name: str
    counted: int
    figures: dict[str, IndicatorCell]
    score: str
    between: str = ""
    bar: Bar | None = None
    standing: str = ""
    standing_code: str = ""
    rank: str = ""
    data: LineFigures | None = None  # of a department
    year: "ScoreLine | None" = None  # of the twelve months beside a quarter

    @property
    def has_score(self) -> bool:
        return self.bar is not None

    @property
    def rank_of_year(self) -> str:
        """The rank of twelve months: of those beside a quarter, or its own."""
        return self.rank or (self.year.rank if self.year else "")


def present_mixed(name: str, data: MixedFigure) -> IndicatorCell:
    """Show a share as it was, and beside it what it would be with the city's mix of cases.

    Nothing stands beside it where no case can be compared.
    """
    cell = present_share(name, data)
    if data["adjusted"] is None or not data["compared"]:
        return cell
    return replace(cell, beside=_("allowing for harder cases: %(share)s", share=formats.percent(data["adjusted"])))


def present_share(name: str, data: ShareFigure) -> IndicatorCell:
    """Show a share as it was: "19 of 37", "51%"."""
    value, lo, hi, met = data["value"], data["lo"], data["hi"], data["met"]
    if value is None or lo is None or hi is None or met is None:
        return _lacking(name, data)
    return IndicatorCell(
        name,
        labels.format_count(met, data["n"]),
        data["n"],
        share=formats.percent(value),
        between=labels.format_interval(name, lo, hi),
        bar=(100 * lo, 100 * value, 100 * hi),
        late=data["n"] - met,
    )


def present_stars(data: StarFigure) -> IndicatorCell:
    """Show the mean stars, "4.3"; the bar goes from one star to five."""
    value, lo, hi = data["value"], data["lo"], data["hi"]
    if value is None or lo is None or hi is None:
        return _lacking("satisfaction", data)
    number = formats.number(data["n"])
    return IndicatorCell(
        "satisfaction",
        formats.number(value, 1),
        data["n"],
        between=labels.format_interval("satisfaction", lo, hi),
        bar=(25 * (lo - 1), 25 * (value - 1), 25 * (hi - 1)),
        beside=ngettext("%(number)s rating", "%(number)s ratings", data["n"], number=number),
    )


def _present_speed(figures: IndicatorFigures) -> IndicatorCell:
    """Show the mean time; its interval in the same unit, by what the same cases take the city."""
    data = figures["speed"]
    lo, hi, own, city = data["lo"], data["hi"], data["mean_s"], data["city_s"]
    if lo is None or hi is None or own is None or city is None:
        return _lacking("speed", data)
    beside = _("the same cases take the city %(time)s", time=formats.duration(city))
    # x = value / (1 − value) is the city's time by its own: the larger it is, the shorter its time.
    ends = f" {labels.DASH} ".join(formats.duration(city * (1 - end) / end) for end in (hi, lo) if end > 0)
    return IndicatorCell("speed", formats.duration(own), data["n"], between=ends, beside=beside)


def _present_city_speed(n: int, mean_s: float | None) -> IndicatorCell:
    if mean_s is None:
        return IndicatorCell("speed", str(labels.NOT_ENOUGH), n, has_data=False)
    return IndicatorCell("speed", formats.duration(mean_s), n, beside=_("from the receipt of a report"))


def _lacking(name: str, data: IndicatorFigure) -> IndicatorCell:
    return IndicatorCell(name, str(labels.NOT_ENOUGH), data["n"], has_data=False)


def present_line(
    slug: str, name: str, data: LineFigures, *, ranked: int = 0, year: ScoreLine | None = None
) -> ScoreLine:
    """Show the line of a department. `ranked`: how many departments have a score."""
    score, figures, standing = data["composite"], data["indicators"], data["standing"]
    return ScoreLine(
        slug=slug,
        name=name,
        counted=data["counted"],
        figures={
            "response": present_mixed("response", figures["response"]),
            "resolution": present_mixed("resolution", figures["resolution"]),
            "speed": _present_speed(figures),
            "satisfaction": present_stars(figures["satisfaction"]),
            "ownership": present_share("ownership", figures["ownership"]),
        },
        score=labels.format_composite(score["value"]) if score else str(labels.NOT_ENOUGH),
        between=labels.DASH.join(map(labels.format_composite, (score["lo"], score["hi"]))) if score else "",
        bar=(score["lo"], score["value"], score["hi"]) if score else None,
        standing=labels.format_standing(standing),
        standing_code=standing["code"] if standing else "",
        rank=labels.format_rank(data["rank"], ranked),
        data=data,
        year=year,
    )


def present_shares(shares: PublishedShares) -> Iterator[ShareCell]:
    """Show the shares beside a score, in the order of the method."""
    for name in labels.SHARE_NAMES:
        share = shares[name]  # type: ignore[literal-required]  # SHARE_NAMES has its keys
        if share["count"] is None:
            yield ShareCell(name, "", "", share["n"])
        else:
            text = labels.format_count(share["count"], share["n"])
            yield ShareCell(name, text, formats.percent(share["share"]), share["n"])


def department_name(slug: str, names: Names) -> str:
    """Return a department's name in the reader's language, or its slug if the city no longer has it."""
    return pick(names.get(slug, {})) or slug


def present_department(slug: str, names: Names, results: Results, year: Results | None = None) -> ScoreLine:
    """Show the line of a department, with that of the twelve months beside it where there is one."""
    beside = None
    if year and slug in year["departments"]:
        beside = _present_one(slug, names, year, _count_scored(year))
    return _present_one(slug, names, results, _count_scored(results), beside)


def _present_one(slug: str, names: Names, results: Results, ranked: int, year: ScoreLine | None = None) -> ScoreLine:
    return present_line(slug, department_name(slug, names), results["departments"][slug], ranked=ranked, year=year)


def _count_scored(results: Results) -> int:
    return sum(line["composite"] is not None for line in results["departments"].values())


def present_departments(results: Results, names: Names, year_lines: Iterable[ScoreLine] = ()) -> list[ScoreLine]:
    """Return the lines: better than the city, as the city, below it, without a score; among each other by slug.

    The order within is no rank: who cannot be told apart does not stand above another. It is the same in every
    language, so that two who read the table together see the same line. `year_lines`: of twelve months.
    """
    years = {line.slug: line for line in year_lines}
    ranked = _count_scored(results)
    shown = [_present_one(slug, names, results, ranked, years.get(slug)) for slug in results["departments"]]
    return sorted(shown, key=_line_order)


def _line_order(line: ScoreLine) -> tuple[int, str]:
    code = line.standing_code
    return (STANDING_ORDER.index(code) if code else len(STANDING_ORDER), line.slug)


def present_city(results: Results) -> ScoreLine:
    """Return the city's line: whole cases, and the mean of the departments' scores without an interval."""
    data: CityFigures = results["city"]
    figures = data["indicators"]
    return ScoreLine(
        slug="",
        name=_("The whole city"),
        counted=data["counted"],
        figures={
            "response": present_share("response", figures["response"]),
            "resolution": present_share("resolution", figures["resolution"]),
            "speed": _present_city_speed(figures["speed"]["n"], figures["speed"]["mean_s"]),
            "satisfaction": present_stars(figures["satisfaction"]),
            "ownership": present_share("ownership", figures["ownership"]),
        },
        score=labels.format_composite(data["composite"]) if data["composite"] is not None else "",
    )
