"""What is kept in the process is not older than it may be."""

import asyncio

from civic.cache import CachedValue


async def test_what_is_being_read_while_it_is_forgotten_is_not_kept() -> None:
    """It may have been read before what it was forgotten for."""
    told, go = ["old"], asyncio.Event()

    async def read() -> str:
        found = told[0]
        await go.wait()
        return found

    kept = CachedValue(read, seconds=60)
    reading = asyncio.create_task(kept())
    await asyncio.sleep(0)
    told[0] = "new"
    kept.clear()
    go.set()
    assert await reading == "old"
    assert await kept() == "new"
    told[0] = "newer"
    assert await kept() == "new"
