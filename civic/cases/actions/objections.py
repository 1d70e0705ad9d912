"""A department objects to how a case counts in its score; a dispatcher decides, in the history of the case.

Nobody edits a row: what the decision changes is done by the actions that do it at any time, each with its event.
"""

from civic.cases.actions.annotations import exclude, mark_misrouted
from civic.cases.actors import Actor
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, ObjectionOutcome, Outcome
from civic.cases.notices import notify_department, notify_dispatchers
from civic.cases.objections import find_open_objection
from civic.cases.public_word import read_public_word
from civic.db import in_transaction, retry_transaction
from civic.errors import Conflict, Invalid, NotFound
from civic.i18n import lazy as _


@retry_transaction
async def object_to_score(case_id: int, *, by: Actor, text: str) -> Case:
    """A department that had the case says in public why it should count otherwise. One objection waits at a time."""
    text = read_public_word(text)
    async with changing(case_id, by) as change:
        await change.require(CaseAction.OBJECT)
        if await find_open_objection(case_id) is not None:
            raise Conflict(_("There is already an objection. A dispatcher has to decide it first."))
        event = await change.record_event(EventKind.OBJECTED, text)
        await notify_dispatchers(change.case, event)
        return change.case


@retry_transaction
async def decide_objection(case_id: int, *, by: Actor, seen: int | None = None, text: str, outcome: str) -> Case:
    """A dispatcher decides the open objection, with a public reason. `outcome` is a code of ObjectionOutcome.

    Raises NotFound if no objection waits, Invalid (field "outcome") for what cannot follow.
    """
    text = read_public_word(text)
    if outcome not in set(ObjectionOutcome):
        raise Invalid(fields={"outcome": _("Please choose what follows.")})
    async with in_transaction():
        async with changing(case_id, by, seen) as change:
            await change.require(CaseAction.DECIDE)
        objection = await find_open_objection(case_id)
        if objection is None:
            raise NotFound(_("There is no objection to decide."))
        await _carry_out(ObjectionOutcome(outcome), case_id, objection.department_id, by)
        async with changing(case_id, by) as change:
            data = {"objection": objection.seq, "outcome": outcome}
            event = await change.record_event(EventKind.OBJECTION_DECIDED, text, data=data)
            await notify_department(change.case, event, objection.department_id)
            return change.case


async def _carry_out(outcome: ObjectionOutcome, case_id: int, department_id: int, by: Actor) -> None:
    if outcome is ObjectionOutcome.EXCLUDED:
        await exclude(case_id, by=by)
    if outcome is ObjectionOutcome.MISROUTED:
        passed = Assignment.filter(
            case_id=case_id,
            department_id=department_id,
            part=AssignmentPart.LEAD,
            outcome__in=[Outcome.HANDED_OVER, Outcome.RETURNED],
        )
        latest = await passed.order_by("-id").first()
        if latest is None:
            raise Invalid(fields={"outcome": _("This department did not pass the case on.")})
        await mark_misrouted(case_id, latest.id, by=by)
