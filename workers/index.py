"""Put what changed into the index, within a second."""

import time

from civic.search.feed import mark_expired, step
from workers.runner import config

EVERY = 0.5
EXPIRED_EVERY = 60.0
MANY = 200  # marks after which it goes on at once; fewer wait for others, as a step costs as much for one
_expired_at = 0.0


async def handle_one() -> bool:
    global _expired_at
    if time.monotonic() - _expired_at > EXPIRED_EVERY:
        await mark_expired(time.time())
        _expired_at = time.monotonic()
    return await step(follow=bool(config().search.url)) >= MANY
