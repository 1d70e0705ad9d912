"""Small things that every request needs and that hardly ever change, kept in the process for some seconds."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

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


class TimedCache(Generic[K, T]):
    """Answers by what was asked, each good for `seconds`; at most `most` of them, the oldest go first."""

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self._seconds, self._most = seconds, most
        self._answers: dict[K, tuple[float, T]] = {}
        _all.append(self)

    def get(self, asked: K) -> T | None:
        until, answer = self._answers.get(asked, (0.0, None))
        return answer if time.monotonic() < until else None

    def put(self, asked: K, answer: T) -> None:
        self._answers.pop(asked, None)
        while len(self._answers) >= self._most:
            del self._answers[next(iter(self._answers))]
        self._answers[asked] = (time.monotonic() + self._seconds, answer)

    def clear(self) -> None:
        self._answers.clear()


def clear_caches() -> None:
    """After the pack was loaded, and between tests."""
    for one in _all:
        one.clear()
