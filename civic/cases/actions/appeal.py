"""Appeals: a reporter against a decline, or whoever disputes a resolution once more; a dispatcher decides in public."""

from datetime import timedelta

from civic.cases import targets
from civic.cases.actions.assignment import require_in_force
from civic.cases.actions.closing import file_appeal, reopen
from civic.cases.actors import Actor
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, Case, Outcome
from civic.cases.notices import notify_department
from civic.cases.public_word import read_public_word
from civic.cases.status import Status
from civic.city.queries import city
from civic.db import retry_transaction


@retry_transaction
async def appeal(case_id: int, *, by: Actor, text: str) -> Case:
    """The reporter says in public why the case should not have been declined: once, and a dispatcher decides."""
    text = read_public_word(text)
    async with changing(case_id, by) as change:
        await change.require(CaseAction.APPEAL)
        await file_appeal(change, text)
        return change.case


@retry_transaction
async def uphold(
    case_id: int, *, by: Actor, seen: int | None = None, text: str, department_id: int | None = None
) -> Case:
    """A dispatcher finds that an appeal is right: reopened, with the department that had the case.

    A decline can be overturned without an appeal, too. `department_id` names another department; it has to where the
    case was declined before any department had it.
    """
    text = read_public_word(text)
    if department_id is not None:
        await require_in_force(department_id)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.UPHOLD)
        declined = change.case.status == Status.DECLINED
        change.move_to(Status.IN_PROGRESS)
        if declined:
            await Assignment.filter(case_id=case_id, outcome=Outcome.DECLINED).update(overturned=True)
            change.case.declined_reason, change.case.decline_overturned = "", True
        assignment = await reopen(change, department_id or change.case.department_id)
        slug = (await targets.get_department(assignment.department_id)).slug
        data = {"department": slug, "against": "decline" if declined else "resolution"}
        event = await change.record_event(EventKind.UPHELD, text, data=data)
        await notify_department(change.case, event, assignment.department_id)
        return change.case


@retry_transaction
async def reject(case_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """A dispatcher says in public why an appeal is not right: the decline or the resolution stands.

    A resolution that nobody has confirmed yet can be confirmed and disputed for as many days as at first.
    """
    text = read_public_word(text)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.REJECT)
        case = change.case
        case.appeal_outcome, case.appeal_remind_at = "rejected", None
        if case.status == Status.RESOLVED:
            case.confirm_until = change.at + timedelta(days=(await city()).settings.confirm_days)
        against = "decline" if case.status == Status.DECLINED else "resolution"
        event = await change.record_event(EventKind.REJECTED, text, data={"against": against})
        if case.department_id is not None:
            await notify_department(case, event, case.department_id)
        return case
