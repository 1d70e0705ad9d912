"""The appeals that wait for a dispatcher, those that are due first on top."""

from dataclasses import dataclass
from datetime import UTC, datetime

from civic import paging, timing
from civic.cases.event_kinds import EventKind
from civic.cases.status import Status
from civic.db import Row, fetch, fetch_one
from civic.desk.sql import APPEALS, COUNT_APPEALS, PAGE_ROWS
from civic.reports.queries import heading

FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class AppealRow:
    """An appeal against a decline, or a dispute after the first; `reason` is what the reporter or supporters said."""

    case_id: int
    number: str
    status: Status
    category_id: int | None
    department_id: int | None
    made_at: datetime
    due_at: datetime
    reason: str
    heading: str

    @property
    def against(self) -> str:
        return "decline" if self.status is Status.DECLINED else "resolution"

    @property
    def overdue(self) -> bool:
        return self.due_at < timing.now()


@dataclass(frozen=True)
class AppealPage:
    rows: list[AppealRow]
    count: int
    next: str  # cursor of the page after this one; empty: there is none


async def load_appeals(cursor: str = "") -> AppealPage:
    """A page of the open appeals, by keyset."""
    after = paging.read_cursor(cursor) or (FIRST_INSTANT, 0)
    rows = await fetch(APPEALS, *after, EventKind.APPEALED)
    shown = [_appeal(row) for row in rows[:PAGE_ROWS]]
    more = paging.write_cursor(shown[-1].due_at, shown[-1].case_id) if len(rows) > PAGE_ROWS else ""
    return AppealPage(shown, await count_appeals(), more)


async def count_appeals() -> int:
    """How many appeals wait for a decision."""
    row = await fetch_one(COUNT_APPEALS)
    return row["n"] if row else 0


def _appeal(row: Row) -> AppealRow:
    row["status"] = Status(row["status"])
    return AppealRow(heading=heading(row.pop("title"), row.pop("text")), **row)
