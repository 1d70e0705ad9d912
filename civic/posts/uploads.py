"""Photos and places of a form, and how often somebody may send one.

A phone that got no answer sends its form again. Its photos belong to the post by then, and nothing more is counted:
`Uploads.sent_before` says so, and the action finds the post by its key. Only its author sees its photos in the form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from civic.accounts.limits import Counted, spend, spend_both
from civic.cookies import read_mark
from civic.errors import CivicError, StorageFull, TooMany
from civic.forms import clean_text
from civic.geo.positions import LatLon
from civic.i18n import gettext as _
from civic.media import actions as media
from civic.media.links import photo_url
from civic.media.models import Photo
from civic.media.queries import PHOTO_GONE, pending_photos
from civic.media.schemas import PhotoUrl
from civic.metrics import photo_refusals
from civic.posts.places import PhotoPlaces, read_photo_places
from civic.posts.queries import author_is, photos_of, post_by_client_key
from civic.posts.receipts import sender_codes

# Times as many as posts in an hour: one post has several photos, and people upload more than they keep.
PHOTO_UPLOADS_PER_POST = 4
MAX_MESSAGE_CHARS = 300
NO_PLACES = PhotoPlaces({}, {})


@dataclass
class Uploads:
    """Photos of a form: those kept from an earlier try and those uploaded now."""

    photos: list[Photo] = field(default_factory=list)
    added: list[Photo] = field(default_factory=list)  # those of `photos` that came with this request
    taken_at: dict[str, LatLon] = field(default_factory=dict)  # where, by photo's name; of removed ones too
    places: PhotoPlaces = NO_PLACES
    errors: dict[str, object] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)  # why photos were refused, in this try and in those before
    sent_before: int | None = None  # this form was accepted before: with so many photos

    @property
    def names(self) -> list[str]:
        return [photo.name for photo in self.photos]

    @property
    def has_no_place(self) -> bool:
        """There are photos, and none says where it was taken."""
        return bool(self.photos) and not self.places.kept

    @property
    def count(self) -> int:
        """How many photos the form has, or had when it was accepted."""
        return len(self.photos) if self.sent_before is None else self.sent_before


async def read_uploads(request: Request, form: FormData, uploads: Uploads) -> None:
    """Fill `uploads` with the photos that the form keeps (`kept`) and those it brings (`photos`).

    A refused photo is an error in `uploads`; the others stay. Raises TooMany: decoding photos is the most expensive
    thing that a stranger can ask for.
    """
    if await _was_sent_before(request, form, uploads):
        return
    limit = request.app.state.config.limits.photos
    removed = form.getlist("remove")
    uploads.refused = [clean_text(text)[:MAX_MESSAGE_CHARS] for text in form.getlist("refused")[:limit]]
    names = [str(name) for name in form.getlist("kept") if name not in removed]
    uploads.taken_at = read_photo_places(form.getlist("photo_place"))
    uploads.photos = await pending_photos(names[:limit])
    if len(uploads.photos) < len(names[:limit]):
        if await _was_sent_before(request, form, uploads):  # it has become a post a moment ago
            return
        uploads.errors["photos"] = PHOTO_GONE
        uploads.refused.append(str(PHOTO_GONE))
    files = [file for file in form.getlist("photos") if isinstance(file, UploadFile) and file.filename]
    if files and not request.state.person.is_staff:
        await spend_limit(request, "photos", PHOTO_UPLOADS_PER_POST)
    places = max(0, limit - len(uploads.photos))
    for file in files[:places]:
        await _add_photo(request, file, uploads)
    if len(files) + len(names) > limit:
        left_out = ", ".join(clean_text(file.filename) for file in files[places:]) or str(len(names) - limit)
        uploads.errors["photos"] = message = _(
            "At most %(n)s photos. These were left out: %(names)s", n=limit, names=left_out
        )
        uploads.refused.append(message[:MAX_MESSAGE_CHARS])
    uploads.places = await PhotoPlaces.find(uploads.taken_at, uploads.names)


async def _was_sent_before(request: Request, form: FormData, uploads: Uploads) -> bool:
    """Whether there is a post under the form's key with the same text."""
    key, text = form.get("client_key"), form.get("text")
    post = await post_by_client_key(key[:64]) if isinstance(key, str) else None
    if post is None or post.text != clean_text(text):
        return False
    if author_is(post, request.state.person, sender_codes(request, post.client_key).code_of(post.receipt_hash)):
        uploads.photos = (await photos_of([post.id]))[post.id]
    uploads.sent_before = post.photos_count
    return True


async def _add_photo(request: Request, file: UploadFile, uploads: Uploads) -> None:
    state = request.app.state
    try:
        photo, gps, _taken_at = await media.add_photo(
            await file.read(), state.store, state.decoder, zone=request.state.city.zone
        )
    except StorageFull:
        raise
    except CivicError as error:
        photo_refusals.labels(getattr(error, "reason", "busy")).inc()
        uploads.errors["photos"] = message = f"{file.filename}: {error.message}"
        uploads.refused.append(message)
        return
    uploads.photos.append(photo)
    uploads.added.append(photo)
    if gps:
        uploads.taken_at[photo.name] = LatLon(*gps)


async def drop_added(request: Request, uploads: Uploads) -> None:
    """Take back the photos that came with this request: no space is left, so nothing of it stays."""
    await media.drop_photos(request.app.state.store, [photo.id for photo in uploads.added])
    uploads.photos = [photo for photo in uploads.photos if photo not in uploads.added]
    uploads.added.clear()


def photo_url_for(request: Request) -> PhotoUrl:
    """The addresses of photos for a reader who may see them: those of photos that are not public are signed."""
    return lambda photo, edge: photo_url(photo, edge, secret=request.app.state.secret)


async def spend_limit(request: Request, what: str, times: int = 1) -> None:
    """Count one more `what` of this person, or browser and address; they may `times` as often as they may post.

    Raises TooMany. Not to be called within a transaction.
    """
    await _spend(what, [(who, times * most) for who, most in _list_senders(request)])


async def _spend(what: str, senders: Sequence[Counted]) -> Sequence[int]:
    """Count one more of each sender; how many each has sent. Raises TooMany."""
    if len(senders) == 1:
        return [await spend(what, *senders[0])]
    first, second = senders
    return await spend_both(what, first, second)


async def spend_or_hold(request: Request, what: str, times: int = 1) -> bool:
    """Count as `spend_limit` does, but beyond the limit say only that `what` has to be held for a look.

    Raises TooMany far above it. What staff write is never held. Not to be called within a transaction.
    """
    senders = _list_senders(request)
    refused_above = times * request.app.state.config.limits.refused_above
    try:
        counts = await _spend(what, [(who, most * refused_above) for who, most in senders])
    except TooMany:
        raise TooMany(_("Too much was sent from here in the last hour. Please send this again in an hour.")) from None
    held = any(count > times * most for count, (_who, most) in zip(counts, senders, strict=True))
    return held and not request.state.person.is_staff


def _list_senders(request: Request) -> list[Counted]:
    """By whom a post is counted, and how many an hour each may send: the person, else the browser and the address.

    Browsers without a mark, which take no cookies, are one for each address.
    """
    person, limits = request.state.person, request.app.state.config.limits
    if person.signed_in:
        return [(f"user {person.id}", limits.posts_per_hour)]
    address = request.client.host if request.client else ""
    browser = f"browser {read_mark(request) or f'at {address}'}"
    return [(browser, limits.posts_per_hour), (f"address {address}", limits.address_posts_per_hour)]
