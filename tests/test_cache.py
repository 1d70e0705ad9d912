"""What is kept in the process is not older than it may be."""

import asyncio

import pytest

from civic.cache import CachedValue, SharedRead, VersionedValue


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


async def test_many_who_ask_at_once_cause_one_reading() -> None:
    """Of what is out of date everybody asks at the same moment."""
    readings, go = 0, asyncio.Event()

    async def read() -> int:
        nonlocal readings
        readings += 1
        await go.wait()
        return readings

    for kept in (CachedValue(read, seconds=60), VersionedValue(read, _one)):
        readings = 0
        go.clear()
        asking = [asyncio.create_task(kept()) for _ in range(20)]
        await asyncio.sleep(0.01)
        go.set()
        assert await asyncio.gather(*asking) == [1] * 20


async def _one() -> int:
    return 1


async def test_who_waits_shares_the_failure_and_reads_where_the_reader_was_cancelled() -> None:
    go, answers = asyncio.Event(), [ValueError("away"), "found"]

    async def read() -> str:
        await go.wait()
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept = CachedValue(read, seconds=60)
    asking = [asyncio.create_task(kept()) for _ in range(3)]
    await asyncio.sleep(0.01)
    go.set()
    assert [str(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == ["away"] * 3
    go.clear()
    first, second = asyncio.create_task(kept()), asyncio.create_task(kept())
    await asyncio.sleep(0.01)
    first.cancel()
    go.set()
    assert await second == "found"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_fresh_value_is_never_older_than_the_question() -> None:
    state, readings, go = ["old"], 0, asyncio.Event()

    async def read() -> str:
        nonlocal readings
        readings += 1
        found = state[0]
        await go.wait()
        return found

    fresh = SharedRead(read)
    first = asyncio.create_task(fresh())
    await asyncio.sleep(0.01)
    state[0] = "new"
    later = [asyncio.create_task(fresh()) for _ in range(20)]
    await asyncio.sleep(0.01)
    go.set()
    assert await first == "old"
    assert await asyncio.gather(*later) == ["new"] * 20
    assert readings == 2


async def test_the_version_before_is_kept_for_pages_that_began_with_it() -> None:
    version, readings = 1, 0

    async def tell() -> int:
        return version

    async def read() -> str:
        nonlocal readings
        readings += 1
        return f"catalogue {version}"

    kept = VersionedValue(read, tell)
    assert await kept() == "catalogue 1"
    version = 2
    assert await kept() == "catalogue 2"
    version = 1
    assert await kept() == "catalogue 1"
    assert readings == 2
