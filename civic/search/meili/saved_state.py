"""What is kept in PostgreSQL about Meilisearch: small values by name, locks, and what is still to be sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from tortoise.connection import get_connection

from civic.cache import cached
from civic.db import execute, fetch, fetch_one
from civic.search.postgres.rows import Key, key_columns

# Names in `search_state`.
KEY = "meilisearch key"  # the one that may only search
SENT = (
    "meilisearch sent"  # {tasks, rows}: tasks that have not been seen to end, and the rows of search_push they are of
)
REBUILD = "meilisearch rebuild"  # the rebuild under way: rebuilding.Rebuild
FILLED = "meilisearch filled"  # what the index was filled for: rebuilding.Filled
PUSHING, REBUILDING = "civic.search.pushing", "civic.search.rebuilding"  # locks

MAX_SECONDS_BEHIND = 60.0  # seconds
LOCK_POLL_SECONDS = 0.02  # seconds between looks at a lock


async def load_state(name: str) -> Any:
    """What was remembered under a name; None if nothing was."""
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


async def search_key() -> str | None:
    """The key for searching, once a worker has made it."""
    found = await load_state(KEY)
    return str(found) if found else None


# --- what is to be sent -----------------------------------------------------------------------------------------------


async def queue_keys(keys: Sequence[Key]) -> None:
    """Have documents sent (again), as they are by then."""
    await execute(
        "INSERT INTO search_push (kind, item_id) SELECT * FROM unnest($1::text[], $2::bigint[])", *key_columns(keys)
    )


async def queued_changes(most: int) -> list[dict[str, Any]]:
    """The oldest rows of what is to be sent."""
    return await fetch("SELECT id, kind, item_id FROM search_push ORDER BY id LIMIT $1", most)


async def queued_keys(keys: Sequence[Key]) -> set[Key]:
    """Those of the documents that are still to be sent."""
    rows = await fetch(
        "SELECT DISTINCT kind, item_id FROM search_push JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id)"
        " USING (kind, item_id)",
        *key_columns(keys),
    )
    return {(row["kind"], row["item_id"]) for row in rows}


@cached(seconds=2)
async def seconds_behind() -> float:
    """Age of the oldest change that Meilisearch does not have, seconds; kept for two."""
    row = await fetch_one(
        "SELECT extract(epoch FROM clock_timestamp() - at) AS age FROM search_push ORDER BY id LIMIT 1"
    )
    return max(0.0, float(row["age"])) if row else 0.0


async def too_far_behind() -> bool:
    """Whether Meilisearch lacks so much that PostgreSQL has to answer."""
    return await seconds_behind() > MAX_SECONDS_BEHIND


# --- locks ------------------------------------------------------------------------------------------------------------


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
