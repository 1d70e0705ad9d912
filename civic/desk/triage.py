"""The cases that wait for a dispatcher to name a department."""

from dataclasses import dataclass
from datetime import UTC, datetime

from civic import paging
from civic.cases.event_kinds import EventKind
from civic.cases.status import Status
from civic.db import Row, fetch, fetch_one
from civic.reports.queries import heading

PAGE_ROWS = 50
TRIAGE = f"""
SELECT c.id AS case_id, c.number, c.events_count, c.received_at, c.due_at, c.category_id, c.area_id, r.id AS report_id,
       p.title, p.text, r.address, ph.name AS cover, e.kind, e.text AS why, e.data,
       (SELECT t.data FROM case_event t WHERE t.case_id = c.id AND t.kind = $4 ORDER BY t.seq DESC LIMIT 1)
           AS routed
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
LEFT JOIN photo ph ON ph.id = p.cover_id AND ph.public
CROSS JOIN LATERAL (
    SELECT kind, text, data FROM case_event
    WHERE case_id = c.id AND kind = ANY($5) ORDER BY seq DESC LIMIT 1) e
WHERE c.status = $3 AND (c.received_at, c.id) > ($1, $2)
ORDER BY c.received_at, c.id LIMIT {PAGE_ROWS + 1}
"""
# The events that bring a case here: the latest of them says why.
TRIAGE_KINDS = [EventKind.RECEIVED, EventKind.TRIAGED, EventKind.RETURNED, EventKind.HANDED_OVER]
FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
COUNT = "SELECT count(*) AS n FROM case_file WHERE status = $1"


@dataclass(frozen=True)
class TriageRow:
    """A case that no department has: why (`kind` of the event, and its text), and the router's suggestions."""

    case_id: int
    number: str
    events_count: int
    received_at: datetime
    due_at: datetime | None
    category_id: int | None
    area_id: int | None
    report_id: int
    heading: str
    text: str
    address: str
    cover: str | None
    kind: EventKind
    why: str
    reason: Row
    suggestions: list[Row]

    @property
    def was_handed_over(self) -> bool:
        """Once too often: a dispatcher has to name who leads it."""
        return self.kind is EventKind.HANDED_OVER


@dataclass(frozen=True)
class TriagePage:
    rows: list[TriageRow]
    count: int
    next: str  # cursor of the page after this one; empty: there is none


async def load_triage(cursor: str = "") -> TriagePage:
    """Cases that wait for a dispatcher, the oldest first, by keyset."""
    after = paging.read_cursor(cursor) or (FIRST_INSTANT, 0)
    rows = await fetch(TRIAGE, *after, Status.RECEIVED, EventKind.TRIAGED, TRIAGE_KINDS)
    counted = await fetch_one(COUNT, Status.RECEIVED)
    shown = [_triaged(row) for row in rows[:PAGE_ROWS]]
    more = paging.write_cursor(shown[-1].received_at, shown[-1].case_id) if len(rows) > PAGE_ROWS else ""
    return TriagePage(shown, counted["n"] if counted else 0, more)


def _triaged(row: Row) -> TriageRow:
    data, routed = row.pop("data"), row.pop("routed") or {}
    row["kind"] = EventKind(row["kind"])
    return TriageRow(
        heading=heading(row.pop("title"), row["text"]),
        reason=data.get("reason") or {},
        suggestions=(routed.get("reason") or {}).get("suggestions") or [],
        **row,
    )
