"""Meilisearch follows PostgreSQL: what changed is sent, the index is made anew, differences are found and mended."""

import asyncio

import pytest

from civic.db import execute, fetch, fetch_one
from civic.errors import Conflict
from civic.lasting_locks import lock_connection
from civic.search import saved_state
from civic.search.meili import queue
from civic.search.meili import rebuild as meili_rebuild
from civic.search.meili.client import EngineDown, EngineState, Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.outbox import send_batch
from civic.search.meili.settings import fill_of, index_settings
from civic.search.meili.sync import MeiliSync, disable
from civic.search.postgres import rows
from civic.search.rebuild import rebuild, rebuild_part
from civic.search.verify import check
from tests.builders.documents import (
    KEPT,
    WANTED,
    fill_indexes,
    make_document,
    make_documents,
    put_documents,
    write_documents,
)


async def waiting() -> int:
    row = await fetch_one("SELECT count(*) AS n FROM search_push")
    assert row
    return int(row["n"])


async def pushed(meili: Meili) -> None:
    while await send_batch(meili):
        pass
    assert await waiting() == 0


async def titles(meili: Meili, index: str = "") -> dict[str, str]:
    """What Meilisearch has."""
    asked = {"fields": ["id", "title"], "limit": 5000}
    found = await meili.call(lambda client: client.index(index or meili.index).get_documents(dict(asked)))
    return {one.id: one.title for one in found.results}


async def same(meili: Meili) -> bool:
    """Whether Meilisearch has exactly what PostgreSQL has."""
    found = await check(MeiliEngine(meili, WANTED))
    return not found.keys()


# --- changes ----------------------------------------------------------------------------------------------------------


async def test_changes_are_sent(meili: Meili) -> None:
    await fill_indexes(meili)
    await write_documents([make_document(1, "Another title"), make_document(9, "New")], gone=[("report", 2)])
    assert await send_batch(meili)
    assert not await send_batch(meili)
    found = await titles(meili)
    assert (found["report-1"], found["report-9"]) == ("Another title", "New")
    assert "report-2" not in found
    assert await same(meili)


async def test_what_is_the_desks_is_never_sent(meili: Meili) -> None:
    await fill_indexes(meili)
    await put_documents([make_document(77, "Internal note", kind="case", readers=(1,))], rows.DESK)
    await queue.queue_keys([("case", 77)])
    await pushed(meili)
    assert "case-77" not in await titles(meili)


async def test_many_changes_go_in_parts(meili: Meili) -> None:
    await fill_indexes(meili, [])
    await write_documents([make_document(n, f"Lamp {n}") for n in range(1, 1202)])
    await pushed(meili)
    assert len(await titles(meili)) == 1201


async def test_the_last_state_counts(meili: Meili) -> None:
    await fill_indexes(meili, [])
    for n in range(5):
        await write_documents([make_document(1, f"Title {n}")])
    await write_documents([], gone=[("report", 1)])
    await write_documents([make_document(1, "At last")])
    await pushed(meili)
    assert await titles(meili) == {"report-1": "At last"}


async def test_one_sends_at_a_time(meili: Meili) -> None:
    await fill_indexes(meili)
    await write_documents([make_document(9, "New")])
    async with lock_connection() as other:
        assert await other.try_lock(queue.SENDING)
        assert not await send_batch(meili)
        assert await waiting() == 1
        await other.unlock(queue.SENDING)
    assert await send_batch(meili)


async def test_nothing_is_sent_to_an_index_that_is_not_ours(meili: Meili) -> None:
    """Meilisearch would make one of a handful of documents, without settings."""
    await write_documents([make_document(1, "New")])
    assert not await send_batch(meili)
    assert (await meili.condition()).state == EngineState.MISSING
    assert await waiting() == 1


# --- rebuilding -------------------------------------------------------------------------------------------------------


async def test_a_rebuild_fills_an_index_and_swaps_it_in(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await write_documents(make_documents())
    steps: list[tuple[int, int]] = []
    assert await rebuild(MeiliEngine(meili, WANTED), lambda *how: steps.append(how)) == 8
    assert [sent for sent, _ in steps] == [0, 3, 6, 8, 8]
    assert {total for _, total in steps} == {8}
    assert len(await titles(meili)) == 8
    assert (await meili.condition(index=meili.next)).state == EngineState.MISSING
    assert await meili_rebuild.load_rebuild() is None
    assert (await meili.condition(WANTED)).state == EngineState.OK


async def test_there_is_no_gap(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is made anew, the index in use answers; what changes goes into both."""
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await fill_indexes(meili)
    assert await rebuild_part(MeiliEngine(meili, WANTED))  # the first three
    await write_documents(
        [make_document(1, "Changed behind"), make_document(6, "Changed ahead"), make_document(90, "New")],
        gone=[("report", 2)],
    )
    assert len(await titles(meili)) == 8
    assert await rebuild_part(MeiliEngine(meili, WANTED))  # more, and the changes
    for index in (meili.index, meili.next):
        found = await titles(meili, index)
        assert (found["report-1"], found["report-6"], found["report-90"]) == ("Changed behind", "Changed ahead", "New")
        assert "report-2" not in found
    while await rebuild_part(MeiliEngine(meili, WANTED)):
        pass
    assert await same(meili)
    assert await waiting() == 0


@pytest.mark.parametrize("steps", range(7))
async def test_who_was_killed_is_gone_on_after(meili: Meili, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await fill_indexes(meili)
    for _ in range(steps):
        await rebuild_part(MeiliEngine(meili, WANTED))
    begun = await meili_rebuild.load_rebuild()
    await write_documents([make_document(1, f"After {steps}")], gone=[("traffic", 7)])
    await rebuild(MeiliEngine(meili, WANTED))
    assert await same(meili)
    now = (await meili.condition()).settings
    assert now
    assert not begun or fill_of(now) == begun.fill  # that one, and not another


async def test_killed_after_the_swap_it_is_not_swapped_back(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wrote down that it was done."""
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await fill_indexes(meili)
    before = None
    while (state := await meili_rebuild.load_rebuild()) is None or state.stage == meili_rebuild.FILLING:
        before = state
        await rebuild_part(MeiliEngine(meili, WANTED))
    assert before
    await execute('UPDATE search_state SET value = value || \'{"stage": "filling"}\' WHERE name = $1', queue.REBUILD)
    await write_documents([make_document(1, "After the swap")])
    await rebuild(MeiliEngine(meili, WANTED))
    now = (await meili.condition()).settings
    assert now
    assert fill_of(now) == before.fill
    await pushed(meili)
    assert await same(meili)


async def test_two_at_once_are_one(meili: Meili) -> None:
    await write_documents([make_document(n, f"Lamp {n}") for n in range(1, 3000)])
    found = await asyncio.gather(
        rebuild(MeiliEngine(meili, WANTED)), rebuild(MeiliEngine(meili, WANTED)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in found) == ["Conflict", "int"]
    [refused] = [one for one in found if isinstance(one, Conflict)]
    assert "being rebuilt already" in str(refused.message)
    assert await same(meili)


async def test_a_rebuild_for_other_settings_is_begun_anew(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await fill_indexes(meili)
    await rebuild_part(MeiliEngine(meili, WANTED))
    other = index_settings(["en"], [("bin", "can")])
    sent: list[int] = []
    await rebuild(MeiliEngine(meili, other), lambda done, _: sent.append(done))
    assert sent[0] == 0
    assert (await meili.condition(other)).state == EngineState.OK
    assert await saved_state.load_state(queue.FILLED) == {
        "url": meili.url,
        "index": meili.index,
        "settings": meili_rebuild.schema_hash(other),
    }


async def test_without_documents_it_is_an_empty_index(meili: Meili) -> None:
    assert await rebuild(MeiliEngine(meili, WANTED)) == 0
    assert (await meili.condition(WANTED)).documents == 0


# --- comparing --------------------------------------------------------------------------------------------------------


async def test_every_difference_is_found_and_mended(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civic.search.meili.engine.RANGE_DOCUMENTS", 2)
    monkeypatch.setattr("civic.search.meili.engine.PAGE_DOCUMENTS", 2)
    await fill_indexes(meili)
    await execute("DELETE FROM search_push")
    await put_documents([make_document(1, "Changed"), make_document(50, "Missing"), make_document(60, "Missing too")])
    for gone in await rows.remove_documents([("report", 4), ("service", 8)]):
        KEPT.pop(gone)
    found = await check(MeiliEngine(meili, WANTED))
    assert found.missing == [("report", 50), ("report", 60)]
    assert sorted(found.extra) == [("report", 4), ("service", 8)]
    assert found.different == [("report", 1)]
    assert found.compared == 10
    assert len(found.keys()) == 5
    await MeiliEngine(meili, WANTED).mend(found)
    assert not (await check(MeiliEngine(meili, WANTED))).keys()  # on its way
    await pushed(meili)
    assert await same(meili)


async def test_what_the_public_must_not_find_is_found(meili: Meili) -> None:
    await fill_indexes(meili)
    leaked = {"id": "case-5", "kind": "case", "item_id": 5, "digest": "00", "title": "x"}
    tasks = await meili.send(meili.index, [leaked], ())
    await meili.wait_until_done(tasks)
    found = await check(MeiliEngine(meili, WANTED))
    assert found.extra == [("case", 5)]
    await MeiliEngine(meili, WANTED).mend(found)
    await pushed(meili)
    assert "case-5" not in await titles(meili)


async def test_documents_of_somebody_else_are_told(meili: Meili) -> None:
    await fill_indexes(meili)
    await meili.wait_until_done(await meili.send(meili.index, [{"id": "somebody", "kind": "else", "digest": "00"}], ()))
    with pytest.raises(EngineDown, match="other kinds"):
        await check(MeiliEngine(meili, WANTED))


async def test_there_is_nothing_to_compare_without_an_index(meili: Meili) -> None:
    with pytest.raises(EngineDown) as raised:
        await check(MeiliEngine(meili, WANTED))
    assert raised.value.state == EngineState.MISSING


# --- a worker ---------------------------------------------------------------------------------------------------------


async def follow(meili: Meili, given: dict[str, object] = WANTED) -> MeiliSync:
    """A worker that has just begun, until it has nothing to do."""

    async def settings_in_force() -> dict[str, object]:
        return given

    found = MeiliSync(meili, settings_in_force)
    while await found.step():
        pass
    return found


async def test_a_worker_makes_the_index_and_the_key(meili: Meili) -> None:
    await write_documents(make_documents())
    await follow(meili)
    assert await same(meili)
    assert await waiting() == 0
    assert not meili.key or await queue.search_key()


async def test_a_worker_takes_over_other_synonyms(meili: Meili) -> None:
    await write_documents(make_documents())
    await follow(meili)
    before = (await meili.condition()).settings
    await follow(meili, index_settings(["en"], [("pothole", "crater")]))
    after = (await meili.condition()).settings
    assert before
    assert after
    assert after["synonyms"]["crater"] == ["pothole"]
    assert fill_of(before) == fill_of(after)  # in place


async def test_a_worker_ends_what_somebody_began(meili: Meili, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meili_rebuild, "PAGE_DOCUMENTS", 3)
    await fill_indexes(meili)
    await rebuild_part(MeiliEngine(meili, WANTED))
    await follow(meili)
    assert await meili_rebuild.load_rebuild() is None
    assert await same(meili)


async def test_what_is_not_followed_any_more_is_made_anew_later(meili: Meili) -> None:
    await write_documents(make_documents())
    await follow(meili)
    await disable()
    await put_documents([make_document(1, "Changed while nobody followed")])
    assert await fetch("SELECT * FROM search_push") == []
    await follow(meili)
    assert (await titles(meili))["report-1"] == "Changed while nobody followed"
