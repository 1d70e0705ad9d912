"""The list of a desk: the open assignments of its departments, ordered by due instant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.support import LazyProxy

from civic import timing
from civic.accounts.people import Person
from civic.cases.models import AssignmentPart, Priority
from civic.cases.status import Status
from civic.db import Row, fetch, fetch_one
from civic.desk.sql import COUNTS, FIRST_OF_ALL, FIRST_OF_EACH, MAX_COUNTED, QUEUE, WAITING_FOR_DISPATCHERS
from civic.i18n import lazy as _
from civic.paging import read_instant
from civic.posts.models import Visibility
from civic.reports.queries import heading
from civic.search.queries import all_words_query
from civic.sla.status import ClockSnapshot, describe_lateness
from civic.web import parse_id

PAGE_ROWS = 50
FEW_DEPARTMENTS = 8


@dataclass(frozen=True)
class DeskView:
    """A part of the list: its label, and its SQL condition, in which {n} is the number of the parameter `value`."""

    label: LazyProxy
    condition: str = ""
    value: Callable[[Person], object] | None = None


VIEWS = {
    "due": DeskView(_("Due first")),
    "mine": DeskView(_("Mine"), "AND a.assignee_id = {n}", lambda person: person.id),
    "new": DeskView(_("Unanswered"), "AND a.first_word_at IS NULL"),
    Status.WAITING.value: DeskView(_("Waiting"), "AND c.status = {n}", lambda _person: Status.WAITING),
    "overdue": DeskView(_("Overdue"), "AND a.due_at < {n}", lambda _person: timing.now()),
    "support": DeskView(_("We help"), "AND a.part = {n}", lambda _person: AssignmentPart.SUPPORT),
}


@dataclass(frozen=True)
class QueueRow:
    """An assignment on the list. `used`: the used share of the next target, late from 1 on; None if no clock runs, or
    one that was only computed, of imported history.
    """

    assignment_id: int
    case_id: int
    part: AssignmentPart
    due_at: datetime | None
    first_word_at: datetime | None
    assignee: str | None
    number: str
    status: Status
    priority: Priority
    category_id: int | None
    area_id: int | None
    reopened: int
    report_id: int
    address: str
    place_names: dict[str, str]
    heading: str
    hidden: bool  # by a moderator: only dispatchers read what it says
    votes_count: int
    city_due_at: datetime | None  # the city's promise to the citizen; `due_at` is the department's
    city_kind: str  # what it promises then: response, resolution
    kind: str | None  # of the clock: response, resolution
    used: float | None
    late_by: str

    @property
    def waits(self) -> bool:
        return self.status is Status.WAITING

    @property
    def city_promise(self) -> datetime | None:
        """The city's promise, where it is another than the department's."""
        same = (self.city_due_at, self.city_kind) == (self.due_at, self.kind)
        return None if same or self.part is not AssignmentPart.LEAD else self.city_due_at

    @property
    def overdue(self) -> bool:
        return self.due_at is not None and self.due_at < timing.now()


@dataclass(frozen=True)
class Queue:
    rows: list[QueueRow]
    next: str
    counts: dict[str, int]  # of each view, at most MAX_COUNTED

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """Code, label and count of each view."""
        return [(code, str(view.label), self._count(code)) for code, view in VIEWS.items()]

    def _count(self, code: str) -> str:
        count = self.counts[code]
        return f"{count}+" if count == MAX_COUNTED else str(count)


@dataclass(frozen=True)
class WaitingWork:
    """What waits for dispatchers: appeals and objections, what moderators look at, and whether jobs are held."""

    appeals: int = 0
    to_moderate: int = 0
    held_jobs: bool = False


async def count_waiting(person: Person) -> WaitingWork:
    """What waits for this person, if they are a dispatcher."""
    row = await fetch_one(WAITING_FOR_DISPATCHERS) if person.is_dispatcher else None
    return WaitingWork(**row) if row else WaitingWork()


def select_desks(person: Person, chosen: int | None, all_departments: list[int]) -> list[int]:
    """Return the departments whose desk this person sees: the chosen one, or all of theirs (a dispatcher: all)."""
    own = all_departments if person.is_dispatcher else sorted(person.departments)
    return [chosen] if chosen in own and chosen is not None else own


async def load_queue(person: Person, departments: list[int], view: str, *, q: str = "", after: str = "") -> Queue:
    """Return a page of the open assignments of these departments, by keyset; `q` is a case's number, or words."""
    args: list[Any] = [departments]
    narrowed = _narrowed(view, person, args) + await _found(q, args) + _after(after, args)
    first = FIRST_OF_EACH if len(departments) <= FEW_DEPARTMENTS else FIRST_OF_ALL
    first = first.format(narrowed=narrowed, limit=PAGE_ROWS + 1)
    rows = await fetch(QUEUE.format(first=first, limit=PAGE_ROWS + 1), *args)
    shown = [await _row(row, person) for row in rows[:PAGE_ROWS]]
    last = shown[-1] if len(rows) > PAGE_ROWS else None
    next_page = write_position(last.due_at, last.assignment_id) if last else ""
    counted = await fetch_one(COUNTS, departments, person.id, timing.now(), Status.WAITING)
    return Queue(shown, next_page, dict(counted or {}))


def write_position(due_at: datetime | None, assignment_id: int) -> str:
    """The cursor of what comes after this assignment on a list."""
    return f"{due_at.isoformat() if due_at else ''}_{assignment_id}"


async def find_next_case(person: Person, departments: list[int], position: str, case_id: int) -> int | None:
    """The case after a position of the list that is not this one; at the end of the list its first."""
    for after in (position, ""):
        queue = await load_queue(person, departments, "due", after=after)
        if found := next((row.case_id for row in queue.rows if row.case_id != case_id), None):
            return found
    return None


def _narrowed(view: str, person: Person, args: list[Any]) -> str:
    chosen = VIEWS[view]
    if chosen.value is None:
        return chosen.condition
    args.append(chosen.value(person))
    return chosen.condition.format(n=f"${len(args)}")


async def _found(q: str, args: list[Any]) -> str:
    if not q:
        return ""
    args += [q.strip(), await all_words_query(q, "case"), await all_words_query(q, "report")]
    number, own, shared = (f"${len(args) - n}" for n in (2, 1, 0))
    return (
        f" AND (c.number = {number}"
        f" OR EXISTS (SELECT FROM search_desk_document s WHERE s.kind = 'case' AND s.item_id = c.id"
        f"  AND s.words @@ {own}::tsquery)"
        f" OR EXISTS (SELECT FROM search_document s WHERE s.kind = 'report' AND s.item_id = r.post_id"
        f"  AND s.desk_id = c.id AND s.words @@ {shared}::tsquery))"
    )


def _after(cursor: str, args: list[Any]) -> str:
    """SQL for the rows after `cursor` ("due instant_assignment id"); rows without a due instant come last."""
    due, _, assignment = cursor.partition("_")
    assignment_id, due_at = parse_id(assignment), read_instant(due)
    if assignment_id is None or (due and due_at is None):
        return ""
    args.append(assignment_id)
    last = len(args)
    if due_at is None:
        return f" AND a.due_at IS NULL AND a.id > ${last}"
    args.append(due_at)
    return f" AND (a.due_at IS NULL OR (a.due_at, a.id) > (${last + 1}, ${last}))"


async def _row(row: Row, person: Person) -> QueueRow:
    known = {name: row[name] for name in row if name in QueueRow.__dataclass_fields__}
    known |= {
        "status": Status(row["status"]),
        "part": AssignmentPart(row["part"]),
        "priority": Priority(row["priority"]),
    }
    hidden = row["visibility"] == Visibility.HIDDEN
    masked = hidden and not person.is_dispatcher
    clock = None if row["target"] is None else _clock(row)
    used = await clock.used() if clock and not clock.computed else None
    late = clock is not None and used is not None and clock.due_at is not None and clock.due_at < timing.now()
    return QueueRow(
        **known | ({"address": "", "place_names": {}} if masked else {}),
        heading="" if masked else heading(row["title"], row["text"]),
        hidden=hidden,
        used=used,
        late_by=await describe_lateness(clock, used) if late and clock and used else "",
    )


def _clock(row: Row) -> ClockSnapshot:
    values = {name: row[name] for name in ClockSnapshot.__dataclass_fields__ if name != "due_at"}
    return ClockSnapshot(**values, due_at=row["clock_due"])
