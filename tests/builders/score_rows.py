"""Rows of the published files, made by hand: a lead assignment that is due in January 2024, and its parts by name."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import Results
from civic.scores.method.results import collect_facts, compute_results
from civic.scores.method.rows import ClockRow, RatingRow

JANUARY: Period = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
START = datetime(2024, 1, 10, tzinfo=UTC)
WEIGHTS = {"response": 25, "resolution": 30, "speed": 10, "satisfaction": 25, "ownership": 10}
MINIMUMS = {"indicator": 10, "assignments": 30, "indicators": 3}

_EMPTY: dict[str, Any] = dict.fromkeys(ClockRow._fields) | {
    "clock_of": "assignment",
    "id": "1",
    "case": "24-1",
    "department": "parks",
    "category": "tree",
    "role": "lead",
    "added_by": "system",
    "standing": False,
    "end_reason": "open",
    "ended_by": "",
    "misrouted": False,
    "came_back": False,
    "decline_stands": False,
    "paused": False,
    "waited_s": 0,
    "confirmed_by": "",
    "rated": False,
    "handovers": 0,
}


def after(hours: float, start: datetime = START) -> datetime:
    """An instant so many hours after the start: at 5 half of the response allowance is used, at 10 all."""
    return start + timedelta(hours=hours)


def make_row(start: datetime = START, **parts: Any) -> ClockRow:
    """An assignment that starts at `start`: half of the response at 5 h, response due at 10 h, resolution at 100 h."""
    instants = {
        "received_at": start,
        "started_at": start,
        "given_at": start,
        "response_due": after(10, start),
        "response_half": after(5, start),
        "response_counts_at": after(10, start),
        "resolution_due": after(100, start),
        "resolution_counts_at": after(100, start),
    }
    row = ClockRow(**_EMPTY | instants | parts)
    return row if row.role == "lead" else row._replace(resolution_due=None, resolution_counts_at=None)


def end(row: ClockRow, hours: float, reason: str, **parts: Any) -> ClockRow:
    """End an assignment, so many hours after its start, by its department unless said."""
    at = after(hours, row.started_at)
    more: dict[str, Any] = {"ended_by": "department"}
    if reason == "resolved":
        more |= {"resolved_at": at, "standing": True}
    if reason == "declined":
        more |= {"decline_stands": True}
    return row._replace(**{"ended_at": at, "end_reason": reason} | more | parts)


def make_case(row: ClockRow, **parts: Any) -> ClockRow:
    """The row of a whole case that has this assignment alone."""
    is_over = row.end_reason in ("resolved", "declined") and (row.standing or row.end_reason == "declined")
    changes = {
        "clock_of": "case",
        "id": row.case,
        "department": "",
        "role": "",
        "added_by": "",
        "started_at": row.received_at,
        "given_at": row.received_at,
        "response_half": None,
        "same_word": None,
        "unanswered_at": None,
        "end_reason": row.end_reason if is_over else "open",
        "ended_at": row.ended_at if is_over else None,
        "resolved_at": row.resolved_at if row.standing else None,
        "standing": row.standing,
        "ended_by": "",
        "misrouted": False,
        "came_back": False,
        "paused": False,
        "rated": False,
        "waited_s": row.waited_s if row.standing else 0,
        "confirmed_by": row.confirmed_by if row.standing else "",
        "decline_stands": row.decline_stands and is_over,
    }
    return row._replace(**changes | parts)


def make_rating(number: int, department: str, stars: int, case: str = "", start: datetime = START) -> RatingRow:
    """A rating of one of a department's cases."""
    return RatingRow(f"r{number}", case or f"24-r{number}", start, department, stars, after(120, start))


def results_of(
    clocks: Iterable[ClockRow],
    ratings: Iterable[RatingRow] = (),
    *,
    period: Period = JANUARY,
    ranked: bool = True,
    weights: dict[str, float] | None = None,
    minimums: dict[str, int] | None = None,
) -> Results:
    """Compute the results of rows."""
    facts = collect_facts(clocks, ratings, [period])
    return compute_results(
        facts.periods[0], facts.groups, weights=weights or WEIGHTS, minimums=minimums or MINIMUMS, ranked=ranked
    )
