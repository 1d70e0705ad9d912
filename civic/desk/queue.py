"""The list of a desk: the open assignments of its departments, ordered by due instant.

One statement tells which lines the list has, in which version, and all its counts. A line is kept by that version, and
those that are not kept are read by a second statement: from one look at the list to the next hardly one changes. Who
may not read a text has other lines, without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from babel.support import LazyProxy
from markupsafe import Markup

from civic import timing
from civic.accounts.people import Person
from civic.cache import BoundedCache
from civic.cases.models import AssignmentPart, Priority
from civic.cases.status import Status
from civic.city.queries import city_version
from civic.db import Row, fetch
from civic.desk.sql import (
    COUNTED,
    FIRST_OF_ALL,
    FIRST_OF_EACH,
    HEAD_OF_ALL,
    HEAD_OF_EACH,
    LINES,
    MAX_COUNTED,
    NEXT,
    OF_CASES,
    OF_REPORTS,
    QUEUE,
    WAITING_FOR_DISPATCHERS,
)
from civic.i18n import language
from civic.i18n import lazy as _
from civic.notifications.queries import desk_message_args
from civic.paging import read_instant
from civic.posts.models import Visibility
from civic.reports.queries import heading
from civic.search.queries import all_words_query
from civic.sla.status import ClockSnapshot, describe_lateness
from civic.web import parse_id

PAGE_ROWS = 50
KEPT_SECONDS, MAX_KEPT = 20, 5000  # of lines of about three kilobytes, and their HTML


@dataclass(frozen=True)
class DeskView:
    """A part of the list: its label, and its SQL condition, in which {n} is the number of the parameter `value`."""

    label: LazyProxy
    condition: str = ""
    value: Callable[[Person], object] | None = None
    joined: str = ""  # what the condition asks beside the assignment


VIEWS = {
    "due": DeskView(_("Due first")),
    "mine": DeskView(_("Mine"), "AND a.assignee_id = (SELECT {n}::bigint)", lambda person: person.id),
    "new": DeskView(_("Unanswered"), "AND a.first_word_at IS NULL"),
    Status.WAITING.value: DeskView(_("Waiting"), f"AND c.status = '{Status.WAITING}'", joined=OF_CASES),
    "overdue": DeskView(_("Overdue"), "AND a.due_at < (SELECT {n}::timestamptz)", lambda _person: timing.now()),
    "support": DeskView(_("We help"), f"AND a.part = '{AssignmentPart.SUPPORT}'"),
}


@dataclass(frozen=True, eq=False)
class QueueRow:
    """An assignment on the list. `used`: the used share of the next target, late from 1 on; None if no clock runs, or
    one that was only computed, of imported history.

    It is kept for some seconds, and `fragments` with it: its HTML by what it depends on beside the row.
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
    fragments: dict[tuple[object, ...], Markup] = field(default_factory=dict, repr=False)

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
class WaitingWork:
    """What waits for dispatchers: appeals and objections, what moderators look at, and whether jobs are held."""

    appeals: int = 0
    to_moderate: int = 0
    held_jobs: bool = False


@dataclass(frozen=True)
class Queue:
    rows: list[QueueRow]
    next: str
    counts: dict[str, int]  # of each view, at most MAX_COUNTED
    waiting: WaitingWork  # for this person; nothing, if they are no dispatcher
    notices: str  # which messages the person's desk has: see list_desk_messages

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """Code, label and count of each view."""
        return [(code, str(view.label), self._count(code)) for code, view in VIEWS.items()]

    def _count(self, code: str) -> str:
        count = self.counts[code]
        return f"{count}+" if count == MAX_COUNTED else str(count)


def select_desks(person: Person, chosen: int | None, all_departments: list[int]) -> list[int]:
    """Return the departments whose desk this person sees: the chosen one, or all of theirs (a dispatcher: all)."""
    own = all_departments if person.is_dispatcher else sorted(person.departments)
    return [chosen] if chosen in own and chosen is not None else own


async def load_queue(
    person: Person, departments: list[int] | None, view: str, *, q: str = "", after: str = ""
) -> Queue:
    """Return a page of the open assignments of these departments, None for all there are, by keyset.

    `q` is a case's number, or words.
    """
    args: list[object] = [person.id, timing.now(), *desk_message_args(person)]
    head = HEAD_OF_ALL
    if departments is not None:
        args, head = [departments, *args], HEAD_OF_EACH
    if person.is_dispatcher:
        head += WAITING_FOR_DISPATCHERS
    first = await _first(person, departments is None, view, q, after, args)
    records = await fetch(QUEUE.format(head=head, first=first, limit=PAGE_ROWS + 1), *args)
    start = list(told := records[0]).index("id")  # what is before it is told of the whole list
    rows = await _find_rows([tuple(one.values())[start:] for one in records if one["id"] is not None], person)
    last = rows[PAGE_ROWS - 1] if len(rows) > PAGE_ROWS else None
    return Queue(
        rows=rows[:PAGE_ROWS],
        next=write_position(last.due_at, last.assignment_id) if last else "",
        counts={code: told[COUNTED + code] for code in VIEWS},
        waiting=WaitingWork(told["appeals"], told["to_moderate"], told["held_jobs"])
        if person.is_dispatcher
        else WaitingWork(),
        notices=told["notices"],
    )


async def _first(person: Person, everywhere: bool, view: str, q: str, after: str, args: list[object]) -> str:
    """SQL for the first assignments of a page; adds its values to `args`, which begin with the departments, if any."""
    narrowed = _narrowed(view, person, args) + await _found(q, args) + _after(after, args)
    joined = f"{OF_CASES} {OF_REPORTS}" if q else VIEWS[view].joined
    pattern = FIRST_OF_ALL if everywhere else FIRST_OF_EACH
    return pattern.format(joined=joined, narrowed=narrowed, limit=PAGE_ROWS + 1)


def write_position(due_at: datetime | None, assignment_id: int) -> str:
    """The cursor of what comes after this assignment on a list."""
    return f"{due_at.isoformat() if due_at else ''}_{assignment_id}"


async def find_next_case(person: Person, departments: list[int] | None, position: str, case_id: int) -> int | None:
    """The case after a position of the list that is not this one; at the end of the list its first."""
    for after in (position, ""):
        args: list[object] = [] if departments is None else [departments]
        first = await _first(person, departments is None, "due", "", after, args)
        records = await fetch(NEXT.format(first=first), *args)
        if found := next((one["case_id"] for one in records if one["case_id"] != case_id), None):
            return int(found)
    return None


def _narrowed(view: str, person: Person, args: list[object]) -> str:
    chosen = VIEWS[view]
    if chosen.value is None:
        return chosen.condition
    args.append(chosen.value(person))
    return chosen.condition.format(n=f"${len(args)}")


async def _found(q: str, args: list[object]) -> str:
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


def _after(cursor: str, args: list[object]) -> str:
    """SQL for the rows after `cursor` ("due instant_assignment id"); rows without a due instant come last."""
    due, _, assignment = cursor.partition("_")
    assignment_id, due_at = parse_id(assignment), read_instant(due)
    if assignment_id is None or (due and due_at is None):
        return ""
    args.append(assignment_id)
    last = len(args)
    if due_at is None:
        return f" AND a.due_at IS NULL AND a.id > (SELECT ${last}::bigint)"
    args.append(due_at)
    after = f"((SELECT ${last + 1}::timestamptz), (SELECT ${last}::bigint))"
    return f" AND (a.due_at IS NULL OR (a.due_at, a.id) > {after})"


_kept: BoundedCache[tuple[object, ...], tuple[QueueRow, datetime, datetime]] = BoundedCache(MAX_KEPT)


async def _find_rows(versions: Sequence[tuple[int, ...]], person: Person) -> list[QueueRow]:
    """The lines of these versions (VERSIONS, the first is the assignment's id): those that are kept, others read."""
    reader, now = (person.is_dispatcher, language(), await city_version()), timing.now()
    found: dict[int, QueueRow] = {}
    for one in versions:
        row, since, until = _kept.get((*reader, *one)) or (None, now, now)
        if row is not None and since <= now < until:
            found[one[0]] = row
    if missing := {one[0]: one for one in versions if one[0] not in found}:
        for line in await fetch(LINES, list(missing)):
            row = found[line["assignment_id"]] = await _row(line, person)
            # It may be a newer version by now: then nobody asks for this one again.
            _kept[(*reader, *missing[row.assignment_id])] = row, now, _good_until(row, now)
    return [found[one[0]] for one in versions if one[0] in found]


def _good_until(row: QueueRow, now: datetime) -> datetime:
    """When a line says something else than now, or may: a part of its time is used up, or its instant passes."""
    soon = now + timedelta(seconds=KEPT_SECONDS)
    return min(soon, row.due_at) if row.due_at is not None and row.due_at > now else soon


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
