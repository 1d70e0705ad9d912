"""What is kept beside a case's life: its category, who has it in hand, notes, ratings, and whether it counts."""

from civic.cases import promises
from civic.cases.actors import Actor, ActorKind
from civic.cases.life import OPEN, require
from civic.cases.models import Assignment, Case, CaseEvent, Handling, Outcome, Part
from civic.cases.telling import works_for
from civic.cases.turns import Turn, clean, turn
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.models import Category
from civic.db import execute
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.i18n import lazy as _

STAFF = (ActorKind.DEPARTMENT, ActorKind.DISPATCHER)
OFFICE = (ActorKind.DISPATCHER, ActorKind.SYSTEM)


async def recategorise(case_id: int, category: Category | CategoryView, *, by: Actor, seen: int | None = None) -> Case:
    """Another category. What was promised stays promised; stints that start from now on have its targets."""
    async with turn(case_id, by, seen) as now:
        require(now.case.status, *OPEN)
        await _at_work(now)
        before = await promises.category(now.case.category_id) if now.case.category_id else None
        if before is not None and before.id == category.id:
            return now.case
        now.case.category_id = category.id
        codes = {"from": before.code if before else None, "category": category.code}
        await now.finish("recategorised", data=codes)
        return now.case


async def note(case_id: int, *, by: Actor, text: str) -> CaseEvent:
    """A line that only the desk sees."""
    text = clean(text)
    if by.kind not in STAFF:
        raise NotAllowed()
    async with turn(case_id, by) as now:
        return await now.finish("note", text, internal=True)


async def take(case_id: int, *, by: Actor, user_id: int | None) -> Case:
    """Who in the department has the case in hand; None: nobody. Only members of the department can."""
    async with turn(case_id, by) as now:
        stint = await now.lead() if by.kind == ActorKind.DISPATCHER else await now.own()
        if stint is None or by.kind not in STAFF:
            raise NotAllowed()
        if user_id is not None and not await works_for(user_id, stint.department_id):
            raise Invalid(fields={"user": _("This person is not a member of the department.")})
        stint.assignee_id = user_id
        await stint.save(update_fields=["assignee_id"])
        await now.finish("taken", internal=True, data={"assigned": user_id is not None})
        return now.case


async def rate(case_id: int, *, rater: str, stars: int, text: str = "") -> Handling:
    """How a reporter ("post:17") found the handling, 1 to 5: once a department resolved or declined the case.

    The latest rating of a reporter counts.
    """
    text = clean(text, required=False)[:1000]
    if stars not in range(1, 6):
        raise Invalid(fields={"stars": _("Please give one to five stars.")})
    async with turn(case_id, Actor(ActorKind.REPORTER)) as now:
        ended = Assignment.filter(case_id=case_id, outcome__in=[Outcome.RESOLVED, Outcome.DECLINED])
        if not await ended.exists():
            raise Conflict(_("It can be rated once the department has resolved or declined it."))
        given = {"stars": stars, "text": text, "given_at": now.at}
        handling, _new = await Handling.update_or_create(given, case_id=case_id, rater=rater)
        await now.finish("rated", data={"stars": stars})
        return handling


async def misroute(case_id: int, stint_id: int, *, by: Actor, misrouted: bool = True) -> Assignment:
    """A dispatcher says of a stint that was handed over or given back: the case should not have come there."""
    _office(by, ActorKind.DISPATCHER)
    async with turn(case_id, by) as now:
        passed = [Outcome.HANDED_OVER, Outcome.RETURNED]
        stint = await Assignment.get_or_none(id=stint_id, case_id=case_id, outcome__in=passed, part=Part.LEAD)
        if stint is None:
            raise NotFound()
        if stint.misrouted != misrouted:
            stint.misrouted = misrouted
            await stint.save(update_fields=["misrouted"])
            slug = (await promises.department(stint.department_id)).slug
            await now.finish("misrouted", internal=True, data={"department": slug, "misrouted": misrouted})
        return stint


async def exclude(case_id: int, *, by: Actor) -> Case:
    """The case counts in no score: spam, or a test."""
    return await _count(case_id, False, by)


async def include(case_id: int, *, by: Actor) -> Case:
    """The case counts again."""
    return await _count(case_id, True, by)


async def erase(event_id: int) -> None:
    """Wipe the words of an event, for somebody's right to it; the hash of them stays, and the chain holds.

    Raises NotFound.
    """
    wiped = await execute(
        "UPDATE case_event SET text_hash = sha256(convert_to(text, 'UTF8')), text = ''"
        " WHERE id = $1 AND text_hash IS NULL",
        event_id,
    )
    if not wiped:
        raise NotFound()


async def _count(case_id: int, counted: bool, by: Actor) -> Case:
    _office(by, *OFFICE)
    async with turn(case_id, by) as now:
        if now.case.counted != counted:
            now.case.counted = counted
            await now.finish("included" if counted else "excluded", internal=True)
        return now.case


async def _at_work(now: Turn) -> None:
    if now.by.kind != ActorKind.DISPATCHER:
        await now.leading()


def _office(by: Actor, *kinds: ActorKind) -> None:
    if by.kind not in kinds:
        raise NotAllowed()
