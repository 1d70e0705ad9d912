"""Reminders of targets that are running out or overdue: which people are told at which step.

The clock of an assignment reminds the department: at 50 % the assignee (or the whole desk), at 80 % the department's
lead, from 100 % on both of them and the dispatchers. The case's own clock makes it public that the case is overdue and
reminds the dispatchers, from 100 % on; before that only if no department holds the case. However many clocks of one
case are overdue, the dispatchers hear of its answer, and of its resolution, at most once a day.
"""

from civic.cases.actors import Actor, ActorKind
from civic.cases.change import CaseChange
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment
from civic.cases.notices import desk_path, find_assignee
from civic.city.queries import city
from civic.notifications.actions import notify
from civic.sla.actions import escalate_clock
from civic.sla.escalation import DUE_STEP, EARLY_STEPS
from civic.sla.models import Clock


async def escalate(change: CaseChange, clock_id: int) -> None:
    """Record the latest step that the clock has reached, and send the reminders of that step."""
    clock = await Clock.get(id=clock_id)
    before = clock.step
    due_at = clock.due_at
    step = await escalate_clock(clock, change.at)
    if step is None or due_at is None:
        return
    if clock.promised_at is None:  # the router has not decided: from now on the city's dates are the promise
        await change.promise()
    assignment = next((one for one in await change.assignments() if clock_id in _clock_ids(one)), None)
    fallen_due = before < DUE_STEP <= step
    data: dict[str, str | int] = {"clock": clock.kind.value, "step": step, "due": due_at.isoformat()}
    if assignment is None and fallen_due:
        change.by = Actor(ActorKind.SYSTEM, department_id=change.case.department_id)  # the department that is late
        await change.record_event(EventKind.OVERDUE, data=data)
    elif fallen_due or step < DUE_STEP:  # the daily reminders after that are kept as ClockStep rows only
        await change.record_event(EventKind.ESCALATED, data=data | {"of": "assignment" if assignment else "case"})
    values = {"number": change.case.number, "promise": clock.kind.value, "due": due_at.isoformat(), "step": step}
    if assignment is not None:
        await _remind_department(change, assignment, f"clock:{clock.id}:{step}", step, values)
    if step >= DUE_STEP or (assignment is None and await change.lead_assignment() is None):
        await _remind_dispatchers(change, clock.kind.value, step, values)


async def _remind_department(
    change: CaseChange, assignment: Assignment, key: str, step: int, values: dict[str, str | int]
) -> None:
    kind, url = _kind(step), desk_path(change.case)
    if step == EARLY_STEPS[0] or step >= DUE_STEP:
        user_id = await find_assignee(assignment)
        if user_id is not None:
            await notify(f"{key}:user:{user_id}", kind, user_id=user_id, values=values, url=url)
        else:
            await notify(f"{key}:desk", kind, department_id=assignment.department_id, values=values, url=url)
    if step >= EARLY_STEPS[1]:
        await notify(f"{key}:lead", kind, department_id=assignment.department_id, role="lead", values=values, url=url)


async def _remind_dispatchers(change: CaseChange, promise: str, step: int, values: dict[str, str | int]) -> None:
    when = f"{(await city()).local(change.at):%Y-%m-%d}" if step >= DUE_STEP else str(step)
    key = f"case:{change.case.id}:{promise}:{when}:dispatchers"
    await notify(key, _kind(step), role="dispatcher", values=values, url=desk_path(change.case))


def _kind(step: int) -> str:
    return "promise_overdue" if step >= DUE_STEP else "promise_soon"


def _clock_ids(assignment: Assignment) -> tuple[int, int | None]:
    return assignment.response_clock_id, assignment.resolution_clock_id
