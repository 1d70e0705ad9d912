"""Two people at one case: the second is told what the first did."""

from dataclasses import dataclass
from datetime import datetime

from civic.cases.actors import Actor
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent
from civic.errors import Conflict
from civic.i18n import lazy as _

_QUIET_KINDS = [kind.value for kind in EventKind if kind.is_quiet]


@dataclass(frozen=True, slots=True)
class MissedEvent:
    """What happened meanwhile. `text` is public."""

    seq: int
    at: datetime
    kind: EventKind
    department_id: int | None
    text: str

    @property
    def label(self) -> str:
        return str(self.kind.label)


class CaseChanged(Conflict):
    """Events that the form did not know of: `changes`, oldest first."""

    def __init__(self, changes: list[MissedEvent]) -> None:
        super().__init__(
            _(
                "Somebody else changed this case a moment ago: %(changes)s. "
                "Nothing was saved; please look and try again.",
                changes=_Labels(changes),
            )
        )
        self.changes = changes


class _Labels:
    """The changes' labels, in the language of whoever reads them."""

    def __init__(self, changes: list[MissedEvent]) -> None:
        self._changes = changes

    def __str__(self) -> str:
        return ", ".join(change.label for change in self._changes)


async def require_unchanged(case: Case, by: Actor, seen: int | None) -> None:
    """Raises CaseChanged if the case's life went on after the event `seen`; notes and reminders do not count."""
    if seen is None or seen >= case.events_count:
        return
    rows = await CaseEvent.filter(case_id=case.id, seq__gt=seen).exclude(kind__in=_QUIET_KINDS).order_by("seq")
    if rows:
        raise CaseChanged([_missed_event(row) for row in rows])


def _missed_event(row: CaseEvent) -> MissedEvent:
    return MissedEvent(row.seq, row.at, EventKind(row.kind), row.department_id, "" if row.internal else row.text)
