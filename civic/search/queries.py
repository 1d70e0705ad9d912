"""Searching, whichever engine answers."""

from collections.abc import Mapping
from typing import Any

from civic.cache import kept_while
from civic.db import fetch_one, json_value
from civic.geo.queries import city, pack_version
from civic.search import postgres
from civic.search.documents import Found, Query
from civic.search.meili.settings import settings
from civic.search.rows import DESK
from civic.search.terms import Synonyms


@kept_while(pack_version)
async def synonyms() -> Synonyms:
    """The pack's groups of words that mean the same."""
    row = await fetch_one("SELECT value FROM search_state WHERE name = 'synonyms'")
    return Synonyms.from_groups(json_value(row["value"]) if row else [])


async def wanted() -> Mapping[str, Any]:
    """The settings that the pack in force asks of Meilisearch."""
    return settings((await city()).languages, (await synonyms()).groups)


async def find(query: Query) -> Found:
    """What everybody may find."""
    return await postgres.find(query, synonyms=await synonyms())


async def find_on_desk(query: Query) -> Found:
    """What `query.readers` may find: cases with everything internal. Always from PostgreSQL, where they stay."""
    return await postgres.find(query, DESK, await synonyms())
