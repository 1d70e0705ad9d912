"""How a case ends, and how it is opened again."""

from collections.abc import Sequence
from datetime import timedelta

from civic.cases import promises
from civic.cases.actions.passing import in_force
from civic.cases.actors import Actor, ActorKind
from civic.cases.life import require
from civic.cases.models import Assignment, Case, Decline, Outcome, Part, Status
from civic.cases.telling import tell_department
from civic.cases.turns import Turn, clean, turn
from civic.errors import Conflict, Invalid
from civic.geo.queries import city
from civic.i18n import lazy as _
from civic.media.models import Photo
from civic.sla import actions as sla


async def resolve(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """The leading department says in public what it did; with a photo where the category asks for one.

    The resolution stands until somebody disputes it. Departments that still help are done.
    """
    text = clean(text)
    async with turn(case_id, by, seen) as now:
        now.move(Status.RESOLVED)
        lead = await now.leading()
        if not photos and await _needs_evidence(now.case):
            raise Invalid(fields={"photos": _("For this category a photo has to show the result.")})
        await now.word(lead)
        lead.standing = True
        await now.end_all(Outcome.CLOSED, lead=Outcome.RESOLVED)
        _response, resolution = await now.clocks()
        await sla.stop_clock(resolution, now.at)
        now.case.waiting_until = None
        now.case.resolved_at = now.at
        now.case.confirm_until = now.at + timedelta(days=(await city()).settings.confirm_days)
        await now.finish("resolved", text, photos=photos)
        return now.case


async def decline(case_id: int, *, by: Actor, seen: int | None = None, reason: str, text: str) -> Case:
    """The leading department, or a dispatcher, says in public why nothing will be done. Never counted as solved.

    `reason` is one of models.Decline. A dispatcher's decline answers the citizen, but is not the department's word.
    """
    text = clean(text)
    if reason not in set(Decline):
        raise Invalid(fields={"reason": _("Please choose a reason.")})
    async with turn(case_id, by, seen) as now:
        now.move(Status.DECLINED)
        own = by.kind == ActorKind.DEPARTMENT
        await now.word(await now.leading() if own else None)
        await now.end_all(Outcome.CLOSED, lead=Outcome.DECLINED if own else Outcome.CLOSED)
        await _close(now)
        now.case.declined_reason, now.case.decline_overturned = reason, False
        await now.finish("declined", text, data={"reason": reason})
        return now.case


async def confirm(case_id: int, *, by: Actor) -> Case:
    """The reporter says that it is fixed."""
    async with turn(case_id, by) as now:
        now.move(Status.CONFIRMED)
        await close_confirmed(now, "reporter")
        await now.finish("confirmed")
        return now.case


async def close_confirmed(now: Turn, confirmed_by: str) -> None:
    """The resolution counts as confirmed, by the "reporter" or by "time"; it can be disputed for some more days."""
    now.case.confirmed_by, now.case.confirm_until = confirmed_by, None
    now.case.dispute_until = now.at + timedelta(days=(await city()).settings.reopen_days)


async def dispute(case_id: int, *, by: Actor, text: str) -> Case:
    """It is not fixed, says the reporter (or the last of enough supporters): reopened, with the same department.

    The resolution stands no longer, the department gets a new stint with fresh targets, the case keeps its first
    promise. After a confirmation only the reporter can, for the days that the city's settings say.
    """
    text = clean(text)
    async with turn(case_id, by) as now:
        require(now.case.status, Status.RESOLVED, Status.CONFIRMED)
        if now.case.status == Status.CONFIRMED and now.case.dispute_until and now.at > now.case.dispute_until:
            raise Conflict(_("It is too late to reopen this case. Please send a new report."))
        now.move(Status.IN_PROGRESS)
        await Assignment.filter(case_id=case_id, standing=True).update(standing=False)
        now.case.resolved_at = now.case.confirm_until = now.case.dispute_until = None
        now.case.confirmed_by = ""
        stint = await _reopen(now, now.case.department_id)
        event = await now.finish("reopened", text)
        await tell_department(now.case, event, "case_reopened", stint.department_id)
        return now.case


async def uphold(
    case_id: int, *, by: Actor, seen: int | None = None, text: str, department_id: int | None = None
) -> Case:
    """A dispatcher finds that a case should not have been declined: reopened, with the department that had it.

    `department_id` names another one; it has to where the case was declined before any department had it.
    """
    text = clean(text)
    if department_id is not None:
        await in_force(department_id)
    async with turn(case_id, by, seen) as now:
        require(now.case.status, Status.DECLINED)
        now.move(Status.IN_PROGRESS)
        await Assignment.filter(case_id=case_id, outcome=Outcome.DECLINED).update(overturned=True)
        now.case.declined_reason, now.case.decline_overturned = "", True
        stint = await _reopen(now, department_id or now.case.department_id)
        slug = (await promises.department(stint.department_id)).slug
        event = await now.finish("upheld", text, data={"department": slug})
        await tell_department(now.case, event, "case_upheld", stint.department_id)
        return now.case


async def _reopen(now: Turn, department_id: int | None) -> Assignment:
    if department_id is None:
        raise Invalid(fields={"department": _("Please choose a department.")})
    now.case.reopened += 1
    response, resolution = await now.clocks()
    if response.stopped_at is None:
        await sla.restart_clock(response, now.at)
    await sla.restart_clock(resolution, now.at)
    return await now.start(department_id, Part.LEAD)


async def _close(now: Turn) -> None:
    """The case is over without a resolution: nobody is reminded of its promises any more."""
    now.case.waiting_until = None
    for clock in await now.clocks():
        await sla.end_clock(clock, now.at)


async def close_merged(now: Turn) -> None:
    """As for a case that is over: another one goes on for it."""
    await now.end_all(Outcome.MERGED)
    await _close(now)


async def _needs_evidence(case: Case) -> bool:
    return case.category_id is not None and (await promises.category(case.category_id)).evidence_required
