"""Departments' objections to how a case counts in their score that wait for a dispatcher."""

from dataclasses import dataclass
from datetime import datetime

from civic.cases.sql import COUNT_OPEN_OBJECTIONS, OPEN_OBJECTION, OPEN_OBJECTIONS
from civic.db import fetch, fetch_one


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection that no later event of the case decided; `reason` is what the department `department_id` says."""

    case_id: int
    number: str
    seq: int  # of its event
    department_id: int
    made_at: datetime
    reason: str


async def list_open_objections(limit: int) -> list[Objection]:
    """The oldest open objections, at most `limit`: the next ones come when these are decided."""
    return [Objection(**row) for row in await fetch(OPEN_OBJECTIONS, limit)]


async def find_open_objection(case_id: int) -> Objection | None:
    """The case's open objection: one waits at a time."""
    row = await fetch_one(OPEN_OBJECTION, case_id)
    return Objection(**row) if row else None


async def count_open_objections() -> int:
    """How many objections wait, of all cases."""
    [row] = await fetch(COUNT_OPEN_OBJECTIONS)
    return int(row["n"])
