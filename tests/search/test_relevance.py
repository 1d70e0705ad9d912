"""What people look for is among the first that is found (relevance.toml), by either engine.

Meilisearch is measured where CIVIC_TEST_MEILI_URL names one (and CIVIC_TEST_MEILI_KEY its key).
"""

import os
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from meilisearch import Client

from civic.composition import install_hooks
from civic.config import SearchConfig
from civic.db import connect, execute
from civic.search import saved_state
from civic.search.documents import Query
from civic.search.meili import queue
from civic.search.meili.client import Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.settings import index_settings
from civic.search.phrases import Synonyms
from civic.search.postgres import search as postgres_search
from civic.search.postgres import vocabulary
from civic.search.rebuild import rebuild
from tests.builders.documents import put_documents
from tests.search.corpus import Corpus
from tests.search.relevance import FIRST, Known, queries, synonyms

LEAST = 0.8  # mean reciprocal rank
FEWEST = 60  # queries
BATCH = 1000  # documents
LANGUAGES = ("en", "zh", "hu")
URL, KEY = "CIVIC_TEST_MEILI_URL", "CIVIC_TEST_MEILI_KEY"
NO_MEILI = pytest.mark.skipif(
    not os.environ.get(URL), reason=f"{URL} names no Meilisearch: its ranking is not measured"
)

Find = Callable[[Query], Awaitable[list[int]]]  # subjects, the best first


@pytest.fixture(scope="module")
def url(data: Path, make_database: Callable[..., str]) -> str:
    """Of a database for so many documents; none is made where there is no data."""
    return make_database("relevance")


@pytest.fixture(scope="module")
async def corpus(data: Path, url: str) -> AsyncIterator[Corpus]:
    """Three cities in PostgreSQL's index; Tortoise is connected to it."""
    install_hooks()  # kinds of documents weigh differently, as their domains say
    found = Corpus(data)
    async with connect(url, pool=5):
        documents = (document for _, document in found.documents())
        while batch := list(islice(documents, BATCH)):
            await put_documents(batch)
        await vocabulary.count_words()
        await execute("ANALYZE")
        yield found


@pytest.fixture(params=["postgresql", pytest.param("meilisearch", marks=NO_MEILI)])
async def find(request: pytest.FixtureRequest, corpus: Corpus) -> AsyncIterator[Find]:
    if request.param == "postgresql":
        yield _by_postgresql
        return
    search = SearchConfig(
        url=os.environ[URL], key=os.environ.get(KEY, ""), index=f"civic-test-{secrets.token_hex(6)}", seconds=30
    )
    meili = Meili(search, queue.search_key)
    try:
        if meili.key:
            await saved_state.save_state(queue.KEY, await meili.make_search_key())
        await rebuild(MeiliEngine(meili, index_settings(LANGUAGES, synonyms())))
        yield partial(_by_meilisearch, meili)
    finally:
        for index in (meili.index, meili.next):
            dropped = await meili.call(partial(Client.delete_index, uid=index))
            await meili.wait_until_ended([dropped.task_uid], 60)
        meili.close()


async def _by_postgresql(query: Query) -> list[int]:
    found = await postgres_search.find(query, synonyms=Synonyms.from_groups(synonyms()))
    return [hit.document.item_id for hit in found.hits]


async def _by_meilisearch(meili: Meili, query: Query) -> list[int]:
    return [place.key[1] for place in (await meili.find(query)).hits]


async def test_right_answers_come_first(corpus: Corpus, find: Find) -> None:
    ranks = [(known, _rank(known, corpus, await find(known.query(corpus)))) for known in queries()]
    mean = sum(1 / rank for _, rank in ranks if rank) / len(ranks)
    assert mean >= LEAST, f"mean reciprocal rank {mean:.3f}\n{_table(ranks)}"


def _rank(known: Known, corpus: Corpus, subjects: list[int]) -> int:
    """The place of the first right answer; 0: it is not among the first."""
    right = {corpus.subjects[source] for source in known.right}
    return next((rank for rank, item_id in enumerate(subjects[:FIRST], 1) if item_id in right), 0)


def _table(ranks: list[tuple[Known, int]]) -> str:
    """The worst first."""
    ordered = sorted(ranks, key=lambda one: 1 / one[1] if one[1] else 0)
    return "\n".join(f"{rank or '-':>4}  {known.text}  ({known.about})" for known, rank in ordered)


def test_the_right_answers_are_there(data: Path) -> None:
    corpus = Corpus(data)
    there = {source for source, _ in corpus.documents()}
    asked = list(queries())
    assert len(asked) >= FEWEST
    assert [known.text for known in asked if not known.right or not there.issuperset(known.right)] == []
    assert [text for text, times in Counter(known.text for known in asked).items() if times > 1] == []
    assert {known.category for known in asked} - {*corpus.categories, ""} == set()
    assert {known.area for known in asked} - {*corpus.areas, ""} == set()
