"""Drop photos that were uploaded and never posted."""

from civic.media.actions import drop_drafts
from civic.media.store import Store
from workers.runner import config

EVERY = 3600.0


async def handle_one() -> bool:
    await drop_drafts(Store(config().media_folder))
    return False
