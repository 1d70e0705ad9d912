"""What a report's page shows: templates/reports/detail.html gets one ReportPage."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tortoise.models import Model

from civic import timing
from civic.cases.actors import ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent, Handling
from civic.cases.proofs import HistoryState
from civic.cases.queries import (
    AssignmentView,
    Timeline,
    TimelineEvent,
    describe_first_event,
    find_last_handling,
    load_assignments,
    load_timeline,
)
from civic.cases.sla_status import clock_that_matters, describe_sla_status, name_overdue_promise
from civic.cases.status import Status, StatusGroup
from civic.catalogue.catalogue import CategoryView, DepartmentView
from civic.catalogue.queries import NearAsset, catalogue, read_asset
from civic.city.queries import city
from civic.db import fetch, fetch_one
from civic.errors import NotFound
from civic.geo.areas import AreaView
from civic.geo.queries import areas
from civic.joins import columns_as, make_from_join
from civic.media.models import Photo
from civic.posts.models import Post, Visibility
from civic.posts.queries import Discussion, Viewer, may_see, photos_of, read_discussion
from civic.reports.models import Report
from civic.reports.queries import heading
from civic.reports.sql import OTHER_REPORTS, REPORT_HEAD
from civic.sla.models import Clock
from civic.sla.status import ClockSnapshot, SlaStatus, describe_lateness
from civic.sla.targets import parse_target

JUST_SENT = timedelta(minutes=10)


@dataclass(frozen=True)
class Promise:
    """One of the case's own clocks as the public sees it. `used` is the share of its allowance, 1 and more: late."""

    kind: str  # response, resolution
    target: str  # in words
    due_at: datetime | None  # None while paused
    kept_at: datetime | None  # early or late
    used: float
    late: bool
    paused: bool
    late_by: str  # in the kind of time that was promised
    promised: bool  # False: the date follows once a department is found
    computed: bool  # afterwards, for history from another system


@dataclass(frozen=True)
class ReporterActions:
    """What the viewer may do on the page beside commenting."""

    author: bool = False
    answer: bool = False
    judge: bool = False  # say whether it is fixed
    reopen: bool = False  # dispute a confirmed one
    dispute: bool = False
    appeal: bool = False  # against a decline
    rate: bool = False
    add_photos: bool = False
    doubt: bool = False  # a supporter of a resolved report
    desk: bool = False
    moderate: bool = False

    @property
    def names(self) -> list[str]:
        """What the viewer may send now, by its name in the address."""
        offered = {
            "answer": self.answer,
            "confirm": self.judge,
            "dispute": self.dispute,
            "appeal": self.appeal,
            "rate": self.rate,
            "photos": self.add_photos,
            "doubt": self.doubt,
        }
        return [name for name, may in offered.items() if may]


@dataclass(frozen=True)
class Appeal:
    """An appeal against the case's decline or resolution, as everybody sees it; `outcome` is "" while it waits."""

    against: str  # decline, resolution
    made_at: datetime
    due_at: datetime
    outcome: str
    late: bool

    @classmethod
    def of(cls, case: Case) -> "Appeal | None":
        """The appeal of the case as it stands; None if there is none, or if it led to the work of now."""
        if case.appealed_at is None or case.appeal_due_at is None or case.status.is_open:
            return None
        against = "decline" if case.status is Status.DECLINED else "resolution"
        late = case.appeal_is_open and case.appeal_due_at < timing.now()
        return cls(against, case.appealed_at, case.appeal_due_at, case.appeal_outcome, late)


@dataclass(frozen=True)
class ReportPage:
    report: Report
    post: Post
    case: Case
    heading: str
    category: CategoryView | None
    department: DepartmentView | None
    areas: tuple[AreaView, ...]  # deepest first, without the city itself
    photos: list[Photo]
    asset: NearAsset | None  # the numbered thing that it names
    answers: list[tuple[dict[str, str], Any]]  # question's names, answer in words
    promises: list[Promise]
    sla_status: SlaStatus
    timeline: Timeline
    history: HistoryState
    assignments: list[AssignmentView]
    official: TimelineEvent | None  # the latest public word of a department, pinned
    question: TimelineEvent | None  # what the reporter was asked, while it waits
    talk: Discussion
    do: ReporterActions
    appeal: Appeal | None
    appeal_target: str  # how long a dispatcher has, in words
    receipt: str | None  # the author's code, if this browser holds it
    siblings: list["OtherReport"]  # of the same case
    own: frozenset[str]  # slugs of the departments for which the viewer may hide a line
    rated: Handling | None  # the stars that its reporter, who reads this, gave last
    was_reopened: bool  # by its reporter, who reads this: a dispatcher decides about what they dispute now

    @property
    def official_asks(self) -> bool:
        """The latest public word is the question, which stands above."""
        return self.question is not None and self.official is not None and self.official.seq == self.question.seq

    @property
    def said_above(self) -> set[int]:
        """The numbers of the lines of the history whose text stands above it."""
        return {one.seq for one in (self.official, self.question) if one is not None}

    @property
    def overdue(self) -> bool:
        return self.case.status.is_open and self.case.due_at is not None and self.case.due_at < timing.now()

    @property
    def overdue_promise(self) -> str:
        """Which promise is overdue: "response" or "resolution"; "" for none."""
        return name_overdue_promise(self.overdue, self.case.first_word_at)

    @property
    def awaits_department(self) -> bool:
        return self.case.status is Status.RECEIVED and not self.case.unreleased

    @property
    def ended_unsolved(self) -> bool:
        return self.case.status.group in (StatusGroup.DECLINED, StatusGroup.MERGED)

    @property
    def closed_by_time(self) -> bool:
        return self.case.status is Status.CONFIRMED and self.case.confirmed_by == "time"

    @property
    def says_more(self) -> bool:
        """The text is not just what stands as the heading."""
        return self.post.text.rstrip(" .。!！") != self.heading.rstrip(" .。!！")

    @property
    def unconfirmed_email(self) -> str:
        """The address to which the author is not told yet what happens; empty for others, and if there is none."""
        return self.post.email if self.do.author and self.post.email_confirmed_at is None else ""

    @property
    def just_sent(self) -> bool:
        """Its author reads the page a moment after sending it."""
        return self.do.author and timing.now() - self.post.created_at < JUST_SENT

    @property
    def why(self) -> str:
        """Why the department has it, in the words of the routing."""
        given = [one.reason for one in self.timeline.lines if one.kind == EventKind.ASSIGNED]
        return given[-1] if given else ""

    @property
    def private(self) -> bool:
        return self.post.visibility == Visibility.PRIVATE

    @property
    def hidden(self) -> bool:
        return self.post.visibility == Visibility.HIDDEN

    @property
    def held(self) -> bool:
        return self.post.visibility == Visibility.HELD

    @property
    def for_one_reader(self) -> bool:
        """It shows what only this viewer may see: a report that is not public, the receipt, what its author may do."""
        return self.post.visibility != Visibility.PUBLIC or self.do.author


async def report_page(report_id: int, viewer: Viewer, before: int | None = None) -> ReportPage:
    """Everything on a report's page, for this viewer; of its history the newest lines, or those before a number.

    Raises NotFound for what is not theirs to see. A private one is for its author, for the departments that have or
    had its case, and for dispatchers.
    """
    head = await _read_head(report_id)
    report, post, case = head.report, head.report.post, head.report.case
    author = viewer.wrote(post.author_id, post.receipt_hash)
    held = await load_assignments(case.id)
    at_work = any(assignment.department_id in viewer.person.departments for assignment in held)
    if not may_see(viewer, post.visibility, author=author, at_work=at_work):
        raise NotFound()
    around = Surroundings(
        timeline=await load_timeline(case.id, internal=False, before=before),
        assignments=held,
        talk=await read_discussion(post, viewer, has_comments=head.has_comments),
        photos=(await photos_of([post.id]))[post.id] if post.photos_count else [],
        siblings=await _siblings(report) if head.has_siblings else [],
        rated=await find_last_handling(case.id, f"post:{post.id}") if author else None,
        was_reopened=author and await _was_reopened(case),
    )
    return await _compose(report, viewer, around)


async def new_report_page(report: Report, event: CaseEvent, photos: list[Photo], viewer: Viewer) -> ReportPage:
    """The page of a report that this viewer has just posted: nothing of it has to be read, as nobody did more yet."""
    timeline = Timeline([describe_first_event(event)])
    return await _compose(report, viewer, Surroundings(timeline, talk=_new_discussion(report.post), photos=photos))


def _new_discussion(post: Post) -> Discussion:
    """Of a post that was just written."""
    return Discussion(
        post_id=post.id,
        path=post.path,
        comments=[],
        count=0,
        votes=0,
        voted=False,
        open=post.visibility == Visibility.PUBLIC,
        speaks=[],
    )


@dataclass(frozen=True)
class Surroundings:
    """What other tables say of a report, for one viewer."""

    timeline: Timeline
    talk: Discussion
    photos: list[Photo]
    assignments: list[AssignmentView] = field(default_factory=list)
    siblings: list["OtherReport"] = field(default_factory=list)
    rated: Handling | None = None
    was_reopened: bool = False


async def _compose(report: Report, viewer: Viewer, around: Surroundings) -> ReportPage:
    post, case, known = report.post, report.case, await catalogue()
    path = (await areas()).path(report.area_id)
    author = viewer.wrote(post.author_id, post.receipt_hash)
    return ReportPage(
        report=report,
        post=post,
        case=case,
        heading=heading(post.title, post.text),
        category=known.category_by_id.get(case.category_id or report.category_id or 0),
        department=known.department_by_id.get(case.department_id or 0),
        areas=path[:-1] or path,
        photos=around.photos,
        asset=await read_asset(report.asset_id) if report.asset_id else None,
        answers=_answers(report, known.category_by_id.get(report.category_id or 0)),
        promises=[await _promise(case, case.response_clock), await _promise(case, case.resolution_clock)],
        # Of one that is held nobody looks for a department yet.
        sla_status=SlaStatus("") if case.unreleased else await describe_sla_status(case, clock_that_matters(case)),
        timeline=around.timeline,
        history=HistoryState.of(case),
        assignments=around.assignments,
        official=around.timeline.official,
        question=around.timeline.question if case.status == Status.WAITING else None,
        talk=around.talk,
        do=_doings(case, viewer, author=author, supports=around.talk.voted),
        appeal=Appeal.of(case),
        appeal_target=parse_target((await city()).settings.appeal).describe(),
        receipt=viewer.codes_by_digest.get(post.receipt_hash or ""),
        siblings=around.siblings,
        own=frozenset(one.department for one in around.assignments if one.department_id in viewer.person.departments),
        rated=around.rated,
        was_reopened=around.was_reopened,
    )


@dataclass(frozen=True, slots=True)
class _Head:
    """A report with its post and its case, and what one statement tells with it."""

    report: Report
    has_comments: bool
    has_siblings: bool


async def _read_head(report_id: int) -> _Head:
    models: dict[str, type[Model]] = {"r": Report, "p": Post, "c": Case, "first": Clock, "last": Clock}
    columns = ", ".join(columns_as(alias, model) for alias, model in models.items())
    row = await fetch_one(REPORT_HEAD.format(columns=columns), report_id)
    if row is None:
        raise NotFound()
    case = make_from_join(Case, "c", row)
    case.response_clock = make_from_join(Clock, "first", row)
    case.resolution_clock = make_from_join(Clock, "last", row)
    report = make_from_join(Report, "r", row)
    report.post, report.case = make_from_join(Post, "p", row), case
    return _Head(report, row["has_comments"], row["has_siblings"])


def _doings(case: Case, viewer: Viewer, *, author: bool, supports: bool) -> ReporterActions:
    resolved = case.status == Status.RESOLVED
    confirmed = case.status == Status.CONFIRMED
    in_time = confirmed and case.dispute_until is not None and timing.now() < case.dispute_until
    return ReporterActions(
        author=author,
        answer=author and case.status == Status.WAITING,
        judge=author and resolved,
        add_photos=author and case.status.is_open,
        reopen=author and in_time,
        dispute=author and (resolved or in_time) and case.appealed_at is None,
        rate=author and (resolved or confirmed or case.status == Status.DECLINED),
        doubt=resolved and supports and not author,
        appeal=author and case.status == Status.DECLINED and case.appealed_at is None,
        desk=viewer.person.is_staff,
        moderate=viewer.person.is_dispatcher,
    )


async def _was_reopened(case: Case) -> bool:
    by_reporter = CaseEvent.filter(case_id=case.id, kind=EventKind.REOPENED, actor_kind=ActorKind.REPORTER)
    return case.reopened > 0 and await by_reporter.exists()


async def _promise(case: Case, clock: Clock) -> Promise:
    """How a clock stands now: when it is due, and which share of its time is used (or was, when it stopped)."""
    running = ClockSnapshot.of(clock)
    used = await running.used()
    until = clock.stopped_at or timing.now()
    over = not case.status.is_open and clock.stopped_at is None  # it ended without a word or a solution
    promised = clock.promised_at is not None
    late = promised and clock.due_at is not None and clock.due_at < until and not over
    return Promise(
        kind=clock.kind,
        target=parse_target(clock.target).describe(),
        due_at=clock.due_at if promised else None,
        kept_at=clock.stopped_at,
        used=used,
        late=late,
        paused=clock.due_at is None,
        late_by=await describe_lateness(running, used) if late else "",
        promised=promised,
        computed=clock.computed,
    )


def _answers(report: Report, category: CategoryView | None) -> list[tuple[dict[str, str], Any]]:
    """The questions that were answered; choices by their names per language."""
    answers = []
    for question in category.questions if category else ():
        if question.code not in report.answers:
            continue
        value = report.answers[question.code]
        options = {option.code: option.names for option in question.options}
        values = value if isinstance(value, list) else [value]
        answers.append((question.names, [options.get(one, one) if isinstance(one, str) else one for one in values]))
    return answers


@dataclass(frozen=True)
class OtherReport:
    """A public report of the same case."""

    id: int
    main: bool
    title: str
    text: str
    created_at: datetime


async def _siblings(report: Report) -> list[OtherReport]:
    return [OtherReport(**row) for row in await fetch(OTHER_REPORTS, report.case_id, report.id)]
