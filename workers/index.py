"""Put what changed into the index, within a second."""

import time

from civic.admin.indexing import mark_ended, step
from workers.runner import config

EVERY = 0.5
ENDED_EVERY = 60.0
_ended_at = 0.0


async def handle_one() -> bool:
    global _ended_at
    if time.monotonic() - _ended_at > ENDED_EVERY:
        await mark_ended(time.time())
        _ended_at = time.monotonic()
    return await step(follow=bool(config().search.url)) > 0
