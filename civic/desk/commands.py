"""The forms of the desk: each asks for one action on a case, which its address names."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from babel.support import LazyProxy

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor
from civic.cases.allowed_actions import CaseAction
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.db import in_transaction, retry_transaction
from civic.errors import Invalid
from civic.i18n import gettext as _
from civic.i18n import lazy
from civic.media.models import Photo
from civic.reports import actions as reports
from civic.reports.merging import merge_reports, unmerge_reports
from civic.reports.moderation import judge_event_photos
from civic.web import parse_id


@dataclass(frozen=True)
class CaseCommand:
    """A filled-in form: on which case, by whom (in the capacity in which they may do it), and what it says."""

    case_id: int
    by: Actor
    person: Person
    seen: int | None
    text: str
    fields: Mapping[str, str]
    photos: list[Photo]


async def _department(order: CaseCommand, name: str = "to") -> int:
    """The department that a form names by its slug. Raises Invalid."""
    department = (await catalogue()).department_by_slug.get(order.fields.get(name, ""))
    if department is None:
        raise Invalid(fields={name: _("Please choose a department.")})
    return department.id


@retry_transaction
async def _run_with_photos(o: CaseCommand, action: Callable[..., Awaitable[Case]]) -> Case:
    """Run an action with photos, in one transaction with saying who may see them."""
    async with in_transaction():
        case = await action(o.case_id, by=o.by, seen=o.seen, text=o.text, photos=o.photos)
        if o.photos:
            await judge_event_photos([o.case_id])
    return case


async def accept(o: CaseCommand) -> object:
    return await cases.accept(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def reply(o: CaseCommand) -> object:
    return await _run_with_photos(o, cases.reply)


async def ask(o: CaseCommand) -> object:
    return await _run_with_photos(o, cases.ask)


async def hand_over(o: CaseCommand) -> object:
    return await cases.hand_over(o.case_id, await _department(o), by=o.by, seen=o.seen, text=o.text)


async def give_back(o: CaseCommand) -> object:
    return await cases.give_back(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def add_support(o: CaseCommand) -> object:
    return await cases.add_support(o.case_id, await _department(o), by=o.by, seen=o.seen, text=o.text)


async def support_done(o: CaseCommand) -> object:
    return await cases.support_done(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def resolve(o: CaseCommand) -> object:
    return await _run_with_photos(o, cases.resolve)


async def decline(o: CaseCommand) -> object:
    return await cases.decline(o.case_id, by=o.by, seen=o.seen, reason=o.fields.get("reason", ""), text=o.text)


async def note(o: CaseCommand) -> object:
    return await cases.add_note(o.case_id, by=o.by, text=o.text)


async def take(o: CaseCommand) -> object:
    """To oneself, to a colleague (`user`), or to nobody (`user` empty)."""
    chosen = o.fields.get("user", str(o.person.id))
    return await cases.set_assignee(o.case_id, by=o.by, user_id=parse_id(chosen))


async def assign(o: CaseCommand) -> object:
    """A dispatcher names who leads; `misrouted`: whoever passed it on last should never have had it."""
    return await cases.assign(
        o.case_id,
        await _department(o),
        by=o.by,
        seen=o.seen,
        reason={"step": "dispatcher"},
        text=o.text,
        misrouted=bool(o.fields.get("misrouted")),
    )


async def recategorise(o: CaseCommand) -> object:
    category = (await catalogue()).category_by_code.get(o.fields.get("category", ""))
    if category is None:
        raise Invalid(fields={"category": _("Please choose a category.")})
    await reports.recategorise(o.case_id, category, by=o.by, person=o.person, seen=o.seen)
    return category


async def merge(o: CaseCommand) -> object:
    return await merge_reports(o.case_id, o.fields.get("into", ""), by=o.by, seen=o.seen, text=o.text)


async def unmerge(o: CaseCommand) -> object:
    return await unmerge_reports(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def uphold(o: CaseCommand) -> object:
    to = await _department(o) if o.fields.get("to") else None
    return await cases.uphold(o.case_id, by=o.by, seen=o.seen, text=o.text, department_id=to)


async def reject(o: CaseCommand) -> object:
    return await cases.reject(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def misroute(o: CaseCommand) -> object:
    return await cases.mark_misrouted(o.case_id, parse_id(o.fields.get("assignment")) or 0, by=o.by)


async def exclude(o: CaseCommand) -> object:
    return await cases.exclude(o.case_id, by=o.by)


async def include(o: CaseCommand) -> object:
    return await cases.include(o.case_id, by=o.by)


async def object_(o: CaseCommand) -> object:
    return await cases.object_to_score(o.case_id, by=o.by, text=o.text)


async def decide(o: CaseCommand) -> object:
    outcome = o.fields.get("outcome", "")
    return await cases.decide_objection(o.case_id, by=o.by, seen=o.seen, text=o.text, outcome=outcome)


# What is said to whoever has just done it.
DONE: Mapping[str, LazyProxy] = {
    CaseAction.ACCEPT: lazy("You accepted the case."),
    CaseAction.REPLY: lazy("Your answer is published."),
    CaseAction.ASK: lazy("Your question is published."),
    CaseAction.HAND_OVER: lazy("The case was handed over."),
    CaseAction.GIVE_BACK: lazy("The case is back in triage."),
    CaseAction.ADD_SUPPORT: lazy("The other department is asked to help."),
    CaseAction.SUPPORT_DONE: lazy("Your part is done."),
    CaseAction.RESOLVE: lazy("The case is resolved. The reporter can say whether it is fixed."),
    CaseAction.DECLINE: lazy("The case is declined. Everybody reads why."),
    CaseAction.NOTE: lazy("Your note is kept. Only staff read it."),
    CaseAction.TAKE: lazy("The person in charge is set."),
    CaseAction.ASSIGN: lazy("The case is assigned."),
    CaseAction.RECATEGORISE: lazy("The category is changed."),
    CaseAction.MERGE: lazy("The case is merged."),
    CaseAction.UNMERGE: lazy("The merge is undone."),
    CaseAction.UPHOLD: lazy("The case is reopened."),
    CaseAction.REJECT: lazy("The appeal is rejected."),
    CaseAction.MISROUTE: lazy("It is marked as wrongly sent."),
    CaseAction.EXCLUDE: lazy("The case is taken out of the scores."),
    CaseAction.INCLUDE: lazy("The case counts in the scores again."),
    CaseAction.OBJECT: lazy("Your objection is made. A dispatcher decides."),
    CaseAction.DECIDE: lazy("The objection is decided."),
}


def describe_done(name: str) -> str:
    """What the action of this name has done, for the line above the page; "" for no such action."""
    return str(DONE.get(name, ""))


COMMANDS: dict[CaseAction, Callable[[CaseCommand], Awaitable[object]]] = {
    CaseAction.ACCEPT: accept,
    CaseAction.REPLY: reply,
    CaseAction.ASK: ask,
    CaseAction.HAND_OVER: hand_over,
    CaseAction.GIVE_BACK: give_back,
    CaseAction.ADD_SUPPORT: add_support,
    CaseAction.SUPPORT_DONE: support_done,
    CaseAction.RESOLVE: resolve,
    CaseAction.DECLINE: decline,
    CaseAction.NOTE: note,
    CaseAction.TAKE: take,
    CaseAction.ASSIGN: assign,
    CaseAction.RECATEGORISE: recategorise,
    CaseAction.MERGE: merge,
    CaseAction.UNMERGE: unmerge,
    CaseAction.UPHOLD: uphold,
    CaseAction.REJECT: reject,
    CaseAction.MISROUTE: misroute,
    CaseAction.EXCLUDE: exclude,
    CaseAction.INCLUDE: include,
    CaseAction.OBJECT: object_,
    CaseAction.DECIDE: decide,
}
