"""What the table of allowed actions says is what the actions do: in every status, for everybody who may try."""

from collections.abc import Awaitable, Callable

import pytest

from civic.cases import actions
from civic.cases.actors import Actor, ActorKind
from civic.cases.allowed_actions import ALLOWED, CaseAction, CaseRole, is_allowed
from civic.cases.models import Assignment, AssignmentPart, Case
from civic.cases.status import Status
from civic.db import in_transaction
from civic.errors import Conflict, NotAllowed, NotFound
from tests.builders.town import REASON, REPORTER, Town, at, make_case_in, receive_case

ACTIONS: dict[CaseAction, Callable[[int, Town, Actor], Awaitable[object]]] = {
    CaseAction.ACCEPT: lambda case, town, by: actions.accept(case, by=by),
    CaseAction.REPLY: lambda case, town, by: actions.reply(case, by=by, text="We come and look."),
    CaseAction.ASK: lambda case, town, by: actions.ask(case, by=by, text="Where exactly?"),
    CaseAction.HAND_OVER: lambda case, town, by: actions.hand_over(case, town.water.id, by=by, text="This is yours."),
    CaseAction.GIVE_BACK: lambda case, town, by: actions.give_back(case, by=by, text="This is not ours."),
    CaseAction.ADD_SUPPORT: lambda case, town, by: actions.add_support(
        case, town.water.id, by=by, text="Please help us."
    ),
    CaseAction.SUPPORT_DONE: lambda case, town, by: actions.support_done(case, by=by),
    CaseAction.RESOLVE: lambda case, town, by: actions.resolve(case, by=by, text="It is all done."),
    CaseAction.DECLINE: lambda case, town, by: actions.decline(
        case, by=by, reason="not_feasible", text="No, that is not so."
    ),
    CaseAction.NOTE: lambda case, town, by: actions.add_note(case, by=by, text="Hm."),
    CaseAction.TAKE: lambda case, town, by: actions.set_assignee(case, by=by, user_id=None),
    CaseAction.ASSIGN: lambda case, town, by: actions.assign(case, town.water.id, by=by, reason=REASON),
    CaseAction.RECATEGORISE: lambda case, town, by: actions.recategorise(case, town.lamp, by=by),
    CaseAction.UPHOLD: lambda case, town, by: actions.uphold(
        case, by=by, text="Yes, it is ours.", department_id=town.roads.id
    ),
    CaseAction.UNMERGE: lambda case, town, by: actions.unmerge(case, by=by, text="It is another one."),
    CaseAction.REJECT: lambda case, town, by: actions.reject(case, by=by, text="No, it is not ours."),
    CaseAction.APPEAL: lambda case, town, by: actions.appeal(case, by=by, text="Yes, it is yours."),
    CaseAction.MISROUTE: lambda case, town, by: actions.mark_misrouted(case, 0, by=by),
    CaseAction.EXCLUDE: lambda case, town, by: actions.exclude(case, by=by),
    CaseAction.INCLUDE: lambda case, town, by: actions.include(case, by=by),
    CaseAction.OBJECT: lambda case, town, by: actions.object_to_score(case, by=by, text="It is not our lamp."),
    CaseAction.DECIDE: lambda case, town, by: actions.decide_objection(
        case, by=by, text="It is your lamp.", outcome="rejected"
    ),
    CaseAction.ANSWER: lambda case, town, by: actions.answer(case, by=by, text="There."),
    CaseAction.CONFIRM: lambda case, town, by: actions.confirm(case, by=by),
    CaseAction.DISPUTE: lambda case, town, by: actions.dispute(case, by=by, text="No, that is not so."),
}


class UndoneError(Exception):
    """Ends a transaction of which nothing is to stay."""


async def refused(action: CaseAction, case: Case, town: Town, by: Actor, into: Case) -> bool:
    """Whether the action is refused; whatever it does is undone."""
    try:
        async with in_transaction():
            if action is CaseAction.MERGE:
                await actions.merge(case.id, into.id, by=by)
            else:
                await ACTIONS[action](case.id, town, by)
            raise UndoneError
    except (Conflict, NotAllowed):
        return True
    except (UndoneError, NotFound):  # there is no assignment to mark, no objection to decide
        return False


async def role_of(case: Case, by: Actor) -> CaseRole:
    if by.kind != ActorKind.DEPARTMENT:
        return CaseRole(by.kind.value)
    own = await Assignment.get_or_none(case_id=case.id, department_id=by.department_id, ended_at=None)
    return CaseRole.FORMER if own is None else CaseRole.LEAD if own.part == AssignmentPart.LEAD else CaseRole.SUPPORT


@pytest.mark.parametrize("status", list(Status))
async def test_an_action_refuses_exactly_what_is_not_allowed(town: Town, status: Status) -> None:
    case, into = await make_case_in(town, status), await receive_case(town)
    actors = [town.of(town.roads), town.desk, REPORTER, Actor(ActorKind.CITIZEN)]
    with at("2026-11-10 11:00"):
        if status.is_held:
            await actions.add_support(case.id, town.parks.id, by=town.desk, text="Please help us.")
            actors.append(town.of(town.parks))
        elif status is Status.RECEIVED:
            actors.pop(0)  # no department ever had it
        for by in actors:
            role = await role_of(case, by)
            for action in CaseAction:
                allowed = is_allowed(action, status, role)
                if (action, role) == (CaseAction.UNMERGE, CaseRole.FORMER):
                    allowed = False  # it was a dispatcher who merged it
                assert await refused(action, case, town, by, into) != allowed, (action, role)


async def test_who_never_had_a_case_may_do_nothing(town: Town) -> None:
    case, into = await make_case_in(town, Status.IN_PROGRESS), await receive_case(town)
    for action in CaseAction:
        assert await refused(action, case, town, town.of(town.water), into), action


def test_every_action_is_in_the_table() -> None:
    assert set(ALLOWED) == set(CaseAction) == {*ACTIONS, CaseAction.MERGE}
