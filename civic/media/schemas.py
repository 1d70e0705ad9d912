"""Photos as programs get them."""

from collections.abc import Callable
from typing import Self

from civic.media.models import Photo
from civic.schemas import Schema

PhotoUrl = Callable[[Photo, int], str]  # a photo and an edge in pixels


class PhotoAnswer(Schema):
    """A photo: the addresses of its variants by their longest side in pixels, "320", "800", "1600"."""

    name: str
    urls: dict[str, str]

    @classmethod
    def of(cls, photo: Photo, url: PhotoUrl) -> Self:
        return cls(name=photo.name, urls={edge: url(photo, int(edge)) for edge in photo.sizes})


class PendingPhotoAnswer(Schema):
    """A photo that no post uses yet; forms send its name as `kept`. Pixels are those of the original."""

    name: str
    width: int
    height: int
