"""Whether the photos of a restored city are what its rows say."""

import hashlib
from collections.abc import Callable

from civic.backups.queries import find_photo_files
from civic.media.store import Store

EVERY = 2**62  # no photo's id is as large


async def find_damaged_photos(store: Store, on_progress: Callable[[float, str], None]) -> list[str]:
    """The contents of photos that posts use, and of which a file is missing or another: a content is the digest of
    the files of a photo, one after another."""
    damaged, seen = list[str](), 0
    async for photo in find_photo_files(EVERY):
        files = [await store.get(key) for key in photo.keys]
        seen += 1
        if photo.used and (None in files or hashlib.sha256(b"".join(filter(None, files))).hexdigest() != photo.content):
            damaged.append(photo.content)
        on_progress(int(photo.content[:4], 16) / 65536, f"{seen:,} photos compared")
    return damaged
