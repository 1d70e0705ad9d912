"""Reading services: the list, and a service's page with its stars and what people say."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civic import timing
from civic.accounts.people import Person
from civic.catalogue.catalogue import DepartmentView, Guide, ServiceView
from civic.catalogue.queries import catalogue
from civic.db import fetch, fetch_one
from civic.errors import NotFound
from civic.i18n import language
from civic.media.models import Photo
from civic.paging import read_cursor, write_cursor
from civic.posts.models import Post, Visibility
from civic.posts.places import name_position
from civic.posts.queries import Discussion, Viewer, may_see, photos_of, read_discussion
from civic.ratings.actions import REPLACED_WITHIN
from civic.ratings.stars import StarCounts, count_by_service
from civic.search.documents import MAX_REACHABLE_HITS, Query
from civic.search.meili.client import Meili
from civic.search.queries import find
from civic.search.text import runs

MAX_REPLIES_SHOWN = 200  # official replies on a page
STAR_COUNTS = "SELECT service_id, stars, n FROM service_stars WHERE n > 0"
OFFICIAL_REPLIES = """
SELECT c.id, c.post_id, c.text, c.created_at AS at, d.names
FROM comment c JOIN department d ON d.id = c.department_id
WHERE c.post_id = ANY($1) AND c.hidden_at IS NULL ORDER BY c.id LIMIT $2
"""


@dataclass(frozen=True)
class ServiceLine:
    """A service in the list."""

    service: ServiceView
    department: DepartmentView | None
    stars: StarCounts


async def list_services(query: str, department: str, meili: Meili | None = None) -> list[ServiceLine]:
    """The services of the pack that match the words, of a department and those below it, best first.

    Without words, all of them in the pack's order; of a department that there is not, none.
    """
    known = await catalogue()
    chosen: Sequence[ServiceView] = known.services
    if department:
        one = known.find_department(department)
        below = known.below(one.id) if one else set()
        chosen = [service for service in chosen if service.department_id in below]
    stars, city = await _stars()
    return [
        ServiceLine(
            service, known.department_by_id.get(service.department_id), stars.get(service.id, StarCounts(city=city))
        )
        for service in await _matching(query, chosen, meili)
    ]


async def _matching(query: str, services: Sequence[ServiceView], meili: Meili | None) -> Sequence[ServiceView]:
    """Those of the services that the search finds, in its order."""
    if not any(runs(query)):
        return services
    asked = Query(text=query, kind="service", size=MAX_REACHABLE_HITS, facets=False)
    by_id = {one.id: one for one in services}
    ids = [hit.document.item_id for hit in (await find(asked, meili)).hits]
    return [by_id[one] for one in ids if one in by_id]


async def _stars() -> tuple[dict[int, StarCounts], float | None]:
    return count_by_service(await fetch(STAR_COUNTS))


@dataclass(frozen=True)
class OfficialReply:
    """An official word to a rating; `names` are the department's."""

    id: int
    text: str
    at: datetime
    names: dict[str, str]


@dataclass(frozen=True)
class RatingView:
    """A rating as the service's page shows it."""

    id: int
    post_id: int
    stars: int
    text: str
    author: str  # empty: a resident
    given_at: datetime
    replaced_at: datetime | None
    visibility: str
    votes: int
    comments: int
    photos: list[Photo] = field(default_factory=list)
    replies: list[OfficialReply] = field(default_factory=list)

    @property
    def hidden(self) -> bool:
        return self.visibility == Visibility.HIDDEN

    @property
    def shown(self) -> bool:
        return self.visibility == Visibility.PUBLIC

    @property
    def held(self) -> bool:
        return self.visibility == Visibility.HELD


@dataclass(frozen=True)
class ServicePage:
    """What templates/ratings/service.html gets. `opened` is the rating that the address asks for, with its talk."""

    service: ServiceView
    department: DepartmentView | None
    guide: Guide  # in the reader's language, else another
    guide_language: str
    stars: StarCounts
    ratings: list[RatingView]
    next: str
    opened: RatingView | None
    talk: Discussion | None
    mine: RatingView | None  # what a new rating of this person would replace
    replies_for: DepartmentView | None  # the department that this person may answer for
    place: str  # where it is, in words; "" where it has no position


async def get_service(slug: str) -> ServiceView:
    """The service. Raises NotFound if the pack does not have it (any more)."""
    service = (await catalogue()).service_by_slug.get(slug)
    if service is None:
        raise NotFound()
    return service


async def service_page(slug: str, viewer: Viewer, *, size: int, page: str = "", opened: int = 0) -> ServicePage:
    """A service's page for this viewer. Raises NotFound, also for a rating that is not theirs to see."""
    one = await get_service(slug)
    department = (await catalogue()).department_by_id.get(one.department_id)
    stars, city = await _stars()
    shown, following = await list_ratings(one.id, size=size, page=page)
    open_one, discussion = await _opened(one.id, opened, viewer) if opened else (None, None)
    mine = await _mine(one.id, viewer.person)
    await _fill([*shown, *([open_one] if open_one else [])])
    spoken, guide = _guide(one)
    return ServicePage(
        service=one,
        department=department,
        guide=guide,
        guide_language=spoken,
        stars=stars.get(one.id, StarCounts(city=city)),
        ratings=[rating for rating in shown if rating.id != opened],
        next=following,
        opened=open_one,
        talk=discussion,
        mine=mine,
        replies_for=department if viewer.person.acts_for(one.department_id) else None,
        place=await _place(one, guide),
    )


async def _place(one: ServiceView, guide: Guide) -> str:
    """Where a service is: as its guide says, else its area and the nearest known place."""
    if one.lat is None or one.lon is None:
        return ""
    return str(guide.get("where") or "") or await name_position(one.lat, one.lon)


def _guide(one: ServiceView) -> tuple[str, Guide]:
    """The guide's language and texts: the reader's, else English, else any."""
    for code in (language(), "en", *one.guide):
        if code in one.guide:
            return code, one.guide[code]
    return language(), {}


RATING_COLUMNS = """
    SELECT r.id, r.post_id, r.stars, p.text, coalesce(u.name, '') AS author, r.given_at, r.replaced_at, p.visibility,
           p.votes_count AS votes, p.comments_count AS comments
    FROM rating r JOIN post p ON p.id = r.post_id LEFT JOIN user_account u ON u.id = p.author_id
"""


async def list_ratings(service_id: int, *, size: int, page: str = "") -> tuple[list[RatingView], str]:
    """Ratings that count and are public, newest first by keyset, and the cursor of those after them."""
    sql = f"{RATING_COLUMNS} WHERE r.service_id = $1 AND r.replaced_at IS NULL AND p.visibility = 'public'"
    args: list[Any] = [service_id]
    if after := read_cursor(page):
        sql += " AND (r.given_at, r.id) < ($2, $3)"
        args += after
    rows = await fetch(f"{sql} ORDER BY r.given_at DESC, r.id DESC LIMIT {size + 1}", *args)
    more, rows = len(rows) > size, rows[:size]
    return [RatingView(**row) for row in rows], write_cursor(rows[-1]["given_at"], rows[-1]["id"]) if more else ""


async def _opened(service_id: int, rating_id: int, viewer: Viewer) -> tuple[RatingView, Discussion]:
    row = await fetch_one(f"{RATING_COLUMNS} WHERE r.id = $1 AND r.service_id = $2", rating_id, service_id)
    post = await Post.get_or_none(id=row["post_id"]) if row else None
    if row is None or post is None:
        raise NotFound()
    if not may_see(viewer, post.visibility, author=viewer.wrote(post.author_id, post.receipt_hash)):
        raise NotFound()
    return RatingView(**row), await read_discussion(post, viewer)


async def _mine(service_id: int, person: Person) -> RatingView | None:
    if not person.signed_in:
        return None
    row = await fetch_one(
        f"{RATING_COLUMNS} WHERE r.service_id = $1 AND p.author_id = $2 AND r.replaced_at IS NULL AND r.given_at > $3"
        " ORDER BY r.given_at DESC LIMIT 1",
        service_id,
        person.id,
        timing.now() - REPLACED_WITHIN,
    )
    return RatingView(**row) if row else None


async def _fill(shown: list[RatingView]) -> None:
    """Photos and official replies of all of them, by a query each."""
    ids = [one.post_id for one in shown]
    photos = await photos_of(ids)
    rows = await fetch(
        OFFICIAL_REPLIES,
        ids,
        MAX_REPLIES_SHOWN,
    )
    for one in shown:
        one.photos.extend(photos[one.post_id])
        one.replies.extend(
            OfficialReply(row["id"], row["text"], row["at"], row["names"])
            for row in rows
            if row["post_id"] == one.post_id
        )


async def load_rating(rating_id: int) -> RatingView:
    """A rating with its photos and replies. Raises NotFound."""
    row = await fetch_one(f"{RATING_COLUMNS} WHERE r.id = $1", rating_id)
    if row is None:
        raise NotFound()
    rating = RatingView(**row)
    await _fill([rating])
    return rating
