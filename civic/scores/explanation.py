"""The sentences above the table of scores: who is better than the city or below it, who changed, who lacks a score."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from civic.i18n import gettext as _
from civic.i18n import ngettext
from civic.scores import labels
from civic.scores.method.release_format import LineFigures, ReleaseDocument
from civic.scores.presentation import ScoreLine

MAX_NAMED_DEPARTMENTS = 4  # more departments than these are only counted


def explain_scores(
    lines: Sequence[ScoreLine], period: str, previous: ReleaseDocument | None, previous_period: str
) -> list[Markup]:
    """Explain the lines of a release, beside the release before it if there is one."""
    sentences = list(_explain_standings([line for line in lines if line.has_score], period))
    if previous is not None:
        sentences += _explain_changes(lines, previous["results"]["departments"], previous_period)
    if few := sum(not line.has_score for line in lines):
        text = ngettext(
            "One department had too few cases for a score.",
            "%(num)s departments had too few cases for a score.",
            few,
        )
        sentences.append(labels.fill_in(text))
    return sentences


def _explain_standings(lines: Sequence[ScoreLine], period: str) -> Iterator[Markup]:
    """Name who is better than the city and who is below it, by more than chance explains."""
    if not lines:
        yield labels.fill_in(_("In %(period)s, no department had enough cases for a score."), period=period)
        return
    better, below = _names_of(lines, "better"), _names_of(lines, "below")
    if better:
        yield _name_or_count(
            better,
            period,
            named=_("In %(period)s, %(names)s did better than the city."),
            counted=_("In %(period)s, %(count)s departments did better than the city."),
        )
    if below:
        yield _name_or_count(
            below,
            period,
            named=_("In %(period)s, %(names)s did worse than the city."),
            counted=_("In %(period)s, %(count)s departments did worse than the city."),
        )
    if not better and not below:
        text = _("In %(period)s, no department can be told apart from the city.")
        yield labels.fill_in(text, period=period)


def _names_of(lines: Sequence[ScoreLine], code: str) -> list[str]:
    return [line.name for line in lines if line.data and (found := line.data["standing"]) and found["code"] == code]


def _name_or_count(names: Sequence[str], period: str, *, named: str, counted: str) -> Markup:
    if len(names) > MAX_NAMED_DEPARTMENTS:
        return labels.fill_in(counted, period=period, count=len(names))
    return labels.fill_in(named, period=period, names=labels.join_bold(names))


def _explain_changes(
    lines: Sequence[ScoreLine], previous: Mapping[str, LineFigures], previous_period: str
) -> Iterator[Markup]:
    """Name the department that rose most and the one that fell most, if the change is more than chance."""
    changes = [(composite_change(line.data, previous.get(line.slug)), line) for line in lines if line.data]
    clear = sorted(((points, line) for points, line in changes if points), key=lambda pair: pair[0])
    if not clear:
        if any(points is not None for points, _line in changes):
            text = _("Compared with %(before)s, no department changed by more than chance explains.")
            yield labels.fill_in(text, before=previous_period)
        return
    (lowest, fell), (highest, rose) = clear[0], clear[-1]
    if highest > 0:
        text = _("%(name)s got better by %(points)s points since %(before)s.")
        yield _fill_in_change(text, rose, highest, previous_period)
    if lowest < 0:
        text = _("%(name)s got worse by %(points)s points since %(before)s.")
        yield _fill_in_change(text, fell, -lowest, previous_period)


def _fill_in_change(text: str, line: ScoreLine, points: float, previous_period: str) -> Markup:
    return labels.fill_in(
        text, name=labels.join_bold([line.name]), points=labels.format_composite(points), before=previous_period
    )


def composite_change(line: LineFigures, previous: LineFigures | None) -> float | None:
    """Return the change of a composite in points: 0 if the intervals overlap, None if one is not published."""
    score, earlier = line["composite"], previous["composite"] if previous else None
    if score is None or earlier is None:
        return None
    is_clear = score["lo"] > earlier["hi"] or score["hi"] < earlier["lo"]
    return score["value"] - earlier["value"] if is_clear else 0.0
