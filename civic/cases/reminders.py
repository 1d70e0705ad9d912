"""Promises that are running out, or have: who is told of which.

A stint's clock tells the department that holds the case: at 50 % the person in charge (else the desk), at 80 % the
department's lead, from 100 % on both, and the dispatchers. The case's own clock makes it public that the case is
overdue, and tells the dispatchers: from 100 % on, and before that only of a case that no department holds. Whichever
clock comes first, the dispatchers hear of one case's answer, or of its resolution, once a day.
"""

from typing import Any

from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment
from civic.cases.telling import address, in_charge
from civic.cases.turns import Turn
from civic.geo.queries import city
from civic.notifications.actions import tell
from civic.sla.actions import fire_clock
from civic.sla.models import Clock
from civic.sla.steps import DUE, SHARES


async def fire(now: Turn, clock_id: int) -> None:
    """Fire the latest step that the clock has reached, record it and tell who has to know."""
    clock = await Clock.get(id=clock_id)
    before = clock.step
    due_at = clock.due_at
    step = await fire_clock(clock, now.at)
    if step is None or due_at is None:
        return
    stint = next((one for one in await now.stints() if clock_id in _clock_ids(one)), None)
    fallen_due = before < DUE <= step
    data: dict[str, Any] = {"clock": clock.kind.value, "step": step, "due": due_at.isoformat()}
    if stint is None and fallen_due:
        now.by = Actor(ActorKind.SYSTEM, department_id=now.case.department_id)  # whose the delay is
        await now.finish("overdue", data=data)
    elif fallen_due or step < DUE:  # the daily reminders after that are kept as ClockStep rows only
        await now.finish("escalated", internal=True, data=data | {"of": "stint" if stint else "case"})
    values = {"number": now.case.number, "promise": clock.kind.value, "due": due_at.isoformat(), "step": step}
    if stint is not None:
        await _tell_department(now, stint, f"clock:{clock.id}:{step}", step, values)
    if step >= DUE or (stint is None and await now.lead() is None):
        await _tell_dispatchers(now, clock.kind.value, step, values)


async def _tell_department(now: Turn, stint: Assignment, key: str, step: int, values: dict[str, Any]) -> None:
    kind, url = _kind(step), address(now.case)
    if step == SHARES[0] or step >= DUE:
        user_id = await in_charge(stint)
        if user_id is not None:
            await tell(f"{key}:user:{user_id}", kind, user_id=user_id, values=values, url=url)
        else:
            await tell(f"{key}:desk", kind, department_id=stint.department_id, values=values, url=url)
    if step >= SHARES[1]:
        await tell(f"{key}:lead", kind, department_id=stint.department_id, role="lead", values=values, url=url)


async def _tell_dispatchers(now: Turn, promise: str, step: int, values: dict[str, Any]) -> None:
    when = f"{(await city()).local(now.at):%Y-%m-%d}" if step >= DUE else str(step)
    key = f"case:{now.case.id}:{promise}:{when}:dispatchers"
    await tell(key, _kind(step), role="dispatcher", values=values, url=address(now.case))


def _kind(step: int) -> str:
    return "promise_overdue" if step >= DUE else "promise_soon"


def _clock_ids(stint: Assignment) -> tuple[int, int | None]:
    return stint.response_clock_id, stint.resolution_clock_id
