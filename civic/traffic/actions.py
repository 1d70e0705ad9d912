"""Posting an update, saying that it is still there or gone, ending it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from civic import timing
from civic.accounts.people import Person
from civic.db import execute, fetch_one
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from civic.geo.queries import areas, nearest_place
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.models import Kind, Post, Visibility
from civic.posts.queries import Viewer, post_by_client_key, receipt_again
from civic.traffic.forms import UpdateInput
from civic.traffic.kinds import GONE_MAJORITY, extend_expiry, first_expiry, recent_since
from civic.traffic.models import TrafficUpdate

MAX_PLACE_METRES = 500.0  # metres: a place farther away would not say where it is


@dataclass(frozen=True)
class Posted:
    """An update that is in the database; `receipt` is its code where the author has no account."""

    update: TrafficUpdate
    receipt: str | None
    again: bool = False  # it had been sent under the same key before


async def post_update(
    data: UpdateInput,
    author: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    receipt: str | None = None,
) -> Posted:
    """Put an update on the board. The same `client_key` twice is one update.

    Raises Invalid (field "place") outside of the city, Conflict where the key was used for something else.
    """
    area = (await areas()).at(data.lat, data.lon)
    if area is None and len(await areas()):
        raise Invalid(fields={"place": _("This place is outside the city.")})
    near = None if data.place else await nearest_place(data.lat, data.lon, MAX_PLACE_METRES)
    try:
        async with in_transaction():
            if earlier := await post_by_client_key(data.client_key):
                return await _again(earlier, data, receipt)
            draft = posts.NewPost(
                kind=Kind.TRAFFIC,
                text=data.text,
                language=language(),
                channel=channel,
                client_key=data.client_key,
                photos=photos,
                receipt=receipt,
            )
            post, code = await posts.create_post(draft, author)
            update = await TrafficUpdate.create(
                post_id=post.id,
                kind=data.kind,
                area_id=area.id if area else None,
                lat=data.lat,
                lon=data.lon,
                place=data.place,
                near=near.names if near else {},
                expires_at=first_expiry(data.kind, post.created_at),
            )
            await posts.set_path(post, f"/traffic/{update.id}")
            return Posted(update, code)
    except IntegrityError:
        # Two sent the same key at once: the other one's update stands.
        if earlier := await post_by_client_key(data.client_key):
            return await _again(earlier, data, receipt)
        raise


async def _again(earlier: Post, data: UpdateInput, receipt: str | None) -> Posted:
    update = await TrafficUpdate.get_or_none(post_id=earlier.id)
    if update is None or (earlier.text, update.kind) != (data.text, data.kind):
        raise Conflict(_("This client key was used for another post."))
    return Posted(update, receipt_again(earlier, receipt), again=True)


async def opine(update_id: int, by: Person, *, still: bool) -> TrafficUpdate:
    """*Still there* or *gone*: one opinion a person, the latest counts. *Gone* from its author ends the update.

    Raises NotAllowed without an account, NotFound for what is hidden, Conflict for what is over.
    """
    if not by.signed_in:
        raise NotAllowed()
    async with in_transaction():
        update = await _active_update(update_id)
        if not still and update.post.author_id == by.id:
            return await _end(update, "author")
        now = timing.now()
        await execute(
            "INSERT INTO traffic_confirmation (update_id, user_id, still, at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (update_id, user_id) DO UPDATE SET still = excluded.still, at = excluded.at",
            update.id,
            by.id,
            still,
            now,
        )
        return await _weigh(update, still, now)


async def _weigh(update: TrafficUpdate, still: bool, now: datetime) -> TrafficUpdate:
    """Count the opinions anew and let the update stand longer, or end."""
    counts = await fetch_one(
        "SELECT count(*) FILTER (WHERE still) AS still, count(*) FILTER (WHERE NOT still) AS gone,"
        " count(*) FILTER (WHERE NOT still AND at > $2) - count(*) FILTER (WHERE still AND at > $2) AS over"
        " FROM traffic_confirmation WHERE update_id = $1",
        update.id,
        recent_since(update.kind, now),
    )
    assert counts
    update.still_count, update.gone_count = counts["still"], counts["gone"]
    if still:
        update.expires_at = extend_expiry(update.kind, update.post.created_at, update.expires_at, now)
    await update.save(update_fields=["still_count", "gone_count", "expires_at"])
    return await _end(update, "gone") if counts["over"] >= GONE_MAJORITY else update


async def end_update(update_id: int, viewer: Viewer) -> TrafficUpdate:
    """Its author (signed in, or holding its receipt) says that it is over. Raises NotAllowed, NotFound, Conflict."""
    async with in_transaction():
        update = await _active_update(update_id)
        if not viewer.wrote(update.post.author_id, update.post.receipt_hash):
            raise NotAllowed()
        return await _end(update, "author")


async def _active_update(update_id: int) -> TrafficUpdate:
    """The update with its post, locked: whoever comes at the same time waits and finds the counts complete."""
    update = await TrafficUpdate.select_for_update().get_or_none(id=update_id)
    if update is None:
        raise NotFound()
    await update.fetch_related("post")
    if update.post.visibility != Visibility.PUBLIC:
        raise NotFound()
    if update.expires_at <= timing.now():
        raise Conflict(_("This is already over. If it is there again, please post it again."))
    return update


async def _end(update: TrafficUpdate, by: str) -> TrafficUpdate:
    update.ended, update.expires_at = by, timing.now()
    await update.save(update_fields=["ended", "expires_at"])
    return update
