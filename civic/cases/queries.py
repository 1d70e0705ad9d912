"""Reading a case: its history and its assignments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civic import timing
from civic.cases.event_kinds import EventKind
from civic.cases.models import AssignmentPart, DeclineReason, Outcome
from civic.cases.status import Status, StatusGroup
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch, make_from_row
from civic.media.models import Photo
from civic.routing.queries import explain

Names = dict[str, str]

EVENTS_OF = """
SELECT e.seq, e.id, e.at, e.kind, e.actor_kind, e.from_status, e.to_status, e.internal, e.text, e.data,
       e.text_hash IS NOT NULL AS erased, d.slug, d.names, u.name AS actor_name
FROM case_event e LEFT JOIN department d ON d.id = e.department_id LEFT JOIN user_account u ON u.id = e.actor_id
WHERE e.case_id = $1 AND ($2 OR NOT e.internal) ORDER BY e.seq
"""
PHOTOS_OF = """
SELECT p.*, x.case_event_id AS event_id FROM case_event_photo x JOIN photo p ON p.id = x.photo_id
JOIN case_event e ON e.id = x.case_event_id WHERE e.case_id = $1 AND ($2 OR NOT e.internal) ORDER BY p.id
"""
ASSIGNMENTS_OF = """
SELECT a.id, a.department_id, d.slug, d.names, a.part, a.started_at, a.ended_at, a.outcome, a.first_word_at, a.due_at,
       a.standing, a.misrouted, a.assignee_id, u.name AS assignee, r.due_at AS response_due,
       s.due_at AS resolution_due, s.paused_at IS NOT NULL AND a.ended_at IS NULL AS paused,
       working_seconds(d.calendar_id, a.started_at, coalesce(a.ended_at, $2)) AS held_seconds
FROM assignment a JOIN department d ON d.id = a.department_id JOIN clock r ON r.id = a.response_clock_id
LEFT JOIN clock s ON s.id = a.resolution_clock_id LEFT JOIN user_account u ON u.id = a.assignee_id
WHERE a.case_id = $1 ORDER BY a.started_at, a.id
"""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One event, as a page shows it. `names` are the acting department's; `actor_name` is for the desk only.

    `to_names` and `from_names` are those of the departments that the event moved the case between, or asked for help.
    """

    id: int
    seq: int
    at: datetime
    kind: EventKind
    actor_kind: str
    actor_name: str
    department: str  # slug, "" for none
    names: Names
    from_names: Names
    to_names: Names
    from_status: Status | None
    to_status: Status | None
    internal: bool
    text: str
    erased: bool
    data: Mapping[str, Any]
    photos: Sequence[Photo] = field(default=())

    @property
    def label(self) -> str:
        """What happened, in the reader's language."""
        return str(self.kind.label)

    @property
    def reason(self) -> str:
        """Why the case was routed or declined, in plain words; "" for other events."""
        if self.kind is EventKind.DECLINED:
            return str(DeclineReason(self.data["reason"]).label)
        return explain(self.data.get("reason") or {})

    @property
    def look(self) -> str:
        """The CSS class of its line."""
        if self.internal:
            return "internal"
        if self.kind is EventKind.OVERDUE:
            return "late"
        if self.to_status and self.to_status.group is StatusGroup.SOLVED:
            return self.to_status.look
        return "official" if self.department else ""


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """An assignment as pages show it. `held_seconds` is working time from its start to its end or now, waits included.

    The due instants are None while paused; `due_at` is the one to be kept next.
    """

    id: int
    department_id: int
    department: str  # slug
    names: Names
    part: AssignmentPart
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    first_word_at: datetime | None
    due_at: datetime | None
    response_due: datetime | None
    resolution_due: datetime | None
    paused: bool
    standing: bool
    misrouted: bool
    assignee_id: int | None
    assignee: str
    held_seconds: float

    @property
    def is_lead(self) -> bool:
        return self.part == AssignmentPart.LEAD

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def was_passed_on(self) -> bool:
        """The department that led the case handed it over or gave it back."""
        return self.is_lead and self.outcome in (Outcome.HANDED_OVER, Outcome.RETURNED)

    @property
    def part_label(self) -> str:
        return str(self.part.label)

    @property
    def outcome_label(self) -> str:
        """How it ended, in words; "" while it goes on."""
        return str(self.outcome.label) if self.outcome else ""


async def load_timeline(case_id: int, *, internal: bool) -> list[TimelineEvent]:
    """Return the case's history, oldest first, in two statements; `internal` adds what only the desk may read."""
    names = {one.slug: one.names for one in (await catalogue()).every_department}
    photos: dict[int, list[Photo]] = {}
    for row in await fetch(PHOTOS_OF, case_id, internal):
        event_id = row.pop("event_id")
        photos.setdefault(event_id, []).append(make_from_row(Photo, row))
    return [_line(row, names, photos.get(row["id"], []), internal) for row in await fetch(EVENTS_OF, case_id, internal)]


def _line(row: Row, names: Mapping[str, Names], photos: list[Photo], internal: bool) -> TimelineEvent:
    data = row["data"]
    return TimelineEvent(
        id=row["id"],
        seq=row["seq"],
        at=row["at"],
        kind=EventKind(row["kind"]),
        actor_kind=row["actor_kind"],
        actor_name=(row["actor_name"] or "") if internal else "",
        department=row["slug"] or "",
        names=row["names"] or {},
        from_names=names.get(data.get("from") or "", {}),
        to_names=names.get(data.get("department") or "", {}),
        from_status=Status(row["from_status"]) if row["from_status"] else None,
        to_status=Status(row["to_status"]) if row["to_status"] else None,
        internal=row["internal"],
        text=row["text"],
        erased=row["erased"],
        data=data,
        photos=tuple(photos),
    )


async def load_assignments(case_id: int) -> list[AssignmentView]:
    """Return which departments had the case and for how long, oldest first, in one statement."""
    rows = await fetch(ASSIGNMENTS_OF, case_id, timing.now())
    return [_assignment(row) for row in rows]


def _assignment(row: Row) -> AssignmentView:
    return AssignmentView(
        id=row["id"],
        department_id=row["department_id"],
        department=row["slug"],
        names=row["names"],
        part=AssignmentPart(row["part"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        first_word_at=row["first_word_at"],
        due_at=row["due_at"],
        response_due=row["response_due"],
        resolution_due=row["resolution_due"],
        paused=row["paused"],
        standing=row["standing"],
        misrouted=row["misrouted"],
        assignee_id=row["assignee_id"],
        assignee=row["assignee"] or "",
        held_seconds=row["held_seconds"],
    )
