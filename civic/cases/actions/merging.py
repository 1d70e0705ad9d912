"""Two cases about one problem, and taking that back. Who may merge what is said in reports/merging.py."""

from datetime import timedelta

from civic.cases import targets, undo
from civic.cases.actions.closing import close_merged
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import CaseChange, changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, Merge, WaitEnd
from civic.cases.notices import notify_department
from civic.cases.public_word import read_public_word
from civic.cases.status import Status
from civic.db import Row, in_transaction, retry_transaction
from civic.errors import Conflict, Invalid, NotAllowed
from civic.i18n import lazy as _
from civic.sla import terms
from civic.sla.models import Clock

UNDO_FOR = timedelta(days=1)


@retry_transaction
async def merge(
    case_id: int,
    into_id: int,
    *,
    by: Actor,
    seen: int | None = None,
    text: str = "",
    keep: Row | None = None,
) -> Case:
    """The case is the same as another, which goes on for both: the other one's row.

    What `text` says stands once, in the history of the case that goes on, so that hiding or erasing that line is all.
    Its reports are moved by reports.merging.merge_reports, in whose transaction this runs; `keep` is what that needs
    to move them back. Only the merged case's assignments end. Whatever was merged into it before follows.
    """
    text = read_public_word(text, required=False)
    if case_id == into_id:
        raise Invalid(fields={"into": _("A case cannot be merged into itself.")})
    async with in_transaction():
        await _lock(case_id, into_id)
        before = {"merged_case": await undo.capture_case(case_id), **(keep or {})}
        before["followed"] = await Case.filter(merged_into_id=case_id).values_list("id", flat=True)
        async with changing(case_id, by, seen) as change:
            await change.require(CaseAction.MERGE)
            lead = await change.lead_assignment()
            change.move_to(Status.MERGED)
            await close_merged(change)
            into, before["into"] = await _absorb(into_id, change, lead, text)
            change.case.merged_into_id = into_id
            await Case.filter(merged_into_id=case_id).update(merged_into_id=into_id)
            until = change.at + UNDO_FOR
            await Merge.create(
                case_id=case_id,
                into_id=into_id,
                department_id=by.department_id if by.kind == ActorKind.DEPARTMENT else None,
                merged_at=change.at,
                undo_until=until,
                before=before,
            )
            await change.record_event(EventKind.MERGED, data={"into": into.number})
        return into


async def _lock(*case_ids: int) -> None:
    """Lock cases, always in the order of their ids: two merges of one pair never wait for each other."""
    await Case.filter(id__in=case_ids).order_by("id").select_for_update()


@retry_transaction
async def _absorb(into_id: int, merged: CaseChange, merged_lead: Assignment | None, text: str) -> tuple[Case, Row]:
    """The other case takes the earlier receipt, start and due instants; a wait of it ends as by an answer."""
    before: Row = await undo.capture_case(into_id)
    async with changing(into_id, SYSTEM) as there:
        case = there.case
        if case.status == Status.MERGED:
            raise Conflict(_("That case was itself merged into another one. Please choose that one."))
        lead = await there.lead_assignment()
        clocks = await _list_clocks(there, lead)
        if case.status == Status.WAITING:
            there.move_to(Status.IN_PROGRESS)
            await there.end_wait(WaitEnd.MERGED, counts=True)
        there.by = merged.by
        before["due_before"] = undo.list_due_instants(clocks)
        for mine, other in zip(clocks, await _list_clocks(merged, merged_lead), strict=False):
            if mine is not None and other is not None:
                await terms.take_earlier(mine, other, there.at)
        before["due_after"] = undo.list_due_instants(clocks)
        case.received_at = min(case.received_at, merged.case.received_at)
        await case.save(update_fields=["received_at"])
        if lead is not None and merged_lead is not None:
            lead.started_at = min(lead.started_at, merged_lead.started_at)
            await lead.save(update_fields=["started_at"])
        event = await there.record_event(
            EventKind.ABSORBED, text, data={"case": merged.case.number, **await _describe(case, lead)}
        )
        return case, before | {"seq": event.seq}


@retry_transaction
async def unmerge(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Merge:
    """Undo a merge, for a day, as if it had not been; both histories say that it was, the one that is back also why.

    A department undoes its own, a dispatcher any. Where several cases were merged into one, the latest goes first.
    """
    text = read_public_word(text, required=False)
    async with in_transaction():
        into_id = (await Case.get(id=case_id)).merged_into_id or case_id
        await _lock(case_id, into_id)
        async with changing(case_id, by, seen) as change:
            await change.require(CaseAction.UNMERGE)
            done = await _require_undo(change)
        await undo.restore_case(done.before["merged_case"])
        await Case.filter(id__in=done.before["followed"]).update(merged_into_id=case_id)
        async with changing(case_id, by) as change:
            change.move_to(Status(done.before["merged_case"]["case"]["status"]))
            into = await _release(done, change.case, by)
            event = await change.record_event(EventKind.UNMERGED, text, data={"from": into.number})
            lead = await change.lead_assignment()
            if lead is not None and lead.department_id != by.department_id:
                await notify_department(change.case, event, lead.department_id)
            done.undone_at = change.at
            await done.save(update_fields=["undone_at"])
        return done


async def _require_undo(change: CaseChange) -> Merge:
    """The merge that can be undone. Raises NotAllowed for somebody else's, and Conflict for what is in the way."""
    done = await Merge.filter(case_id=change.case.id, undone_at=None).order_by("-id").select_related("into").first()
    if done is None or done.undo_until < change.at:
        raise Conflict(_("A merge can be undone for a day. That time is over."))
    if change.by.kind == ActorKind.DEPARTMENT and done.department_id != change.by.department_id:
        raise NotAllowed()
    if done.into.status == Status.MERGED:
        raise Conflict(_("Case %(number)s was itself merged later. Please undo that first.", number=done.into.number))
    later = Merge.filter(into_id=done.into_id, undone_at=None, id__gt=done.id, case__status=Status.MERGED)
    if (one := await later.order_by("-id").select_related("case").first()) is not None:
        raise Conflict(_("Case %(number)s was merged into it later. Please undo that first.", number=one.case.number))
    return done


@retry_transaction
async def _release(done: Merge, merged: Case, by: Actor) -> Case:
    """Give the case that went on what it would have without the merge."""
    before = done.before["into"]
    untouched = await undo.is_untouched(done.into_id, before["seq"])
    async with changing(done.into_id, SYSTEM) as there:
        if untouched:
            await undo.restore_case(before)
        else:
            await undo.restore_dates(before)
        await undo.settle_steps(before, done.merged_at, there.at)
    async with changing(done.into_id, SYSTEM) as there:
        if untouched and before["case"]["status"] == Status.WAITING:
            there.move_to(Status.WAITING)
        there.by = by
        await there.clocks()  # so that what falls due next is computed again
        kept = {row["id"] for row in before["assignments"]}
        lead = next((one for one in await there.assignments() if one.id in kept), None)
        lead = lead or await Assignment.filter(id__in=kept, part=AssignmentPart.LEAD).first()
        data = {"case": merged.number, **await _describe(there.case, lead)}
        await there.record_event(EventKind.RELEASED, data=data)
        return there.case


async def _list_clocks(change: CaseChange, lead: Assignment | None) -> list[Clock | None]:
    """The clocks of a case and of its lead assignment, each at its place."""
    own = [lead.response_clock, lead.resolution_clock] if lead is not None else [None, None]
    return [*await change.clocks(), *own]


async def _describe(case: Case, lead: Assignment | None) -> dict[str, object]:
    """The instants that a merge, or its undoing, gave a case and its lead assignment, for its history."""
    if lead is None:
        return {"received_at": case.received_at.isoformat(), "lead": None}
    department = (await targets.get_department(lead.department_id)).slug
    instants = {"given_at": lead.given_at.isoformat(), "started_at": lead.started_at.isoformat()}
    return {"received_at": case.received_at.isoformat(), "lead": {"department": department, **instants}}
