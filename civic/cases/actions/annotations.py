"""What leaves a case's status alone: category, assignee, notes, ratings, and whether it counts in the scores."""

from tortoise.expressions import Q

from civic.cases import targets
from civic.cases.actors import Actor, ActorKind
from civic.cases.allowed_actions import CaseAction
from civic.cases.change import changing, clean_text
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, Handling, Outcome, WaitEnd
from civic.cases.notices import works_for
from civic.cases.status import Status
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.models import Category
from civic.db import retry_transaction
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.i18n import lazy as _
from civic.posts.queries import author_email_is_confirmed


@retry_transaction
async def recategorise(case_id: int, category: Category | CategoryView, *, by: Actor, seen: int | None = None) -> Case:
    """Change the category. Clocks that run keep their targets; assignments that start later have the new ones.

    An assignment counts in the category that it had at its start, unless a dispatcher changes it.
    """
    async with changing(case_id, by, seen) as change:
        await change.require(CaseAction.RECATEGORISE)
        before = await targets.get_category(change.case.category_id) if change.case.category_id else None
        # A department does not choose what its work is compared with.
        counted = Assignment.filter(Q(case_id=case_id), ~Q(category_id=category.id) | Q(category_id=None))
        corrects = by.kind == ActorKind.DISPATCHER and await counted.update(category_id=category.id) > 0
        if before is not None and before.id == category.id and not corrects:
            return change.case
        change.case.category_id = category.id
        codes = {"from": before.code if before else None, "category": category.code}
        await change.record_event(EventKind.RECATEGORISED, data=codes)
        return change.case


@retry_transaction
async def add_note(case_id: int, *, by: Actor, text: str) -> CaseEvent:
    """Add a note that only the desk sees."""
    text = clean_text(text)
    async with changing(case_id, by) as change:
        await change.require(CaseAction.NOTE)
        return await change.record_event(EventKind.NOTE, text)


@retry_transaction
async def set_assignee(case_id: int, *, by: Actor, user_id: int | None) -> Case:
    """Set or remove the assignee of the actor's assignment (dispatcher: the lead's). Only members can be assignees."""
    async with changing(case_id, by) as change:
        await change.require(CaseAction.TAKE)
        assignment = (
            await change.lead_assignment() if by.kind == ActorKind.DISPATCHER else await change.require_own_assignment()
        )
        if assignment is None:
            raise NotAllowed()
        if user_id is not None and not await works_for(user_id, assignment.department_id):
            raise Invalid(fields={"user": _("This person is not a member of the department.")})
        assignment.assignee_id = user_id
        await assignment.save(update_fields=["assignee_id"])
        await change.record_event(EventKind.TAKEN, data={"has_assignee": user_id is not None})
        return change.case


@retry_transaction
async def rate_handling(case_id: int, *, rater: str, stars: int, text: str = "") -> Handling:
    """Rate how the case was handled, 1 to 5, after a department resolved or declined it. `rater` is "post:17".

    Ratings are kept; of those that a reporter gave in a period the latest counts. One with a text is a word of theirs:
    a case that was reopened and waits for them goes on.
    """
    text = clean_text(text, required=False)[:1000]
    if stars not in range(1, 6):
        raise Invalid(fields={"stars": _("Please give one to five stars.")})
    async with changing(case_id, Actor(ActorKind.REPORTER)) as change:
        ended = Assignment.filter(case_id=case_id, outcome__in=[Outcome.RESOLVED, Outcome.DECLINED])
        if not await ended.exists():
            raise Conflict(_("It can be rated once the department has resolved or declined it."))
        confirmed = await _rater_is_confirmed(rater)
        handling = await Handling.create(
            case_id=case_id, rater=rater, stars=stars, text=text, given_at=change.at, confirmed=confirmed
        )
        if text and change.case.status == Status.WAITING:
            change.move_to(Status.IN_PROGRESS)
            await change.end_wait(WaitEnd.ANSWER)
        await change.record_event(EventKind.RATED, data={"stars": stars, "email_confirmed": confirmed})
        return handling


async def _rater_is_confirmed(rater: str) -> bool:
    """Whether the reporter behind "post:17" has a confirmed e-mail."""
    post_id = rater.removeprefix("post:")
    return post_id.isdecimal() and await author_email_is_confirmed(int(post_id))


@retry_transaction
async def mark_misrouted(case_id: int, assignment_id: int, *, by: Actor, misrouted: bool = True) -> Assignment:
    """Mark an assignment that was handed over or given back: the case should not have come to that department."""
    async with changing(case_id, by) as change:
        await change.require(CaseAction.MISROUTE)
        passed = [Outcome.HANDED_OVER, Outcome.RETURNED]
        assignment = await Assignment.get_or_none(
            id=assignment_id, case_id=case_id, outcome__in=passed, part=AssignmentPart.LEAD
        )
        if assignment is None:
            raise NotFound()
        if assignment.misrouted != misrouted:
            assignment.misrouted = misrouted
            await assignment.save(update_fields=["misrouted"])
            slug = (await targets.get_department(assignment.department_id)).slug
            which = {"department": slug, "given_at": assignment.given_at.isoformat()}
            await change.record_event(EventKind.MISROUTED, data={**which, "misrouted": misrouted})
        return assignment


async def exclude(case_id: int, *, by: Actor) -> Case:
    """Leave the case out of the scores: it is spam, or a test."""
    return await _count(case_id, False, by)


async def include(case_id: int, *, by: Actor) -> Case:
    """Count the case in the scores again."""
    return await _count(case_id, True, by)


@retry_transaction
async def _count(case_id: int, counted: bool, by: Actor) -> Case:
    async with changing(case_id, by) as change:
        await change.require(CaseAction.INCLUDE if counted else CaseAction.EXCLUDE)
        if change.case.counted != counted:
            change.case.counted = counted
            await change.record_event(EventKind.INCLUDED if counted else EventKind.EXCLUDED)
        return change.case
