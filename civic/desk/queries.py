"""What a desk works on: a case whole, and the triage. (The list of a desk: queue.py.)"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from civic import paging, timing
from civic.accounts.people import Person
from civic.cases.actors import Actor
from civic.cases.allowed_actions import AllowedActions, CaseAction, OpenAssignment, find_allowed_actions
from civic.cases.event_kinds import EventKind
from civic.cases.models import AssignmentPart, Case
from civic.cases.queries import AssignmentView, TimelineEvent, load_assignments, load_timeline
from civic.cases.status import Status
from civic.db import fetch, fetch_one
from civic.errors import NotFound
from civic.geo.distance import bounding_box
from civic.media.models import Photo
from civic.posts.models import Visibility
from civic.posts.queries import photos_of
from civic.reports.queries import heading


@dataclass(frozen=True)
class DeskReport:
    """A report of a case, as the desk sees it. One that a moderator has hidden is empty but for dispatchers."""

    id: int
    heading: str
    title: str
    text: str
    address: str
    lat: float
    lon: float
    answers: dict[str, Any]
    created_at: datetime
    visibility: str
    votes: int
    main: bool
    reachable: bool  # its author can be told and asked
    photos: list[Photo]


@dataclass(frozen=True)
class CasePage:
    """What templates/desk/case.html shows. `mine` is the open assignment for which the viewer acts, if there is one.

    `reports` is empty where the case was merged: they are with `into`.
    """

    case: Case
    reports: list[DeskReport]
    into: dict[str, Any] | None  # id and number of the case that goes on for this one
    timeline: list[TimelineEvent]
    assignments: list[AssignmentView]
    mine: AssignmentView | None
    allowed: AllowedActions
    near: list[dict[str, Any]]

    @property
    def lead(self) -> AssignmentView | None:
        return next((s for s in self.assignments if s.is_open and s.is_lead), None)

    @property
    def overdue(self) -> bool:
        due = self.lead.due_at if self.lead else None
        return due is not None and due < timing.now()

    @property
    def seen(self) -> int:
        return self.case.events_count

    @property
    def in_hand(self) -> AssignmentView | None:
        """The assignment whose assignee the viewer may set: their own; for a dispatcher also the lead's."""
        return (self.mine or self.lead) if CaseAction.TAKE in self.allowed else self.mine


MAY_WORK = """
SELECT c.status, a.department_id, a.part, a.ended_at IS NULL AS is_open
FROM case_file c LEFT JOIN assignment a ON a.case_id = c.id AND a.department_id = ANY($2)
WHERE c.id = $1 ORDER BY a.started_at, a.id
"""


@dataclass(frozen=True)
class CaseAccess:
    """That a person may work on a case at the desk, what they may do to it, and who they act as otherwise."""

    allowed: AllowedActions
    default: Actor

    def actor(self, action: CaseAction) -> Actor:
        """As whom the person does this; where they may not, the action itself refuses."""
        return self.allowed.actors.get(action, self.default)


async def may_work_on(case_id: int, person: Person, acting: int | None = None) -> CaseAccess:
    """What `person` may do to a case, in one statement; `acting` names the department that they speak for.

    Raises NotFound for people without access, so that the case's existence stays private, and NotAllowed for a
    department that is not theirs.
    """
    asked = person.departments | ({acting} if acting else set())
    rows = await fetch(MAY_WORK, case_id, list(asked))
    had = {row["department_id"] for row in rows} & person.departments
    if not rows or not (person.is_dispatcher or had):
        raise NotFound()
    spoken_for = {acting} if acting else person.departments
    own = [
        OpenAssignment(row["department_id"], AssignmentPart(row["part"]))
        for row in rows
        if row["is_open"] and row["department_id"] in spoken_for
    ]
    default = Actor.of(person, acting or (own[0].department_id if own else None))
    allowed = find_allowed_actions(person, Status(rows[0]["status"]), own, had & spoken_for)
    return CaseAccess(allowed, default)


async def load_case_page(case_id: int, person: Person) -> CasePage:
    """A case with everything internal, for dispatchers and for departments that have or had it.

    Raises NotFound for people without access, so that the case's existence stays private.
    """
    case = await Case.get_or_none(id=case_id).select_related("response_clock", "resolution_clock")
    if case is None:
        raise NotFound()
    held = await load_assignments(case.id)
    own = [one for one in held if one.department_id in person.departments]
    if not person.is_dispatcher and not own:
        raise NotFound()
    at_work = [OpenAssignment(one.department_id, one.part) for one in own if one.is_open]
    reports = await _reports(case.id, person)
    return CasePage(
        case=case,
        reports=reports,
        into=await _into(case),
        timeline=await load_timeline(case.id, internal=True),
        assignments=held,
        mine=next((one for one in own if one.is_open), None),
        allowed=find_allowed_actions(person, case.status, at_work, {one.department_id for one in own}),
        near=await _near(case.id, reports[0], person) if reports else [],
    )


async def _into(case: Case) -> dict[str, Any] | None:
    if case.merged_into_id is None:
        return None
    return await fetch_one("SELECT id, number FROM case_file WHERE id = $1", case.merged_into_id)


async def _reports(case_id: int, person: Person) -> list[DeskReport]:
    rows = await fetch(
        """
        SELECT r.id, p.id AS post_id, p.title, p.text, r.address, r.lat, r.lon, r.answers, p.created_at, p.visibility,
               p.votes_count AS votes, r.main, (p.author_id IS NOT NULL OR p.email <> '') AS reachable
        FROM report r JOIN post p ON p.id = r.post_id WHERE r.case_id = $1 ORDER BY r.main DESC, r.id LIMIT 50
        """,
        case_id,
    )
    photos = await photos_of([row["post_id"] for row in rows])
    return [_report(row, photos[row.pop("post_id")], person) for row in rows]


def _report(row: dict[str, Any], photos: list[Photo], person: Person) -> DeskReport:
    if row["visibility"] == Visibility.HIDDEN and not person.is_dispatcher:
        row |= {"title": "", "text": "", "address": "", "answers": {}}
        photos = []
    return DeskReport(heading=heading(row["title"], row["text"]), photos=photos, **row)


async def _near(case_id: int, report: DeskReport, person: Person, metres: int = 250) -> list[dict[str, Any]]:
    """Other cases within some steps, the latest first: the history of the place, and what could be merged.

    What is private only for departments that have or had it (`ours`), what is hidden only for dispatchers.
    """
    rows = await fetch(
        """
        SELECT c.id, r.id AS report_id, c.number, c.status, c.received_at, p.title, p.text, ours,
               metres_between(r.lat, r.lon, $2, $3) AS metres
        FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
        CROSS JOIN LATERAL (SELECT $5 OR EXISTS (
            SELECT FROM assignment a WHERE a.case_id = c.id AND a.department_id = ANY($6)) AS ours) x
        WHERE r.main AND r.case_id <> $1
          AND r.lat BETWEEN $7 AND $8 AND r.lon BETWEEN $9 AND $10
          AND c.status <> $11 AND metres_between(r.lat, r.lon, $2, $3) <= $4
          AND (p.visibility = 'public' OR $5 OR (p.visibility = 'private' AND ours))
        ORDER BY c.received_at DESC LIMIT 8
        """,
        case_id,
        report.lat,
        report.lon,
        float(metres),
        person.is_dispatcher,
        list(person.departments),
        *bounding_box(report.lat, report.lon, metres),
        Status.MERGED,
    )
    return [row | {"heading": heading(row["title"], row["text"])} for row in rows]


@dataclass(frozen=True)
class TriageRow:
    """A case that no department has: why (`kind` of the event, and its text), and the router's suggestions."""

    case_id: int
    number: str
    events_count: int
    received_at: datetime
    due_at: datetime | None
    category_id: int | None
    area_id: int | None
    report_id: int
    heading: str
    text: str
    address: str
    cover: str | None
    kind: EventKind
    why: str
    reason: dict[str, Any]
    suggestions: list[dict[str, Any]]

    @property
    def was_handed_over(self) -> bool:
        """Once too often: a dispatcher has to name who leads it."""
        return self.kind is EventKind.HANDED_OVER


@dataclass(frozen=True)
class TriagePage:
    rows: list[TriageRow]
    count: int
    next: str  # cursor of the page after this one; empty: there is none


TRIAGE_PAGE_ROWS = 50
TRIAGE = f"""
SELECT c.id AS case_id, c.number, c.events_count, c.received_at, c.due_at, c.category_id, c.area_id, r.id AS report_id,
       p.title, p.text, r.address, ph.name AS cover, e.kind, e.text AS why, e.data,
       (SELECT t.data FROM case_event t WHERE t.case_id = c.id AND t.kind = $4 ORDER BY t.seq DESC LIMIT 1)
           AS routed
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
LEFT JOIN photo ph ON ph.id = p.cover_id AND ph.public
CROSS JOIN LATERAL (
    SELECT kind, text, data FROM case_event
    WHERE case_id = c.id AND kind = ANY($5) ORDER BY seq DESC LIMIT 1) e
WHERE c.status = $3 AND (c.received_at, c.id) > ($1, $2)
ORDER BY c.received_at, c.id LIMIT {TRIAGE_PAGE_ROWS + 1}
"""
TRIAGE_KINDS = [EventKind.RECEIVED, EventKind.TRIAGED, EventKind.RETURNED, EventKind.HANDED_OVER]  # why it is here
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


async def load_triage(cursor: str = "") -> TriagePage:
    """Cases that wait for a dispatcher, the oldest first, by keyset."""
    after = paging.read_cursor(cursor) or (BEGINNING, 0)
    rows = await fetch(TRIAGE, *after, Status.RECEIVED, EventKind.TRIAGED, TRIAGE_KINDS)
    counted = await fetch_one("SELECT count(*) AS n FROM case_file WHERE status = $1", Status.RECEIVED)
    shown = [_triaged(row) for row in rows[:TRIAGE_PAGE_ROWS]]
    more = paging.write_cursor(shown[-1].received_at, shown[-1].case_id) if len(rows) > TRIAGE_PAGE_ROWS else ""
    return TriagePage(shown, counted["n"] if counted else 0, more)


def _triaged(row: dict[str, Any]) -> TriageRow:
    data, routed = row.pop("data"), row.pop("routed") or {}
    row["kind"] = EventKind(row["kind"])
    return TriageRow(
        heading=heading(row.pop("title"), row["text"]),
        reason=data.get("reason") or {},
        suggestions=(routed.get("reason") or {}).get("suggestions") or [],
        **row,
    )


async def list_members(department_id: int) -> list[dict[str, Any]]:
    """Who can take a case of this department: id and name."""
    return await fetch(
        "SELECT u.id, u.name, u.email FROM membership m JOIN user_account u ON u.id = m.user_id"
        " WHERE m.department_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id",
        department_id,
    )
