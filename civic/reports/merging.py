"""Which reports may be handled as one, and by whose decision: merging a case into another moves its reports there.

A department merges only into an open case of the same category that it leads itself, received earlier and within
MERGE_METRES, and what is public only into what is public. Everything else is a dispatcher's, who may merge into any
case that is neither merged nor hidden. Nobody merges what is public with what is private, nor private reports of
different people: what one said would be shown to the other (CLOCK-AND-SCORES 2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment, Case, Merge
from civic.cases.status import OPEN, Status
from civic.db import Row, fetch, in_transaction, retry_transaction
from civic.errors import Conflict, Invalid
from civic.i18n import gettext as _
from civic.reports.models import Report
from civic.reports.moderation import settle_cases
from civic.reports.sql import DISTANCE, MERGE_SIDES

MERGE_METRES = 100
MAX_NUMBER_CHARS = 16


@dataclass(frozen=True)
class MergeSide:
    """A case as far as merging asks: `lead` is the department that leads it, `had` those that have or had it.

    `authors` has the accounts of its reports' authors, and None for one without an account. `main_id` is its main
    report, whose place is the case's.
    """

    id: int
    number: str
    status: str
    category_id: int | None
    received_at: datetime
    lead: int | None
    had: Sequence[int]
    public: bool
    private: bool  # one of its reports is, or is again when a moderator restores it
    hidden: bool  # all of its reports are, by a moderator
    held: bool  # one of its reports waits for a moderator's look
    authors: Sequence[int | None]
    report_ids: Sequence[int]
    main_id: int
    lat: float
    lon: float

    def is_known_to(self, by: Actor) -> bool:
        """Whether the actor may know that there is such a case."""
        return by.kind != ActorKind.DEPARTMENT or self.public or by.department_id in self.had


@retry_transaction
async def merge_reports(case_id: int, number: str, *, by: Actor, seen: int | None, text: str) -> Case:
    """Merge a case into the one with this number: its reports move along with their votes, photos and authors.

    Raises Invalid (field "into") with the reason if that is not allowed. Of a case that the actor may not know of, it
    says the same as of one that is not there.
    """
    async with in_transaction():
        into = await Case.get_or_none(number=number.strip()) if len(number) <= MAX_NUMBER_CHARS else None
        if into is None:
            raise _no_such_case()
        await Case.filter(id__in=[case_id, into.id]).order_by("id").select_for_update()
        if into.status == Status.MERGED and await _had(into.id, by):
            raise Conflict(_("That case was itself merged into another one. Please choose that one."))
        sides = {row["id"]: MergeSide(**row) for row in await fetch(MERGE_SIDES, [case_id, into.id])}
        mine, other = sides.get(case_id), sides.get(into.id)
        if other is None or not other.is_known_to(by):
            raise _no_such_case()
        if mine is not None:  # else it is merged already, which the action says
            await _require_allowed(mine, other, by)
        keep = _describe(mine, other) if mine is not None else {}
        into = await cases.merge(case_id, into.id, by=by, seen=seen, text=text, keep=keep)
        await Report.filter(case_id=case_id).update(case_id=into.id, main=False)
        await settle_cases([case_id, into.id])
        return into


@retry_transaction
async def unmerge_reports(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Merge:
    """Undo a merge: the reports move back, and each case has the main report that it had, if it is not hidden now."""
    async with in_transaction():
        done = await cases.unmerge(case_id, by=by, seen=seen, text=text)
        own = Report.filter(id__in=done.before["reports"])
        await own.update(case_id=case_id, main=False)
        for kept, case in (("main", case_id), ("main_of_other", done.into_id)):
            await Report.filter(case_id=case).update(main=False)
            await Report.filter(id=done.before[kept], case_id=case).update(main=True)
        await settle_cases([case_id, done.into_id])
        return done


async def _had(case_id: int, by: Actor) -> bool:
    """Whether the actor has had a case, as a department or as somebody who sees all."""
    if by.kind != ActorKind.DEPARTMENT:
        return True
    return await Assignment.exists(case_id=case_id, department_id=by.department_id)


def _describe(mine: MergeSide, other: MergeSide) -> Row:
    """What moves the reports back."""
    return {"reports": list(mine.report_ids), "main": mine.main_id, "main_of_other": other.main_id}


def _no_such_case() -> Invalid:
    return Invalid(fields={"into": _("There is no case with this number.")})


async def _require_allowed(mine: MergeSide, other: MergeSide, by: Actor) -> None:
    if mine.id == other.id:
        raise Invalid(fields={"into": _("A case cannot be merged into itself.")})
    if (never := next(_list_bars(mine, other), None)) is not None:
        raise Invalid(fields={"into": never})
    if by.kind != ActorKind.DEPARTMENT:
        return
    [row] = await fetch(DISTANCE, mine.lat, mine.lon, other.lat, other.lon)
    if reasons := list(_list_department_bars(mine, other, by.department_id, row["metres"])):
        why = " ".join(reasons)
        raise Invalid(fields={"into": _("Only a dispatcher can merge these two. %(why)s", why=why)})


def _list_bars(mine: MergeSide, other: MergeSide) -> Iterator[str]:
    """Why nobody merges these two, not even a dispatcher."""
    if other.hidden:
        yield _("A moderator has hidden that case.")
    if mine.held or other.held:
        yield _("One of the two is held until a moderator has looked at it.")
    if mine.private != other.private:
        yield _("One of the two is not public: they cannot be merged.")
    elif mine.private and not _same_author(mine, other):
        yield _("Both are private and from different people: what one has said would be shown to the other.")


def _same_author(mine: MergeSide, other: MergeSide) -> bool:
    authors = {*mine.authors, *other.authors}
    return len(authors) == 1 and None not in authors


def _list_department_bars(mine: MergeSide, other: MergeSide, department_id: int | None, metres: float) -> Iterator[str]:
    """Why a department leaves these two to a dispatcher."""
    if other.status not in OPEN:
        yield _("That case is no longer open.")
    if mine.category_id is None or mine.category_id != other.category_id:
        yield _("They are in different categories.")
    if (other.received_at, other.id) >= (mine.received_at, mine.id):
        yield _("That case was received later.")
    if metres > MERGE_METRES:
        yield _("They are more than %(n)s m apart.", n=MERGE_METRES)
    if other.lead is None or other.lead != department_id:
        yield _("Your department does not lead that case.")
    if not mine.private and not (mine.public and other.public):
        yield _("One of the two is hidden by a moderator.")
