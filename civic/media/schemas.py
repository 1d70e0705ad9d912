"""Photos as programs get them."""

from collections.abc import Callable
from datetime import datetime
from typing import Self

from civic.media.models import Photo
from civic.schemas import Schema

PhotoUrl = Callable[[Photo, int], str]  # a photo and an edge in pixels


class PhotoAnswer(Schema):
    """A photo: the addresses of its variants by their longest side in pixels, "320", "800", "1600".

    `taken_at` is the camera's own time, null where it wrote none.
    """

    name: str
    urls: dict[str, str]
    taken_at: datetime | None

    @classmethod
    def of(cls, photo: Photo, url: PhotoUrl) -> Self:
        urls = {edge: url(photo, int(edge)) for edge in photo.sizes}
        return cls(name=photo.name, urls=urls, taken_at=photo.taken_at)


class PendingPhotoAnswer(Schema):
    """A photo that no post uses yet; forms send its name as `kept`. Pixels are those of the original."""

    name: str
    width: int
    height: int
