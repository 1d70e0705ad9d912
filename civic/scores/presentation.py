"""A release's lines and figures as pages and tables show them: with names, in the reader's language, rounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from civic import formats
from civic.city.settings import INDICATORS
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.scores import labels
from civic.scores.method.release_format import (
    CityFigures,
    IndicatorFigure,
    IndicatorFigures,
    LineFigures,
    PublishedShares,
    RankRange,
    ReleaseDocument,
    ShareFigure,
    StarFigure,
)

Names = Mapping[str, dict[str, str]]  # slug -> language -> name
Bar = tuple[float, float, float]  # lo, value, hi on a scale of 0 to 100


@dataclass(frozen=True, slots=True)
class IndicatorCell:
    """One indicator of one line: what happened. `bar` is None without enough data, and where there is no interval."""

    name: str
    text: str
    between: str
    bar: Bar | None
    n: int
    beside: str = ""  # what stands beside it in words: the allowance for harder cases, the city's time

    @property
    def label(self) -> str:
        return str(labels.INDICATOR_NAMES[self.name])

    @property
    def question(self) -> str:
        return str(labels.INDICATOR_QUESTIONS[self.name])

    @property
    def has_data(self) -> bool:
        return self.text != str(labels.NOT_ENOUGH)


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """The line of a department, or of the city (slug ""). `rank` is of the last twelve months."""

    slug: str
    name: str
    counted: int
    rank: str
    score: str
    between: str
    bar: Bar | None
    standing: str
    figures: dict[str, IndicatorCell]
    shares: list[tuple[str, str]]  # what else stands beside it: label, "5 of 80 (6%)"
    sentences: dict[str, str]
    data: LineFigures | None  # of a department
    year: LineFigures | None = None  # of the twelve months beside a quarter

    @property
    def has_score(self) -> bool:
        return self.bar is not None

    @property
    def year_text(self) -> str:
        """The composite of the last twelve months with its interval: "71 (66–76)"; "" for none."""
        score = self.year["composite"] if self.year else None
        if score is None:
            return ""
        ends = labels.DASH.join(map(labels.format_composite, (score["lo"], score["hi"])))
        return f"{labels.format_composite(score['value'])} ({ends})"


def present_share(name: str, data: ShareFigure, adjusted: float | None = None) -> IndicatorCell:
    """Show a share as it was, "92%", and beside it what it would be with the city's mix of cases."""
    value, lo, hi = data["value"], data["lo"], data["hi"]
    if value is None or lo is None or hi is None:
        return _lacking(name, data)
    beside = ""
    if adjusted is not None:
        beside = _("allowing for harder cases: %(share)s", share=formats.percent(adjusted))
    bar = (100 * lo, 100 * value, 100 * hi)
    return IndicatorCell(name, formats.percent(value), labels.format_interval(name, lo, hi), bar, data["n"], beside)


def present_stars(data: StarFigure) -> IndicatorCell:
    """Show the mean stars, "4.3"; the bar goes from one star to five."""
    value, lo, hi = data["value"], data["lo"], data["hi"]
    if value is None or lo is None or hi is None:
        return _lacking("satisfaction", data)
    bar = (25 * (lo - 1), 25 * (value - 1), 25 * (hi - 1))
    between = labels.format_interval("satisfaction", lo, hi)
    return IndicatorCell("satisfaction", formats.number(value, 1), between, bar, data["n"])


def _present_speed(figures: IndicatorFigures) -> IndicatorCell:
    data = figures["speed"]
    value, lo, hi = data["value"], data["lo"], data["hi"]
    if value is None or lo is None or hi is None:
        return _lacking("speed", data)
    beside = _("the same cases take the city %(time)s", time=formats.duration(data["city_s"]))
    return IndicatorCell(
        "speed", formats.duration(data["mean_s"]), "", (100 * lo, 100 * value, 100 * hi), data["n"], beside
    )


def _lacking(name: str, data: IndicatorFigure) -> IndicatorCell:
    return IndicatorCell(name, str(labels.NOT_ENOUGH), "", None, data["n"])


def present_line(slug: str, name: str, data: LineFigures, year: LineFigures | None = None) -> ScoreLine:
    score, figures = data["composite"], data["indicators"]
    rank: RankRange | None = data["rank"] or (year["rank"] if year else None)
    return ScoreLine(
        slug=slug,
        name=name,
        counted=data["counted"],
        rank=labels.format_rank(rank),
        score=labels.format_composite(score["value"]) if score else str(labels.NOT_ENOUGH),
        between=labels.DASH.join(map(labels.format_composite, (score["lo"], score["hi"]))) if score else "",
        bar=(score["lo"], score["value"], score["hi"]) if score else None,
        standing=labels.format_standing(data["standing"]),
        figures={
            "response": present_share("response", figures["response"], figures["response"]["adjusted"]),
            "resolution": present_share("resolution", figures["resolution"], figures["resolution"]["adjusted"]),
            "speed": _present_speed(figures),
            "satisfaction": present_stars(figures["satisfaction"]),
            "ownership": present_share("ownership", figures["ownership"]),
        },
        shares=list(_present_shares(data["shares"])),
        sentences={indicator: labels.describe_indicator(indicator, name, figures) for indicator in INDICATORS},
        data=data,
        year=year,
    )


def _present_shares(shares: PublishedShares) -> Iterator[tuple[str, str]]:
    for name, label in labels.SHARE_NAMES.items():
        share = shares[name]  # type: ignore[literal-required]  # SHARE_NAMES has its keys
        if share["count"] is not None:
            values = {"count": formats.number(share["count"]), "n": formats.number(share["n"])}
            yield str(label), _("%(count)s of %(n)s (%(share)s)", share=formats.percent(share["share"]), **values)


def department_name(slug: str, names: Names) -> str:
    """Return a department's name in the reader's language, or its slug if the city no longer has it."""
    return pick(names.get(slug, {})) or slug


def find_year_line(document: ReleaseDocument, slug: str) -> LineFigures | None:
    """Return a department's line of the twelve months beside a quarter; None where there is none."""
    twelve = document["twelve_months"]
    return twelve["results"]["departments"].get(slug) if twelve else None


def present_departments(document: ReleaseDocument, names: Names) -> list[ScoreLine]:
    """Return the departments' lines by score; then those without a score, by name."""
    lines = document["results"]["departments"]
    shown = [
        present_line(slug, department_name(slug, names), lines[slug], find_year_line(document, slug)) for slug in lines
    ]
    return sorted(shown, key=_line_order)


def _line_order(line: ScoreLine) -> tuple[int, float, str]:
    return (1, 0, line.name) if line.bar is None else (0, -line.bar[1], line.name)


def present_city(document: ReleaseDocument) -> ScoreLine:
    """Return the city's line: whole cases, and the mean of the departments' scores without an interval."""
    data: CityFigures = document["results"]["city"]
    figures, name = data["indicators"], _("The whole city")
    return ScoreLine(
        slug="",
        name=name,
        counted=data["counted"],
        rank="",
        score=labels.format_composite(data["composite"]) if data["composite"] is not None else "",
        between="",
        bar=None,
        standing="",
        figures={
            "response": present_share("response", figures["response"]),
            "resolution": present_share("resolution", figures["resolution"]),
            "speed": _present_city_speed(figures["speed"]["n"], figures["speed"]["mean_s"]),
            "satisfaction": present_stars(figures["satisfaction"]),
            "ownership": present_share("ownership", figures["ownership"]),
        },
        shares=list(_present_shares(data["shares"])),
        sentences={},
        data=None,
    )


def _present_city_speed(n: int, mean_s: float | None) -> IndicatorCell:
    text = str(labels.NOT_ENOUGH) if mean_s is None else formats.duration(mean_s)
    return IndicatorCell("speed", text, "", None, n)
