"""Posting an update, confirming and contesting it, ending it."""

from collections.abc import Sequence

from civic import timing
from civic.accounts.people import Person
from civic.db import execute, fetch_one, in_transaction, retry_transaction
from civic.errors import Conflict, NotAllowed, NotFound
from civic.geo.queries import nearest_place
from civic.i18n import gettext as _
from civic.i18n import language
from civic.media.models import Photo
from civic.posts import actions as posts
from civic.posts.actions import Posted
from civic.posts.models import Post, Visibility
from civic.posts.queries import Viewer, area_id_at
from civic.posts.receipts import NO_CODES, SenderCodes
from civic.traffic.forms import UpdateForm
from civic.traffic.kinds import GONE_MAJORITY, extend_expiry, first_expiry, recent_since
from civic.traffic.models import KIND, TrafficUpdate
from civic.writes import Writes, new_ids

MAX_PLACE_METRES = 500.0  # a place farther away would not say where it is

GIVE_OPINION = """
INSERT INTO traffic_confirmation (update_id, user_id, still, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (update_id, user_id) DO UPDATE SET still = excluded.still, at = excluded.at
"""
# `over`: by how many "gone" exceeds "still there" among the recent opinions.
COUNT_OPINIONS = """
SELECT count(*) FILTER (WHERE still) AS still, count(*) FILTER (WHERE NOT still) AS gone,
       count(*) FILTER (WHERE NOT still AND at > $2) - count(*) FILTER (WHERE still AND at > $2) AS over
FROM traffic_confirmation WHERE update_id = $1
"""


async def post_update(
    form: UpdateForm,
    author: Person,
    *,
    photos: Sequence[Photo] = (),
    channel: str = "web",
    codes: SenderCodes = NO_CODES,
    held: bool = False,
) -> Posted[TrafficUpdate]:
    """Put an update on the board. The same `client_key` twice is one update.

    Raises Invalid (field "place") outside of the city, Conflict if the key was used for something else. The time of one
    that is `held` runs from when it was written: what is over when it is released does not come onto the board.
    """
    area_id = await area_id_at(form.lat, form.lon)
    near = None if form.address else await nearest_place(form.lat, form.lon, MAX_PLACE_METRES)

    async def create() -> Posted[TrafficUpdate]:
        new_post = posts.NewPost(
            kind=KIND,
            text=form.text,
            language=language(),
            channel=channel,
            client_key=form.client_key,
            photos=photos,
            receipt=codes.new,
            held=held,
        )
        post_id, update_id = await new_ids(Post, TrafficUpdate)
        post, code = posts.make_post(new_post, author, post_id, f"/traffic/{update_id}")
        update = TrafficUpdate(
            id=update_id,
            post_id=post_id,
            kind=form.kind,
            area_id=area_id,
            lat=form.lat,
            lon=form.lon,
            place=form.address,
            near=near.names if near else {},
            expires_at=first_expiry(form.kind, post.created_at),
        )
        writes = Writes()
        writes.insert(update)
        await posts.write_post(post, photos, writes)
        return Posted(post, update, code)

    async def find(post: Post) -> TrafficUpdate | None:
        return await TrafficUpdate.get_or_none(post_id=post.id, kind=form.kind) if post.text == form.text else None

    return await posts.post_once(form.client_key, create, find, author, codes)


@retry_transaction
async def confirm_update(update_id: int, by: Person) -> TrafficUpdate:
    """*Still there*: the update stands longer. One opinion a person, the latest counts. Raises as contest_update."""
    async with in_transaction():
        update = await _update_for_opinion(update_id, by)
        return await _give_opinion(update, by, still=True)


@retry_transaction
async def contest_update(update_id: int, by: Person) -> TrafficUpdate:
    """*Gone*: said by its author, or by enough people, it ends the update. One opinion a person, the latest counts.

    Raises NotAllowed without an account, NotFound for a hidden update, Conflict for one that is over.
    """
    async with in_transaction():
        update = await _update_for_opinion(update_id, by)
        if update.post.author_id == by.id:
            return await _end(update, "author")
        return await _give_opinion(update, by, still=False)


async def _update_for_opinion(update_id: int, by: Person) -> TrafficUpdate:
    if not by.signed_in:
        raise NotAllowed()
    return await _lock_active_update(update_id)


async def _give_opinion(update: TrafficUpdate, by: Person, *, still: bool) -> TrafficUpdate:
    """Keep the opinion, count all, and extend or end the update."""
    now = timing.now()
    await execute(GIVE_OPINION, update.id, by.id, still, now)
    counts = await fetch_one(COUNT_OPINIONS, update.id, recent_since(update.kind, now))
    assert counts
    update.still_count, update.gone_count = counts["still"], counts["gone"]
    if still:
        update.expires_at = extend_expiry(update.kind, update.post.created_at, update.expires_at, now)
    await update.save(update_fields=["still_count", "gone_count", "expires_at"])
    return await _end(update, "gone") if counts["over"] >= GONE_MAJORITY else update


@retry_transaction
async def end_update(update_id: int, viewer: Viewer) -> TrafficUpdate:
    """The author (signed in, or holding the receipt) ends the update. Raises NotAllowed, NotFound, Conflict."""
    async with in_transaction():
        update = await _lock_active_update(update_id)
        if not viewer.wrote(update.post.author_id, update.post.receipt_hash):
            raise NotAllowed()
        return await _end(update, "author")


async def _lock_active_update(update_id: int) -> TrafficUpdate:
    """The update with its post, locked: people who act at the same time wait, and then see the complete counts."""
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
