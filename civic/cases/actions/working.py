"""What a department and the reporter do while the work goes on."""

from collections.abc import Sequence

from civic.cases import promises
from civic.cases.actions.passing import in_force
from civic.cases.actors import Actor, ActorKind
from civic.cases.life import HELD, OPEN, require
from civic.cases.models import Case, Outcome, Part, Status
from civic.cases.telling import tell_department, tell_holder
from civic.cases.turns import clean, turn
from civic.errors import Invalid, NotAllowed
from civic.i18n import lazy as _
from civic.media.models import Photo


async def accept(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Case:
    """The department takes the case up. With a text it is a public word, and stops the response clocks."""
    text = clean(text, required=False)
    async with turn(case_id, by, seen) as now:
        now.move(Status.IN_PROGRESS)
        lead = await now.leading()
        if text:
            await now.word(lead)
        await now.finish("accepted", text)
        return now.case


async def reply(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """A public word, by the leading department (which takes the case up with it) or one that helps."""
    text = clean(text)
    async with turn(case_id, by, seen) as now:
        require(now.case.status, *OPEN)
        stint = await now.own()
        if stint.part == Part.LEAD and now.case.status == Status.ASSIGNED:
            now.move(Status.IN_PROGRESS)
        await now.word(stint)
        await now.finish("replied", text, photos=photos)
        return now.case


async def ask(case_id: int, *, by: Actor, seen: int | None = None, text: str, photos: Sequence[Photo] = ()) -> Case:
    """A question to the reporter: a public word, and the resolution clocks pause until the answer or the limit.

    A department that has not taken the case up yet takes it up with the question.
    """
    text = clean(text)
    async with turn(case_id, by, seen) as now:
        if now.case.status == Status.ASSIGNED:
            now.move(Status.IN_PROGRESS)
            await now.leading()
            await now.finish("accepted")
        now.move(Status.WAITING)
        lead = await now.leading()
        await now.word(lead)
        await now.pause(lead)
        until = now.case.waiting_until
        await now.finish("asked", text, data={"until": until.isoformat() if until else None}, photos=photos)
        return now.case


async def answer(case_id: int, *, by: Actor, text: str, photos: Sequence[Photo] = ()) -> Case:
    """The reporter answers. A case that waits goes on; one that does not takes the words as they come."""
    text = clean(text)
    if by.kind != ActorKind.REPORTER:
        raise NotAllowed()
    async with turn(case_id, by) as now:
        require(now.case.status, *OPEN)
        if now.case.status == Status.WAITING:
            now.move(Status.IN_PROGRESS)
            await now.unpause()
        event = await now.finish("answered", text, photos=photos)
        if (lead := await now.lead()) is not None:
            await tell_holder(now.case, event, "case_answered", lead)
        return now.case


async def add_support(case_id: int, department_id: int, *, by: Actor, seen: int | None = None, text: str) -> Case:
    """The leading department, or a dispatcher, asks another to help: a stint with a response clock of its own."""
    text = clean(text)
    await in_force(department_id)
    async with turn(case_id, by, seen) as now:
        require(now.case.status, *HELD)
        if by.kind != ActorKind.DISPATCHER:
            await now.leading()
        if any(stint.department_id == department_id for stint in await now.stints()):
            raise Invalid(fields={"department": _("This department is at work on the case already.")})
        await now.start(department_id, Part.SUPPORT)
        slug = (await promises.department(department_id)).slug
        event = await now.finish("support_added", text, data={"department": slug})
        await tell_department(now.case, event, "case_support", department_id)
        return now.case


async def support_done(case_id: int, *, by: Actor, seen: int | None = None, text: str = "") -> Case:
    """A helping department's part is done; with a text, that is a public word."""
    text = clean(text, required=False)
    async with turn(case_id, by, seen) as now:
        stint = await now.own()
        if stint.part != Part.SUPPORT:
            raise NotAllowed()
        if text:
            await now.word(stint)
        await now.end(stint, Outcome.DONE)
        event = await now.finish("support_done", text)
        lead = await now.lead()
        if lead is not None:
            await tell_holder(now.case, event, "case_support_done", lead)
        return now.case
