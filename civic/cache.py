"""Small things that every request needs and that hardly ever change, kept in the process for some seconds.

async-lru would do what `CachedValue` does, but only within one event loop, and a command runs several.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

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


def timed_cache(seconds: float, max_entries: int = 1000) -> TTLCache[K, T]:
    """A mapping that keeps each entry for `seconds`, and at most `max_entries`: the least recently used go first."""
    cache: TTLCache[K, T] = TTLCache(max_entries, seconds)
    _all.append(cache)
    return cache


def clear_caches() -> None:
    """After the pack was loaded, and between tests."""
    for one in _all:
        one.clear()
