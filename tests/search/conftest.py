"""What is searched in: PostgreSQL, and beside it a Meilisearch, imitated or real."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from functools import partial

import pytest
from meilisearch import Client

from civic.config import SearchConfig
from civic.search.documents import Query
from civic.search.meili import queue
from civic.search.meili.client import Meili
from tests.builders.documents import fill_indexes
from tests.search.imitation import MASTER, Imitation

URL = "CIVIC_TEST_MEILI_URL"
SECONDS = 2.0  # that a search waits: tests share their machine


@pytest.fixture
def imitation() -> Iterator[Imitation]:
    """A Meilisearch in this process, with what can go wrong."""
    server = Imitation().start()
    yield server
    server.status, server.delay = 0, 0
    server.stop()


@pytest.fixture
async def follower(imitation: Imitation, database: str) -> AsyncIterator[Meili]:
    """The index of the imitation, which is not there yet. The database is empty."""
    found = Meili(SearchConfig(url=imitation.url, key=MASTER, seconds=SECONDS), queue.search_key)
    yield found
    found.close()


@pytest.fixture(params=["imitation", *(["real"] if os.environ.get(URL) else [])])
async def meili(request: pytest.FixtureRequest, imitation: Imitation, database: str) -> AsyncIterator[Meili]:
    """The index of an imitation, and of the real Meilisearch if CIVIC_TEST_MEILI_URL names one; it is not there yet."""
    search = SearchConfig(url=imitation.url, key=MASTER, seconds=SECONDS)
    if request.param == "real":
        search = SearchConfig(
            url=os.environ[URL],
            key=os.environ.get("CIVIC_TEST_MEILI_KEY", ""),
            index=f"civic-test-{secrets.token_hex(6)}",
            seconds=5.0,
        )
    found = Meili(search, queue.search_key)
    yield found
    for index in (found.index, found.next):
        dropped = await found.call(partial(Client.delete_index, uid=index))
        await found.wait_until_ended([dropped.task_uid], 30)
    found.close()


@pytest.fixture
async def city(follower: Meili, imitation: Imitation) -> Meili:
    """The imitation's index, with a small city's documents."""
    await fill_indexes(follower)
    await follower.find(Query(text="warm"))
    imitation.asked.clear()
    return follower
