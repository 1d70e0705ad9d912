"""Small things that every request needs and that hardly ever change, kept in the process for some seconds."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
_all: list["Kept"] = []


class Kept(Generic[T]):
    """An async function without arguments whose answer is kept for `seconds`."""

    def __init__(self, read: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._value: T | None = None
        self._until = 0.0
        self.__doc__ = read.__doc__
        _all.append(self)

    async def __call__(self) -> T:
        if self._value is None or time.monotonic() >= self._until:
            self._value = await self._read()
            self._until = time.monotonic() + self._seconds
        return self._value

    def forget(self) -> None:
        self._value = None


def kept(seconds: float) -> Callable[[Callable[[], Awaitable[T]]], Kept[T]]:
    return lambda read: Kept(read, seconds)


class KeptWhile(Kept[T]):
    """An async function without arguments whose answer is kept while `version()` answers the same."""

    def __init__(self, read: Callable[[], Awaitable[T]], version: Callable[[], Awaitable[object]]) -> None:
        super().__init__(read, 0)
        self._version, self._read_at = version, object()

    async def __call__(self) -> T:
        version = await self._version()
        if self._value is None or version != self._read_at:
            self._value, self._read_at = await self._read(), version
        return self._value


def kept_while(
    version: Callable[[], Awaitable[object]],
) -> Callable[[Callable[[], Awaitable[T]]], KeptWhile[T]]:
    return lambda read: KeptWhile(read, version)


def forget_all() -> None:
    """After the pack was loaded, and between tests."""
    for one in _all:
        one.forget()
