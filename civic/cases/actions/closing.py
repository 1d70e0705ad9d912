"""Resolving, declining and confirming a case, and reopening it."""

from collections.abc import Sequence
from datetime import timedelta

from civic.cases import targets
from civic.cases.actors import Actor, ActorKind
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import CaseChange, changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, DeclineReason, Outcome
from civic.cases.notices import notify_department, notify_dispatchers, write_instant
from civic.cases.public_word import read_public_word
from civic.cases.status import Status
from civic.city.queries import city
from civic.db import retry_transaction
from civic.errors import Conflict, Invalid
from civic.i18n import lazy as _
from civic.media.models import Photo
from civic.sla import actions as sla


@retry_transaction
async def resolve(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """The leading department says in public what it did; with a photo where the category asks for one.

    The resolution stands until somebody disputes it. Departments that still help are done.
    """
    text = read_public_word(text)
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.RESOLVE)
        change.move_to(Status.RESOLVED)
        lead = await change.require_lead()
        if not photos and await _needs_evidence(change.case):
            raise Invalid(fields={"photos": _("In this category a photo must show the result.")})
        await change.record_public_word(lead)
        lead.standing = True
        await change.end_all_assignments(Outcome.CLOSED, lead=Outcome.RESOLVED)
        _response, resolution = await change.clocks()
        await sla.stop_clock(resolution, change.at)
        change.case.waiting_until = None
        change.case.resolved_at = change.at
        change.case.confirm_until = change.at + timedelta(days=(await city()).settings.confirm_days)
        forget_appeal(change.case)
        await change.record_event(EventKind.RESOLVED, text, photos=photos)
        return change.case


@retry_transaction
async def decline(case_id: int, *, by: Actor, seen: int | None = None, reason: str, text: str) -> Case:
    """The leading department, or a dispatcher, says in public why nothing will be done. Never counted as solved.

    `reason` is a code of DeclineReason. A dispatcher's decline answers the citizen, but is not the department's word.
    """
    text = read_public_word(text)
    if reason not in set(DeclineReason):
        raise Invalid(fields={"reason": _("Please choose a reason.")})
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.DECLINE)
        change.move_to(Status.DECLINED)
        own = by.kind == ActorKind.DEPARTMENT
        await change.record_public_word(await change.require_lead() if own else None)
        await change.end_all_assignments(Outcome.CLOSED, lead=Outcome.DECLINED if own else Outcome.CLOSED)
        await _close(change)
        change.case.declined_reason, change.case.decline_overturned = reason, False
        forget_appeal(change.case)
        await change.record_event(EventKind.DECLINED, text, data={"reason": reason})
        return change.case


@retry_transaction
async def confirm(case_id: int, *, by: Actor) -> Case:
    """The reporter says that it is fixed."""
    async with changing(case_id, by) as change:
        await change.require(CaseAction.CONFIRM)
        change.move_to(Status.CONFIRMED)
        await close_confirmed(change, "reporter")
        await change.record_event(EventKind.CONFIRMED)
        return change.case


async def close_confirmed(change: CaseChange, confirmed_by: str) -> None:
    """Record the confirmation, by the "reporter" or by "time"; the reporter can still dispute it for some days."""
    change.case.confirmed_by, change.case.confirm_until = confirmed_by, None
    change.case.dispute_until = change.at + timedelta(days=(await city()).settings.reopen_days)


@retry_transaction
async def dispute(case_id: int, *, by: Actor, text: str) -> Case:
    """It is not fixed, says the reporter (or the last of enough supporters): reopened, with the same department.

    The resolution stands no longer, the department gets a new assignment with fresh targets, the case keeps its first
    promise. After a confirmation only the reporter can, for the days that the city's settings say. The reporter
    reopens a case once, and supporters once; what they dispute later is an appeal, which a dispatcher decides.
    """
    text = read_public_word(text)
    async with changing(case_id, by) as change:
        await change.require(CaseAction.DISPUTE)
        until = change.case.dispute_until
        if change.case.status == Status.CONFIRMED and until and change.at > until:
            raise Conflict(_("It is too late to reopen this case. Please send a new report."))
        if await CaseEvent.exists(case_id=case_id, kind=EventKind.REOPENED, actor_kind=by.kind):
            await file_appeal(change, text)
            return change.case
        change.move_to(Status.IN_PROGRESS)
        assignment = await reopen(change, change.case.department_id)
        event = await change.record_event(EventKind.REOPENED, text)
        await notify_department(change.case, event, assignment.department_id)
        return change.case


async def file_appeal(change: CaseChange, text: str) -> None:
    """Ask a dispatcher to decide about the decline, or about a resolution that is disputed once more. Once for each.

    A resolution is not confirmed by time while that waits.
    """
    case = change.case
    if case.appealed_at is not None:
        raise Conflict(
            _("A dispatcher is already deciding this.")
            if case.appeal_is_open
            else _("A dispatcher has already decided this.")
        )
    case.appealed_at, case.appeal_outcome, case.confirm_until = change.at, "", None
    case.appeal_due_at = case.appeal_remind_at = await targets.compute_appeal_due(change.at)
    against = "decline" if case.status == Status.DECLINED else "resolution"
    data = {"against": against, "due": case.appeal_due_at.isoformat()}
    event = await change.record_event(EventKind.APPEALED, text, data=data)
    due = await write_instant(case.appeal_due_at)
    await notify_dispatchers(case, event, due=due)
    if case.department_id is not None:
        await notify_department(case, event, case.department_id, due=due)


def forget_appeal(case: Case) -> None:
    """A new resolution or decline can be appealed against as the one before it could."""
    case.appealed_at = case.appeal_due_at = case.appeal_remind_at = None
    case.appeal_outcome = ""


async def reopen(change: CaseChange, department_id: int | None) -> Assignment:
    """Let the case's clocks run on, and give the case to the department with fresh targets.

    An appeal that was still open has reached what it asked for.
    """
    if department_id is None:
        raise Invalid(fields={"department": _("Please choose a department.")})
    case = change.case
    case.reopened += 1
    case.resolved_at = case.confirm_until = case.dispute_until = None
    case.confirmed_by = ""
    if case.appeal_is_open:
        case.appeal_outcome, case.appeal_remind_at = "upheld", None
    await Assignment.filter(case_id=case.id, standing=True).update(standing=False)
    response, resolution = await change.clocks()
    if response.stopped_at is None:
        await sla.restart_clock(response, change.at)
    await sla.restart_clock(resolution, change.at)
    return await change.start_assignment(department_id, AssignmentPart.LEAD)


async def _close(change: CaseChange) -> None:
    """End the case's clocks: it is over without a resolution, and nobody is reminded any more."""
    change.case.waiting_until = None
    for clock in await change.clocks():
        await sla.end_clock(clock, change.at)


async def close_merged(change: CaseChange) -> None:
    """End the assignments and clocks of a case that was merged into another."""
    await change.end_all_assignments(Outcome.MERGED)
    await _close(change)


async def _needs_evidence(case: Case) -> bool:
    return case.category_id is not None and (await targets.get_category(case.category_id)).evidence_required
