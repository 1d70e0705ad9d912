"""Addresses of variants. That of a photo that is not public is signed: its name and an expiry, under the secret."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from civic.media.decoding import ending_of
from civic.media.models import Photo

LINK_SECONDS = 3600  # seconds a signed address is good for, at least
_STEP = 900  # expiries are rounded up to this, so that a page seen again shows the same addresses to the cache


def is_public(photo: Photo) -> bool:
    """Everybody may see it: a post uses it, and that post is public."""
    return photo.attached and photo.public


def photo_url(photo: Photo, edge: int, *, secret: bytes | None = None, now: float | None = None) -> str:
    """The path of a variant (`edge` is 320, 800 or 1600).

    With the `secret` (Config.secret()) the address shows the photo for about an hour, public or not: pass it only
    after deciding that the reader may see this photo. `now` is in seconds since 1970.
    """
    path = f"/photos/{photo.name}/{edge}.{ending_of(edge)}"
    if secret is None or is_public(photo):
        return path
    until = (int(time.time() if now is None else now) + LINK_SECONDS) // _STEP * _STEP + _STEP
    return f"{path}?until={until}&signature={_signature(photo.name, until, secret)}"


def seconds_left(name: str, query: Mapping[str, str], secret: bytes, *, now: float | None = None) -> int:
    """The seconds for which the query of an address still opens the photo `name`; 0 if it does not."""
    until = query.get("until", "")
    if not (until.isascii() and until.isdigit() and len(until) <= 12):
        return 0
    right = _signature(name, int(until), secret)
    if not hmac.compare_digest(right.encode(), query.get("signature", "").encode()):
        return 0
    return max(0, int(until) - int(time.time() if now is None else now))


def _signature(name: str, until: int, secret: bytes) -> str:
    digest = hmac.digest(secret, f"photo {name} {until}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
