"""Which department holds a case: decisions of the router and the dispatchers, and departments that pass it on.

Handing a case on ends an assignment and starts another; the case's own clocks go on, so it buys no time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from civic.cases import targets
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import CaseChange, changing, changing_received
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, Outcome, Priority
from civic.cases.notices import notify_department, notify_dispatchers
from civic.cases.public_word import read_public_word
from civic.cases.status import Status
from civic.db import retry_transaction
from civic.errors import Invalid
from civic.i18n import lazy as _

MAX_HANDOVERS = 3  # the next one goes to a dispatcher
ALREADY_LEADS = _("This department already has the case.")


@retry_transaction
async def assign(
    case_id: int,
    department_id: int,
    *,
    by: Actor,
    seen: int | None = None,
    reason: Mapping[str, object],
    text: str = "",
    support: Sequence[int] = (),
    priority: str | None = None,
    misrouted: bool = False,
) -> Case:
    """The router or a dispatcher gives the case to a department, for a stored reason (routing.queries.explain).

    What a dispatcher writes is the event's `text`, which can be hidden and erased: `reason` is kept for good.

    If another department leads it, this is a dispatcher's reassignment. `misrouted` marks the latest assignment that
    was handed over or given back: the case should not have come there, so it does not count against that department.
    A case that the router has already sent somewhere is left as it is, because the router's job may run twice.
    """
    text = read_public_word(text, required=False)
    await require_in_force(department_id, *support)
    async with changing(case_id, by, seen) as change:
        if by.kind == ActorKind.SYSTEM and await _routed(change.case):
            return change.case
        await change.require(CaseAction.ASSIGN)
        lead = await change.lead_assignment() if change.case.status != Status.RECEIVED else None
        if lead is not None and lead.department_id == department_id:
            raise Invalid(fields={"department": ALREADY_LEADS})
        change.move_to(Status.ASSIGNED)
        if misrouted:
            await _mark_latest(change)
        if lead is not None:
            await change.end_assignment(lead, Outcome.REASSIGNED)
        if priority is not None:
            change.case.priority = _priority(priority)
        before = await _slug(lead.department_id) if lead is not None else None
        await _give(change, department_id, support, text, {"from": before, "reason": reason, "misrouted": misrouted})
        return change.case


async def _give(
    change: CaseChange, department_id: int, support: Sequence[int], text: str, data: Mapping[str, object]
) -> None:
    """Give a case that has its new status and priority to a department, with those that help, and tell them."""
    # What the router gives counts from when it could have it, what a dispatcher gives from now.
    since = await _routable_since(change.case) if change.by.kind == ActorKind.SYSTEM else None
    await change.give_case(department_id, since=since)
    data = {**data, "department": await _slug(department_id), "priority": change.case.priority}
    helpers = {"support": await _start_supports(change, support, since)}
    event = await change.record_event(EventKind.ASSIGNED, text, data={**data, **helpers})
    await notify_department(change.case, event, department_id, writes=change.writes)
    for helper in set(support) - {department_id}:
        await notify_department(change.case, event, helper, message="case_support", writes=change.writes)


@dataclass(frozen=True)
class Placement:
    """Where the router sends a case, and why: to a department, or to triage (None)."""

    department_id: int | None
    reason: Mapping[str, object]
    support: Sequence[int] = ()
    priority: str | None = None


@retry_transaction
async def place_received(placements: Mapping[int, Placement]) -> list[int]:
    """The router's decisions about cases (by id) of which nothing is known yet but their receipt, all at once.

    Does what `assign` and `send_to_triage` do, one case after the other. Returns the cases that were placed: others are
    gone, or have a longer history. All or none: raises what one of them raises.
    """
    departments = {case_id: 1 + len(one.support) for case_id, one in placements.items()}
    async with changing_received(departments, SYSTEM) as changes:
        for change in changes:
            await _place(change, placements[change.case.id])
    return [change.case.id for change in changes]


async def _place(change: CaseChange, placement: Placement) -> None:
    if placement.department_id is None:
        await _send_to_triage(change, placement.reason)
        return
    await require_in_force(placement.department_id, *placement.support)
    change.move_to(Status.ASSIGNED)
    if placement.priority is not None:
        change.case.priority = _priority(placement.priority)
    data = {"from": None, "reason": placement.reason, "misrouted": False}
    await _give(change, placement.department_id, placement.support, "", data)


async def _send_to_triage(change: CaseChange, reason: Mapping[str, object]) -> None:
    await change.promise()
    event = await change.record_event(EventKind.TRIAGED, data={"reason": reason})
    await notify_dispatchers(change.case, event, writes=change.writes)


@retry_transaction
async def send_to_triage(case_id: int, *, reason: Mapping[str, object]) -> Case:
    """The router found no department: the case stays received, with its suggestions, and the dispatchers are told.

    Nothing happens to a case that is no longer received, or that is in triage already.
    """
    async with changing(case_id, SYSTEM) as change:
        if not await _routed(change.case):
            await _send_to_triage(change, reason)
        return change.case


@retry_transaction
async def hand_over(case_id: int, department_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The leading department passes the case to another, with a public reason.

    From the fourth handover of a case on it goes to triage instead, where a dispatcher names who leads it.
    """
    text = read_public_word(text)
    await require_in_force(department_id)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.HAND_OVER)
        limit = change.case.handovers >= MAX_HANDOVERS
        change.move_to(Status.RECEIVED if limit else Status.ASSIGNED)
        lead = await change.require_lead()
        if lead.department_id == department_id:
            raise Invalid(fields={"department": ALREADY_LEADS})
        await change.end_assignment(lead, Outcome.HANDED_OVER)
        change.case.handovers += 1
        data = {"from": await _slug(lead.department_id), "department": await _slug(department_id)}
        if limit:
            change.case.department_id = None
            event = await change.record_event(EventKind.HANDED_OVER, text, data=data | {"dispatcher": True})
            await notify_dispatchers(change.case, event, times=change.case.handovers, message="case_handovers")
        else:
            await change.give_case(department_id)
            event = await change.record_event(EventKind.HANDED_OVER, text, data=data)
            await notify_department(change.case, event, department_id)
        return change.case


@retry_transaction
async def give_back(case_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The department returns a case that it has not started to triage, with a public reason."""
    text = read_public_word(text)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.GIVE_BACK)
        change.move_to(Status.RECEIVED)
        lead = await change.require_lead()
        await change.end_assignment(lead, Outcome.RETURNED)
        change.case.department_id = None
        event = await change.record_event(EventKind.RETURNED, text, data={"from": await _slug(lead.department_id)})
        await notify_dispatchers(change.case, event)
        return change.case


async def _routed(case: Case) -> bool:
    """Whether the router has already dealt with the case."""
    if case.status != Status.RECEIVED or case.events_count == 1:
        return case.status != Status.RECEIVED
    return await CaseEvent.exists(case_id=case.id, kind__in=[EventKind.TRIAGED, EventKind.ASSIGNED])


async def _routable_since(case: Case) -> datetime:
    """When the router could have the case: from its receipt, or from a moderator's look if its report was held."""
    if case.events_count > 1:
        checked = await CaseEvent.filter(case_id=case.id, kind=EventKind.CHECKED).order_by("seq").first()
        if checked is not None:
            return checked.at
    return case.received_at


async def _start_supports(change: CaseChange, department_ids: Sequence[int], since: datetime | None) -> list[str]:
    """Start support assignments for departments that have none yet; return the slugs of all departments named."""
    busy = {assignment.department_id for assignment in await change.assignments() if assignment.ended_at is None}
    for department_id in dict.fromkeys(department_ids):
        if department_id not in busy:
            await change.start_assignment(department_id, AssignmentPart.SUPPORT, since=since)
    return [await _slug(one) for one in dict.fromkeys(department_ids)]


async def _mark_latest(change: CaseChange) -> None:
    """Mark the latest assignment that its department passed on as misrouted."""
    passed = Assignment.filter(
        case_id=change.case.id, outcome__in=[Outcome.HANDED_OVER, Outcome.RETURNED], part=AssignmentPart.LEAD
    )
    latest = await passed.order_by("-id").first()
    if latest is not None:
        latest.misrouted = True
        await latest.save(update_fields=["misrouted"])


async def require_in_force(*department_ids: int) -> None:
    for department_id in department_ids:
        try:
            department = await targets.get_department(department_id)
        except KeyError:
            department = None
        if department is None or department.retired:
            raise Invalid(fields={"department": _("Please choose a department.")})


async def _slug(department_id: int) -> str:
    return (await targets.get_department(department_id)).slug


def _priority(priority: str) -> str:
    if priority not in set(Priority):
        raise Invalid(fields={"priority": _("Please choose a priority.")})
    return priority
