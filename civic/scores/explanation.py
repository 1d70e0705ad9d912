"""Sentences that anybody understands: what happened, then who is better than the city or below it, and who changed."""

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from civic import formats
from civic.i18n import gettext as _
from civic.i18n import ngettext
from civic.scores import labels
from civic.scores.method.release_format import LineFigures, Results, ShareFigure
from civic.scores.method.standing import BELOW, BETTER
from civic.scores.presentation import ScoreLine

MAX_NAMED_DEPARTMENTS = 4  # more departments than these are only counted


def describe_city(results: Results, period: str) -> Markup:
    """Say what the whole city did: "From July to September, the city answered 231 of 399 reports on time …"."""
    figures = results["city"]["indicators"]
    answered, solved = _count(figures["response"]), _count(figures["resolution"])
    if answered and solved:
        return labels.fill_in(
            _(
                "In %(period)s, %(met)s of %(n)s reports were answered on time in the whole city, "
                "and %(solved)s of %(due)s were solved on time."
            ),
            period=period,
            solved=solved["met"],
            due=solved["n"],
            **answered,
        )
    if answered:
        text = _("In %(period)s, %(met)s of %(n)s reports were answered on time in the whole city.")
        return labels.fill_in(text, period=period, **answered)
    return labels.fill_in(_("In %(period)s, too few reports were due to say more about the whole city."), period=period)


def explain_standings(lines: Sequence[ScoreLine]) -> list[Markup]:
    """Say of each department that is better than the city or below it what it did; count the others."""
    scored = [line for line in lines if line.has_score]
    sentences: list[Markup] = []
    for code in (BETTER, BELOW):
        found = [line for line in scored if line.standing_code == code]
        sentences += _name_or_count(code, found)
    sentences += _count_others(scored)
    if few := sum(not line.has_score for line in lines):
        text = ngettext(
            "One department had too few cases for a score.", "%(num)s departments had too few cases for a score.", few
        )
        sentences.append(labels.fill_in(text))
    return sentences


def _name_or_count(code: str, lines: Sequence[ScoreLine]) -> Iterator[Markup]:
    if len(lines) <= MAX_NAMED_DEPARTMENTS:
        yield from map(describe_department, lines)
    elif code == BETTER:
        yield labels.fill_in(_("%(count)s departments did better than the city."), count=len(lines))
    else:
        yield labels.fill_in(_("%(count)s departments did worse than the city."), count=len(lines))


def _count_others(scored: Sequence[ScoreLine]) -> Iterator[Markup]:
    others = [line for line in scored if line.standing_code not in (BETTER, BELOW)]
    if not others:
        return
    if len(others) == len(scored):
        yield labels.fill_in(_("No department differs from the city by more than chance explains."))
    else:
        text = ngettext(
            "One department cannot be told apart from the city.",
            "%(num)s departments cannot be told apart from the city.",
            len(others),
        )
        yield labels.fill_in(text)


def describe_department(line: ScoreLine) -> Markup:
    """Say what a department did, then how it stands: "Water answered 19 of 37 on time; … below the city."."""
    facts = _state_facts(line)
    standing = line.data["standing"] if line.data else None
    if standing is None:
        return labels.fill_in(_("%(facts)s. There were too few cases for a score."), facts=facts)
    return labels.fill_in(str(labels.JUDGEMENTS[standing["code"], standing["alone"]]), facts=facts)


def _state_facts(line: ScoreLine) -> Markup:
    assert line.data is not None
    name, figures = labels.join_bold([line.name]), line.data["indicators"]
    answered, solved = _count(figures["response"]), _count(figures["resolution"])
    if answered and solved:
        text = _("%(name)s answered %(met)s of %(n)s on time and solved %(solved)s of %(due)s on time")
        return labels.fill_in(text, name=name, solved=solved["met"], due=solved["n"], **answered)
    if answered:
        return labels.fill_in(_("%(name)s answered %(met)s of %(n)s on time"), name=name, **answered)
    if solved:
        return labels.fill_in(_("%(name)s solved %(met)s of %(n)s on time"), name=name, **solved)
    text = _("%(name)s had few cases that count (%(number)s)")
    return labels.fill_in(text, name=name, number=formats.number(line.counted))


def _count(figure: ShareFigure) -> dict[str, str]:
    """Return `met` and `n` as texts; empty without enough data."""
    if figure["met"] is None:
        return {}
    return {"met": formats.number(figure["met"]), "n": formats.number(figure["n"])}


def explain_changes(lines: Sequence[ScoreLine], previous: Results, previous_period: str) -> Iterator[Markup]:
    """Name the department that rose most and the one that fell most, if the change is more than chance."""
    before: Mapping[str, LineFigures] = previous["departments"]
    changes = [(composite_change(line.data, before.get(line.slug)), line) for line in lines if line.data]
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
