"""Reading updates: the board, its map, and an update's page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from civic import timing
from civic.accounts.people import Person
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.filters import describe_unknown, read_city_filters
from civic.db import Row, fetch
from civic.errors import NotFound
from civic.geo.areas import Areas, AreaView
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.media.models import Photo
from civic.paging import read_cursor, write_cursor
from civic.posts.models import Post
from civic.posts.queries import Discussion, Viewer, may_see, photos_of, read_discussion
from civic.traffic.kinds import NAMES, certainty
from civic.traffic.models import Confirmation, TrafficKind, TrafficUpdate


@dataclass(frozen=True)
class TrafficFilters:
    """Checked filters. `area_ids` are the area's and those of all below it; `unknown` has messages, by parameter."""

    kind: TrafficKind | None = None
    area: str = ""
    area_ids: tuple[int, ...] = ()
    finds_nothing: bool = False
    unknown: dict[str, str] = field(default_factory=dict, compare=False)
    retired_area: AreaView | None = field(default=None, compare=False)  # the area, if it left the pack


def read_traffic_filters(query: Mapping[str, str], found: Areas) -> TrafficFilters:
    """Filters from query parameters: kind, area."""
    kind = query.get("kind", "")
    chosen = read_city_filters({"area": query.get("area", "")}, Catalogue(), found)
    unknown = chosen.unknown
    if kind and kind not in list(TrafficKind):
        unknown = unknown | {"kind": describe_unknown(_("“%(value)s” is nothing that can be chosen here."), kind)}
    return TrafficFilters(
        kind=TrafficKind(kind) if kind in list(TrafficKind) else None,
        area=chosen.area.slug if chosen.area else "",
        area_ids=chosen.area_ids,
        finds_nothing=bool(unknown),
        unknown=unknown,
        retired_area=found.retired.get(query.get("area", "")),
    )


@dataclass(frozen=True)
class UpdateView:
    """An update as board, map and page show it. `mine`: what this viewer said (still there, gone, nothing)."""

    id: int
    kind: TrafficKind
    text: str
    lat: float
    lon: float
    area_id: int | None
    place: str
    near: dict[str, str]
    still: int
    gone: int
    created_at: datetime
    expires_at: datetime
    ended: str
    comments: int
    votes: int
    cover: str | None = None
    mine: bool | None = None
    area_names: dict[str, str] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.expires_at > timing.now()

    @property
    def name(self) -> str:
        """The kind, in the reader's language."""
        return str(NAMES[self.kind])

    @property
    def where(self) -> str:
        """As its author wrote it, else the nearest known place, else the area."""
        return self.place or pick(self.near) or pick(self.area_names)

    @property
    def sure(self) -> str:
        return certainty(self.still, self.gone)

    @cached_property
    def seconds_left(self) -> float:
        return max(0.0, (self.expires_at - timing.now()).total_seconds())

    @property
    def used(self) -> float:
        """The share of its time that is over, 0 to 1."""
        whole = (self.expires_at - self.created_at).total_seconds()
        return 1 - min(1.0, self.seconds_left / whole) if whole > 0 else 1.0


@dataclass(frozen=True)
class TrafficBoard:
    """A page of what is on the road now. `counts`: of each kind, whichever kind the filter has."""

    updates: list[UpdateView]
    counts: dict[TrafficKind, int]
    next: str  # cursor of the next page; empty on the last one

    @property
    def total(self) -> int:
        return sum(self.counts.values())


LIVE_UPDATES = (
    "FROM traffic_update t JOIN post p ON p.id = t.post_id WHERE t.expires_at > $1 AND p.visibility = 'public'"
)
UPDATE_COLUMNS = """
    SELECT t.id, t.kind, p.text, t.lat, t.lon, t.area_id, t.place, t.near, t.still_count AS still, t.gone_count AS gone,
           p.created_at, t.expires_at, t.ended, p.comments_count AS comments, p.votes_count AS votes,
           (SELECT name FROM photo WHERE photo.id = p.cover_id) AS cover
"""


def live_conditions(filters: TrafficFilters) -> tuple[str, list[Any]]:
    """The live updates as SQL, with its arguments. Its cost follows what is on the road now."""
    sql = LIVE_UPDATES
    args: list[Any] = [timing.now()]
    if filters.finds_nothing:
        sql += " AND false"
    if filters.area:
        args.append(list(filters.area_ids))
        sql += f" AND t.area_id = ANY(${len(args)})"
    if filters.kind:
        args.append(filters.kind)
        sql += f" AND t.kind = ${len(args)}"
    return sql, args


async def read_board(filters: TrafficFilters, person: Person, *, size: int, page: str = "") -> TrafficBoard:
    """What is on the road now, newest first, by keyset."""
    sql, args = live_conditions(filters)
    if after := read_cursor(page):
        sql += f" AND (p.created_at, t.id) < (${len(args) + 1}, ${len(args) + 2})"
        args += after
    rows = await fetch(f"{UPDATE_COLUMNS} {sql} ORDER BY p.created_at DESC, t.id DESC LIMIT {size + 1}", *args)
    more, rows = len(rows) > size, rows[:size]
    mine = await _opinions([row["id"] for row in rows], person)
    known = await areas()
    return TrafficBoard(
        updates=[view_update(row, known, mine.get(row["id"])) for row in rows],
        counts=await _counts(replace(filters, kind=None)),
        next=write_cursor(rows[-1]["created_at"], rows[-1]["id"]) if more else "",
    )


def view_update(row: Row, found: Areas, mine: bool | None = None) -> UpdateView:
    """A row of UPDATE_COLUMNS; `mine` is the viewer's opinion."""
    area = found.by_id.get(row["area_id"] or 0)
    values = row | {"kind": TrafficKind(row["kind"]), "near": row["near"]}
    return UpdateView(**values, mine=mine, area_names=area.names if area else {})


async def _opinions(ids: list[int], person: Person) -> dict[int, bool]:
    if not (ids and person.signed_in):
        return {}
    rows = await Confirmation.filter(update_id__in=ids, user_id=person.id).values_list("update_id", "still")
    return dict(rows)


async def _counts(filters: TrafficFilters) -> dict[TrafficKind, int]:
    sql, args = live_conditions(filters)
    rows = await fetch(f"SELECT t.kind, count(*) AS n {sql} GROUP BY t.kind", *args)
    return {TrafficKind(row["kind"]): row["n"] for row in rows}


@dataclass(frozen=True)
class UpdatePage:
    """What templates/traffic/detail.html gets."""

    update: UpdateView
    post: Post
    photos: list[Photo]
    talk: Discussion
    author: bool
    receipt: str | None  # the author's code, if this browser holds it


async def update_page(update_id: int, viewer: Viewer) -> UpdatePage:
    """An update's page, also when it is over. Raises NotFound for what is not the viewer's to see."""
    row = await TrafficUpdate.get_or_none(id=update_id).select_related("post")
    if row is None:
        raise NotFound()
    post = row.post
    author = viewer.wrote(post.author_id, post.receipt_hash)
    if not may_see(viewer, post.visibility, author=author):
        raise NotFound()
    mine = await _opinions([row.id], viewer.person)
    return UpdatePage(
        update=_of(row, await areas(), mine.get(row.id)),
        post=post,
        photos=(await photos_of([post.id]))[post.id],
        talk=await read_discussion(post, viewer),
        author=author,
        receipt=viewer.codes_by_digest.get(post.receipt_hash or ""),
    )


def _of(found: TrafficUpdate, by_area: Areas, mine: bool | None) -> UpdateView:
    area = by_area.by_id.get(found.area_id or 0)
    return UpdateView(
        id=found.id,
        kind=found.kind,
        text=found.post.text,
        lat=found.lat,
        lon=found.lon,
        area_id=found.area_id,
        place=found.place,
        near=found.near,
        still=found.still_count,
        gone=found.gone_count,
        created_at=found.post.created_at,
        expires_at=found.expires_at,
        ended=found.ended,
        comments=found.post.comments_count,
        votes=found.post.votes_count,
        mine=mine,
        area_names=area.names if area else {},
    )
