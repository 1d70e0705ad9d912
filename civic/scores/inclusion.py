"""Which rows count for which indicator: each rule of the method's table once, for one row.

A rule returns None when the row does not count; otherwise whether it did well. The same rules hold for
assignments and for whole cases, which never have a supporting role and are never handed over. A period is
`[from, to)`. Source: docs/method.md, "What is measured".
"""

from datetime import datetime
from typing import NamedTuple

from civic.scores.indicators import MIN_WORKED_SECONDS
from civic.scores.rows import TAKEN_AWAY_ENDS, ClockRow

Period = tuple[datetime, datetime]


def is_within(moment: datetime | None, period: Period) -> bool:
    """Whether the moment is given and lies in the period."""
    return moment is not None and period[0] <= moment < period[1]


def response_met(row: ClockRow, period: Period) -> bool | None:
    """For a response due in the period: whether the first public word came by the due instant.

    Does not count: a case that was taken away before then, without a public word.
    """
    due, word = row.response_due, row.first_word_at
    if due is None or not is_within(due, period) or (word is None and _taken_before(row, due)):
        return None
    return word is not None and word <= due


def resolution_met(row: ClockRow, period: Period) -> bool | None:
    """For a resolution due in the period: whether a resolution that still stands came by the due instant.

    Does not count: a supporting department, a case that was taken away before then or declined. An overturned
    decline counts as unresolved.
    """
    due, resolved = row.resolution_due, row.resolved_at
    if due is None or not _had_to_resolve(row, period) or _ends_declined(row):
        return None
    return row.standing and resolved is not None and resolved <= due


def is_declined(row: ClockRow, period: Period) -> bool:
    """Whether the row would have counted for `resolution_met` if it had not been declined."""
    return _had_to_resolve(row, period) and _ends_declined(row)


def worked_seconds(row: ClockRow, period: Period) -> int | None:
    """Return the working seconds (at least 60) of a resolution that was made in the period and still stands."""
    if row.role == "support" or not row.standing or row.worked_s is None or not is_within(row.resolved_at, period):
        return None
    return max(row.worked_s, MIN_WORKED_SECONDS)


def ownership_met(row: ClockRow, period: Period) -> bool | None:
    """For a start in the period: whether the department kept the case, or only passed on a misrouted one."""
    return row.handovers == 0 if is_within(row.started_at, period) else None


def _had_to_resolve(row: ClockRow, period: Period) -> bool:
    due = row.resolution_due
    return due is not None and is_within(due, period) and row.role != "support" and not _taken_before(row, due)


def _ends_declined(row: ClockRow) -> bool:
    return row.end_reason == "declined" and not row.decline_overturned


def _taken_before(row: ClockRow, due: datetime) -> bool:
    return row.end_reason in TAKEN_AWAY_ENDS and row.ended_at is not None and row.ended_at < due


class Inclusion(NamedTuple):
    """What every rule says of one row. `seconds` is the working time that counts for speed."""

    response: bool | None
    resolution: bool | None
    declined: bool
    seconds: int | None
    ownership: bool | None

    @property
    def counted(self) -> bool:
        """Whether the row counts for at least one indicator."""
        rules = (self.response, self.resolution, self.seconds, self.ownership)
        return any(rule is not None for rule in rules)


def check_inclusion(row: ClockRow, period: Period) -> Inclusion:
    """Apply every rule to a row."""
    return Inclusion(
        response_met(row, period),
        resolution_met(row, period),
        is_declined(row, period),
        worked_seconds(row, period),
        ownership_met(row, period),
    )
