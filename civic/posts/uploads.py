"""Taking a post in, of whatever kind: its photos, its place, and how often somebody may.

A phone that got no answer sends its form again. Its photos are the post's by then, and nothing more is to be counted:
`take_photos` says so (`Taken.again`), and the action finds the post by its key.
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from civic.accounts.limits import spend
from civic.errors import CivicError, Invalid
from civic.geo import queries as geo
from civic.i18n import gettext as _
from civic.media import actions as media
from civic.media.links import photo_url
from civic.media.models import Photo
from civic.media.queries import pending_photos
from civic.posts.forms import Position, clean_text
from civic.posts.queries import photos_of, post_by_client_key


@dataclass
class Uploads:
    """Photos of a form: those that were kept from an earlier try and those that came now."""

    photos: list[Photo] = field(default_factory=list)
    position: Position | None = None  # where the first photo that knows says it was taken
    errors: dict[str, object] = field(default_factory=dict)
    sent_before: bool = False  # this very form was taken before: the photos are those of its post


async def read_uploads(request: Request, form: Any) -> Uploads:
    """Take in the uploads of a form (`photos`) and those kept (`kept`); refused ones are told, the others stay.

    Raises TooMany: decoding photos is the most that a stranger can make us do.
    """
    if earlier := await _sent_before(form):
        return earlier
    taken = Uploads()
    most = request.app.state.config.limits.photos
    names = [str(name) for name in _all(form, "kept")]
    try:
        taken.photos = list(await pending_photos(names[:most]))
    except Invalid as error:
        if earlier := await _sent_before(form):  # it has become a post since we looked
            return earlier
        taken.errors.update(error.fields)
    uploads = [f for f in _all(form, "photos") if isinstance(f, UploadFile) and f.filename]
    if uploads and not request.state.person.is_staff:
        await spend_limit(request, "photos", 4)
    for upload in uploads[: max(0, most - len(taken.photos))]:
        await _take(request, upload, taken)
    if len(uploads) + len(names) > most:
        taken.errors["photos"] = _("At most %(n)s photos; the first ones were kept.", n=most)
    return taken


async def _sent_before(form: Any) -> Uploads | None:
    """The post under the form's key, if it says the same. Its photos are only for who knows its text, too."""
    post = await post_by_client_key(str(form.get("client_key") or "")[:64])
    if post is None or post.text != clean_text(form.get("text")):
        return None
    return Uploads(photos=(await photos_of([post.id]))[post.id], sent_before=True)


def _all(form: Any, name: str) -> list[Any]:
    return form.getlist(name) if isinstance(form, FormData) else []


async def _take(request: Request, upload: UploadFile, taken: Uploads) -> None:
    state = request.app.state
    try:
        photo, gps, _when = await media.add_photo(
            await upload.read(), state.store, state.decoder, zone=request.state.city.zone
        )
    except CivicError as error:
        taken.errors["photos"] = f"{upload.filename}: {error.message}"
        return
    taken.photos.append(photo)
    if gps and taken.position is None:
        taken.position = (gps.lat, gps.lon, "photo")


def photo_links(request: Request) -> dict[str, Any]:
    """`photo_url(photo, size)` for a page whose reader may see its photos: those that are not public are signed."""
    return {"photo_url": lambda photo, size: photo_url(photo, size, secret=request.app.state.secret)}


async def geocode_address(request: Request, form: Any) -> Position | None:
    """Where the form's `address` is, if it says nothing more exact."""
    address = str(form.get("address") or "").strip()
    if not address or (form.get("lat") and form.get("lon")):
        return None
    hits = await geo.geocode(address, request.app.state.config.geocoder, limit=1)
    return (hits[0].lat, hits[0].lon, "address") if hits else None


async def spend_post_limit(request: Request, taken: Uploads | None = None) -> None:
    """One more post of this person, or of this address, unless it was taken before.

    Raises TooMany; not to be called within a transaction.
    """
    if taken is None or not taken.sent_before:
        await spend_limit(request, "post")


async def spend_limit(request: Request, what: str, times: int = 1) -> None:
    """One more `what` of this person or address, `times` as often as they may post. Raises as count_post does."""
    person = request.state.person
    who = f"user {person.id}" if person.signed_in else request.client.host if request.client else ""
    await spend(what, who, times * request.app.state.config.limits.posts_per_hour)
