"""The cases that wait for a dispatcher to name a department."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from civic import paging
from civic.cases.event_kinds import EventKind
from civic.cases.status import Status
from civic.db import Row, fetch, fetch_one
from civic.desk.sql import ASSIGNED, COUNT, PAGE_ROWS, TRIAGE
from civic.reports.queries import heading

# The events that bring a case here: the latest of them says why.
TRIAGE_KINDS = [EventKind.RECEIVED, EventKind.TRIAGED, EventKind.RETURNED, EventKind.HANDED_OVER]
FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)


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
    place_names: dict[str, str]
    cover: str | None
    kind: EventKind
    why: str
    reason: Row
    suggestions: list[Row]

    @property
    def says_more(self) -> bool:
        """The text is not just what stands as the heading."""
        return self.text.rstrip(" .。!！?？") != self.heading.rstrip(" .。!！?？")

    @property
    def was_handed_over(self) -> bool:
        """Once too often: a dispatcher has to name who leads it."""
        return self.kind is EventKind.HANDED_OVER


@dataclass(frozen=True)
class TriagePage:
    rows: list[TriageRow]
    count: int
    next: str  # cursor of the page after this one; empty: there is none


async def load_triage(cursor: str, offered: Collection[str]) -> TriagePage:
    """Cases that wait for a dispatcher, the oldest first, by keyset. Of the router's suggestions, which are as old as
    the cases, those remain whose departments (slugs) are `offered` today."""
    after = paging.read_cursor(cursor) or (FIRST_INSTANT, 0)
    rows = await fetch(TRIAGE, *after, Status.RECEIVED, EventKind.TRIAGED, TRIAGE_KINDS)
    counted = await fetch_one(COUNT, Status.RECEIVED)
    shown = [_triaged(row, offered) for row in rows[:PAGE_ROWS]]
    more = paging.write_cursor(shown[-1].received_at, shown[-1].case_id) if len(rows) > PAGE_ROWS else ""
    return TriagePage(shown, counted["n"] if counted else 0, more)


@dataclass(frozen=True)
class AssignedCase:
    """A case that a dispatcher has just given to a department, by its id."""

    id: int
    number: str
    department_id: int


async def find_assigned(case_id: int | None) -> AssignedCase | None:
    """The case, if a department has it now."""
    row = await fetch_one(ASSIGNED, case_id) if case_id else None
    return AssignedCase(**row) if row else None


def _triaged(row: Row, offered: Collection[str]) -> TriageRow:
    data, routed = row.pop("data"), row.pop("routed") or {}
    row["kind"] = EventKind(row["kind"])
    suggestions = (routed.get("reason") or {}).get("suggestions") or []
    return TriageRow(
        heading=heading(row.pop("title"), row["text"]),
        reason=data.get("reason") or {},
        suggestions=[one for one in suggestions if one["department"]["slug"] in offered],
        **row,
    )
