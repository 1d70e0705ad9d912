"""Why a photo is refused, in words for the reader."""

from typing import get_args

from civic.errors import Invalid
from civic.i18n import lazy as _
from civic.media.decoding import MAX_BYTES, MAX_PIXELS, MIN_SIDE_PIXELS, Reason


class PhotoRefused(Invalid):
    """This upload does not become a photo. `reason` is one of decoding.Reason; the field is "photos"."""

    def __init__(self, reason: str, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> None:
        # it may come from a process that a hostile file has taken over
        self.reason = reason if reason in get_args(Reason) else "damaged"
        message = {
            "too_large": _(
                "This photo is larger than %(size)s MB. Please choose a smaller one.",
                size=f"{max_bytes / 2**20:.0f}",
            ),
            "too_many_pixels": _(
                "This photo has more than %(number)s megapixels. Please choose a smaller one.",
                number=f"{max_pixels / 1e6:.0f}",
            ),
            "too_small": _(
                "This picture is less than %(number)s pixels wide or high. Please choose a larger one.",
                number=MIN_SIDE_PIXELS,
            ),
            "not_a_photo": _("This file is not a photo that we can read. We take JPEG, PNG, WebP and AVIF."),
            "heic": _("We cannot read HEIC photos here. Please save it as JPEG and choose it again."),
            "damaged": _("This photo is damaged or incomplete. Please choose it again, or another one."),
            "too_slow": _("Reading this photo took too long. Please choose another one."),
        }[self.reason]
        super().__init__(message, fields={"photos": message})
