"""The pool of the driver's connections: one that is given back goes to the next at once.

The driver's own pool gives a connection back in a task of its own, which takes several times as long as a small
statement. So a connection in good order stays out of it, ready for whoever comes next. The driver's pool has it back
where something is open on it, where somebody waits, and once a minute, so that it closes those that are not used.

Tortoise knows a module by the name of its driver, so it stands in this one's.
"""

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient

READY_SECONDS = 60.0
MAX_STATEMENTS = 50_000  # of a connection; then another one is made, as the server's side of it grows
IDLE_SECONDS = 300.0  # after which the driver's pool closes a connection


class ReadyPool(asyncpg.Pool):  # type: ignore[misc]  # the driver has no types
    """A pool that keeps connections ready without a task for each that is given back."""

    def __init__(self, **settings: object) -> None:
        super().__init__(
            max_queries=MAX_STATEMENTS,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            record_class=asyncpg.Record,
            **settings,
        )
        self._ready: list[PoolConnectionProxy] = []
        self._waiting = 0  # tasks that wait for a connection
        self._until = self._loop.time() + READY_SECONDS

    async def _acquire(self, timeout: float | None) -> PoolConnectionProxy:  # noqa: ASYNC109  # the driver's
        """The driver's hook behind `acquire`."""
        while self._ready:
            connection = self._ready.pop()
            if not connection.is_closed():
                return connection
            await super().release(connection)
        self._waiting += 1
        try:
            return await super()._acquire(timeout)
        finally:
            self._waiting -= 1

    async def release(self, connection: PoolConnectionProxy, **settings: object) -> None:
        """Give a connection back; nothing happens to one that was given back before."""
        if connection in self._ready:
            return
        if self._loop.time() >= self._until:
            self._until = self._loop.time() + READY_SECONDS
            await self._put_back()
        elif self._is_in_order(connection) and not self._waiting and not self._closing:
            self._ready.append(connection)
            return
        await super().release(connection, **settings)

    async def close(self) -> None:
        """Close all connections, once those in use are given back."""
        self._until = 0.0  # none is ready from now on
        await self._put_back()
        await super().close()

    def get_idle_size(self) -> int:
        """How many connections are open and not in use."""
        return int(super().get_idle_size()) + len(self._ready)

    async def _put_back(self) -> None:
        """Let the driver's pool have all that are ready."""
        while self._ready:
            await super().release(self._ready.pop())

    def _is_in_order(self, connection: PoolConnectionProxy) -> bool:
        """Whether a connection is in use, and nothing is open or under way on it."""
        return not (
            connection._con is None  # the driver's mark of one that was given back
            or connection.is_closed()
            or connection.is_in_transaction()
            or connection._con._protocol._is_cancelling()  # a statement was cut off
        )


class ReadyPoolClient(AsyncpgDBClient):
    """Tortoise's client of the driver, with that pool."""

    async def create_pool(self, **settings: object) -> asyncpg.Pool:
        return await ReadyPool(**settings)


client_class = ReadyPoolClient  # by which Tortoise finds it
