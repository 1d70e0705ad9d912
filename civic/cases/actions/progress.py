"""What departments and the reporter do while the work goes on: accept, reply, ask, answer, support."""

from collections.abc import Mapping, Sequence

from civic.cases import targets
from civic.cases.actions.assignment import require_in_force
from civic.cases.actors import Actor
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import changing, clean_text
from civic.cases.event_kinds import EventKind
from civic.cases.events import format_instant
from civic.cases.models import AssignmentPart, Case, Outcome, WaitEnd
from civic.cases.notices import notify_assignee, notify_department
from civic.cases.public_word import read_public_word
from civic.cases.status import HELD, Status
from civic.db import retry_transaction
from civic.errors import Conflict, Invalid
from civic.i18n import lazy as _
from civic.media.models import Photo


@retry_transaction
async def accept(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Case:
    """The department takes the case up. With a text it is a public word, and stops the response clocks."""
    text = read_public_word(text, required=False)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.ACCEPT)
        change.move_to(Status.IN_PROGRESS)
        lead = await change.require_lead()
        if text:
            await change.record_public_word(lead)
        await change.record_event(EventKind.ACCEPTED, text)
        return change.case


@retry_transaction
async def reply(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """A public word, by the leading department (which takes the case up with it) or one that helps."""
    text = read_public_word(text)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.REPLY)
        assignment = await change.require_own_assignment()
        if assignment.part == AssignmentPart.LEAD and change.case.status == Status.ASSIGNED:
            change.move_to(Status.IN_PROGRESS)
        await change.record_public_word(assignment)
        await change.record_event(EventKind.REPLIED, text, photos=photos)
        return change.case


@retry_transaction
async def ask(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """A question to the reporter: a public word, and the resolution clocks pause until the answer or the limit.

    A department that has not taken the case up yet takes it up with the question.
    """
    text = read_public_word(text)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.ASK)
        if change.case.status == Status.ASSIGNED:
            change.move_to(Status.IN_PROGRESS)
            await change.require_lead()
            await change.record_event(EventKind.ACCEPTED)
        change.move_to(Status.WAITING)
        lead = await change.require_lead()
        await change.record_public_word(lead)
        until = await change.begin_wait(lead)
        await change.record_event(EventKind.ASKED, text, data={"until": format_instant(until)}, photos=photos)
        return change.case


async def answer(case_id: int, *, by: Actor, text: str, photos: Sequence[Photo] = ()) -> Case:
    """The reporter answers what they were asked, and the case goes on. Unasked, they comment on their report."""
    return await _take_answer(case_id, by, clean_text(text), photos)


async def answer_in_comment(case_id: int, *, by: Actor, comment_id: int) -> Case:
    """The reporter answered in a comment on the report: any word of theirs ends the wait."""
    return await _take_answer(case_id, by, "", data={"comment": comment_id})


@retry_transaction
async def _take_answer(
    case_id: int, by: Actor, text: str, photos: Sequence[Photo] = (), data: Mapping[str, object] | None = None
) -> Case:
    async with changing(case_id, by) as change:
        if change.case.status in HELD - {Status.WAITING}:
            raise Conflict(_("Nothing is being asked at the moment. Please write a comment instead."))
        await change.require(CaseAction.ANSWER)
        change.move_to(Status.IN_PROGRESS)
        await change.end_wait(WaitEnd.ANSWER)
        event = await change.record_event(EventKind.ANSWERED, text, data=data, photos=photos)
        if (lead := await change.lead_assignment()) is not None:
            await notify_assignee(change.case, event, lead)
        return change.case


@retry_transaction
async def add_support(case_id: int, department_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The leading department, or a dispatcher, asks another to help: an assignment with a response clock of its own."""
    text = read_public_word(text)
    await require_in_force(department_id)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.ADD_SUPPORT)
        if any(assignment.department_id == department_id for assignment in await change.assignments()):
            raise Invalid(fields={"department": _("This department is already working on the case.")})
        await change.start_assignment(department_id, AssignmentPart.SUPPORT)
        slug = (await targets.get_department(department_id)).slug
        event = await change.record_event(EventKind.SUPPORT_ADDED, text, data={"department": slug})
        await notify_department(change.case, event, department_id)
        return change.case


@retry_transaction
async def support_done(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Case:
    """A helping department's part is done; with a text, that is a public word."""
    text = read_public_word(text, required=False)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.SUPPORT_DONE)
        assignment = await change.require_own_assignment()
        if text:
            await change.record_public_word(assignment)
        await change.end_assignment(assignment, Outcome.DONE)
        event = await change.record_event(EventKind.SUPPORT_DONE, text)
        lead = await change.lead_assignment()
        if lead is not None:
            await notify_assignee(change.case, event, lead)
        return change.case
