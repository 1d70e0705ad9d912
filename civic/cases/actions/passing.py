"""Who has the case: the router's and the dispatchers' decisions, and what departments hand on.

Handing a case on ends a stint and starts another; the case's own clocks go on, so it buys no time.
"""

from collections.abc import Sequence
from typing import Any

from civic.cases import promises
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.models import Assignment, Case, CaseEvent, Outcome, Part, Status
from civic.cases.telling import tell_department, tell_dispatchers
from civic.cases.turns import Turn, clean, turn
from civic.cases.words import PRIORITIES
from civic.errors import Conflict, Invalid, NotAllowed
from civic.i18n import lazy as _

HANDOVERS = 3  # the next one goes to a dispatcher
HAS_IT = _("This department has the case already.")


async def assign(
    case_id: int,
    department_id: int,
    *,
    by: Actor,
    seen: int | None = None,
    reason: dict[str, Any],
    support: Sequence[int] = (),
    priority: str | None = None,
    misrouted: bool = False,
) -> Case:
    """The router or a dispatcher gives the case to a department, for a stored reason (routing.queries.explain).

    From a department that leads it already, this is a dispatcher's reassignment. `misrouted` marks the latest stint
    that was handed over or given back: it should not have come there, and does not count against its department.
    A case that the router has sent somewhere already is left as it is: its job may run twice.
    """
    if by.kind not in (ActorKind.SYSTEM, ActorKind.DISPATCHER):
        raise NotAllowed()
    await in_force(department_id, *support)
    async with turn(case_id, by, seen) as now:
        if by.kind == ActorKind.SYSTEM and await _routed(now.case):
            return now.case
        lead = await now.lead() if now.case.status != Status.RECEIVED else None
        if lead is not None and lead.department_id == department_id:
            raise Invalid(fields={"department": HAS_IT})
        now.move(Status.ASSIGNED)
        if misrouted:
            await _mark_latest(now)
        if lead is not None:
            await now.unpause()
            await now.end(lead, Outcome.REASSIGNED)
        if priority is not None:
            now.case.priority = _priority(priority)
        before = await _slug(lead.department_id) if lead is not None else None
        await _start_lead(now, department_id)
        data: dict[str, Any] = {"from": before, "department": await _slug(department_id), "reason": reason}
        data |= {"support": await _start_supports(now, support), "priority": now.case.priority}
        event = await now.finish("assigned", data=data | {"misrouted": misrouted})
        await tell_department(now.case, event, "case_assigned", department_id)
        for helper in set(support) - {department_id}:
            await tell_department(now.case, event, "case_support", helper)
        return now.case


async def triage(case_id: int, *, reason: dict[str, Any]) -> Case:
    """The router found no department: the case stays received, with its suggestions, and the dispatchers are told.

    Nothing happens to a case that is no longer received, or that is in triage already.
    """
    async with turn(case_id, SYSTEM) as now:
        if not await _routed(now.case):
            event = await now.finish("triaged", data={"reason": reason})
            await tell_dispatchers(now.case, event, "case_triage")
        return now.case


async def hand_over(case_id: int, department_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The leading department passes the case to another, with a public reason.

    From the fourth handover of a case on it goes to triage instead, where a dispatcher names who leads it.
    """
    text = clean(text)
    await in_force(department_id)
    async with turn(case_id, by, seen) as now:
        limit = now.case.handovers >= HANDOVERS
        now.move(Status.RECEIVED if limit else Status.ASSIGNED)
        lead = await now.leading()
        if lead.department_id == department_id:
            raise Invalid(fields={"department": HAS_IT})
        await now.unpause()
        await now.end(lead, Outcome.HANDED_OVER)
        now.case.handovers += 1
        data = {"from": await _slug(lead.department_id), "department": await _slug(department_id)}
        if limit:
            now.case.department_id = None
            event = await now.finish("handed_over", text, data=data | {"dispatcher": True})
            await tell_dispatchers(now.case, event, "case_handovers", times=now.case.handovers)
        else:
            await _start_lead(now, department_id)
            event = await now.finish("handed_over", text, data=data)
            await tell_department(now.case, event, "case_assigned", department_id)
        return now.case


async def give_back(case_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The department returns a case that it has not begun to triage, with a public reason."""
    text = clean(text)
    async with turn(case_id, by, seen) as now:
        if now.case.status != Status.ASSIGNED:
            raise Conflict(_("Only a case that nobody has begun can be returned to triage: hand it over instead."))
        now.move(Status.RECEIVED)
        lead = await now.leading()
        await now.end(lead, Outcome.RETURNED)
        now.case.department_id = None
        event = await now.finish("returned", text, data={"from": await _slug(lead.department_id)})
        await tell_dispatchers(now.case, event, "case_returned")
        return now.case


async def _routed(case: Case) -> bool:
    """Whether the router is done with it."""
    if case.status != Status.RECEIVED or case.events_count == 1:
        return case.status != Status.RECEIVED
    return await CaseEvent.exists(case_id=case.id, kind__in=["triaged", "assigned"])


async def _start_lead(now: Turn, department_id: int) -> Assignment:
    """A department that was helping now leads: one stint of it at a time.

    Its turn as a helper was taken from it, as by a reassignment: what that one still owed, the new one owes.
    """
    for stint in await now.stints():
        if stint.department_id == department_id and stint.ended_at is None:
            await now.end(stint, Outcome.REASSIGNED)
    return await now.start(department_id, Part.LEAD)


async def _start_supports(now: Turn, department_ids: Sequence[int]) -> list[str]:
    """Stints for the departments that do not have one yet; the slugs of all that were named."""
    busy = {stint.department_id for stint in await now.stints() if stint.ended_at is None}
    for department_id in dict.fromkeys(department_ids):
        if department_id not in busy:
            await now.start(department_id, Part.SUPPORT)
    return [await _slug(one) for one in dict.fromkeys(department_ids)]


async def _mark_latest(now: Turn) -> None:
    """The latest stint that its department passed on should not have come to it."""
    passed = Assignment.filter(case_id=now.case.id, outcome__in=[Outcome.HANDED_OVER, Outcome.RETURNED], part=Part.LEAD)
    latest = await passed.order_by("-id").first()
    if latest is not None:
        latest.misrouted = True
        await latest.save(update_fields=["misrouted"])


async def in_force(*department_ids: int) -> None:
    for department_id in department_ids:
        try:
            found = await promises.department(department_id)
        except KeyError:
            found = None
        if found is None or found.retired:
            raise Invalid(fields={"department": _("Please choose a department.")})


async def _slug(department_id: int) -> str:
    return (await promises.department(department_id)).slug


def _priority(priority: str) -> str:
    if priority not in PRIORITIES:
        raise Invalid(fields={"priority": _("Please choose a priority.")})
    return priority
