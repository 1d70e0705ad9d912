"""Sending to a Meilisearch with which something is wrong: nothing is lost, nothing is sent in the wrong order."""

import asyncio
from collections.abc import Callable

import pytest

from civic.config import SearchConfig
from civic.db import fetch, fetch_one
from civic.search.meili import client as asking
from civic.search.meili import queue, sync
from civic.search.meili import rebuild as meili_rebuild
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.outbox import send_batch
from civic.search.meili.sync import MeiliSync
from civic.search.rebuild import rebuild, rebuild_part
from civic.search.subjects import read_documents
from civic.search.verify import check
from tests.builders.documents import WANTED, get_index_settings, make_document, make_documents, write_documents
from tests.search.imitation import MASTER, Imitation, Task
from tests.search.test_meili_following import follow, pushed, same, titles, waiting
from tests.search.test_meili_trouble import ELM, away, broken, lost, strange_settings, trouble

# --- sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [broken, away], ids=lambda how: how.__name__)
async def test_away_for_a_while_it_catches_up(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch, how: Callable[[Imitation], None]
) -> None:
    monkeypatch.setattr(sync, "RETRY_SECONDS", 0.05)
    worker = await follow(city)
    how(imitation)
    for n in range(20):
        await write_documents(
            [make_document(n, f"Written meanwhile {n}"), make_document(100 + n, f"New {n}")],
            gone=[("report", 100 + n - 1)],
        )
        assert not await worker.step()
    assert await waiting() > 20
    imitation.status = 0
    if how is away:
        imitation.start()
    await asyncio.sleep(0.06)
    while await worker.step():
        pass
    assert await waiting() == 0
    assert await same(city)


async def test_one_that_comes_back_empty_is_filled_at_once(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "RETRY_SECONDS", 0.05)
    worker = await follow(city)
    imitation.stop()
    await write_documents([make_document(1, "Changed")])
    assert not await worker.step()
    imitation.lose()
    imitation.start()
    await asyncio.sleep(0.06)
    while await worker.step():
        pass
    assert await same(city)


async def test_a_worker_does_not_ask_one_that_is_away_at_each_step(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await follow(city)
    monkeypatch.setattr(sync, "RETRY_SECONDS", 600)
    imitation.status = 500
    await write_documents([make_document(1, "Changed")])
    assert not await worker.step()
    imitation.asked.clear()
    for _ in range(100):
        assert not await worker.step()
    assert imitation.asked == []


async def test_a_task_that_is_not_done_is_waited_for_and_not_sent_again(city: Meili, imitation: Imitation) -> None:
    imitation.held = True
    await write_documents([make_document(1, "Changed")])
    assert not await send_batch(city, wait=0.05)
    sent = len(imitation.tasks)
    for _ in range(3):
        assert not await send_batch(city, wait=0.05)
    assert len(imitation.tasks) == sent
    assert await waiting() == 1
    imitation.held = False
    imitation.work()
    await pushed(city)
    assert (await titles(city))["report-1"] == "Changed"
    assert await same(city)


async def test_what_changes_while_a_task_is_under_way_is_sent_after_it(city: Meili, imitation: Imitation) -> None:
    imitation.held = True
    await write_documents([make_document(1, "First")])
    assert not await send_batch(city, wait=0)
    await write_documents([make_document(1, "Second")])
    imitation.held = False
    imitation.work()
    await pushed(city)
    assert (await titles(city))["report-1"] == "Second"


async def test_a_task_that_failed_is_done_again(city: Meili, imitation: Imitation) -> None:
    left = [{"code": "internal", "message": "no space left on device", "type": "internal"}] * 2
    imitation.fails = lambda task: left.pop() if left and task.type == "documentAdditionOrUpdate" else None
    await write_documents([make_document(1, "Changed")])
    for _ in range(2):
        with pytest.raises(EngineDown, match="no space left"):
            await send_batch(city)
        assert await waiting() == 1
    await pushed(city)
    assert await same(city)


async def test_a_task_that_was_cancelled_or_forgotten_is_done_again(city: Meili, imitation: Imitation) -> None:
    for how in ("canceled", "forgotten"):
        imitation.held = True
        await write_documents([make_document(1, how)])
        assert not await send_batch(city, wait=0)
        imitation.held = False
        if how == "canceled":
            imitation.tasks[-1].status = "canceled"
        else:
            imitation.tasks.clear()
        with pytest.raises(EngineDown):
            await send_batch(city)
        await pushed(city)
        assert (await titles(city))["report-1"] == how


async def test_one_document_that_is_not_taken_does_not_hold_up_the_others(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(task: Task) -> dict[str, object] | None:
        bad = task.type == "documentAdditionOrUpdate" and "report-13" in task.details["ids"]
        return {"code": "invalid_document_geo_field", "message": "Bad latitude"} if bad else None

    imitation.fails = poisoned  # type: ignore[assignment]
    await write_documents([make_document(n, f"Lamp {n}") for n in range(1, 31)], gone=[("traffic", 7)])
    assert await send_batch(city)
    assert await waiting() == 0
    found = await titles(city)
    assert "report-13" not in found
    assert found["report-30"] == "Lamp 30"
    assert "traffic-7" not in found
    assert (await check(MeiliEngine(city, WANTED))).missing == [("report", 13)]  # it is not forgotten
    await rebuild(MeiliEngine(city, WANTED))
    assert (await check(MeiliEngine(city, WANTED))).missing == [("report", 13)]


async def test_what_is_too_large_at_once_goes_in_parts(city: Meili, imitation: Imitation) -> None:
    imitation.most_bytes = 200_000
    await write_documents([make_document(n, f"Lamp {n}", "long " * 2000) for n in range(1, 41)])
    await pushed(city)
    assert await same(city)


LOSE = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND objid::bigint = hashtextextended($1, 0) & 4294967295 AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_who_lost_the_lock_while_sending_has_it_sent_again(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was restarted: by then somebody else may have sent something newer."""

    async def meanwhile(meili: Meili, index: str, *what: object) -> list[int]:
        while await fetch(LOSE, queue.SENDING):  # until it is gone  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await write_documents([make_document(1, "Newer")])
        monkeypatch.setattr(Meili, "send", send)
        await pushed(meili)
        return await send(meili, index, *what)  # type: ignore[arg-type]

    send = Meili.send
    await write_documents([make_document(1, "Older")])
    monkeypatch.setattr(Meili, "send", meanwhile)
    with pytest.raises(Exception, match="clos"):
        await send_batch(city)
    assert (await titles(city))["report-1"] == "Older"
    await pushed(city)
    assert (await titles(city))["report-1"] == "Newer"
    assert await same(city)


# --- the index --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [lost, strange_settings], ids=lambda how: how.__name__)
async def test_an_index_that_is_lost_or_of_another_version_is_made_anew(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch, how: Callable[[Imitation], None]
) -> None:
    monkeypatch.setattr(asking, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(sync, "CHECK_SECONDS", 0)
    worker = MeiliSync(city, get_index_settings)
    for _ in range(5):
        await worker.step()
    how(imitation)
    await write_documents([make_document(1, "Pothole on Elm Street, changed")])
    assert await trouble(city) in (EngineState.MISSING, EngineState.DIFFERS)
    for _ in range(8):
        await worker.step()
    assert await same(city)
    await asyncio.sleep(0.02)
    assert [hit.key for hit in (await city.find(ELM)).hits] == [("report", 1)]


async def test_a_rebuild_waits_for_a_swap_that_somebody_began(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between asking for the swap and seeing it done: a second swap would bring back the old index."""
    monkeypatch.setattr(meili_rebuild, "TASK_SECONDS", 0.1)
    monkeypatch.setattr(meili_rebuild, "POLL_SECONDS", (0.01, 0.01))
    begun = None

    def holding(method: str, path: str) -> None:
        imitation.held = imitation.held or path == "/swap-indexes"

    imitation.sees = holding
    with pytest.raises(EngineDown, match="take more than"):
        await rebuild(MeiliEngine(city, WANTED))
    begun = await meili_rebuild.load_rebuild()
    assert begun
    again = asyncio.create_task(rebuild(MeiliEngine(city, WANTED)))
    await asyncio.sleep(0.2)
    assert not again.done()
    imitation.sees, imitation.held = lambda method, path: None, False
    imitation.work()
    await again
    swaps = [task for task in imitation.tasks if task.type == "indexSwap"]
    assert len(swaps) == 2  # this one, and that of `filled`
    assert await same(city)


async def test_a_rebuild_that_was_interrupted_is_gone_on_with(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 2)
    puts = 0

    def ends(method: str, path: str) -> None:
        nonlocal puts
        puts += path == "/indexes/civic-next/documents"
        imitation.status = 500 if puts == 3 and "next" in path else 0

    imitation.sees = ends
    with pytest.raises(EngineDown):
        await rebuild(MeiliEngine(city, WANTED))
    begun = await meili_rebuild.load_rebuild()
    assert begun
    assert begun.done == 4
    assert len(await titles(city)) == len(make_documents())  # the one in use answers
    imitation.asked.clear()
    imitation.sees, imitation.status = lambda method, path: None, 0
    assert await rebuild(MeiliEngine(city, WANTED)) == len(make_documents())
    assert imitation.asked.count(("POST", "/indexes/civic-next/documents")) == 2  # of four pages
    assert await same(city)


async def test_an_index_that_was_taken_away_in_the_middle_is_begun_anew(
    city: Meili, imitation: Imitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 2)
    await rebuild_part(MeiliEngine(city, WANTED))
    del imitation.indexes["civic-next"]
    await write_documents([make_document(1, "Changed")])
    await rebuild(MeiliEngine(city, WANTED))
    await pushed(city)
    assert await same(city)


async def test_a_key_that_may_not_do_everything_is_told(city: Meili, imitation: Imitation) -> None:
    search = SearchConfig(url=imitation.url, key="nobody's key")
    meili = Meili(search, queue.search_key)
    assert (await meili.condition(WANTED)).state == EngineState.REFUSED
    with pytest.raises(EngineDown, match="refused"):
        await rebuild(MeiliEngine(meili, WANTED))
    with pytest.raises(EngineDown, match="refused"):
        await check(MeiliEngine(meili, WANTED))
    await write_documents([make_document(1, "Changed")])
    with pytest.raises(EngineDown, match="refused"):
        await send_batch(meili)
    assert await waiting() == 1
    meili.close()


async def test_no_transaction_is_open_while_meilisearch_works(city: Meili, imitation: Imitation) -> None:
    """Nor does anybody wait for a row."""
    imitation.held = True
    await write_documents([make_document(1, "Changed")])
    pushing_now = asyncio.create_task(send_batch(city, wait=0.5))
    await asyncio.sleep(0.2)
    row = await fetch_one(
        "SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS open, count(*) AS n"
        " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert row
    assert row["open"] == 0
    await write_documents([make_document(1, "Changed again")])
    await pushing_now
    imitation.held = False
    imitation.work()
    await pushed(city)
    assert (
        (await read_documents([("report", 1)]))["report", 1].title
        == (await titles(city))["report-1"]
        == "Changed again"
    )


async def test_the_key_is_in_no_message(city: Meili, imitation: Imitation) -> None:
    imitation.stop()
    await write_documents([make_document(1, "Changed")])
    with pytest.raises(EngineDown) as raised:
        await send_batch(city)
    assert MASTER not in str(raised.value.message)
