"""What a form of the desk asks for, as one action on the case. Each deed names itself in the address it is sent to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.errors import Invalid
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.reports import actions as reports
from civic.web import parse_id

LONGEST_NUMBER = 16  # characters of a case's number


@dataclass(frozen=True)
class Order:
    """A filled-in form: on which case, by whom, and what it says."""

    case_id: int
    by: Actor
    person: Person
    seen: int | None
    text: str
    fields: Mapping[str, str]
    photos: list[Photo]

    def office(self) -> Actor:
        """As a dispatcher, where the person is one, even if the form was filled in at a department's desk."""
        return Actor(ActorKind.DISPATCHER, self.person.id) if self.person.is_dispatcher else self.by


async def _department(order: Order, name: str = "to") -> int:
    """The department that a form names by its slug. Raises Invalid."""
    found = (await catalogue()).department_by_slug.get(order.fields.get(name, ""))
    if found is None:
        raise Invalid(fields={name: _("Please choose a department.")})
    return found.id


async def accept(o: Order) -> object:
    return await cases.accept(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def reply(o: Order) -> object:
    return await cases.reply(o.case_id, by=o.by, seen=o.seen, text=o.text, photos=o.photos)


async def ask(o: Order) -> object:
    return await cases.ask(o.case_id, by=o.by, seen=o.seen, text=o.text, photos=o.photos)


async def hand_over(o: Order) -> object:
    return await cases.hand_over(o.case_id, await _department(o), by=o.by, seen=o.seen, text=o.text)


async def give_back(o: Order) -> object:
    return await cases.give_back(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def add_support(o: Order) -> object:
    return await cases.add_support(o.case_id, await _department(o), by=o.by, seen=o.seen, text=o.text)


async def support_done(o: Order) -> object:
    return await cases.support_done(o.case_id, by=o.by, seen=o.seen, text=o.text)


async def resolve(o: Order) -> object:
    return await cases.resolve(o.case_id, by=o.by, seen=o.seen, text=o.text, photos=o.photos)


async def decline(o: Order) -> object:
    return await cases.decline(o.case_id, by=o.by, seen=o.seen, reason=o.fields.get("reason", ""), text=o.text)


async def note(o: Order) -> object:
    return await cases.note(o.case_id, by=o.by, text=o.text)


async def take(o: Order) -> object:
    """To oneself, to a colleague (`user`), or to nobody (`user` empty)."""
    chosen = o.fields.get("user", str(o.person.id))
    return await cases.take(o.case_id, by=o.by, user_id=parse_id(chosen))


async def assign(o: Order) -> object:
    """A dispatcher names who leads; `misrouted`: whoever passed it on last should never have had it."""
    return await cases.assign(
        o.case_id,
        await _department(o),
        by=o.office(),
        seen=o.seen,
        reason={"step": "dispatcher", "text": o.text},
        misrouted=bool(o.fields.get("misrouted")),
    )


async def recategorise(o: Order) -> object:
    category = (await catalogue()).category_by_code.get(o.fields.get("category", ""))
    if category is None:
        raise Invalid(fields={"category": _("Please choose a category.")})
    await reports.recategorise(o.case_id, category, by=o.by, seen=o.seen)
    return category


async def merge(o: Order) -> object:
    number = o.fields.get("into", "").strip()
    into = await Case.get_or_none(number=number) if len(number) <= LONGEST_NUMBER else None
    if into is None:
        raise Invalid(fields={"into": _("There is no case with this number.")})
    await reports.merge_reports(o.case_id, into.id, by=o.by, seen=o.seen, text=o.text)
    return into


async def uphold(o: Order) -> object:
    to = await _department(o) if o.fields.get("to") else None
    return await cases.uphold(o.case_id, by=o.office(), seen=o.seen, text=o.text, department_id=to)


async def misroute(o: Order) -> object:
    return await cases.misroute(o.case_id, parse_id(o.fields.get("stint")) or 0, by=o.office())


async def exclude(o: Order) -> object:
    return await cases.exclude(o.case_id, by=o.office())


async def include(o: Order) -> object:
    return await cases.include(o.case_id, by=o.office())


ALL: dict[str, Callable[[Order], Awaitable[object]]] = {
    deed.__name__: deed
    for deed in (
        accept,
        reply,
        ask,
        hand_over,
        give_back,
        add_support,
        support_done,
        resolve,
        decline,
        note,
        take,
        assign,
        recategorise,
        merge,
        uphold,
        misroute,
        exclude,
        include,
    )
}
