"""A case as the desk sees it, and who may work on it. (The list of a desk: queue.py; the triage: triage.py.)"""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from civic import timing
from civic.accounts.people import Person
from civic.cases.actors import Actor
from civic.cases.allowed_actions import AllowedActions, CaseAction, CaseState, OpenAssignment, find_allowed_actions
from civic.cases.models import AssignmentPart, Case, Merge
from civic.cases.objections import Objection, find_open_objection
from civic.cases.queries import AssignmentView, Timeline, load_assignments, load_timeline
from civic.cases.sla_status import clock_that_matters, describe_late_promise, describe_sla_status
from civic.cases.status import OPEN, Status
from civic.db import Row, fetch
from civic.desk.queue import write_position
from civic.errors import NotFound
from civic.formats import soon
from civic.geo.distance import bounding_box
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.posts.models import Visibility
from civic.posts.queries import photos_of
from civic.reports.merging import MERGE_METRES
from civic.reports.queries import heading
from civic.sla.status import ClockSnapshot, SlaStatus

MAY_WORK = """
SELECT c.status, c.appealed_at IS NOT NULL AND c.appeal_outcome = '' AS appealed,
       m.undo_until, m.department_id AS undo_department, a.department_id, a.part, a.ended_at IS NULL AS is_open
FROM case_file c LEFT JOIN case_merge m ON m.case_id = c.id AND m.undone_at IS NULL
LEFT JOIN assignment a ON a.case_id = c.id AND a.department_id = ANY($2)
WHERE c.id = $1 ORDER BY a.given_at, a.id
"""
REPORTS = """
SELECT r.id, p.id AS post_id, p.title, p.text, r.address, r.place_names, r.lat, r.lon, r.accuracy, r.shape,
       r.answers, (SELECT code FROM asset a WHERE a.id = r.asset_id) AS asset, p.created_at,
       p.visibility,
       p.votes_count AS votes, r.main, (p.author_id IS NOT NULL OR p.email <> '') AS reachable
FROM report r JOIN post p ON p.id = r.post_id WHERE r.case_id = $1 ORDER BY r.main DESC, r.id LIMIT 50
"""
NEAR = """
SELECT c.id, r.id AS report_id, c.number, c.received_at, p.title, p.text, ours,
       metres_between(r.lat, r.lon, $2, $3) AS metres,
       p.visibility = 'public' AND c.status = ANY($12) AND c.category_id = mine.category_id AND ($5 OR (
           (c.received_at, c.id) < (mine.received_at, mine.id)
           AND metres_between(r.lat, r.lon, $2, $3) <= $13
           AND EXISTS (SELECT FROM assignment a WHERE a.case_id = c.id AND a.department_id = $14 AND a.part = $15
                       AND a.ended_at IS NULL))) AS may_take
FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
JOIN case_file mine ON mine.id = $1
CROSS JOIN LATERAL (SELECT $5 OR EXISTS (
    SELECT FROM assignment a WHERE a.case_id = c.id AND a.department_id = ANY($6)) AS ours) x
WHERE r.main AND r.case_id <> $1
  AND r.lat BETWEEN $7 AND $8 AND r.lon BETWEEN $9 AND $10
  AND c.status <> $11 AND metres_between(r.lat, r.lon, $2, $3) <= $4
  AND (p.visibility = 'public' OR $5 OR (p.visibility = 'private' AND ours))
ORDER BY c.received_at DESC LIMIT 8
"""
NEAR_METRES = 250
# The clock that an assignment has to keep next.
NEXT_CLOCK = """
SELECT k.kind, k.target, k.allowance, k.started_at, k.due_at, k.remaining, k.stopped_at, k.calendar_id, k.promised_at,
       k.computed
FROM assignment a
JOIN clock k ON k.id = CASE WHEN a.first_word_at IS NULL THEN a.response_clock_id ELSE a.resolution_clock_id END
WHERE a.id = $1
"""
MEMBERS = """
SELECT u.id, u.name, u.email FROM membership m JOIN user_account u ON u.id = m.user_id
WHERE m.department_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id
"""


@dataclass(frozen=True)
class MergedInto:
    """The case that goes on for one that was merged into it."""

    id: int
    number: str


@dataclass(frozen=True)
class NearbyCase:
    """A case near by. `ours`: the viewer may open it on the desk."""

    id: int
    report_id: int
    number: str
    received_at: datetime
    heading: str
    metres: float
    ours: bool
    # The case may be merged into it. Dispatchers may merge into others too: for them these are the likely ones.
    may_take: bool


@dataclass(frozen=True)
class Member:
    id: int
    name: str
    email: str


@dataclass(frozen=True)
class DeskReport:
    """A report of a case, as the desk sees it. One that a moderator has hidden is empty but for dispatchers."""

    id: int
    heading: str
    title: str
    text: str
    address: str
    place_names: dict[str, str]
    lat: float
    lon: float
    accuracy: int | None
    shape: dict[str, JsonValue] | None
    answers: dict[str, JsonValue]
    asset: str | None  # the number of the thing that it names
    created_at: datetime
    visibility: str
    votes: int
    main: bool
    reachable: bool  # its author can be told and asked
    photos: list[Photo]

    @property
    def says_more(self) -> bool:
        """The text is not just what stands as the heading."""
        return self.text.rstrip(" .。!！?？") != self.heading.rstrip(" .。!！?？")


@dataclass(frozen=True)
class CasePage:
    """What templates/desk/case.html shows. `mine` is the open assignment for which the viewer acts, if there is one.

    `reports` is empty where the case was merged: they are with `into`.
    """

    case: Case
    reports: list[DeskReport]
    into: MergedInto | None
    timeline: Timeline
    objection: Objection | None  # to how the case counts, which nobody has decided yet
    assignments: list[AssignmentView]
    mine: AssignmentView | None
    allowed: AllowedActions
    undo_until: datetime | None  # until when the case's merge can be undone
    near: list[NearbyCase]
    own_time: SlaStatus | None  # how the department in charge keeps its promise
    city_time: SlaStatus | None  # how the city keeps its own to the citizen, as everybody reads it
    moderates: bool  # the viewer is a moderator
    own: frozenset[str]  # slugs of the departments for which the viewer speaks

    @property
    def merge_metres(self) -> int:
        """How far apart cases may be that a department merges."""
        return MERGE_METRES

    @property
    def lead(self) -> AssignmentView | None:
        return next((s for s in self.assignments if s.is_open and s.is_lead), None)

    @property
    def overdue(self) -> bool:
        due = self.lead.due_at if self.lead else None
        return due is not None and due < timing.now()

    @property
    def position(self) -> str:
        """Where the case stands in the list of its desk, so that the one after it can be found."""
        given = self.in_hand
        return write_position(given.due_at, given.id) if given else ""

    @property
    def appeal_overdue(self) -> bool:
        due = self.case.appeal_due_at if self.case.appeal_is_open else None
        return due is not None and due < timing.now()

    @property
    def seen(self) -> int:
        return self.case.events_count

    @property
    def in_hand(self) -> AssignmentView | None:
        """The assignment whose assignee the viewer may set: their own; for a dispatcher also the lead's."""
        return (self.mine or self.lead) if CaseAction.TAKE in self.allowed else self.mine


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
    first = rows[0]
    state = CaseState(Status(first["status"]), first["appealed"], first["undo_until"], first["undo_department"])
    allowed = find_allowed_actions(person, state, own, had & spoken_for)
    return CaseAccess(allowed, default)


async def load_case_page(case_id: int, person: Person, before: int | None = None) -> CasePage:
    """A case with everything internal, for dispatchers and for departments that have or had it.

    Of its history the newest lines, or those before the number `before`.

    Raises NotFound for people without access, so that the case's existence stays private.
    """
    case = await Case.get_or_none(id=case_id).select_related("response_clock", "resolution_clock")
    if case is None:
        raise NotFound()
    held = await load_assignments(case.id)
    own = [one for one in held if one.department_id in person.departments]
    if not person.is_dispatcher and not own:
        raise NotFound()
    mine = next((one for one in own if one.is_open), None)
    lead = next((one for one in held if one.is_open and one.is_lead), None)
    at_work = [OpenAssignment(one.department_id, one.part) for one in own if one.is_open]
    reports, merge = await _reports(case.id, person), await _find_merge(case)
    return CasePage(
        case=case,
        reports=reports,
        into=await _merged_into(case),
        timeline=await load_timeline(case.id, internal=True, before=before),
        objection=await find_open_objection(case.id),
        assignments=held,
        mine=mine,
        allowed=find_allowed_actions(person, _state(case, merge), at_work, {one.department_id for one in own}),
        undo_until=merge.undo_until if merge else None,
        near=await _near(case.id, reports[0], person, mine) if reports else [],
        own_time=await _own_time(mine or lead),
        city_time=await describe_sla_status(case, clock_that_matters(case))
        if case.status.is_open and not case.unreleased
        else None,
        moderates=person.is_dispatcher,
        own=frozenset(one.department for one in own),
    )


async def _own_time(given: AssignmentView | None) -> SlaStatus | None:
    """How an assignment stands with its own targets; None where nothing is left to keep."""
    rows = await fetch(NEXT_CLOCK, given.id) if given else []
    clock = ClockSnapshot(**rows[0]) if rows else None
    if clock is None or clock.stopped_at is not None or clock.computed:
        return None
    used = await clock.used()
    if clock.due_at is None:
        return SlaStatus(_("Paused: the reporter was asked"), used, "paused")
    if clock.due_at < timing.now():
        return SlaStatus(await describe_late_promise(clock, used), used, "over")
    due = soon(clock.due_at)
    words = _("Answer due %(when)s", when=due) if clock.kind == "response" else _("Solution due %(when)s", when=due)
    return SlaStatus(words, used)


async def _find_merge(case: Case) -> Merge | None:
    """How the case was merged, if it is."""
    if case.merged_into_id is None:
        return None
    return await Merge.filter(case_id=case.id, undone_at=None).order_by("-id").first()


def _state(case: Case, merge: Merge | None) -> CaseState:
    if merge is None:
        return CaseState(case.status, case.appeal_is_open)
    return CaseState(case.status, case.appeal_is_open, merge.undo_until, merge.department_id)


async def _merged_into(case: Case) -> MergedInto | None:
    if case.merged_into_id is None:
        return None
    into = await Case.get(id=case.merged_into_id)
    return MergedInto(into.id, into.number)


async def _reports(case_id: int, person: Person) -> list[DeskReport]:
    rows = await fetch(REPORTS, case_id)
    photos = await photos_of([row["post_id"] for row in rows])
    return [_report(row, photos[row.pop("post_id")], person) for row in rows]


def _report(row: Row, photos: list[Photo], person: Person) -> DeskReport:
    if row["visibility"] == Visibility.HIDDEN and not person.is_dispatcher:
        row |= {"title": "", "text": "", "address": "", "place_names": {}, "shape": None, "answers": {}, "asset": None}
        photos = []
    return DeskReport(heading=heading(row["title"], row["text"]), photos=photos, **row)


async def _near(case_id: int, report: DeskReport, person: Person, mine: AssignmentView | None) -> list[NearbyCase]:
    """Other cases near by, the latest first: the history of the place, and what could be merged.

    A private one is only for departments that have or had it (`ours`), a hidden one only for dispatchers.
    """
    rows = await fetch(
        NEAR,
        case_id,
        report.lat,
        report.lon,
        float(NEAR_METRES),
        person.is_dispatcher,
        list(person.departments),
        *bounding_box(report.lat, report.lon, NEAR_METRES),
        Status.MERGED,
        list(OPEN),
        float(MERGE_METRES),
        mine.department_id if mine else None,
        AssignmentPart.LEAD,
    )
    return [NearbyCase(heading=heading(row.pop("title"), row.pop("text")), **row) for row in rows]


async def list_members(department_id: int) -> list[Member]:
    """Who can be the assignee of a case of this department."""
    return [Member(**row) for row in await fetch(MEMBERS, department_id)]
