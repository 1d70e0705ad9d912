"""Two cases about one problem."""

from tortoise.transactions import in_transaction

from civic.cases.actions.closing import close_merged
from civic.cases.actors import Actor, ActorKind
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case
from civic.cases.public_word import read_public_word
from civic.cases.status import Status
from civic.errors import Conflict, Invalid
from civic.i18n import lazy as _


async def merge(case_id: int, into_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Case:
    """The case is the same as another, which goes on for both: the other one's row.

    Its reports are moved by reports.actions.merge_reports, in whose transaction this runs. Only the merged case's
    assignments end. Whatever was merged into it before follows.
    """
    text = read_public_word(text, required=False)
    if case_id == into_id:
        raise Invalid(fields={"into": _("A case cannot be merged into itself.")})
    async with in_transaction():
        # Always in the order of their ids: two merges of one pair never wait for each other.
        await Case.filter(id__in=[case_id, into_id]).order_by("id").select_for_update()
        async with changing(case_id, by, seen) as change:
            await change.require(CaseAction.MERGE)
            change.move_to(Status.MERGED)
            into = await _absorb(into_id, change.case, by, text)
            await close_merged(change)
            change.case.merged_into_id = into_id
            await Case.filter(merged_into_id=case_id).update(merged_into_id=into_id)
            await change.record_event(EventKind.MERGED, text, data={"into": into.number})
        return into


async def _absorb(into_id: int, merged: Case, by: Actor, text: str) -> Case:
    """Note it in the other case too. The actor needs no rights there: any department may point at any case."""
    async with changing(into_id, Actor(ActorKind.SYSTEM)) as there:
        if there.case.status == Status.MERGED:
            raise Conflict(_("That case was itself merged into another one. Please choose that one."))
        there.by = by
        await there.record_event(EventKind.ABSORBED, text, data={"case": merged.number})
        return there.case
