"""What the desks are told of a case; its reporters are told by a job, from the event itself."""

from typing import Any

from civic.cases.models import Assignment, Case, CaseEvent
from civic.db import fetch
from civic.notifications.actions import notify

WORKS_THERE = """
SELECT 1 FROM membership m JOIN user_account u ON u.id = m.user_id
WHERE m.user_id = $1 AND m.department_id = $2 AND u.disabled_at IS NULL AND u.role <> 'citizen'
"""


def desk_path(case: Case) -> str:
    """The case's page on the desk, as a path of this site."""
    return f"/desk/cases/{case.id}"


async def notify_department(case: Case, event: CaseEvent, kind: str, department_id: int, **values: Any) -> None:
    """One message to the department's desk, once per event."""
    await notify(
        f"case:{case.id}:{event.seq}:department:{department_id}",
        kind,
        department_id=department_id,
        values=_values(case, event, values),
        url=desk_path(case),
    )


async def works_for(user_id: int, department_id: int) -> bool:
    """Whether this person can have a case of the department in hand."""
    return bool(await fetch(WORKS_THERE, user_id, department_id))


async def find_assignee(assignment: Assignment) -> int | None:
    """Who has the case in hand; None for nobody, and for somebody who has left: they would hear of it, and nobody."""
    user_id = assignment.assignee_id
    return user_id if user_id is not None and await works_for(user_id, assignment.department_id) else None


async def notify_assignee(case: Case, event: CaseEvent, kind: str, assignment: Assignment, **values: Any) -> None:
    """To the person who has the case in hand; to the department's desk if nobody has."""
    user_id = await find_assignee(assignment)
    if user_id is None:
        await notify_department(case, event, kind, assignment.department_id, **values)
        return
    await notify(
        f"case:{case.id}:{event.seq}:user:{user_id}",
        kind,
        user_id=user_id,
        values=_values(case, event, values),
        url=desk_path(case),
    )


async def notify_dispatchers(case: Case, event: CaseEvent, kind: str, **values: Any) -> None:
    """One message to all dispatchers, once per event."""
    await notify(
        f"case:{case.id}:{event.seq}:dispatchers",
        kind,
        role="dispatcher",
        values=_values(case, event, values),
        url=desk_path(case),
    )


def _values(case: Case, event: CaseEvent, more: dict[str, Any]) -> dict[str, Any]:
    return {"number": case.number, "text": event.text, **more}
