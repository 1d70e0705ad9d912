"""A release's lines and figures as pages and tables show them: with names, in the reader's language, rounded."""

from collections.abc import Mapping
from dataclasses import dataclass

from civic.city.settings import INDICATORS
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.scores import labels
from civic.scores.release_format import IndicatorFigure, LineFigures, ReleaseDocument

Names = Mapping[str, dict[str, str]]  # slug -> language -> name
Bar = tuple[float, float, float]  # lo, value, hi on a scale of 0 to 100


@dataclass(frozen=True, slots=True)
class IndicatorCell:
    """One indicator of one line. `bar` is None without enough data."""

    name: str
    text: str
    between: str
    bar: Bar | None
    data: IndicatorFigure

    @property
    def n(self) -> int:
        """How many assignments or ratings count."""
        return self.data["n"]

    @property
    def label(self) -> str:
        return str(labels.INDICATOR_NAMES[self.name])

    @property
    def question(self) -> str:
        return str(labels.INDICATOR_QUESTIONS[self.name])


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """The line of a department, or of the city (slug "")."""

    slug: str
    name: str
    data: LineFigures
    rank: str
    score: str
    between: str
    bar: Bar | None
    figures: dict[str, IndicatorCell]

    @property
    def counted(self) -> int:
        """How many rows count for at least one indicator."""
        return self.data["counted"]

    @property
    def has_score(self) -> bool:
        return self.bar is not None

    def sentence(self, name: str) -> str:
        """Put one of the indicators in a sentence."""
        return labels.describe_indicator(name, self.name, self.data["indicators"][name])


def present_figure(name: str, data: IndicatorFigure) -> IndicatorCell:
    value, lo, hi = data["value"], data["lo"], data["hi"]
    if value is None or lo is None or hi is None:
        return IndicatorCell(name, str(labels.NOT_ENOUGH), "", None, data)
    bar = (100 * lo, 100 * value, 100 * hi)
    return IndicatorCell(name, labels.format_value(name, value), labels.format_interval(name, lo, hi), bar, data)


def present_line(slug: str, name: str, data: LineFigures) -> ScoreLine:
    score = data["composite"]
    return ScoreLine(
        slug=slug,
        name=name,
        data=data,
        rank=labels.format_rank(data["rank"]),
        score=labels.format_composite(score["value"]) if score else str(labels.NOT_ENOUGH),
        between=labels.DASH.join(map(labels.format_composite, (score["lo"], score["hi"]))) if score else "",
        bar=(score["lo"], score["value"], score["hi"]) if score else None,
        figures={indicator: present_figure(indicator, data["indicators"][indicator]) for indicator in INDICATORS},
    )


def department_name(slug: str, names: Names) -> str:
    """Return a department's name in the reader's language, or its slug if the city no longer has it."""
    return pick(names.get(slug, {})) or slug


def present_departments(document: ReleaseDocument, names: Names) -> list[ScoreLine]:
    """Return the departments' lines by rank and score; then those without a score, by name."""
    lines = document["results"]["departments"]
    return sorted((present_line(slug, department_name(slug, names), lines[slug]) for slug in lines), key=_line_order)


def _line_order(line: ScoreLine) -> tuple[int, int, float, str]:
    if line.bar is None:
        return 1, 0, 0, line.name
    rank = line.data["rank"]
    return 0, rank["best"] if rank else 0, -line.bar[1], line.name


def present_city(document: ReleaseDocument) -> ScoreLine:
    return present_line("", _("The whole city"), document["results"]["city"])
