"""Small things that every request needs and that hardly ever change, kept in the process for some seconds.

async-lru would do what `CachedValue` does, but only within one event loop, and a command runs several.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from cachetools import TTLCache

from civic.db import in_a_transaction

K = TypeVar("K")
T = TypeVar("T")


class Clearable(Protocol):
    def clear(self) -> None: ...


_all: list[Clearable] = []


async def share_reading(readings: dict[K, "asyncio.Future[T]"], key: K, read: Callable[[], Awaitable[T]]) -> T:
    """What `read` answers, read once for all who ask for `key` meanwhile.

    They share what it raises too; where the reader is cancelled, the next of them reads. Who is in a transaction waits
    for nobody: the reader may need the very connection that they hold.
    """
    if in_a_transaction():
        return await read()
    while (reading := readings.get(key)) is not None and reading.get_loop() is asyncio.get_running_loop():
        try:
            return await asyncio.shield(reading)
        except asyncio.CancelledError:
            if not reading.cancelled():
                raise  # we were cancelled ourselves
    reading = readings[key] = asyncio.get_running_loop().create_future()
    try:
        found = await read()
        reading.set_result(found)
        return found
    except Exception as error:
        reading.set_exception(error)
        reading.exception()  # it is no fault if nobody waits for it
        raise
    finally:
        reading.cancel()  # does nothing to one that is done
        if readings.get(key) is reading:
            del readings[key]


class CachedValue(Generic[T]):
    """An async function without arguments whose answer is kept for `seconds`, and read once for all who ask at once."""

    def __init__(self, read: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._value: T | None = None
        self._until = 0.0
        self._forgotten = 0  # times
        self._readings: dict[int, asyncio.Future[T]] = {}
        self.__doc__ = read.__doc__
        _all.append(self)

    async def __call__(self) -> T:
        if self._value is not None and time.monotonic() < self._until:
            return self._value
        return await share_reading(self._readings, self._forgotten, self._read_and_keep)

    async def _read_and_keep(self) -> T:
        forgotten = self._forgotten
        value = await self._read()
        if forgotten == self._forgotten:  # else it may be what was to be forgotten
            self._value, self._until = value, time.monotonic() + self._seconds
        return value

    def clear(self) -> None:
        self._value = None
        self._forgotten += 1


def cached(seconds: float) -> Callable[[Callable[[], Awaitable[T]]], CachedValue[T]]:
    return lambda read: CachedValue(read, seconds)


class VersionedValue(Generic[T]):
    """An async function without arguments whose answer is kept while `version()` answers the same.

    The version before is kept too: a page that began with it ends with it.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], version: Callable[[], Awaitable[int]]) -> None:
        self._read, self._version = read, version
        self._values: dict[int, T] = {}
        self._forgotten = 0  # times
        self._readings: dict[tuple[int, int], asyncio.Future[T]] = {}
        self.__doc__ = read.__doc__
        _all.append(self)

    async def __call__(self) -> T:
        version = await self._version()
        if version in self._values:
            return self._values[version]
        return await share_reading(self._readings, (version, self._forgotten), partial(self._read_and_keep, version))

    async def _read_and_keep(self, version: int) -> T:
        forgotten = self._forgotten
        value = await self._read()
        if forgotten == self._forgotten:
            newest = sorted({*self._values, version})[-2:]
            self._values = {one: kept for one, kept in [*self._values.items(), (version, value)] if one in newest}
        return value

    def clear(self) -> None:
        self._values = {}
        self._forgotten += 1


def cached_while(
    version: Callable[[], Awaitable[int]],
) -> Callable[[Callable[[], Awaitable[T]]], VersionedValue[T]]:
    return lambda read: VersionedValue(read, version)


class SharedRead(Generic[T]):
    """An async function without arguments that those who ask at the same time call together.

    Nobody gets an answer whose reading began before they asked, so it is as if each had read alone.
    """

    def __init__(self, read: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._read = read
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None
        self.__doc__ = read.__doc__
        _all.append(self)

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._running))
        return await asyncio.shield(self._next)

    async def _read_after(self, before: asyncio.Task[T] | None) -> T:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        return await self._read()

    def clear(self) -> None:
        self._running = self._next = None


class SharedWork(Generic[T]):
    """Work that is done once, however many ask for it while it is done: a stampede costs as much as one request."""

    def __init__(self) -> None:
        self._running: dict[Hashable, asyncio.Task[T]] = {}
        _all.append(self)

    async def do(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `work` gives, or what the one that runs under this key does. Raises what the work raises, to all.

        It goes on when somebody who waits for it goes away.
        """
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(work())
            task.add_done_callback(lambda _task: self._running.pop(key, None))
        return await asyncio.shield(task)

    def clear(self) -> None:
        self._running.clear()


def timed_cache(seconds: float, max_entries: int = 1000) -> TTLCache[K, T]:
    """A mapping that keeps each entry for `seconds`, and at most `max_entries`: the least recently used go first."""
    cache: TTLCache[K, T] = TTLCache(max_entries, seconds)
    _all.append(cache)
    return cache


class BoundedCache(dict[K, T]):
    """A mapping of at most `max_entries`, the latest added; for what is looked up fifty times a page."""

    def __init__(self, max_entries: int) -> None:
        super().__init__()
        self._max_entries = max_entries
        _all.append(self)

    def __setitem__(self, key: K, value: T) -> None:
        self.pop(key, None)
        if len(self) >= self._max_entries:
            del self[next(iter(self))]
        super().__setitem__(key, value)


def clear_caches() -> None:
    """After the pack was loaded, and between tests."""
    for one in _all:
        one.clear()
