"""Reads of reports: the public list, its counts, and who may speak about a report's case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cachetools import TTLCache

from civic import paging, timing
from civic.cache import cached, timed_cache
from civic.cases.actors import Actor, ActorKind
from civic.cases.sla_status import describe_sla_status, name_overdue_promise
from civic.cases.status import OPEN, Status
from civic.db import fetch, fetch_one
from civic.errors import NotAllowed, NotFound
from civic.geo.distance import bounding_box
from civic.i18n import gettext as _
from civic.posts.models import Visibility
from civic.posts.queries import Viewer, count_visibility_changes
from civic.posts.sql import VISIBILITY_CHANGES
from civic.reports.filters import ReportFilters, filter_conditions
from civic.reports.models import Report
from civic.search.queries import all_words_query
from civic.sla.status import ClockSnapshot, SlaStatus

MAX_COUNT = 10_000  # beyond, a list says "more than": counting a whole history is not bounded
MAX_EXACT_COUNT = 500  # up to here a count is always of this moment

CARDS = """
    SELECT r.id, c.id AS case_id, p.id AS post_id, c.number, c.status, p.title, p.text, p.votes_count, p.comments_count,
           c.received_at, c.category_id, c.area_id, c.department_id, c.due_at, c.first_word_at, c.resolved_at,
           c.confirmed_by, c.declined_reason, r.lat, r.lon, r.address, r.place_names,
           ph.name AS cover, ph.width, ph.height
    FROM case_file c
    JOIN report r ON r.case_id = c.id AND r.main
    JOIN post p ON p.id = r.post_id
    LEFT JOIN photo ph ON ph.id = p.cover_id
"""
# The clock that matters: of the response until the first word, then of the resolution.
CLOCKS = """
    SELECT c.id AS case_id, k.kind, k.target, k.allowance, k.started_at, k.due_at, k.remaining, k.stopped_at,
           k.calendar_id, k.promised_at, k.computed
    FROM case_file c JOIN clock k ON k.id = CASE
        WHEN c.first_word_at IS NULL AND c.resolved_at IS NULL THEN c.response_clock_id ELSE c.resolution_clock_id END
    WHERE c.id = ANY($1)
"""
MAX_RARE_POSTS = 2000  # posts with a word, up to which their ids are looked up
IS_RARE_POST = "{post} = ANY({{}})"
HAS_COMMON_WORD = (
    "EXISTS (SELECT FROM search_document s WHERE s.kind = 'report' AND s.item_id = {post} AND s.words @@ {{}}::tsquery)"
)
# The keyset of each order: what it compares with the cursor, how it sorts, what the cursor holds.
ORDERS = {
    "new": ("(c.received_at, c.id) < ({}, {})", "c.received_at DESC, c.id DESC", ("received_at", "case_id")),
    "supported": ("(p.votes_count, p.id) < ({}, {})", "p.votes_count DESC, p.id DESC", ("votes_count", "post_id")),
    "overdue": ("(c.due_at, c.id) > ({}, {})", "c.due_at, c.id", ("due_at", "case_id")),
}
SUPPORTS = "SELECT 1 FROM vote v JOIN report r ON r.post_id = v.post_id WHERE r.case_id = $1 AND v.user_id = $2 LIMIT 1"

HOME_COUNTS = """
SELECT (SELECT count(*) FROM (SELECT 1 FROM case_file WHERE status = ANY($1) AND NOT unreleased LIMIT $2) x) AS open,
       count(*) FILTER (WHERE c.first_word_at IS NOT NULL OR k.due_at < $4) AS judged,
       count(*) FILTER (WHERE c.first_word_at <= k.due_at) AS in_time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM c.first_word_at - c.received_at))
           FILTER (WHERE c.first_word_at IS NOT NULL) AS typical
FROM case_file c JOIN clock k ON k.id = c.response_clock_id
WHERE c.received_at >= $3 AND c.counted AND NOT c.unreleased AND c.status <> $5
"""


@dataclass(frozen=True)
class ReportCard:
    """A report as lists and maps show it; `status` and `overdue` are its case's."""

    id: int
    case_id: int
    post_id: int
    number: str
    status: str
    title: str
    text: str
    votes_count: int
    comments_count: int
    received_at: datetime
    category_id: int | None
    area_id: int | None
    department_id: int | None
    due_at: datetime | None
    first_word_at: datetime | None
    resolved_at: datetime | None
    confirmed_by: str
    declined_reason: str
    lat: float
    lon: float
    address: str
    place_names: dict[str, str]
    cover: str | None
    width: int | None
    height: int | None

    @property
    def heading(self) -> str:
        return heading(self.title, self.text)

    @property
    def overdue(self) -> bool:
        return self.status in OPEN and self.due_at is not None and self.due_at < timing.now()

    @property
    def overdue_promise(self) -> str:
        """Which promise is overdue: "response" or "resolution"; "" for none."""
        return name_overdue_promise(self.overdue, self.first_word_at)


def heading(title: str, text: str, longest: int = 80) -> str:
    """A report's heading: its title, else its first sentence, cut at `longest` characters."""
    line = title or next((part for part in text.splitlines() if part.strip()), "")
    for mark in ("。", "！", "？", ". ", "! ", "? "):
        if 8 <= (at := line.find(mark)) < longest:
            line = line[:at]
            break
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


@dataclass(frozen=True)
class ReportList:
    cards: list[ReportCard]
    sla_statuses: dict[int, SlaStatus]  # by case id
    next: str  # cursor of the next page; empty on the last one
    count: int  # at most COUNTED + 1


async def list_reports(filters: ReportFilters, *, size: int, cursor: str = "") -> ReportList:
    """A page of public reports (one a case), by keyset: its cost does not grow with how far one reads."""
    where, args = every = await list_conditions(filters)
    after, order, names = ORDERS[filters.sort]
    read = paging.read_count_cursor if filters.sort == "supported" else paging.read_cursor
    if found := read(cursor):
        where += " AND " + after.format(f"${len(args) + 1}", f"${len(args) + 2}")
        args = [*args, *found]
    rows = await fetch(f"{CARDS} WHERE {where} ORDER BY {order} LIMIT {size + 1}", *args)
    cards = [ReportCard(**row) for row in rows[:size]]
    return ReportList(
        cards=cards,
        sla_statuses=await load_sla_statuses(cards),
        next=paging.write_cursor(*(getattr(cards[-1], name) for name in names)) if len(rows) > size else "",
        count=await _count(filters, *every),
    )


async def load_sla_statuses(cards: list[ReportCard]) -> dict[int, SlaStatus]:
    """How each card's case stands with its targets, by case id."""
    clocks = {row.pop("case_id"): ClockSnapshot(**row) for row in await fetch(CLOCKS, [one.case_id for one in cards])}
    return {one.case_id: await describe_sla_status(one, clocks[one.case_id]) for one in cards}


# By filters: the number, and the number of visibility changes when it was counted.
_counted: TTLCache[ReportFilters, tuple[int, int]] = timed_cache(seconds=10)


async def _count(filters: ReportFilters, where: str, args: list[Any]) -> int:
    """How many reports there are, at most COUNTED + 1.

    Where there are many, as there were some seconds ago, unless a report was hidden or restored since.
    """
    kept = _counted.get(filters)
    if kept is not None and kept[1] == await count_visibility_changes():
        return kept[0]
    row = await fetch_one(
        f"SELECT count(*) AS n, ({VISIBILITY_CHANGES}) AS changes FROM "
        f"(SELECT 1 FROM case_file c JOIN report r ON r.case_id = c.id AND r.main JOIN post p ON p.id = r.post_id"
        f" WHERE {where} LIMIT {MAX_COUNT + 1}) x",
        *args,
    )
    number: int = row["n"] if row else 0
    if row and number > MAX_EXACT_COUNT:
        _counted[filters] = number, row["changes"]
    return number


async def list_conditions(filters: ReportFilters) -> tuple[str, list[Any]]:
    """The filters as SQL, with words and nearness; the arguments start at $1."""
    where, args = filter_conditions(filters)
    if filters.q:
        condition, value = await find_by_words(filters.q, "p.id")
        args.append(value)
        where += " AND " + condition.format(f"${len(args)}")
    if filters.near:
        lat, lon, metres = filters.near
        box = bounding_box(lat, lon, metres)
        n = len(args)
        where += (
            f" AND r.lat BETWEEN ${n + 1} AND ${n + 2} AND r.lon BETWEEN ${n + 3} AND ${n + 4}"
            f" AND metres_between(r.lat, r.lon, ${n + 5}, ${n + 6}) <= ${n + 7}"
        )
        args += [*box, lat, lon, float(metres)]
    return where, args


async def find_by_words(text: str, post: str) -> tuple[str, list[int] | str]:
    """The condition that a post (`post`: SQL for its id) has these words, and what stands at its `{}`.

    The planner takes any word for a common one and reads the history backwards until it finds a page of them. A rare
    word is looked up first; of a common one a page is found soon.
    """
    query = await all_words_query(text, "report")
    rows = await fetch(
        f"SELECT item_id FROM search_document WHERE words @@ $1::tsquery LIMIT {MAX_RARE_POSTS + 1}", query
    )
    rare = len(rows) <= MAX_RARE_POSTS
    condition = (IS_RARE_POST if rare else HAS_COMMON_WORD).format(post=post)
    return condition, [row["item_id"] for row in rows] if rare else query


@dataclass(frozen=True)
class Speaker:
    """Somebody who may say something of a report's case: as its author, or as a supporter of the case.

    Only `get_author` and `get_supporter` make one, so who has one has been checked.
    """

    report: Report
    actor: Actor


async def get_author(report_id: int, viewer: Viewer) -> Speaker:
    """The viewer as the report's author. Raises NotAllowed, and NotFound if the viewer may not even see it."""
    report = await _get_report(report_id)
    if not viewer.wrote(report.post.author_id, report.post.receipt_hash):
        raise NotAllowed() if report.post.visibility == Visibility.PUBLIC else NotFound()
    return Speaker(report, Actor.reporter(viewer.person))


async def get_supporter(report_id: int, viewer: Viewer) -> Speaker:
    """The viewer as a supporter of a public report's case. Raises NotAllowed; NotFound where it is not public."""
    report = await _get_report(report_id)
    if report.post.visibility != Visibility.PUBLIC:
        raise NotFound()
    if not viewer.person.signed_in or not await fetch(SUPPORTS, report.case_id, viewer.person.id):
        raise NotAllowed(_("Only its reporter or people who support it can say that it is not fixed."))
    return Speaker(report, Actor(ActorKind.CITIZEN, viewer.person.id))


async def _get_report(report_id: int) -> Report:
    report = await Report.get_or_none(id=report_id).select_related("post")
    if report is None:
        raise NotFound()
    return report


@cached(seconds=10)
async def home_counts() -> dict[str, float | None]:
    """Numbers of the home page: open cases (at most COUNTED + 1), and those of the last 30 days answered in time."""
    row = await fetch_one(
        HOME_COUNTS,
        list(OPEN),
        MAX_COUNT + 1,
        timing.now() - timedelta(days=30),
        timing.now(),
        Status.MERGED,
    )
    none: dict[str, float | None] = {"open": 0, "judged": 0, "in_time": 0, "typical": None}
    return row or none
