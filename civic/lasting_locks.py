"""Locks of the database that last longer than a transaction."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from civic.db import own_connection

LOCK_POLL_SECONDS = 0.02


class LockConnection:
    """A connection for locks that last longer than a transaction; no transaction is open meanwhile."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def try_lock(self, name: str, *, shared: bool = False) -> bool:
        """Take the lock `name`, unless another connection holds it; others may share a shared one."""
        function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        return bool(await self.connection.fetchval(f"SELECT {function}(hashtextextended($1, 0))", name))

    async def unlock(self, name: str, *, shared: bool = False) -> None:
        if not self.connection.is_closed():  # a closed connection has no locks
            function = "pg_advisory_unlock_shared" if shared else "pg_advisory_unlock"
            await self.connection.execute(f"SELECT {function}(hashtextextended($1, 0))", name)

    @asynccontextmanager
    async def lock(self, name: str, *, shared: bool = False) -> AsyncIterator[None]:
        """Wait for the lock `name` and hold it within the block."""
        # Not pg_advisory_lock: it would wait within a statement, which keeps old rows from being cleared away.
        while not await self.try_lock(name, shared=shared):  # noqa: ASYNC110
            await asyncio.sleep(LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            await self.unlock(name, shared=shared)


@asynccontextmanager
async def lock_connection() -> AsyncIterator[LockConnection]:
    """A connection of the pool that nobody else uses within the block; its locks end with the block."""
    async with own_connection() as connection:
        try:
            yield LockConnection(connection)
        finally:  # the pool gives it to the next one as it is
            if not connection.is_closed():
                await asyncio.shield(connection.execute("SELECT pg_advisory_unlock_all()"))
