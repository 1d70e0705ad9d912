"""Changes reach Meilisearch, each document in its last state, whichever worker is killed at whatever step."""

import asyncio
import random
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

import pytest

from civic import db, timing
from civic.config import SearchConfig
from civic.search import feed, saved_state
from civic.search.meili import queue
from civic.search.meili.client import Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.verify import check
from tests.search.imitation import MASTER, Imitation
from tests.workers.conftest import Start, until

pytestmark = pytest.mark.usefixtures("database")

DOCUMENTS, KILLS = 300, 10
WRITE_POSTS = """
INSERT INTO post (id, kind, email, title, text, language, created_at, visibility, visibility_before, made_private,
    hidden_reason, path, votes_count, comments_count, photos_count, channel, source_url)
SELECT id, 'traffic', '', '', text, '', $3, 'public', '', false, '', '', 0, 0, 0, 'web', ''
FROM unnest($1::bigint[], $2::text[]) AS x (id, text)
ON CONFLICT (id) DO UPDATE SET text = excluded.text, visibility = 'public'
"""
WRITE_UPDATES = """
INSERT INTO traffic_update (kind, lat, lon, place, near, still_count, gone_count, expires_at, ended, post_id)
SELECT 'jam', 47.5, 19.0, 'Bridge', '{}', 0, 0, $2, '', id FROM unnest($1::bigint[]) AS id ON CONFLICT DO NOTHING
"""


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
    rows = await db.fetch("SELECT id, text FROM post WHERE visibility = 'public'")
    texts = {f"traffic-{row['id']}": row["text"] for row in rows}
    there = {name: document["text"] for name, document in server.indexes["civic"].documents.items()}
    return not found.keys() and texts == there


async def write_updates(texts: Mapping[int, str], gone: Collection[int] = ()) -> None:
    """Post traffic updates, or change what they say; hide those that are gone; and index it as the worker does."""
    await db.execute(WRITE_POSTS, [*texts], [*texts.values()], timing.now())
    await db.execute(WRITE_UPDATES, [*texts], timing.now() + timedelta(days=1))
    await db.execute("UPDATE post SET visibility = 'hidden' WHERE id = ANY($1)", [*gone])
    while await feed.step(follow=True):
        pass


async def test_a_worker_fills_the_index_and_follows(start: Start, meilisearch: Imitation) -> None:
    await write_updates({n: f"First {n}" for n in range(1, DOCUMENTS + 1)})
    start("push", **connected(meilisearch))
    await until(sent)
    await write_updates({3: "Second"}, gone=[4])
    await until(sent, seconds=5)
    assert await same(meilisearch)


async def test_killed_workers_lose_nothing(start: Start, meilisearch: Imitation) -> None:
    """While documents are written, changed and removed, and the index is filled, workers are killed again and again."""
    dice = random.Random(3)
    meilisearch.delay = 0.003
    await write_updates({n: f"First {n}" for n in range(1, DOCUMENTS + 1)})
    written = 0

    async def writing() -> None:
        nonlocal written
        while True:
            written += 1
            some = dice.sample(range(1, DOCUMENTS + 1), 12)
            await write_updates({n: f"State {written} of {n}" for n in some[:8]}, gone=some[8:])
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
    await asyncio.wait([writer])
    await write_updates({})  # indexes what was written last
    start("push", **connected(meilisearch))
    await until(sent)
    await until(no_rebuild)
    assert written > KILLS
    assert await same(meilisearch)


async def no_rebuild() -> bool:
    return await saved_state.load_state(queue.REBUILD) is None


async def test_one_that_comes_back_is_caught_up_with(start: Start, meilisearch: Imitation) -> None:
    await write_updates({n: f"First {n}" for n in range(1, 21)})
    start("push", **connected(meilisearch))
    await until(sent)
    meilisearch.stop()
    await write_updates({n: f"Second {n}" for n in range(1, 11)}, gone=[11])
    await asyncio.sleep(2)
    assert not await sent()
    meilisearch.start()
    await until(sent)
    assert await same(meilisearch)
