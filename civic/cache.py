"""Small things that every request needs and that hardly ever change, kept in the process for some seconds.

async-lru would do what `CachedValue` does, but only within one event loop, and a command runs several.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, Protocol, TypeVar

from cachetools import TTLCache

K = TypeVar("K")
T = TypeVar("T")


class Clearable(Protocol):
    def clear(self) -> None: ...


_all: list[Clearable] = []


class CachedValue(Generic[T]):
    """An async function without arguments whose answer is kept for `seconds`."""

    def __init__(self, read: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._value: T | None = None
        self._until = 0.0
        self._forgotten = 0  # times
        self.__doc__ = read.__doc__
        _all.append(self)

    async def __call__(self) -> T:
        if self._value is not None and time.monotonic() < self._until:
            return self._value
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


class VersionedValue(CachedValue[T]):
    """An async function without arguments whose answer is kept while `version()` answers the same."""

    def __init__(self, read: Callable[[], Awaitable[T]], version: Callable[[], Awaitable[object]]) -> None:
        super().__init__(read, 0)
        self._version, self._read_at = version, object()

    async def __call__(self) -> T:
        version = await self._version()
        if self._value is None or version != self._read_at:
            self._value, self._read_at = await self._read(), version
        return self._value


def cached_while(
    version: Callable[[], Awaitable[object]],
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


def clear_caches() -> None:
    """After the pack was loaded, and between tests."""
    for one in _all:
        one.clear()
