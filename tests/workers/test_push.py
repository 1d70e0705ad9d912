"""Changes reach Meilisearch, each document in its last state, whichever worker is killed at whatever step."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from civic import db
from civic.config import SearchConfig
from civic.search import saved_state
from civic.search.meili import queue
from civic.search.meili.client import Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.postgres import rows
from civic.search.verify import check
from tests.builders.documents import make_document, write_documents
from tests.search.imitation import MASTER, Imitation
from tests.workers.conftest import Start, until

pytestmark = pytest.mark.usefixtures("database")

DOCUMENTS, KILLS = 300, 10


@pytest.fixture
def meilisearch() -> Iterator[Imitation]:
    server = Imitation().start()
    yield server
    server.stop()


async def sent() -> bool:
    return not await db.fetch("SELECT 1 FROM search_push LIMIT 1")


def connected(server: Imitation) -> dict[str, str]:
    return {"CIVIC_SEARCH__URL": server.url, "CIVIC_SEARCH__KEY": MASTER}


async def same(server: Imitation) -> bool:
    """Whether Meilisearch has exactly what PostgreSQL has, of the same state."""
    meili = Meili(SearchConfig(url=server.url, key=MASTER), queue.search_key)
    try:
        found = await check(MeiliEngine(meili, {}))
    finally:
        meili.close()
    titles = {
        f"report-{one.item_id}": one.title
        for one in await rows.read_documents([("report", n) for n in range(DOCUMENTS)])
    }
    there = {name: document["title"] for name, document in server.indexes["civic"].documents.items()}
    return not found.keys() and titles == there


async def test_a_worker_fills_the_index_and_follows(start: Start, meilisearch: Imitation) -> None:
    await write_documents([make_document(n, f"First {n}") for n in range(DOCUMENTS)])
    start("push", **connected(meilisearch))
    await until(sent)
    await write_documents([make_document(3, "Second")], gone=[("report", 4)])
    await until(sent, seconds=5)
    assert await same(meilisearch)


async def test_killed_workers_lose_nothing(start: Start, meilisearch: Imitation) -> None:
    """While documents are written, changed and removed, and the index is filled, workers are killed again and again."""
    dice = random.Random(3)
    meilisearch.delay = 0.003
    await write_documents([make_document(n, f"First {n}") for n in range(DOCUMENTS)])
    written = 0

    async def writing() -> None:
        nonlocal written
        while True:
            written += 1
            some = dice.sample(range(DOCUMENTS), 12)
            await write_documents(
                [make_document(n, f"State {written} of {n}") for n in some[:8]], [("report", n) for n in some[8:]]
            )
            await asyncio.sleep(0.02)

    writer = asyncio.create_task(writing())
    for kill in range(KILLS):
        before = len(meilisearch.asked)
        workers = [start("push", **connected(meilisearch)) for _ in range(1 + kill % 2)]

        async def at_work(before: int = before) -> bool:
            return len(meilisearch.asked) > before + 5

        await until(at_work)
        await asyncio.sleep(dice.uniform(0, 0.4))
        for worker in workers:
            worker.kill()
            worker.wait()
    writer.cancel()
    start("push", **connected(meilisearch))
    await until(sent)
    await until(no_rebuild)
    assert written > KILLS
    assert await same(meilisearch)


async def no_rebuild() -> bool:
    return await saved_state.load_state(queue.REBUILD) is None


async def test_one_that_comes_back_is_caught_up_with(start: Start, meilisearch: Imitation) -> None:
    await write_documents([make_document(n, f"First {n}") for n in range(20)])
    start("push", **connected(meilisearch))
    await until(sent)
    meilisearch.stop()
    await write_documents([make_document(n, f"Second {n}") for n in range(10)], gone=[("report", 11)])
    await asyncio.sleep(2)
    assert not await sent()
    meilisearch.start()
    await until(sent)
    assert await same(meilisearch)
