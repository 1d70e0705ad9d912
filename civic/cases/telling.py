"""What the desks are told of a case; its reporters are told by a job, from the event itself."""

from typing import Any

from civic.cases.models import Assignment, Case, CaseEvent
from civic.notifications.actions import tell


def address(case: Case) -> str:
    """The case's page on the desk, as a path of this site."""
    return f"/desk/cases/{case.id}"


async def tell_department(case: Case, event: CaseEvent, kind: str, department_id: int, **values: Any) -> None:
    """One message to the department's desk, once per event."""
    await tell(
        f"case:{case.id}:{event.seq}:department:{department_id}",
        kind,
        department_id=department_id,
        values=_values(case, event, values),
        url=address(case),
    )


async def tell_holder(case: Case, event: CaseEvent, kind: str, stint: Assignment, **values: Any) -> None:
    """To the person who has the case in hand; to the department's desk if nobody has."""
    if stint.assignee_id is None:
        await tell_department(case, event, kind, stint.department_id, **values)
        return
    await tell(
        f"case:{case.id}:{event.seq}:user:{stint.assignee_id}",
        kind,
        user_id=stint.assignee_id,
        values=_values(case, event, values),
        url=address(case),
    )


async def tell_dispatchers(case: Case, event: CaseEvent, kind: str, **values: Any) -> None:
    """One message to all dispatchers, once per event."""
    await tell(
        f"case:{case.id}:{event.seq}:dispatchers",
        kind,
        role="dispatcher",
        values=_values(case, event, values),
        url=address(case),
    )


def _values(case: Case, event: CaseEvent, more: dict[str, Any]) -> dict[str, Any]:
    return {"number": case.number, "text": event.text, **more}
