"""Small values that the search saves by name in `search_state`, and locks that outlast a transaction."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from tortoise.connection import get_connection

from civic.db import execute, fetch_one

LOCK_POLL_SECONDS = 0.02  # seconds between looks at a lock


async def load_state(name: str) -> Any:
    """The value that was saved under a name, or None."""
    row = await fetch_one("SELECT value FROM search_state WHERE name = $1", name)
    return row["value"] if row else None


async def save_state(name: str, value: Any) -> None:
    await execute(
        "INSERT INTO search_state AS s (name, value) VALUES ($1, $2::jsonb) ON CONFLICT (name) DO UPDATE"
        " SET value = excluded.value",
        name,
        json.dumps(value),
    )


async def delete_state(*names: str) -> None:
    await execute("DELETE FROM search_state WHERE name = ANY($1)", list(names))


class LockConnection:
    """A connection of its own, for locks that last longer than a transaction: none is open meanwhile."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    async def try_lock(self, name: str) -> bool:
        return bool(await self.connection.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", name))

    async def unlock(self, name: str) -> None:
        if not self.connection.is_closed():  # its locks are gone with it
            await self.connection.execute("SELECT pg_advisory_unlock(hashtext($1))", name)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Hold a lock within the block; waits for it."""
        # Not pg_advisory_lock: it would wait within a statement, which keeps old rows from being cleared away.
        while not await self.try_lock(name):  # noqa: ASYNC110
            await asyncio.sleep(LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            await self.unlock(name)


@asynccontextmanager
async def lock_connection() -> AsyncIterator[LockConnection]:
    """A connection from the pool that nobody else uses within the block; its locks end with it."""
    async with cast(Any, get_connection("default")).acquire_connection() as connection:
        yield LockConnection(connection)
