"""What programs get of the scores: the JSON answers, made from the figures that the pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime

from civic.city.queries import CityView
from civic.schemas import JsonDocument
from civic.scores.case_list import CaseLine
from civic.scores.method.files import format_instant
from civic.scores.method.release_format import LineFigures
from civic.scores.pages import ScoreSource, list_provisional_spans
from civic.scores.presentation import Names
from civic.scores.queries import ReleaseEntry
from civic.scores.schemas import (
    CaseRow,
    CasesAnswer,
    DepartmentScoresAnswer,
    NoScoresAnswer,
    PastLine,
    PeriodBounds,
    ProvisionalScoresAnswer,
    ScoresAnswer,
)


def answer_scores(
    source: ScoreSource | None, view: CityView, names: Names
) -> ScoresAnswer | ProvisionalScoresAnswer | NoScoresAnswer:
    """Answer with the figures of all departments."""
    entries = source.entries if source else ()
    summaries = [entry.summary() for entry in entries]
    open_periods = [span.id for span in list_provisional_spans(view, entries)]
    if source is None:
        return NoScoresAnswer(provisional=open_periods)
    if source.published is not None:
        return ScoresAnswer(
            release=JsonDocument.model_validate(source.published.document),
            names=dict(names),
            releases=summaries,
            provisional=open_periods,
        )
    assert source.provisional is not None
    return ProvisionalScoresAnswer(
        period=_bounds(source),
        until=format_instant(source.counted_period[1]),
        computed_at=format_instant(source.provisional.computed_at),
        releasable_from=format_instant(source.releasable_from),
        results=JsonDocument.model_validate(source.results),
        left_out={"cases": source.left_out["cases"], "ratings": source.left_out["ratings"]},
        names=dict(names),
        releases=summaries,
        provisional=open_periods,
    )


def answer_department(
    source: ScoreSource, slug: str, names: Mapping[str, str], past: Sequence[tuple[ReleaseEntry, LineFigures]]
) -> DepartmentScoresAnswer:
    """Answer with the line of a department. `past`: its lines in earlier releases."""
    year = source.year["departments"].get(slug) if source.year else None
    return DepartmentScoresAnswer(
        department=slug,
        names=dict(names),
        release=source.release.summary() if source.release else None,
        period=_bounds(source),
        line=JsonDocument.model_validate(source.results["departments"][slug]),
        twelve_months=JsonDocument.model_validate(year) if year else None,
        city=JsonDocument.model_validate(source.results["city"]),
        before=[PastLine(release=entry.id, line=JsonDocument.model_validate(line)) for entry, line in past],
    )


def answer_cases(
    source: ScoreSource,
    department: str,
    figure: str,
    counts: Mapping[str, int],
    lines: Sequence[CaseLine],
    following: int | None,
) -> CasesAnswer:
    """Answer with the cases behind a figure."""
    return CasesAnswer(
        department=department,
        figure=figure,
        release=source.release.id if source.release else None,
        counts=dict(counts),
        cases=[_case_row(line) for line in lines],
        next=following,
    )


def _case_row(line: CaseLine) -> CaseRow:
    values = {field.name: getattr(line, field.name) for field in fields(line)}
    return CaseRow.model_validate(
        {name: format_instant(value) if isinstance(value, datetime) else value for name, value in values.items()}
        | {"marks": list(line.marks)}
    )


def _bounds(source: ScoreSource) -> PeriodBounds:
    return PeriodBounds(start=format_instant(source.period[0]), end=format_instant(source.period[1]))
