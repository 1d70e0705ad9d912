"""Who is counted in which indicator: each rule of the method's table once, over one row.

A rule answers None when the row is not counted, else whether it did well. Departments' stints and whole
cases go by the same rules; what only a stint can be (a supporter, handed over) is never true of a case. A
period is `[from, to)`.
"""

from datetime import datetime
from typing import NamedTuple

from civic.scores.indicators import SHORTEST
from civic.scores.rows import TAKEN_AWAY, StintRow

Period = tuple[datetime, datetime]


def within(moment: datetime | None, period: Period) -> bool:
    """Whether there is such a moment, and it lies in the period."""
    return moment is not None and period[0] <= moment < period[1]


def response(row: StintRow, period: Period) -> bool | None:
    """Due in the period: whether the first public word came at or before it.

    Not counted: taken away before it fell due, without a word.
    """
    due, word = row.response_due, row.first_word_at
    if due is None or not within(due, period) or (word is None and _taken_before(row, due)):
        return None
    return word is not None and word <= due


def resolution(row: StintRow, period: Period) -> bool | None:
    """Due in the period: whether it was resolved at or before it, by a resolution that still stands.

    Not counted: a supporter, taken away before it fell due, declined. A decline that was overturned is
    unresolved.
    """
    due, resolved = row.resolution_due, row.resolved_at
    if due is None or not _had_to_resolve(row, period) or _declined(row):
        return None
    return row.standing and resolved is not None and resolved <= due


def declined(row: StintRow, period: Period) -> bool:
    """Whether it would have counted for `resolution`, had it not been declined."""
    return _had_to_resolve(row, period) and _declined(row)


def speed(row: StintRow, period: Period) -> int | None:
    """Working seconds taken, at least a minute, for a standing resolution that was made in the period."""
    if row.role == "support" or not row.standing or row.worked_s is None or not within(row.resolved_at, period):
        return None
    return max(row.worked_s, SHORTEST)


def ownership(row: StintRow, period: Period) -> bool | None:
    """Begun in the period: whether it was kept, or passed on only because it had come to the wrong place."""
    return row.handovers == 0 if within(row.started_at, period) else None


def _had_to_resolve(row: StintRow, period: Period) -> bool:
    due = row.resolution_due
    return due is not None and within(due, period) and row.role != "support" and not _taken_before(row, due)


def _declined(row: StintRow) -> bool:
    return row.end_reason == "declined" and not row.decline_overturned


def _taken_before(row: StintRow, due: datetime) -> bool:
    return row.end_reason in TAKEN_AWAY and row.ended_at is not None and row.ended_at < due


class Judged(NamedTuple):
    """One row by every rule."""

    response: bool | None
    resolution: bool | None
    declined: bool
    seconds: int | None
    ownership: bool | None

    @property
    def counted(self) -> bool:
        """Whether it counts for at least one indicator."""
        rules = (self.response, self.resolution, self.seconds, self.ownership)
        return any(rule is not None for rule in rules)


def judge(row: StintRow, period: Period) -> Judged:
    """The row by every rule."""
    return Judged(
        response(row, period),
        resolution(row, period),
        declined(row, period),
        speed(row, period),
        ownership(row, period),
    )
