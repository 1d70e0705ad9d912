"""What may be done to a case, and by whom: one table, read by the desk's page, its JSON and the actions themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from civic import timing
from civic.accounts.people import Person
from civic.cases.actors import Actor, ActorKind
from civic.cases.life import too_late
from civic.cases.models import AssignmentPart
from civic.cases.status import HELD, OPEN, SOLVED, Status
from civic.errors import Conflict, NotAllowed
from civic.i18n import lazy as _


class CaseRole(StrEnum):
    """What an actor is to one case: actors of kind "department" differ by their open assignment."""

    LEAD = "lead"
    SUPPORT = "support"
    FORMER = "former"  # of a department that had the case
    DISPATCHER = "dispatcher"
    SYSTEM = "system"
    REPORTER = "reporter"
    CITIZEN = "citizen"


class CaseAction(StrEnum):
    """The actions of civic.cases.actions; those of the desk have this name in their address."""

    ACCEPT = "accept"
    REPLY = "reply"
    ASK = "ask"
    HAND_OVER = "hand_over"
    GIVE_BACK = "give_back"
    ADD_SUPPORT = "add_support"
    SUPPORT_DONE = "support_done"
    RESOLVE = "resolve"
    DECLINE = "decline"
    NOTE = "note"
    TAKE = "take"
    ASSIGN = "assign"
    RECATEGORISE = "recategorise"
    MERGE = "merge"
    UNMERGE = "unmerge"
    UPHOLD = "uphold"
    REJECT = "reject"
    MISROUTE = "misroute"
    EXCLUDE = "exclude"
    INCLUDE = "include"
    OBJECT = "object"
    DECIDE = "decide"
    ANSWER = "answer"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    APPEAL = "appeal"


_ALL = frozenset(Status)
_UNTOUCHED = frozenset({Status.ASSIGNED})
_RESOLVED = frozenset({Status.RESOLVED})
_MERGED = frozenset({Status.MERGED})
_APPEALABLE = frozenset({Status.DECLINED, *SOLVED})
_LEAD, _SUPPORT, _FORMER, _DISPATCHER, _SYSTEM, _REPORTER, _CITIZEN = CaseRole
DEPARTMENT_ROLES = frozenset({_LEAD, _SUPPORT, _FORMER})

ALLOWED: dict[CaseAction, dict[CaseRole, frozenset[Status]]] = {
    CaseAction.ACCEPT: {_LEAD: _UNTOUCHED},
    CaseAction.REPLY: {_LEAD: OPEN, _SUPPORT: OPEN},
    CaseAction.ASK: {_LEAD: frozenset({Status.ASSIGNED, Status.IN_PROGRESS})},
    CaseAction.HAND_OVER: {_LEAD: HELD},
    CaseAction.GIVE_BACK: {_LEAD: _UNTOUCHED},
    CaseAction.ADD_SUPPORT: {_LEAD: HELD, _DISPATCHER: HELD},
    CaseAction.SUPPORT_DONE: {_SUPPORT: OPEN},
    CaseAction.RESOLVE: {_LEAD: HELD},
    CaseAction.DECLINE: {_LEAD: OPEN, _DISPATCHER: OPEN},
    CaseAction.NOTE: {_LEAD: _ALL, _SUPPORT: _ALL, _FORMER: _ALL, _DISPATCHER: _ALL},
    CaseAction.TAKE: {_LEAD: OPEN, _SUPPORT: OPEN, _DISPATCHER: HELD},
    CaseAction.ASSIGN: {_DISPATCHER: OPEN, _SYSTEM: OPEN},
    CaseAction.RECATEGORISE: {_LEAD: OPEN, _DISPATCHER: OPEN},
    CaseAction.MERGE: {_LEAD: OPEN, _DISPATCHER: OPEN},
    CaseAction.UNMERGE: {_FORMER: _MERGED, _DISPATCHER: _MERGED},
    CaseAction.UPHOLD: {_DISPATCHER: _APPEALABLE},
    CaseAction.REJECT: {_DISPATCHER: _APPEALABLE},
    CaseAction.MISROUTE: {_DISPATCHER: _ALL},
    CaseAction.EXCLUDE: {_DISPATCHER: _ALL, _SYSTEM: _ALL},
    CaseAction.INCLUDE: {_DISPATCHER: _ALL, _SYSTEM: _ALL},
    CaseAction.OBJECT: {_LEAD: _ALL, _SUPPORT: _ALL, _FORMER: _ALL},
    CaseAction.DECIDE: {_DISPATCHER: _ALL},
    CaseAction.ANSWER: {_REPORTER: frozenset({Status.WAITING})},
    CaseAction.CONFIRM: {_REPORTER: _RESOLVED},
    CaseAction.DISPUTE: {_REPORTER: frozenset({Status.RESOLVED, Status.CONFIRMED}), _CITIZEN: _RESOLVED},
    CaseAction.APPEAL: {_REPORTER: frozenset({Status.DECLINED})},
}
# What a dispatcher may do in more cases than a department: who is both does it as a dispatcher.
AS_DISPATCHER = frozenset({CaseAction.RECATEGORISE, CaseAction.MERGE, CaseAction.UNMERGE})
# What a dispatcher does in these statuses only if an appeal waits for it. A wrong decline they mend at any time.
NEEDS_APPEAL = {CaseAction.UPHOLD: SOLVED, CaseAction.REJECT: _APPEALABLE}


@dataclass(frozen=True, slots=True)
class CaseState:
    """What decides about actions: the status, and whether an appeal waits for a decision.

    `undo_until` is until when the merge of the case can be undone, by dispatchers and by `undo_department`, if it was
    that department's decision.
    """

    status: Status
    appeal_is_open: bool = False
    undo_until: datetime | None = None
    undo_department: int | None = None

    def can_be_undone_by(self, actor: Actor) -> bool:
        """Whether this actor may undo that the case was merged."""
        if self.undo_until is None or self.undo_until < timing.now():
            return False
        return actor.kind == ActorKind.DISPATCHER or actor.department_id == self.undo_department


def is_allowed(action: CaseAction, status: Status, role: CaseRole, *, appealed: bool = False) -> bool:
    """Whether the table says so; `appealed`: an appeal waits for a decision."""
    if status in NEEDS_APPEAL.get(action, ()) and not appealed:
        return False
    return status in ALLOWED[action].get(role, ())


def require_allowed(action: CaseAction, status: Status, role: CaseRole, *, appealed: bool = False) -> None:
    """Raises NotAllowed if only others may ever do this, and Conflict if it cannot be done in this status.

    A department that has no part in the case any more learns that it came too late, if it did.
    """
    if is_allowed(action, status, role, appealed=appealed):
        return
    if is_allowed(action, status, role, appealed=True):
        raise Conflict(_("No appeal waits for a decision."))
    who = DEPARTMENT_ROLES if role in DEPARTMENT_ROLES else {role}
    possible = any(status in statuses for statuses in ALLOWED[action].values())
    if possible or not who & ALLOWED[action].keys():
        raise NotAllowed()
    raise too_late(status)


@dataclass(frozen=True, slots=True)
class OpenAssignment:
    department_id: int
    part: AssignmentPart


@dataclass(frozen=True, slots=True)
class AllowedActions:
    """What one person may do to one case at the desk, and as whom."""

    actors: Mapping[CaseAction, Actor]

    def __contains__(self, action: object) -> bool:
        return action in self.actors

    def codes(self) -> list[CaseAction]:
        return list(self.actors)


def find_allowed_actions(
    person: Person, state: CaseState, assignments: Iterable[OpenAssignment], had: Iterable[int]
) -> AllowedActions:
    """What `person` may do to a case in this state.

    `assignments` are the open ones of the person's departments, `had` the departments of theirs that ever had the
    case. Of several capacities the first counts: that of a department with an assignment, of a dispatcher, of a
    department that had it; for AS_DISPATCHER that of a dispatcher.
    """
    capacities = [
        (CaseRole(one.part.value), Actor.of(person, one.department_id))
        for one in sorted(assignments, key=lambda one: one.part)
    ]
    if person.is_dispatcher:
        capacities.append((CaseRole.DISPATCHER, Actor(ActorKind.DISPATCHER, person.id or None)))
    capacities += [(CaseRole.FORMER, Actor.of(person, department_id)) for department_id in had]
    actors: dict[CaseAction, Actor] = {}
    for role, actor in capacities:
        for action in CaseAction:
            allowed = is_allowed(action, state.status, role, appealed=state.appeal_is_open)
            if not allowed or (action is CaseAction.UNMERGE and not state.can_be_undone_by(actor)):
                continue
            if action not in actors or (role is CaseRole.DISPATCHER and action in AS_DISPATCHER):
                actors[action] = actor
    return AllowedActions(actors)
