"""What PostgreSQL keeps about Meilisearch: the changes that are to be sent, and the key for searching."""

from collections.abc import Sequence

from civic.cache import cached
from civic.db import Row, execute, fetch, fetch_one
from civic.search.documents import Key
from civic.search.meili.sql import COUNT_QUEUED, FOLLOWED, QUEUED
from civic.search.postgres.rows import key_columns
from civic.search.saved_state import load_state

# Names in `search_state`.
KEY = "meilisearch key"  # the one that may only search
SENT = "meilisearch sent"  # {tasks, rows}: tasks that have not been seen to end, and their rows of search_push
REBUILD = "meilisearch rebuild"  # the rebuild under way: rebuild.MeiliRebuild
FILLED = "meilisearch filled"  # what the index was filled for: rebuild.FilledFor
SENDING, REBUILDING = "civic.search.sending", "civic.search.rebuilding"  # locks

MAX_SECONDS_BEHIND = 60.0


async def search_key() -> str | None:
    """The key for searching, once a worker has made it."""
    found = await load_state(KEY)
    return str(found) if found else None


async def queue_keys(keys: Sequence[Key]) -> None:
    """Queue documents; each is sent as it is at that time."""
    await execute(
        "INSERT INTO search_push (kind, item_id) SELECT * FROM unnest($1::text[], $2::bigint[])", *key_columns(keys)
    )


async def is_followed() -> bool:
    """Whether a Meilisearch follows, or is being filled: without one, nobody would ever take what is queued."""
    row = await fetch_one(FOLLOWED, [FILLED, REBUILD])
    return bool(row and row["followed"])


async def queued_changes(most: int) -> list[Row]:
    """The oldest rows of what is to be sent."""
    return await fetch(QUEUED, most)


async def count_queued() -> int:
    row = await fetch_one(COUNT_QUEUED)
    return int(row["n"]) if row else 0


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
