"""Messages to the desks about a case. A job tells the reporters (reports.actions)."""

from collections.abc import Mapping
from datetime import datetime

from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.sql import WORKS_THERE
from civic.city.queries import city
from civic.db import fetch
from civic.notifications.actions import add_desk_message, notify
from civic.writes import Writes


def desk_path(case: Case) -> str:
    """The case's page on the desk, as a path of this site."""
    return f"/desk/cases/{case.id}"


async def notify_department(
    case: Case,
    event: CaseEvent,
    department_id: int,
    *,
    message: str = "",
    writes: Writes | None = None,
    **values: str | int,
) -> None:
    """Send one message to the department's desk, once for each event: `message`, or the one that its kind names.

    With `writes`, when these are run.
    """
    key = f"case:{case.id}:{event.seq}:department:{department_id}"
    await _notify(case, event, key, message, values, department_id=department_id, writes=writes)


async def notify_assignee(case: Case, event: CaseEvent, assignment: Assignment) -> None:
    """Tell the assignee, or the department's desk if the assignment has none."""
    user_id = await find_assignee(assignment)
    if user_id is None:
        await notify_department(case, event, assignment.department_id)
    else:
        await _notify(case, event, f"case:{case.id}:{event.seq}:user:{user_id}", "", {}, user_id=user_id)


async def notify_dispatchers(
    case: Case, event: CaseEvent, *, message: str = "", writes: Writes | None = None, **values: str | int
) -> None:
    """Send one message to all dispatchers, once for each event; with `writes`, when these are run."""
    key = f"case:{case.id}:{event.seq}:dispatchers"
    await _notify(case, event, key, message, values, role="dispatcher", writes=writes)


async def write_instant(at: datetime) -> str:
    """Day and minute in the city's zone, as messages in every language give it."""
    return f"{(await city()).local(at):%Y-%m-%d %H:%M}"


async def remind_of_appeal(case: Case, due_at: datetime, at: datetime) -> None:
    """Tell the dispatchers that an appeal is overdue: once a day."""
    day = (await write_instant(at))[:10]
    values = {"number": case.number, "due": await write_instant(due_at)}
    message, url = EventKind.APPEAL_OVERDUE.desk_message, desk_path(case)
    await notify(f"case:{case.id}:appeal:{day}:dispatchers", message, role="dispatcher", values=values, url=url)


async def _notify(
    case: Case,
    event: CaseEvent,
    key: str,
    message: str,
    values: Mapping[str, str | int],
    *,
    user_id: int | None = None,
    department_id: int | None = None,
    role: str = "",
    writes: Writes | None = None,
) -> None:
    kind, url = message or EventKind(event.kind).desk_message, desk_path(case)
    said = {"number": case.number, "text": event.text, **values}
    if writes is not None and user_id is None:
        add_desk_message(writes, key, kind, department_id=department_id, role=role, values=said, url=url)
    else:
        await notify(key, kind, user_id=user_id, department_id=department_id, role=role, values=said, url=url)


async def works_for(user_id: int, department_id: int) -> bool:
    """Whether this person can be the assignee of a case of the department."""
    return bool(await fetch(WORKS_THERE, user_id, department_id))


async def find_assignee(assignment: Assignment) -> int | None:
    """The assignee, if still a member of the department; otherwise None, so that the whole desk is told."""
    user_id = assignment.assignee_id
    return user_id if user_id is not None and await works_for(user_id, assignment.department_id) else None
