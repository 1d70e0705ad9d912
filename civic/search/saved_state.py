"""Small values that the search saves by name in `search_state`."""

import json
from typing import Any

from civic.db import execute, fetch_one


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
