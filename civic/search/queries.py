"""Searches, whichever engine answers."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from civic.cache import cached_while
from civic.city.queries import city, city_version
from civic.db import fetch_one
from civic.geo.distance import measure_metres
from civic.search.documents import Document, Key, Query, SearchHit, SearchResult
from civic.search.highlight import make_excerpt
from civic.search.meili.client import Meili
from civic.search.meili.fallback import answer
from civic.search.meili.multi_search import RankedHit, RankedHits
from civic.search.meili.settings import index_settings
from civic.search.phrases import Synonyms
from civic.search.postgres import search as postgres_search
from civic.search.postgres.encoding import document_digest
from civic.search.postgres.rows import DESK, match_documents
from civic.search.postgres.terms import all_of, any_of, parse_query, with_labels
from civic.search.subjects import read_documents
from civic.search.text import runs


@cached_while(city_version)
async def synonyms() -> Synonyms:
    """The pack's groups of words that mean the same."""
    row = await fetch_one("SELECT value FROM search_state WHERE name = 'synonyms'")
    return Synonyms.from_groups(row["value"] if row else [])


async def wanted_settings() -> Mapping[str, Any]:
    """The settings that the pack in force asks of Meilisearch."""
    return index_settings((await city()).languages, (await synonyms()).groups)


async def find(query: Query, meili: Meili | None = None) -> SearchResult:
    """Find what everybody may see. Meilisearch answers if there is one that can be relied on, else PostgreSQL."""
    ranked = await _ranked(meili, query) if meili else None
    found = await _hydrated(query, ranked) if ranked else None
    if found is None:
        found = await postgres_search.find(query, synonyms=await synonyms())
        found = replace(found, fallback=meili is not None and ranked is None)
    return found


async def _ranked(meili: Meili, query: Query) -> RankedHits | None:
    """What Meilisearch finds; where hardly anything has every word, followed by what has most of them."""
    ranked = await answer(meili, query)
    if ranked is None or ranked.total >= postgres_search.FEW_HITS or query.partial or len(list(runs(query.text))) < 2:
        return ranked
    more = await answer(meili, replace(query, partial=True))
    return more if more and more.total > ranked.total else ranked


async def _hydrated(query: Query, ranked: RankedHits) -> SearchResult | None:
    """The hits with their documents as they are now.

    None if one of them has left the index since, or does not have the words any more: then what Meilisearch counts and
    corrects comes from a text that may be hidden by now, and PostgreSQL has to answer.
    """
    keys = {place.key for place in ranked.hits}
    documents = await read_documents(keys)
    stale = {
        place.key
        for place in ranked.hits
        if place.key in documents and document_digest(documents[place.key]).hex() != place.digest
    }
    if len(documents) < len(keys) or not await _still_match(query, stale):
        return None
    hits = [_hit(query, documents[place.key], place, stale=place.key in stale) for place in ranked.hits]
    return SearchResult(hits, ranked.total, ranked.exact, ranked.facets, ranked.corrections, engine="meilisearch")


async def _still_match(query: Query, keys: Collection[Key]) -> bool:
    """Whether all of these documents have the words of the query as they are now; with `partial`, one of them."""
    if not keys or not query.text.strip():
        return True
    understood = await parse_query(query.text, await synonyms())
    words = any_of(understood.terms) if query.partial else all_of(understood.terms)
    return len(await match_documents(list(keys), words)) == len(keys)


def _hit(query: Query, document: Document, place: RankedHit, *, stale: bool) -> SearchHit:
    metres = None
    if query.near and document.lat is not None and document.lon is not None:
        metres = measure_metres(*query.near[:2], document.lat, document.lon)
    if stale:  # what was marked may not stand there any more
        return SearchHit(document, document.title, make_excerpt((document.text,), ()), metres)
    return SearchHit(document, place.title, place.excerpt, metres)


async def all_words_query(text: str, kind: str) -> str:
    """A tsquery over the words of an index, for lists that are narrowed by words too; empty if nothing matches."""
    understood = await parse_query(text, await synonyms())
    return with_labels(all_of(understood.terms), [[f":k:{kind}"]]) if understood.terms else ""


async def find_on_desk(query: Query) -> SearchResult:
    """What `query.readers` may find: cases with everything internal. Always from PostgreSQL, where they stay."""
    return await postgres_search.find(query, DESK, await synonyms())
