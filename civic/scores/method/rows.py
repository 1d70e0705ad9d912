"""The rows of the two published files, and what a row may say. docs/method.md explains each column."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

PASSED_ON_ENDS = frozenset({"handed_over", "returned"})
"""Ends by which a department itself passed the case on: to another department, or back to triage."""

ASSIGNMENT_ENDS = PASSED_ON_ENDS | {"open", "resolved", "declined", "merged", "reassigned", "closed", "done"}
CASE_ENDS = frozenset({"open", "resolved", "declined"})
ADDED_BY = frozenset({"system", "dispatcher", "department"})
ENDED_BY = frozenset({"", "department", "dispatcher", "reporter", "citizen", "system"})
CONFIRMED_BY = frozenset({"", "reporter", "time"})

MAX_WAITED_SECONDS = 2**40
"""Every wait is shorter; below this limit all sums of the method are exact."""

SLUG_FAULT = "a department's slug is printable and without spaces"


class ClockRow(NamedTuple):
    """One row of `assignments.csv`: of an assignment or of a whole case, as `clock_of` says.

    The row of a case has no department, role and `added_by`, and its id is the case's number. `waited_s` is the elapsed
    time of the waits that count, up to `resolved_at`, in whole seconds. `handovers` is of a case, and leaves out those
    that a dispatcher marked as misrouted.
    """

    clock_of: str
    id: str
    case: str
    department: str
    category: str
    role: str
    added_by: str
    received_at: datetime
    started_at: datetime
    given_at: datetime
    response_due: datetime | None
    response_half: datetime | None
    response_counts_at: datetime | None
    first_word_at: datetime | None
    same_word: int | None
    resolution_due: datetime | None
    resolution_counts_at: datetime | None
    resolved_at: datetime | None
    standing: bool
    ended_at: datetime | None
    end_reason: str
    ended_by: str
    misrouted: bool
    came_back: bool
    decline_stands: bool
    unanswered_at: datetime | None
    paused: bool
    waited_s: int
    confirmed_by: str
    rated: bool
    handovers: int


class RatingRow(NamedTuple):
    """One row of `ratings.csv`: the latest handling rating that one reporter gave one case. The reporter is not named.

    `department` resolved or declined the case last before it; empty if no department did.
    """

    id: str
    case: str
    received_at: datetime
    department: str
    stars: int
    given_at: datetime


def clock_order(row: ClockRow) -> tuple[str, datetime, str, str]:
    """Sort key: assignments before cases, each by start, then by case and id as text."""
    return row.clock_of, row.started_at, row.case, row.id


def rating_order(row: RatingRow) -> tuple[datetime, str, str]:
    """Sort key: by time, then by case and id as text."""
    return row.given_at, row.case, row.id


def list_clock_faults(row: ClockRow) -> Iterator[str]:
    """Say what is impossible in a row; nothing for a row that can be."""
    if row.clock_of == "case":
        yield from _list_case_faults(row)
    elif row.clock_of == "assignment":
        yield from _list_assignment_faults(row)
    else:
        yield "clock_of is case or assignment"
    yield from _list_due_faults(row)
    yield from _list_end_faults(row)
    if not (row.id and row.case and f"{row.id}{row.case}{row.category}".isprintable()):
        yield "id and case are not empty, and id, case and category are printable"


def _list_case_faults(row: ClockRow) -> Iterator[str]:
    if row.department or row.role or row.added_by or row.ended_by or row.response_half or row.unanswered_at:
        yield "a case has no department, role, added_by, ended_by, response_half or unanswered_at"
    if row.id != row.case or not row.received_at == row.started_at == row.given_at:
        yield "the id of a case is its number, and it starts when it is received"
    if row.end_reason not in CASE_ENDS:
        yield f"unknown end_reason {row.end_reason!r} of a case"
    if (row.resolved_at is not None) != row.standing:
        yield "a case is resolved only by a resolution that stands"
    if row.came_back or row.misrouted or row.paused or row.rated or row.same_word is not None or row.handovers < 0:
        yield "came_back, misrouted, paused, rated and same_word are of assignments, and handovers is from 0 up"


def _list_assignment_faults(row: ClockRow) -> Iterator[str]:
    if not row.department.isprintable() or not row.department or " " in row.department:
        yield SLUG_FAULT
    if row.role not in ("lead", "support") or row.added_by not in ADDED_BY:
        yield "an assignment has the role lead or support, and is added_by system, dispatcher or department"
    if row.end_reason not in ASSIGNMENT_ENDS:
        yield f"unknown end_reason {row.end_reason!r} of an assignment"
    if row.role == "support" and (row.end_reason in ("resolved", "declined") or row.resolution_due is not None):
        yield "a support department neither resolves nor declines, and has no resolution_due"
    if (row.response_half is None) != (row.response_due is None):
        yield "response_half is given with response_due"
    if row.end_reason not in PASSED_ON_ENDS and (row.misrouted or row.came_back):
        yield "misrouted and came_back are of an assignment that was handed over or returned"
    if row.handovers != 0:
        yield "handovers is of a case"
    if row.same_word is not None and (row.same_word < 1 or row.first_word_at is None):
        yield "same_word is a number from 1 up, given only with first_word_at"


def _list_due_faults(row: ClockRow) -> Iterator[str]:
    for kind, due, counts_at in (
        ("response", row.response_due, row.response_counts_at),
        ("resolution", row.resolution_due, row.resolution_counts_at),
    ):
        if (due is None) != (counts_at is None) or (due is not None and counts_at is not None and counts_at < due):
            yield f"{kind}_counts_at is given with {kind}_due, and is not earlier"


def _list_end_faults(row: ClockRow) -> Iterator[str]:
    if (row.ended_at is None) != (row.end_reason == "open") or row.ended_by not in ENDED_BY:
        yield "ended_at is empty when the end_reason is open, and only then; ended_by is one of its words"
    is_resolved = row.resolved_at is not None
    if is_resolved != (row.end_reason == "resolved" or (row.end_reason == "merged" and row.standing)):
        yield "resolved_at is given for the end_reason resolved, and for merged when that case is resolved"
    if row.standing and not is_resolved:
        yield "only a resolution can stand"
    if row.decline_stands and row.end_reason != "declined":
        yield "decline_stands is of what was declined"
    if not 0 <= row.waited_s < MAX_WAITED_SECONDS or (row.waited_s and not is_resolved):
        yield "waited_s is whole seconds, 0 without resolved_at"
    if row.confirmed_by not in CONFIRMED_BY or (row.confirmed_by and not row.standing):
        yield "confirmed_by is reporter or time, of a resolution that stands"


def list_rating_faults(row: RatingRow) -> Iterator[str]:
    """Say what is impossible in a row; nothing for a row that can be."""
    if not 1 <= row.stars <= 5:
        yield "stars are 1 to 5"
    if not row.department.isprintable() or " " in row.department:
        yield SLUG_FAULT
    if not (row.id and row.case and f"{row.id}{row.case}".isprintable()):
        yield "id and case are printable and not empty"
