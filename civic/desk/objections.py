"""The objections of departments to how a case counts in their score that wait for a dispatcher, the oldest first."""

from dataclasses import dataclass
from datetime import datetime

from civic.cases.event_kinds import EventKind
from civic.db import fetch
from civic.desk.sql import OBJECTIONS

MAX_SHOWN_OBJECTIONS = 200


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """An objection that is not decided; `reason` is what the department `department_id` says."""

    case_id: int
    number: str
    department_id: int
    made_at: datetime
    reason: str


async def load_objections() -> list[ObjectionRow]:
    """The open objections, at most MAX_SHOWN_OBJECTIONS: the next ones come when these are decided."""
    rows = await fetch(OBJECTIONS, EventKind.OBJECTED, EventKind.OBJECTION_DECIDED, MAX_SHOWN_OBJECTIONS)
    return [ObjectionRow(**row) for row in rows]
