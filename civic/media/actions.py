"""Storing photos, using them, and deleting those that nobody used.

Photos that look alike share files. A row is written before its files, under a lock that everybody shares who adds
photos; files are removed under the same lock, held alone. So no file is removed that a row needs.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from civic.db import advisory_lock, execute, in_transaction, retry_transaction, try_advisory_lock
from civic.disk import report_full_storage
from civic.errors import Invalid
from civic.media.decoder import Decoder
from civic.media.decoding import GPS, Decoded
from civic.media.models import Photo
from civic.media.queries import PENDING_PHOTO_LIFETIME, PHOTO_GONE
from civic.media.store import Store, key_of

_STORE_LOCK = "civic.media.store"
KEEP_FILES_LOCK = "civic.media.keep"  # whoever shares it, such as a backup, still needs every file that a row names
_BATCH = 200
PUBLISH = "UPDATE photo SET public = true WHERE id = ANY($1)"
# A name of 122 random bits, in the letters of `secrets.token_urlsafe`.
WITHDRAW = """
UPDATE photo SET public = false,
    name = translate(rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '='), '+/', '-_')
WHERE id = ANY($1)
"""


@retry_transaction
async def add_photo(
    data: bytes, store: Store, decoder: Decoder, *, zone: tzinfo = UTC
) -> tuple[Photo, GPS | None, datetime | None]:
    """Store an upload as a pending photo; with the place and the time in its metadata.

    `zone` is used if the camera wrote none (the city's). Not to be called within a transaction:
    it waits for the decoder. Raises PhotoRefused, Busy and StorageFull; then nothing of it is kept.
    """
    decoded = await decoder.process(data)
    now = datetime.now(UTC)
    taken = _taken_at(decoded, zone, now)
    content = hashlib.sha256(b"".join(v.data for v in decoded.variants.values())).hexdigest()
    photo = Photo(
        name=secrets.token_urlsafe(16),
        content=content,
        width=decoded.width,
        height=decoded.height,
        sizes={
            str(edge): [v.width, v.height, len(v.data), key_of(content, edge)] for edge, v in decoded.variants.items()
        },
        taken_at=taken,
        created_at=now,
    )
    async with in_transaction():
        await advisory_lock(_STORE_LOCK, shared=True)
        await photo.save()
    try:
        with report_full_storage():
            for edge, variant in decoded.variants.items():
                await store.put(key_of(content, edge), variant.data)
    except Exception:
        await drop_photos(store, [photo.id])
        raise
    return photo, decoded.gps, taken


def _taken_at(decoded: Decoded, zone: tzinfo, now: datetime) -> datetime | None:
    """The camera's time in UTC; None where its clock was never set (1970, 1980, the future)."""
    taken = decoded.taken_at
    if taken is None or not 1990 <= taken.year <= now.year + 1:
        return None
    taken = (taken if taken.tzinfo else taken.replace(tzinfo=zone)).astimezone(UTC)
    return taken if taken < now + timedelta(days=1) else None


async def attach_photos(photos: Sequence[Photo], *, public: bool = True) -> None:
    """Mark pending photos as used, within the caller's transaction. Raises Invalid if one is used already or gone."""
    ids = [photo.id for photo in photos]
    if await Photo.filter(id__in=ids, attached=False).update(attached=True, public=public) != len(ids):
        raise Invalid(PHOTO_GONE, fields={"photos": PHOTO_GONE})
    for photo in photos:
        photo.attached, photo.public = True, public


async def set_photos_public(photo_ids: Sequence[int], public: bool) -> None:
    """Say who may see photos, within the caller's transaction.

    One that is not public has a new name each time: its old addresses, signed ones too, open nothing any more.
    """
    await execute(PUBLISH if public else WITHDRAW, list(photo_ids))


async def discard_photos(photo_ids: Sequence[int]) -> None:
    """Give up photos that nothing uses any more: nobody sees them, and the next tidying drops them with their files."""
    too_old = datetime.now(UTC) - PENDING_PHOTO_LIFETIME
    await Photo.filter(id__in=list(photo_ids)).update(attached=False, public=False, created_at=too_old)


async def delete_pending_photos(store: Store, *, older_than: timedelta = PENDING_PHOTO_LIFETIME) -> int:
    """Delete photos that nothing used within `older_than`, and their files; how many. Safe at any time, and twice.

    While a backup is being made, none.
    """
    before, dropped = datetime.now(UTC) - older_than, 0
    while count := await _drop_some(store, before):
        dropped += count
    await store.tidy(PENDING_PHOTO_LIFETIME.total_seconds())
    return dropped


@retry_transaction
async def _drop_some(store: Store, before: datetime) -> int:
    async with in_transaction():
        if not await try_advisory_lock(KEEP_FILES_LOCK):
            return 0
        await advisory_lock(_STORE_LOCK)
        old = Photo.filter(attached=False, created_at__lt=before).order_by("created_at").limit(_BATCH)
        photos = await old.select_for_update(skip_locked=True)
        await _drop(store, photos)
    return len(photos)


@retry_transaction
async def drop_photos(store: Store, photo_ids: Sequence[int]) -> None:
    """Drop pending photos and their files at once, of a form that was refused as no space is left."""
    async with in_transaction():
        await advisory_lock(_STORE_LOCK)
        await _drop(store, await Photo.filter(id__in=list(photo_ids), attached=False).select_for_update())


async def _drop(store: Store, photos: Sequence[Photo]) -> None:
    """Drop rows, and the files that no other row needs; in the transaction in hand, which holds the lock."""
    await Photo.filter(id__in=[p.id for p in photos]).delete()
    contents = {p.content for p in photos}
    used = {p.content for p in await Photo.filter(content__in=list(contents)).only("content")}
    # Before the commit, while nobody can add a row that needs these files. Killed here, the photos are still
    # there for the next time, and too old for `queries.drafts`.
    for photo in photos:
        if photo.content not in used:
            for *_size, key in photo.sizes.values():
                await store.delete(str(key))
