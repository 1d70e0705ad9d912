"""Searching, whichever engine answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from geopy.distance import great_circle

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.db import fetch_one, json_value
from civic.search import postgres
from civic.search.documents import Document, Found, Hit, Kind, Query
from civic.search.marking import excerpt
from civic.search.meili.answering import answer
from civic.search.meili.asking import Place, Ranked
from civic.search.meili.client import Meili
from civic.search.meili.settings import settings
from civic.search.rows import DESK, digests, read
from civic.search.terms import Synonyms, all_of, labelled, understand
from civic.search.text import runs


@cached_while(city_version)
async def synonyms() -> Synonyms:
    """The pack's groups of words that mean the same."""
    row = await fetch_one("SELECT value FROM search_state WHERE name = 'synonyms'")
    return Synonyms.from_groups(json_value(row["value"]) if row else [])


async def wanted() -> Mapping[str, Any]:
    """The settings that the pack in force asks of Meilisearch."""
    return settings((await city()).languages, (await synonyms()).groups)


async def find(query: Query, meili: Meili | None = None) -> Found:
    """What everybody may find; by Meilisearch where there is one that can be relied on, else by PostgreSQL."""
    ranked = await _ranked(meili, query) if meili else None
    if ranked is None:
        found = await postgres.find(query, synonyms=await synonyms())
        return replace(found, fallback=meili is not None)
    return await _hydrated(query, ranked)


async def _ranked(meili: Meili, query: Query) -> Ranked | None:
    """What Meilisearch finds; where hardly anything has every word, followed by what has most of them."""
    ranked = await answer(meili, query)
    if ranked is None or ranked.total >= postgres.FEW or query.some or len(list(runs(query.text))) < 2:
        return ranked
    more = await answer(meili, replace(query, some=True))
    return more if more and more.total > ranked.total else ranked


async def _hydrated(query: Query, ranked: Ranked) -> Found:
    """The hits with their documents as they are now: what has left the index since is left out, whoever found it."""
    keys = [place.key for place in ranked.hits]
    documents = {(one.kind.value, one.subject): one for one in await read(keys)}
    now = await digests(keys)
    hits = [
        _hit(query, documents[place.key], place, stale=now[place.key].hex() != place.digest)
        for place in ranked.hits
        if place.key in documents
    ]
    return Found(hits, ranked.total, ranked.exact, ranked.facets, ranked.instead, engine="meilisearch")


def _hit(query: Query, document: Document, place: Place, *, stale: bool) -> Hit:
    metres = None
    if query.near and document.lat is not None and document.lon is not None:
        metres = float(great_circle(query.near[:2], (document.lat, document.lon)).meters)
    if stale:  # what was marked may not stand there any more
        return Hit(document, document.title, excerpt((document.text,), ()), metres)
    return Hit(document, place.title, place.excerpt, metres)


async def every_word(text: str, kind: Kind) -> str:
    """A tsquery over the words of an index, for lists that are narrowed by words too; what matches nothing if empty."""
    understood = await understand(text, await synonyms())
    return labelled(all_of(understood.terms), [[f":k:{kind}"]]) if understood.terms else ""


async def find_on_desk(query: Query) -> Found:
    """What `query.readers` may find: cases with everything internal. Always from PostgreSQL, where they stay."""
    return await postgres.find(query, DESK, await synonyms())
