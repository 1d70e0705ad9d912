"""What lies on a desk: a department's stints, due first; a case whole; the triage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from civic import timing
from civic.accounts.people import Person
from civic.cases.models import Case
from civic.cases.queries import Line, Stint, stints, timeline
from civic.db import fetch, fetch_one, json_value
from civic.errors import NotFound
from civic.media.models import Photo
from civic.paging import read_instant
from civic.reports.queries import heading
from civic.sla.queries import working_calendar
from civic.sla.targets import parse_target, used_share
from civic.web import row_id

PAGE = 50
VIEWS = ("due", "mine", "new", "waiting", "overdue", "support")

QUEUE = """
SELECT a.id AS stint_id, a.case_id, a.part, a.due_at, a.first_word_at, a.assignee_id, u.name AS assignee,
       a.department_id,
       c.number, c.status, c.priority, c.category_id, c.area_id, c.reopened, c.events_count,
       r.id AS report_id, r.address, p.title, p.text, p.votes_count, p.created_at,
       k.kind AS clock_kind, k.target, k.allowance, k.started_at, k.due_at AS clock_due, k.remaining, k.calendar_id
FROM assignment a
JOIN case_file c ON c.id = a.case_id
JOIN report r ON r.case_id = c.id AND r.main
JOIN post p ON p.id = r.post_id
LEFT JOIN user_account u ON u.id = a.assignee_id
LEFT JOIN clock k ON k.id = CASE WHEN a.first_word_at IS NULL THEN a.response_clock_id ELSE a.resolution_clock_id END
WHERE a.department_id = ANY($1) AND a.ended_at IS NULL {narrowed}
ORDER BY a.due_at, a.id LIMIT {limit}
"""
NARROWED = {
    "due": "",
    "mine": "AND a.assignee_id = {n}",
    "new": "AND a.first_word_at IS NULL",
    "waiting": "AND c.status = 'waiting'",
    "overdue": "AND a.due_at < {n}",
    "support": "AND a.part = 'support'",
}


@dataclass(frozen=True)
class Row:
    """A stint on the list. `used`: the share of the promise to be kept next, 1 and more is late; None: none runs."""

    stint_id: int
    case_id: int
    part: str
    due_at: datetime | None
    first_word_at: datetime | None
    assignee_id: int | None
    assignee: str | None
    department_id: int
    number: str
    status: str
    priority: str
    category_id: int | None
    area_id: int | None
    reopened: int
    events_count: int
    report_id: int
    address: str
    heading: str
    votes_count: int
    created_at: datetime
    clock_kind: str | None
    used: float | None

    @property
    def overdue(self) -> bool:
        return self.due_at is not None and self.due_at < timing.now()


@dataclass(frozen=True)
class Queue:
    rows: list[Row]
    next: str
    counts: dict[str, int]  # of each view, at most 1,000


def desks_of(person: Person, chosen: int | None, all_departments: list[int]) -> list[int]:
    """The departments whose desk this person sees: the chosen one, or all of their own; a dispatcher's own are all."""
    own = all_departments if person.is_dispatcher else sorted(person.departments)
    return [chosen] if chosen in own and chosen is not None else own


async def queue(person: Person, departments: list[int], view: str, after: str = "") -> Queue:
    """A page of what these departments have open, what falls due first on top, by keyset."""
    args: list[Any] = [departments]
    narrowed = _narrowed(view, person, args)
    narrowed += _after(after, args)
    rows = await fetch(QUEUE.format(narrowed=narrowed, limit=PAGE + 1), *args)
    shown = [await _row(row) for row in rows[:PAGE]]
    more = len(rows) > PAGE
    last = shown[-1] if shown else None
    next_page = f"{last.due_at.isoformat() if last.due_at else ''}_{last.stint_id}" if more and last else ""
    return Queue(shown, next_page, await _counts(person, departments))


def _narrowed(view: str, person: Person, args: list[Any]) -> str:
    clause = NARROWED[view]
    if "{n}" in clause:
        args.append(person.id if view == "mine" else timing.now())
        clause = clause.format(n=f"${len(args)}")
    return clause


def _after(cursor: str, args: list[Any]) -> str:
    """What comes after "due instant_stint id" in the list's order, in which those without a due instant are last."""
    due, _, stint = cursor.partition("_")
    stint_id, due_at = row_id(stint), read_instant(due)
    if stint_id is None or (due and due_at is None):
        return ""
    args.append(stint_id)
    last = len(args)
    if due_at is None:
        return f" AND a.due_at IS NULL AND a.id > ${last}"
    args.append(due_at)
    return f" AND (a.due_at IS NULL OR (a.due_at, a.id) > (${last + 1}, ${last}))"


async def _row(row: dict[str, Any]) -> Row:
    names = Row.__dataclass_fields__
    known = {name: row[name] for name in row if name in names}
    return Row(**known, heading=heading(row["title"], row["text"]), used=await _used(row))


async def _used(row: dict[str, Any]) -> float | None:
    if row["target"] is None:
        return None
    if row["clock_due"] is None:
        return 1 - (row["remaining"] or 0) / row["allowance"] if row["allowance"] else None
    calendar = await working_calendar(row["calendar_id"])
    return used_share(
        parse_target(row["target"]),
        row["started_at"],
        row["clock_due"],
        timing.now(),
        calendar,
        allowance=row["allowance"],
    )


async def _counts(person: Person, departments: list[int]) -> dict[str, int]:
    row = await fetch_one(
        """
        SELECT count(*) AS due, count(*) FILTER (WHERE assignee_id = $2) AS mine,
               count(*) FILTER (WHERE first_word_at IS NULL) AS new,
               count(*) FILTER (WHERE status = 'waiting') AS waiting,
               count(*) FILTER (WHERE due_at < $3) AS overdue, count(*) FILTER (WHERE part = 'support') AS support
        FROM (SELECT a.assignee_id, a.first_word_at, c.status, a.due_at, a.part FROM assignment a
              JOIN case_file c ON c.id = a.case_id
              WHERE a.department_id = ANY($1) AND a.ended_at IS NULL LIMIT 1000) x
        """,
        departments,
        person.id,
        timing.now(),
    )
    return dict(row or {})


@dataclass(frozen=True)
class ReportView:
    """A report of a case, as the desk sees it."""

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
    """What templates/desk/case.html shows. `mine` is the open stint for which the viewer acts, if there is one."""

    case: Case
    reports: list[ReportView]
    timeline: list[Line]
    stints: list[Stint]
    mine: Stint | None
    near: list[dict[str, Any]]

    @property
    def lead(self) -> Stint | None:
        return next((s for s in self.stints if s.is_open and s.is_lead), None)

    @property
    def overdue(self) -> bool:
        due = self.lead.due_at if self.lead else None
        return due is not None and due < timing.now()

    @property
    def seen(self) -> int:
        return self.case.events_count


async def case_page(case_id: int, person: Person) -> CasePage:
    """A case with everything internal, for dispatchers and for departments that have or had it.

    Raises NotFound for others: a case says nothing of itself to who has nothing to do with it.
    """
    case = await Case.get_or_none(id=case_id).select_related("response_clock", "resolution_clock")
    if case is None:
        raise NotFound()
    held = await stints(case.id)
    if not person.is_dispatcher and not any(s.department_id in person.departments for s in held):
        raise NotFound()
    reports = await _reports(case.id)
    return CasePage(
        case=case,
        reports=reports,
        timeline=await timeline(case.id, internal=True),
        stints=held,
        mine=next((s for s in held if s.is_open and s.department_id in person.departments), None),
        near=await _near(case.id, reports[0], person) if reports else [],
    )


async def _reports(case_id: int) -> list[ReportView]:
    rows = await fetch(
        """
        SELECT r.id, p.id AS post_id, p.title, p.text, r.address, r.lat, r.lon, r.answers, p.created_at, p.visibility,
               p.votes_count AS votes, r.main, (p.author_id IS NOT NULL OR p.email <> '') AS reachable
        FROM report r JOIN post p ON p.id = r.post_id WHERE r.case_id = $1 ORDER BY r.main DESC, r.id LIMIT 50
        """,
        case_id,
    )
    photos: dict[int, list[Photo]] = {}
    for one in await fetch(
        "SELECT pp.post_id, ph.* FROM post_photo pp JOIN photo ph ON ph.id = pp.photo_id"
        " WHERE pp.post_id = ANY($1) ORDER BY pp.position, pp.id",
        [row["post_id"] for row in rows],
    ):
        post_id = one.pop("post_id")
        photos.setdefault(post_id, []).append(Photo(**{**one, "sizes": json_value(one["sizes"])}))
    return [
        ReportView(
            heading=heading(row["title"], row["text"]),
            photos=photos.get(row.pop("post_id"), []),
            **{**row, "answers": json_value(row["answers"])},
        )
        for row in rows
    ]


async def _near(case_id: int, report: ReportView, person: Person, metres: int = 250) -> list[dict[str, Any]]:
    """Other cases within some steps, the latest first: the history of the place, and what could be merged.

    What is private or hidden only for dispatchers and for departments that have or had it, as the case's own page.
    """
    reach = metres / 111_195
    rows = await fetch(
        """
        SELECT c.id, c.number, c.status, c.received_at, c.category_id, p.title, p.text,
               metres_between(r.lat, r.lon, $2, $3) AS metres
        FROM report r JOIN case_file c ON c.id = r.case_id JOIN post p ON p.id = r.post_id
        WHERE r.main AND r.case_id <> $1
          AND r.lat BETWEEN $2 - $4 AND $2 + $4 AND r.lon BETWEEN $3 - 2 * $4 AND $3 + 2 * $4
          AND c.status <> 'merged' AND metres_between(r.lat, r.lon, $2, $3) <= $5
          AND (p.visibility = 'public' OR $6 OR EXISTS (
               SELECT FROM assignment a WHERE a.case_id = c.id AND a.department_id = ANY($7)))
        ORDER BY c.received_at DESC LIMIT 8
        """,
        case_id,
        report.lat,
        report.lon,
        reach,
        float(metres),
        person.is_dispatcher,
        list(person.departments),
    )
    return [row | {"heading": heading(row["title"], row["text"])} for row in rows]


@dataclass(frozen=True)
class Triaged:
    """A case that no department has, with the router's suggestions."""

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
    reason: dict[str, Any]


TRIAGE = """
SELECT c.id AS case_id, c.number, c.events_count, c.received_at, c.due_at, c.category_id, c.area_id, r.id AS report_id,
       p.title, p.text, r.address, ph.name AS cover,
       (SELECT e.data FROM case_event e WHERE e.case_id = c.id AND e.kind IN ('triaged', 'returned', 'handed_over')
        ORDER BY e.seq DESC LIMIT 1) AS data
FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id
LEFT JOIN photo ph ON ph.id = p.cover_id AND ph.public
WHERE c.status = 'received' AND c.received_at > $1
ORDER BY c.received_at, c.id LIMIT 50
"""


async def triage(after: datetime | None = None) -> list[Triaged]:
    """Cases that wait for a dispatcher, the oldest first, 50 at a time."""
    rows = await fetch(TRIAGE, after or datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    return [
        Triaged(
            heading=heading(row.pop("title"), row["text"]),
            reason=(json_value(row.pop("data")) or {}).get("reason") or {},
            **row,
        )
        for row in rows
    ]


async def members(department_id: int) -> list[dict[str, Any]]:
    """Who can take a case of this department: id and name."""
    return await fetch(
        "SELECT u.id, u.name, u.email FROM membership m JOIN user_account u ON u.id = m.user_id"
        " WHERE m.department_id = $1 AND u.disabled_at IS NULL ORDER BY u.name, u.id",
        department_id,
    )
