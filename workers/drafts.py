"""Drop photos that were uploaded and never posted."""

from civic.media.actions import delete_pending_photos
from civic.media.store import Store
from workers.runner import config

EVERY = 3600.0


async def handle_one() -> bool:
    await delete_pending_photos(Store(config().media_folder))
    return False
