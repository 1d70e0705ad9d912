"""Reading a case: its history and its assignments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civic import timing
from civic.cases.event_kinds import EventKind
from civic.cases.models import AssignmentPart, CaseEvent, DeclineReason, Handling, Outcome
from civic.cases.status import Status, StatusGroup
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch, make_from_row
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.posts.models import REASONS
from civic.routing.queries import explain

Names = dict[str, str]

MAX_LINES_SHOWN = 40
MAX_SEQ = 2**31 - 1
# What a moderator has hidden is for the desk only ($2): its text does not leave the database for others.
LINES = """
SELECT e.seq, e.id, e.at, e.kind, e.actor_kind, e.from_status, e.to_status, e.internal, e.data,
       CASE WHEN $2 OR h.id IS NULL THEN e.text ELSE '' END AS text, coalesce(h.reason, '') AS hidden,
       e.text_hash IS NOT NULL AS erased, d.slug, d.names, u.name AS actor_name, c.number,
       (e.text <> '' OR x.some) AND NOT e.internal AND e.text_hash IS NULL AS can_be_hidden,
       x.some AS has_photos, {latest} AS latest
FROM case_event e JOIN case_file c ON c.id = e.case_id LEFT JOIN hidden_line h ON h.case_event_id = e.id
LEFT JOIN department d ON d.id = e.department_id LEFT JOIN user_account u ON u.id = e.actor_id
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM case_event_photo p WHERE p.case_event_id = e.id) AS some) x
WHERE e.case_id = $1 AND ($2 OR NOT e.internal) AND ({condition}) ORDER BY e.seq DESC LIMIT {limit}
"""
EVENTS_OF = LINES.format(condition="e.seq < $3", limit=MAX_LINES_SHOWN + 1, latest=False)
# The latest line with a text that a department wrote, and the latest question, wherever in the history they are.
LATEST_WORDS = """
(SELECT e.id FROM case_event e WHERE e.case_id = $1 AND NOT e.internal AND e.department_id IS NOT NULL AND e.text <> ''
    AND NOT EXISTS (SELECT FROM hidden_line h WHERE h.case_event_id = e.id) ORDER BY e.seq DESC LIMIT 1)
UNION (SELECT e.id FROM case_event e WHERE e.case_id = $1 AND e.kind = $4 ORDER BY e.seq DESC LIMIT 1)
"""
WORDS_OF = LINES.format(condition=f"e.id IN ({LATEST_WORDS})", limit=2, latest=True)
PUBLIC_EVENTS_OF = f"({EVENTS_OF}) UNION ALL ({WORDS_OF})"
PHOTOS_OF = """
SELECT p.*, x.case_event_id AS event_id FROM case_event_photo x JOIN photo p ON p.id = x.photo_id
WHERE x.case_event_id = ANY($1) ORDER BY p.id
"""
ASSIGNMENTS_OF = """
SELECT a.id, a.department_id, d.slug, d.names, a.part, a.given_at, a.ended_at, a.outcome, a.first_word_at, a.due_at,
       a.standing, a.misrouted, a.assignee_id, u.name AS assignee, r.due_at AS response_due,
       s.due_at AS resolution_due, s.paused_at IS NOT NULL AND a.ended_at IS NULL AS paused,
       working_seconds(d.calendar_id, a.given_at, coalesce(a.ended_at, $2)) AS held_seconds
FROM assignment a JOIN department d ON d.id = a.department_id JOIN clock r ON r.id = a.response_clock_id
LEFT JOIN clock s ON s.id = a.resolution_clock_id LEFT JOIN user_account u ON u.id = a.assignee_id
WHERE a.case_id = $1 ORDER BY a.given_at, a.id
"""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One event, as a page shows it. `names` are the acting department's; `actor_name` is for the desk only.

    `hidden` is the reason for which the public does not read it ("": it does); its text is for the desk only then.
    `name` is what moderation calls it.

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
    to: str  # slug, "" for none
    to_names: Names
    from_status: Status | None
    to_status: Status | None
    internal: bool
    text: str
    erased: bool
    hidden: str
    can_be_hidden: bool
    name: str
    data: Mapping[str, Any]
    photos: Sequence[Photo] = field(default=())

    @property
    def label(self) -> str:
        """What happened, in the reader's language."""
        if self.kind is EventKind.OVERDUE:
            return _("The answer is overdue") if self.promise == "response" else _("The solution is overdue")
        return str(self.kind.label)

    @property
    def hidden_reason(self) -> str:
        """Why it is hidden, in the reader's language."""
        return str(REASONS[self.hidden]) if self.hidden else ""

    @property
    def comment_id(self) -> int | None:
        """The comment in which the reporter answered; None for other events."""
        return self.data.get("comment") if self.kind is EventKind.ANSWERED else None

    @property
    def promise(self) -> str:
        """Which promise a reminder is about: "response" or "resolution"; "" for other events."""
        return str(self.data.get("clock", "")) if self.kind in (EventKind.OVERDUE, EventKind.ESCALATED) else ""

    @property
    def to_dispatchers(self) -> bool:
        """It went to a dispatcher, who decides: returned, sent to triage, or handed over too often."""
        return self.kind in (EventKind.TRIAGED, EventKind.RETURNED) or bool(self.data.get("dispatcher"))

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
    """An assignment as pages show it. `held_seconds` is working time from `given_at` to its end or now, waits included.

    The due instants are None while paused; `due_at` is the one to be kept next.
    """

    id: int
    department_id: int
    department: str  # slug
    names: Names
    part: AssignmentPart
    given_at: datetime
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


@dataclass(frozen=True, slots=True)
class Timeline:
    """A part of a case's history, oldest first. `earlier`: the number of its first line, if lines come before it.

    `official` is the latest public word of a department, `question` the latest question, wherever they are; the desk
    reads them in the lines.
    """

    lines: Sequence[TimelineEvent]
    earlier: int | None = None
    official: TimelineEvent | None = None
    question: TimelineEvent | None = None


def line_anchor(seq: int) -> str:
    """What follows the path of a page in the address of one line of its history."""
    return f"?before={seq + 1}#event-{seq}"


async def load_timeline(case_id: int, *, internal: bool, before: int | None = None) -> Timeline:
    """Return the newest MAX_LINES_SHOWN lines of a case's history, or those before the number `before`.

    In one statement, and another one for photos; `internal` adds what only the desk may read.
    """
    last = min(before or MAX_SEQ, MAX_SEQ)
    found = await (
        fetch(EVENTS_OF, case_id, True, last)
        if internal
        else fetch(PUBLIC_EVENTS_OF, case_id, False, last, EventKind.ASKED)
    )
    found.sort(key=lambda row: -row["seq"])
    rows, words = [one for one in found if not one["latest"]], [one for one in found if one["latest"]]
    more, rows = len(rows) > MAX_LINES_SHOWN, rows[:MAX_LINES_SHOWN]
    names = {one.slug: one.names for one in (await catalogue()).every_department}
    photos: dict[int, list[Photo]] = {}
    with_photos = [row["id"] for row in rows if row["has_photos"] and (internal or not row["hidden"])]
    for row in await fetch(PHOTOS_OF, with_photos) if with_photos else ():
        photos.setdefault(row.pop("event_id"), []).append(make_from_row(Photo, row))
    lines = [_line(row, names, photos.get(row["id"], []), internal) for row in reversed(rows)]
    latest = [_line(row, names, [], False) for row in words]
    return Timeline(
        lines=lines,
        earlier=lines[0].seq if more else None,
        official=next((one for one in latest if one.department and one.text), None),
        question=next((one for one in latest if one.kind is EventKind.ASKED), None),
    )


def _line(row: Row, names: Mapping[str, Names], photos: list[Photo], internal: bool) -> TimelineEvent:
    data = row["data"]
    to = "" if data.get("dispatcher") else data.get("department") or ""
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
        to=to,
        to_names=names.get(to, {}),
        from_status=Status(row["from_status"]) if row["from_status"] else None,
        to_status=Status(row["to_status"]) if row["to_status"] else None,
        internal=row["internal"],
        text=row["text"],
        erased=row["erased"],
        hidden=row["hidden"],
        can_be_hidden=row["can_be_hidden"],
        name=f"{row['number']}-{row['seq']}",
        data=data,
        photos=tuple(photos),
    )


def describe_first_event(event: CaseEvent) -> TimelineEvent:
    """The line of an event by nobody of a department that was just written, with its case at hand."""
    names = ("id", "seq", "at", "kind", "actor_kind", "from_status", "to_status", "internal", "text", "data")
    row = {name: getattr(event, name) for name in names}
    row |= {"slug": None, "names": None, "actor_name": None, "number": event.case.number}
    row |= {"erased": False, "hidden": "", "can_be_hidden": bool(event.text)}
    return _line(row, {}, [], internal=False)


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
        given_at=row["given_at"],
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


async def find_last_handling(case_id: int, rater: str) -> Handling | None:
    """The stars that `rater` ("post:17") gave last for how a case was handled."""
    return await Handling.filter(case_id=case_id, rater=rater).order_by("-id").first()
