"""The draft of a department's score: each of its assignments that counts, and how, while the release is not made.

The department sees it from the end of the period on, and may object to how a case counts (cases.actions.objections).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cachetools import TTLCache
from tortoise.transactions import in_transaction

from civic import timing
from civic.cache import timed_cache
from civic.city.queries import CityView, city
from civic.db import fetch, use_snapshot
from civic.scores.actions import find_release_day
from civic.scores.extract import extract_rows
from civic.scores.method.inclusion import Inclusion, Period, include_assignment
from civic.scores.method.rows import ClockRow
from civic.scores.method.spans import Span, read_span
from civic.scores.models import Release
from civic.scores.sql import CASE_IDS

MAX_AGE_SECONDS = 50
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


_rows: TTLCache[str, list[ClockRow]] = timed_cache(MAX_AGE_SECONDS, max_entries=2)


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
    """The draft of one department, by its slug: figures are at most 50 seconds old."""
    view = await city()
    start, end = span.instants(view.zone)
    period = (start, min(end, timing.now()))
    rows = [row for row in await _read_rows(span, period, view) if row.department == department]
    counted = [(row, included) for row in rows if (included := include_assignment(row, period)).is_counted]
    ids = {row["number"]: row["id"] for row in await fetch(CASE_IDS, [row.case for row, _ in counted])}
    lines = [_draft_line(row, included, ids[row.case]) for row, included in counted]
    ordered = sorted(lines, key=lambda line: (line.is_kept, -line.given_at.timestamp(), line.case))
    return ScoreDraft(span, await find_release_day(span, view), len(lines), ordered[:MAX_DRAFT_LINES])


async def _read_rows(span: Span, period: Period, view: CityView) -> list[ClockRow]:
    rows = _rows.get(span.id)
    if rows is None:
        async with in_transaction():
            await use_snapshot()
            extracted = await extract_rows(period, view.zone, timing.now())
        rows = _rows[span.id] = [row for row in extracted.clocks if row.clock_of == "assignment"]
    return rows


def _draft_line(row: ClockRow, included: Inclusion, case_id: int) -> DraftLine:
    return DraftLine(
        case_id=case_id,
        case=row.case,
        category=row.category,
        given_at=row.given_at or row.started_at,
        response=included.response,
        resolution=included.resolution,
        ownership=included.ownership,
    )
