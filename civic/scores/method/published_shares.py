"""The shares that stand beside each score: what a department did with its cases besides keeping promises.

Source: docs/method.md, "Published shares".
"""

from collections.abc import Iterator, Mapping
from typing import cast

from civic.scores.method.inclusion import Period, is_due_lead, is_response_due
from civic.scores.method.release_format import CountedShare, PublishedShares
from civic.scores.method.rows import PASSED_ON_ENDS, ClockRow

SHARE_BASES: Mapping[str, str] = {
    "declined": "due",
    "merged": "due",
    "passed_on": "due",
    "misrouted": "due",
    "paused": "due",
    "unanswered": "paused",
    "confirmed": "resolved",
    "closed_by_time": "resolved",
    "reopened": "resolved",
    "rated": "ended",
    "repeated_words": "words",
}
"""Each share, and what it is a share of. `ended` are those that the department resolved or declined."""


def list_marks(row: ClockRow, period: Period) -> Iterator[str]:
    """List what an assignment counts for, in the numbers and in the bases of the shares."""
    if row.first_word_at is not None and is_response_due(row, period):
        yield "words"
        if row.same_word is not None:
            yield "repeated_words"
    if is_due_lead(row, period):
        yield "due"
        yield from _list_end_marks(row)
        if row.paused:
            yield "paused"
            if row.unanswered_at is not None:
                yield "unanswered"


def _list_end_marks(row: ClockRow) -> Iterator[str]:
    if row.end_reason in PASSED_ON_ENDS:
        yield "passed_on"
        if row.misrouted:
            yield "misrouted"
    if row.end_reason in ("declined", "merged", "resolved"):
        yield row.end_reason
    if row.end_reason in ("declined", "resolved"):
        yield "ended"
        if row.rated:
            yield "rated"
    if row.end_reason == "resolved" and not row.standing:
        yield "reopened"
    elif row.confirmed_by:
        yield "confirmed" if row.confirmed_by == "reporter" else "closed_by_time"


def publish_shares(marks: Mapping[str, int], minimum: int) -> PublishedShares:
    """Return all shares; one of fewer than `minimum` is withheld."""
    shares = {
        name: _publish_share(marks.get(name, 0), marks.get(base, 0), minimum) for name, base in SHARE_BASES.items()
    }
    return cast(PublishedShares, shares)


def _publish_share(count: int, n: int, minimum: int) -> CountedShare:
    if n < minimum:
        return {"n": n, "count": None, "share": None}
    return {"n": n, "count": count, "share": count / n}
