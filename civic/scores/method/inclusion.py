"""Which rows count for which indicator: each rule of the method's table once, for one row.

A rule returns None when the row does not count; otherwise whether it did well. A period is `[from, to)`. The rules of
assignments set some aside; of whole cases, which is what a citizen meets, only declines that stand are.
Source: docs/method.md, "Set aside".
"""

from datetime import datetime
from typing import NamedTuple

from civic.scores.method.rows import PASSED_ON_ENDS, ClockRow

Period = tuple[datetime, datetime]

MIN_TAKEN_SECONDS = 60
"""A shorter time to a resolution counts as this many seconds."""


class Inclusion(NamedTuple):
    """What every rule says of one row. `seconds` is the time that its standing resolution took, None without one."""

    response: bool | None
    resolution: bool | None
    seconds: int | None
    ownership: bool | None

    @property
    def is_counted(self) -> bool:
        """Whether the row counts for at least one indicator."""
        return not (self.response is None and self.resolution is None and self.ownership is None)


def include_assignment(row: ClockRow, period: Period) -> Inclusion:
    """Apply every rule to an assignment."""
    return Inclusion(
        _assignment_response(row, period),
        _assignment_resolution(row, period),
        taken_seconds(row),
        _assignment_ownership(row, period),
    )


def include_case(row: ClockRow, period: Period) -> Inclusion:
    """Apply every rule of the city's line to a whole case."""
    response = _met(row.first_word_at, row.response_due) if _is_within(row.response_counts_at, period) else None
    is_due = _is_within(row.resolution_counts_at, period) and not row.decline_stands
    ownership = row.handovers == 0 if _is_within(row.received_at, period) else None
    return Inclusion(
        response, _met(row.resolved_at, row.resolution_due) if is_due else None, taken_seconds(row), ownership
    )


def is_due_lead(row: ClockRow, period: Period) -> bool:
    """Whether it is a lead assignment whose resolution fell due in the period, set aside or not."""
    return row.role == "lead" and _is_within(row.resolution_counts_at, period)


def is_response_due(row: ClockRow, period: Period) -> bool:
    """Whether the response of an assignment fell due in the period, set aside or not.

    A support that the leading department added itself never counts.
    """
    is_own_support = row.role == "support" and row.added_by == "department"
    return not is_own_support and _is_within(row.response_counts_at, period)


def taken_seconds(row: ClockRow) -> int | None:
    """Return the elapsed whole seconds to the standing resolution, less the waits that count, at least 60."""
    if row.resolved_at is None or not row.standing:
        return None
    elapsed = row.resolved_at - row.started_at
    return max(elapsed.days * 86_400 + elapsed.seconds - row.waited_s, MIN_TAKEN_SECONDS)


def _is_within(moment: datetime | None, period: Period) -> bool:
    return moment is not None and period[0] <= moment < period[1]


def _met(moment: datetime | None, due: datetime | None) -> bool:
    return moment is not None and due is not None and moment <= due


def _assignment_response(row: ClockRow, period: Period) -> bool | None:
    """For a response due in the period: whether the department's own first public word came by the due instant."""
    if not is_response_due(row, period) or _is_set_aside(row):
        return None
    if row.first_word_at is None and (_left_in_first_half(row) or _is_taken_by(row, row.response_due)):
        return None
    return _met(row.first_word_at, row.response_due)


def _assignment_resolution(row: ClockRow, period: Period) -> bool | None:
    """For a resolution due in the period: whether a resolution that still stands came by the due instant."""
    if not is_due_lead(row, period) or _is_set_aside(row) or _is_taken_by(row, row.resolution_due):
        return None
    if row.end_reason in PASSED_ON_ENDS and _met(row.ended_at, row.response_due):
        return None
    if row.decline_stands and _met(row.unanswered_at, row.response_due):
        return None
    return row.standing and _met(row.resolved_at, row.resolution_due)


def _assignment_ownership(row: ClockRow, period: Period) -> bool | None:
    """For a lead assignment that began in the period: whether it was kept, or passed on and marked misrouted."""
    if row.role != "lead" or not _is_within(row.given_at, period):
        return None
    return row.end_reason not in PASSED_ON_ENDS or row.misrouted


def _is_set_aside(row: ClockRow) -> bool:
    """Whether both indicators set it aside: misrouted, come back, or declined in time by a decline that stands."""
    return row.misrouted or row.came_back or (row.decline_stands and _met(row.ended_at, row.response_due))


def _left_in_first_half(row: ClockRow) -> bool:
    return (row.end_reason in PASSED_ON_ENDS or row.end_reason == "merged") and _met(row.ended_at, row.response_half)


def _is_taken_by(row: ClockRow, due: datetime | None) -> bool:
    """Whether somebody else ended the assignment while its due instant had not passed."""
    if row.end_reason == "merged":
        is_taken = row.role == "support" or row.ended_by != "department"
    else:
        is_taken = row.end_reason in ("reassigned", "closed")
    return is_taken and _met(row.ended_at, due)
