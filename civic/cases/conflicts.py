"""Two people work on one case at once: the second gets a conflict that says what the first did."""

from dataclasses import dataclass
from datetime import datetime

from civic.cases.actors import Actor
from civic.cases.event_kinds import QUIET_KINDS, EventKind
from civic.cases.models import Case, CaseEvent, HiddenLine
from civic.errors import Conflict
from civic.i18n import lazy as _


@dataclass(frozen=True, slots=True)
class MissedEvent:
    """An event that the second person had not seen. `text` is what everybody may read of it."""

    seq: int
    at: datetime
    kind: EventKind
    department_id: int | None
    text: str

    @property
    def label(self) -> str:
        return str(self.kind.label)


class CaseChanged(Conflict):
    """The case has changed since the form was opened: `changes`, oldest first."""

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
    """The labels of the changes, in the reader's language."""

    def __init__(self, changes: list[MissedEvent]) -> None:
        self._changes = changes

    def __str__(self) -> str:
        return ", ".join(change.label for change in self._changes)


async def require_unchanged(case: Case, by: Actor, seen: int | None) -> None:
    """Raises CaseChanged if anything but quiet events, such as notes, followed the event number `seen`."""
    if seen is None or seen >= case.events_count:
        return
    rows = await CaseEvent.filter(case_id=case.id, seq__gt=seen).exclude(kind__in=QUIET_KINDS).order_by("seq")
    if rows:
        hidden = await HiddenLine.filter(case_event_id__in=[row.id for row in rows]).values_list(
            "case_event_id", flat=True
        )
        raise CaseChanged([_missed_event(row, hidden=row.id in hidden) for row in rows])


def _missed_event(row: CaseEvent, *, hidden: bool) -> MissedEvent:
    return MissedEvent(
        row.seq, row.at, EventKind(row.kind), row.department_id, "" if row.internal or hidden else row.text
    )
