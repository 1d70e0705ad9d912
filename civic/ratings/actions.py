"""Rating a service."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from civic import timing
from civic.accounts.people import Person
from civic.catalogue.catalogue import ServiceView
from civic.db import advisory_lock, execute
from civic.errors import Conflict, NotAllowed
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.models import Kind, Post
from civic.posts.queries import post_by_client_key
from civic.ratings.forms import RatingInput
from civic.ratings.models import Rating

REPLACED_WITHIN = timedelta(days=30)  # one rating of a person and service in this time: a new one replaces it


@dataclass(frozen=True)
class RatingResult:
    rating: Rating
    replaced: bool = False  # an earlier one of the same person does not count any more
    again: bool = False  # it had been sent under the same key before


async def rate_service(
    service: ServiceView, data: RatingInput, by: Person, *, photos: Sequence[Photo] = (), channel: str = "web"
) -> RatingResult:
    """Rate a service. Of ratings that one person sends at once, each replaces the one before: one counts.

    Raises NotAllowed without an account, and for who works there; Conflict where the key was used for another post.
    """
    if not by.signed_in:
        raise NotAllowed()
    if service.department_id in by.departments:
        raise NotAllowed(_("You work for this department, so you cannot rate its services."))
    try:
        async with in_transaction():
            # By service, not by person: the counts of its stars are changed in one order, so nobody deadlocks.
            await advisory_lock(f"civic.ratings: {service.id}")
            if earlier := await post_by_client_key(data.client_key):
                return await _again(earlier, service, data)
            return await _rate(service, data, by, photos, channel)
    except IntegrityError:
        # The same key was used elsewhere at the same moment.
        if earlier := await post_by_client_key(data.client_key):
            return await _again(earlier, service, data)
        raise


async def _again(earlier: Post, service: ServiceView, data: RatingInput) -> RatingResult:
    rating = await Rating.get_or_none(post_id=earlier.id, service_id=service.id)
    if rating is None or (earlier.text, rating.stars) != (data.text, data.stars):
        raise Conflict(_("This client key was used for another post."))
    return RatingResult(rating, again=True)


async def _rate(
    service: ServiceView, data: RatingInput, by: Person, photos: Sequence[Photo], channel: str
) -> RatingResult:
    now = timing.now()
    replaced = await execute(
        "UPDATE rating r SET replaced_at = $4 FROM post p WHERE p.id = r.post_id AND p.author_id = $1"
        " AND r.service_id = $2 AND r.replaced_at IS NULL AND r.given_at > $3",
        by.id,
        service.id,
        now - REPLACED_WITHIN,
        now,
    )
    draft = posts.NewPost(
        kind=Kind.RATING,
        text=data.text,
        language=language(),
        channel=channel,
        client_key=data.client_key,
        photos=photos,
    )
    post, _code = await posts.create_post(draft, by)
    rating = await Rating.create(post_id=post.id, service_id=service.id, stars=data.stars, given_at=now)
    await posts.set_path(post, rating_path(service.slug, rating.id))
    return RatingResult(rating, replaced=bool(replaced))


def rating_path(slug: str, rating_id: int) -> str:
    """Where a rating is read: on its service's page, opened with what people say to it."""
    return f"/services/{slug}?rating={rating_id}#rating-{rating_id}"
