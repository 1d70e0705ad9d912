"""Pending photos: those that no post uses yet."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from civic.i18n import lazy as _
from civic.media.decoding import has_heif
from civic.media.models import Photo

PENDING_PHOTO_LIFETIME = timedelta(hours=24)
# A form must not use a photo that is being deleted at this moment.
_USABLE = PENDING_PHOTO_LIFETIME - timedelta(hours=1)
PHOTO_NAME_CHARS = 22
HEIF_TYPES = ("image/heic", "image/heif")
PHOTO_GONE = _("One of the photos is no longer there. Please choose it again.")


def accepted_types() -> str:
    """The types of photos that are read, for a file field.

    HEIC only where it can be: a phone that finds it there sends it, and converts it to JPEG where it does not.
    """
    return ", ".join(("image/jpeg", "image/png", "image/webp", "image/avif", *(HEIF_TYPES if has_heif() else ())))


async def pending_photos(names: Sequence[str]) -> list[Photo]:
    """Those of the photos that a form names (`kept`) that are still pending, in this order.

    One that is unknown, used already or too old is left out: the form says so, and loses no other.
    """
    fresh = datetime.now(UTC) - _USABLE
    possible = [name for name in names if len(name) <= PHOTO_NAME_CHARS]  # the column holds no longer ones
    rows = await Photo.filter(name__in=possible, attached=False, created_at__gt=fresh) if possible else []
    photos = {photo.name: photo for photo in rows}
    return [photos[name] for name in dict.fromkeys(names) if name in photos]
