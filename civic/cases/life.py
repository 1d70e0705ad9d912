"""The life of a case: one table says which status may follow which, and whose action may lead there (DESIGN 3)."""

from dataclasses import dataclass

from civic.cases.actors import Actor, ActorKind
from civic.cases.status import HELD, OPEN, Status
from civic.errors import Conflict, NotAllowed
from civic.i18n import lazy as _


@dataclass(frozen=True, slots=True)
class LifeStep:
    """A case may go from each status of `before` to `after`, by an actor of any kind in `by`."""

    before: frozenset[Status]
    after: Status
    by: frozenset[ActorKind]


def _move(before: frozenset[Status] | Status, after: Status, *by: ActorKind) -> LifeStep:
    return LifeStep(frozenset({before} if isinstance(before, Status) else before), after, frozenset(by))


_REPORTER, _CITIZEN, _DEPARTMENT, _DISPATCHER, _SYSTEM = ActorKind

LIFE = (
    _move(Status.RECEIVED, Status.ASSIGNED, _SYSTEM, _DISPATCHER),
    _move(OPEN, Status.MERGED, _DISPATCHER, _DEPARTMENT),
    _move(OPEN, Status.DECLINED, _DISPATCHER, _DEPARTMENT),
    _move(Status.ASSIGNED, Status.IN_PROGRESS, _DEPARTMENT),
    _move(HELD, Status.ASSIGNED, _DEPARTMENT, _DISPATCHER),
    # From ASSIGNED the department gives it back; from all three the fourth handover goes to a dispatcher.
    _move(HELD, Status.RECEIVED, _DEPARTMENT),
    # The system: a merge that had ended the wait was undone.
    _move(Status.IN_PROGRESS, Status.WAITING, _DEPARTMENT, _SYSTEM),
    _move(Status.WAITING, Status.IN_PROGRESS, _REPORTER, _SYSTEM),
    _move(HELD, Status.RESOLVED, _DEPARTMENT),
    _move(Status.RESOLVED, Status.CONFIRMED, _REPORTER, _SYSTEM),
    # A citizen: the last of enough supporters who dispute the resolution (reports.actions counts them).
    # A dispatcher decides the disputes after the first, as appeals.
    _move(Status.RESOLVED, Status.IN_PROGRESS, _REPORTER, _CITIZEN, _DISPATCHER),
    _move(Status.CONFIRMED, Status.IN_PROGRESS, _REPORTER, _DISPATCHER),
    _move(Status.DECLINED, Status.IN_PROGRESS, _DISPATCHER),
    # Back to what it was when it was merged.
    *(_move(Status.MERGED, before, _DEPARTMENT, _DISPATCHER) for before in OPEN),
)

MOVES = {(before, move.after): move.by for move in LIFE for before in move.before}


def check_step(before: Status, after: Status, by: Actor) -> None:
    """Raises Conflict for a step that no case can make, and NotAllowed for one that only others can make."""
    allowed = MOVES.get((before, after))
    if allowed is None:
        raise too_late(before)
    if by.kind not in allowed:
        raise NotAllowed()


def too_late(status: Status) -> Conflict:
    return Conflict(_("This is no longer possible: the case is “%(status)s”.", status=status.label))
