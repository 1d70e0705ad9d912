"""The draft of a department's score: each of its assignments that counts, and how, while the release is not made.

The department sees it from the end of the period on, and may object to how a case counts (cases.actions.objections).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from civic import timing
from civic.city.queries import city
from civic.db import fetch
from civic.scores.actions import find_release_day
from civic.scores.method.inclusion import Inclusion, include_assignment
from civic.scores.method.rows import ClockRow
from civic.scores.method.spans import Span, read_span
from civic.scores.models import Release
from civic.scores.provisional import provisional_results
from civic.scores.sql import CASE_IDS

MAX_DRAFT_LINES = 500


@dataclass(frozen=True, slots=True)
class DraftLine:
    """An assignment that counts. None: not for this indicator. `given_at` is when the department was given the case."""

    case_id: int
    case: str
    category: str
    given_at: datetime
    response: bool | None
    resolution: bool | None
    ownership: bool | None

    @property
    def is_kept(self) -> bool:
        """Nothing about it is against the department."""
        return False not in (self.response, self.resolution, self.ownership)


@dataclass(frozen=True, slots=True)
class ScoreDraft:
    """What counts for a department in a span: first what is against it, the latest first; at most MAX_DRAFT_LINES."""

    span: Span
    release_from: datetime
    count: int
    lines: Sequence[DraftLine]


async def find_draft_span(named: str = "") -> Span:
    """The span named ("2026-q3"), else the last quarter that is over if it has no release, else the running one.

    Raises ValueError for a text that names no span.
    """
    if named:
        return read_span(named)
    today = (await city()).local(timing.now()).date()
    running = _quarter_of(today)
    before = _quarter_of(date.fromordinal(running.first.toordinal() - 1))
    return running if await Release.exists(id=before.id) else before


def _quarter_of(day: date) -> Span:
    return read_span(f"{day.year}-q{(day.month + 2) // 3}")


async def load_draft(span: Span, department: str) -> ScoreDraft:
    """The draft of one department, by its slug: of the rows of the provisional figures, as old as those.

    Raises Invalid (field "period") for a span that has not begun.
    """
    now = await provisional_results(span)
    own = [row for row in now.rows.clocks if row.clock_of == "assignment" and row.department == department]
    counted = [(row, included) for row in own if (included := include_assignment(row, now.period)).is_counted]
    ids = {row["number"]: row["id"] for row in await fetch(CASE_IDS, [row.case for row, _ in counted])}
    lines = [_draft_line(row, included, ids[row.case]) for row, included in counted]
    ordered = sorted(lines, key=lambda line: (line.is_kept, -line.given_at.timestamp(), line.case))
    return ScoreDraft(span, await find_release_day(span, await city()), len(lines), ordered[:MAX_DRAFT_LINES])


def _draft_line(row: ClockRow, included: Inclusion, case_id: int) -> DraftLine:
    return DraftLine(
        case_id=case_id,
        case=row.case,
        category=row.category,
        given_at=row.given_at,
        response=included.response,
        resolution=included.resolution,
        ownership=included.ownership,
    )
