"""Rating a service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from civic import timing
from civic.accounts.people import Person
from civic.catalogue.catalogue import ServiceView
from civic.db import advisory_lock, execute, fetch
from civic.errors import NotAllowed
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.actions import Posted
from civic.posts.models import Post
from civic.ratings.forms import RatingForm
from civic.ratings.models import KIND, Rating
from civic.writes import Writes, new_ids

REPLACED_WITHIN = timedelta(days=30)  # one rating of a person and service in this time: a new one replaces it

REPLACE_RATINGS = """
UPDATE rating r SET replaced_at = $4 FROM post p
WHERE p.id = r.post_id AND p.author_id = $1 AND r.service_id = $2 AND r.replaced_at IS NULL AND r.given_at > $3
  AND r.given_at <= $4 AND r.id <> $5
RETURNING r.stars, p.visibility = 'public' AS public
"""
RELEASED_RATINGS = """
SELECT r.id, r.service_id, r.given_at, p.author_id FROM rating r JOIN post p ON p.id = r.post_id
WHERE r.post_id = ANY($1) AND r.replaced_at IS NULL AND p.author_id IS NOT NULL
"""
RATED_SERVICES = "SELECT DISTINCT service_id FROM rating WHERE post_id = ANY($1)"
CURRENT_RATINGS = "SELECT service_id, stars FROM rating WHERE post_id = ANY($1) AND replaced_at IS NULL"
COUNT_STARS = """
INSERT INTO service_stars (service_id, stars, n) VALUES ($1, $2, $3)
ON CONFLICT (service_id, stars) DO UPDATE SET n = service_stars.n + excluded.n
"""


@dataclass(frozen=True)
class GivenRating:
    rating: Rating
    replaced: bool = False  # an earlier one of the same person does not count any more


async def rate_service(
    service: ServiceView,
    form: RatingForm,
    by: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    held: bool = False,
) -> Posted[GivenRating]:
    """Rate a service. Of ratings that one person sends at once, each replaces the one before: one counts.

    One that is `held` replaces nothing and counts nowhere until it is released.
    Raises NotAllowed without an account, and for people who work there; Conflict if the key was used for another post.
    """
    if not by.signed_in:
        raise NotAllowed()
    if service.department_id in by.departments:
        raise NotAllowed(_("You work for this department, so you cannot rate its services."))

    async def create() -> Posted[GivenRating]:
        return await _create_rating(service, form, by, photos, channel, held)

    async def find(post: Post) -> GivenRating | None:
        rating = await Rating.get_or_none(post_id=post.id, service_id=service.id, stars=form.stars)
        return GivenRating(rating) if rating and post.text == form.text else None

    return await posts.post_once(form.client_key, create, find, by)


async def _create_rating(
    service: ServiceView, form: RatingForm, by: Person, photos: Sequence[Photo], channel: str, held: bool
) -> Posted[GivenRating]:
    await _lock_stars([service.id])
    now = timing.now()
    replaced = 0 if held else await _replace_earlier(by.id, service.id, now)
    new_post = posts.NewPost(
        kind=KIND,
        text=form.text,
        language=language(),
        channel=channel,
        client_key=form.client_key,
        photos=photos,
        held=held,
    )
    post_id, rating_id = await new_ids(Post, Rating)
    post, _code = posts.make_post(new_post, by, post_id, rating_path(service.slug, rating_id))
    rating = Rating(id=rating_id, post_id=post_id, service_id=service.id, stars=form.stars, given_at=now)
    writes = Writes()
    writes.insert(rating)
    await posts.write_post(post, photos, writes)
    await _count_stars(service.id, form.stars, 0 if held else 1)
    return Posted(post, GivenRating(rating, replaced=bool(replaced)))


async def _replace_earlier(author_id: int, service_id: int, given_at: datetime, rating_id: int = 0) -> int:
    """Let a rating given then replace those that the person gave before; how many. The stars are locked."""
    values = (author_id, service_id, given_at - REPLACED_WITHIN, given_at, rating_id)
    replaced = await fetch(REPLACE_RATINGS, *values)
    for earlier in replaced:
        await _count_stars(service_id, earlier["stars"], -1 if earlier["public"] else 0)
    return len(replaced)


async def release_ratings(post_ids: Sequence[int], _by: Person) -> None:
    """A rating that was held replaces those before it, unless a later one has replaced it meanwhile."""
    await _lock_stars([row["service_id"] for row in await fetch(RATED_SERVICES, list(post_ids))])
    for row in await fetch(RELEASED_RATINGS, list(post_ids)):
        await _replace_earlier(row["author_id"], row["service_id"], row["given_at"], row["id"])


async def count_moderated_ratings(post_ids: Sequence[int], public: bool) -> None:
    """What follows in the stars when posts are hidden or restored, within the transaction of that change."""
    services = [row["service_id"] for row in await fetch(RATED_SERVICES, list(post_ids))]
    await _lock_stars(services)
    for row in await fetch(CURRENT_RATINGS, list(post_ids)):
        await _count_stars(row["service_id"], row["stars"], 1 if public else -1)


async def _lock_stars(service_ids: Sequence[int]) -> None:
    """Change the stars of these services one transaction after another.

    What counts is read under this lock only: a moderator who hides a rating while it is being replaced takes its stars
    away before or after that, not twice. Always in one order, so that nobody deadlocks.
    """
    for service_id in sorted(set(service_ids)):
        await advisory_lock(f"civic.ratings: {service_id}")


async def _count_stars(service_id: int, stars: int, change: int) -> None:
    if change:
        await execute(COUNT_STARS, service_id, stars, change)


def rating_path(slug: str, rating_id: int) -> str:
    """Where a rating is read: on its service's page, opened with what people say to it."""
    return f"/services/{slug}?rating={rating_id}#rating-{rating_id}"
