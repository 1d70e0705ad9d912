"""What the pages of the scores show: lines, figures and sentences, made from a release's document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from civic import formats
from civic.city.settings import INDICATORS
from civic.i18n import gettext as _
from civic.i18n import ngettext, pick
from civic.scores import words

Names = Mapping[str, Mapping[str, str]]  # slug -> language -> name
FEW = 4  # that many departments are named; more are counted


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator of one line. `bar` is lo, value, hi on a scale of 0 to 100; None without enough data."""

    name: str
    text: str
    between: str
    bar: tuple[float, float, float] | None
    plain: Mapping[str, Any]  # as in release.json

    @property
    def n(self) -> int:
        """How many stints or ratings count."""
        return int(self.plain["n"])

    @property
    def label(self) -> str:
        return str(words.NAMES[self.name])

    @property
    def question(self) -> str:
        return str(words.QUESTIONS[self.name])


@dataclass(frozen=True, slots=True)
class Line:
    """A department, or the city (slug "")."""

    slug: str
    name: str
    plain: Mapping[str, Any]
    rank: str
    score: str
    between: str
    bar: tuple[float, float, float] | None
    figures: dict[str, Figure]

    @property
    def counted(self) -> int:
        return int(self.plain["counted"])

    @property
    def scored(self) -> bool:
        return self.bar is not None

    def sentence(self, name: str) -> str:
        """One of its indicators in a sentence."""
        return words.sentence(name, self.name, dict(self.plain["indicators"][name]))


def figure(name: str, plain: Mapping[str, Any]) -> Figure:
    """One indicator as release.json has it, as it is shown."""
    value, lo, hi = plain["value"], plain["lo"], plain["hi"]
    if value is None:
        return Figure(name, str(words.NOT_ENOUGH), "", None, plain)
    bar = (100 * lo, 100 * value, 100 * hi)
    return Figure(name, words.written(name, value), words.between(name, lo, hi), bar, plain)


def line(slug: str, name: str, plain: Mapping[str, Any]) -> Line:
    """A line of release.json as it is shown."""
    found = plain["composite"]
    return Line(
        slug=slug,
        name=name,
        plain=plain,
        rank=words.rank(plain["rank"]),
        score=words.points(found["value"]) if found else str(words.NOT_ENOUGH),
        between=words.DASH.join(words.points(found[end]) for end in ("lo", "hi")) if found else "",
        bar=(found["lo"], found["value"], found["hi"]) if found else None,
        figures={one: figure(one, plain["indicators"][one]) for one in INDICATORS},
    )


def name_of(slug: str, names: Names) -> str:
    """A department's name in the reader's language; its slug where the city knows it no longer."""
    return pick(dict(names.get(slug, {}))) or slug


def lines(document: Mapping[str, Any], names: Names) -> list[Line]:
    """The departments: by rank and score, then by name those without enough data."""
    found = [line(slug, name_of(slug, names), one) for slug, one in document["results"]["departments"].items()]
    return sorted(found, key=_order)


def _order(one: Line) -> tuple[Any, ...]:
    if one.bar is None:
        return 1, 0, 0, one.name
    return 0, one.plain["rank"]["best"], -one.bar[1], one.name


def city_line(document: Mapping[str, Any]) -> Line:
    return line("", _("The whole city"), document["results"]["city"])


# -- the sentences above the table -----------------------------------------------------------------


def story(found: Sequence[Line], period: str, before: Mapping[str, Any] | None, before_period: str) -> list[Markup]:
    """Who did best, who changed since the release before (its document), and who had too few cases."""
    said = [_best([one for one in found if one.scored], period)]
    if before is not None:
        said += _changes(found, before["results"]["departments"], before_period)
    if few := sum(not one.scored for one in found):
        said.append(
            words.html(
                ngettext(
                    "One department had too few cases for a score.",
                    "%(num)s departments had too few cases for a score.",
                    few,
                )
            )
        )
    return said


def _best(scored: Sequence[Line], period: str) -> Markup:
    first = [one.name for one in scored if one.plain["rank"]["best"] == 1]
    if not first:
        return words.html(_("In %(period)s, no department had enough cases for a score."), period=period)
    if len(first) > FEW:
        text = _("In %(period)s, %(count)s departments share the first place: their scores cannot be told apart.")
        return words.html(text, period=period, count=len(first))
    text = _("In %(period)s, %(names)s did best.")
    if len(first) > 1:
        text = _("In %(period)s, %(names)s did best and cannot be told apart.")
    return words.html(text, period=period, names=words.bold(first))


def _changes(found: Sequence[Line], before: Mapping[str, Any], since: str) -> Iterator[Markup]:
    """The one that rose most and the one that fell most, if that is more than chance: the intervals do not touch."""
    changes = [(change(one.plain, before.get(one.slug)), one) for one in found]
    sure = sorted(((by, one) for by, one in changes if by), key=lambda pair: pair[0])
    if not sure:
        if any(by is not None for by, _one in changes):
            text = _("Compared with %(before)s, no department changed by more than chance explains.")
            yield words.html(text, before=since)
        return
    (worst, fell), (best, rose) = sure[0], sure[-1]
    if best > 0:
        text = _("%(name)s got better by %(points)s points since %(before)s.")
        yield words.html(text, name=words.bold([rose.name]), points=words.points(best), before=since)
    if worst < 0:
        text = _("%(name)s got worse by %(points)s points since %(before)s.")
        yield words.html(text, name=words.bold([fell.name]), points=words.points(-worst), before=since)


def change(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> float | None:
    """By how many points a composite changed; 0 where the intervals touch; None where one is not published."""
    one, other = now["composite"], before["composite"] if before else None
    if one is None or other is None:
        return None
    apart = one["lo"] > other["hi"] or one["hi"] < other["lo"]
    return float(one["value"] - other["value"]) if apart else 0.0


# -- as text ---------------------------------------------------------------------------------------


def plain_table(document: Mapping[str, Any]) -> str:
    """The lines of a release for a terminal, departments by their slugs."""
    found = [*lines(document, {}), city_line(document)]
    rows = [["rank", "department", "score", "", *(str(words.NAMES[one]) for one in INDICATORS), "counted"]]
    for one in found:
        figures = [f"{shown.text} ({shown.between})" if shown.bar else "-" for shown in one.figures.values()]
        score = [one.score, f"({one.between})"] if one.scored else ["-", ""]
        rows.append([one.rank, one.name, *score, *figures, formats.number(one.counted)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{document['release']}: {document['period']['from']} to {document['period']['to']}", *text])
