"""Rebuilding the index: another one is filled, page by page, and takes the place of the one in use at once.

A rebuild is a row in `search_state`, so whatever is killed in the middle of one, it is continued after the last page.
Changes that come meanwhile go into both indexes (outbox.py). Pages and changes are read and sent under one lock: what
was read earlier is sent earlier, and Meilisearch works in that order, so no page brings back an older state.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from meilisearch import Client

from civic.db import fetch
from civic.lasting_locks import LockConnection, lock_connection
from civic.search import saved_state
from civic.search.documents import Key
from civic.search.meili import outbox
from civic.search.meili.client import POLL_SECONDS, EngineDown, EngineState, Meili
from civic.search.meili.outbox import FILLING
from civic.search.meili.queue import FILLED, REBUILD, REBUILDING, SENDING
from civic.search.meili.settings import PRIMARY_KEY, fill_of, filled_by, schema_hash
from civic.search.meili.sql import NEXT

PAGE_DOCUMENTS = 1000  # documents at once
TASK_SECONDS = 600.0  # seconds for a page, or for settings, which may have Meilisearch look at every document
CLEARING = "clearing"  # the stage after filling: the new index is in use, the old one has to go


@dataclass(frozen=True, slots=True)
class MeiliRebuild:
    """A rebuild under way. `fill` names it, in the settings of its index too; `after`: the last document sent.

    `done` documents of about `total` were sent. `settings` is the hash of the settings that it is for.
    """

    fill: str
    settings: str
    stage: str = FILLING
    after: Key = ("", 0)
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class FilledFor:
    """What the index in use was made for: another place, or other settings, and it is not ours or not as it should."""

    url: str
    index: str
    settings: str


async def update_settings(meili: Meili, wanted: Mapping[str, Any]) -> None:
    """Give the index in use other synonyms or languages; Meilisearch takes them over at once when it is done."""
    async with lock_connection() as held:
        if not await held.try_lock(REBUILDING):
            return
        try:
            found = await _condition(meili, meili.index)
            new = filled_by(fill_of(found or {}), wanted)
            task = await meili.call(lambda client: client.index(meili.index).update_settings(new))
            await meili.wait_until_done([task.task_uid], TASK_SECONDS)
            await saved_state.save_state(FILLED, asdict(FilledFor(meili.url, meili.index, schema_hash(wanted))))
        finally:
            await held.unlock(REBUILDING)


async def load_rebuild() -> MeiliRebuild | None:
    """The rebuild that was begun and has not ended, whether or not a process works on it."""
    found = await saved_state.load_state(REBUILD)
    return MeiliRebuild(**found | {"after": tuple(found["after"])}) if found else None


async def begin(meili: Meili, wanted: Mapping[str, Any], held: LockConnection, total: int) -> MeiliRebuild:
    """The rebuild under way if it can be continued, else a new one, of `total` documents."""
    await _swapped(meili)
    state = await load_rebuild()
    if state and state.stage == FILLING and fill_of((await _condition(meili, meili.index)) or {}) == state.fill:
        state = replace(state, stage=CLEARING)  # killed after the swap
        await saved_state.save_state(REBUILD, asdict(state))
    if state and (state.stage == CLEARING or await _fits(meili, state, wanted)):
        return state
    return await _begin_new(meili, wanted, held, total)


async def _fits(meili: Meili, state: MeiliRebuild, wanted: Mapping[str, Any]) -> bool:
    found = await _condition(meili, meili.next)
    return state.settings == schema_hash(wanted) and found is not None and fill_of(found) == state.fill


async def _condition(meili: Meili, index: str) -> Mapping[str, Any] | None:
    """The settings of an index; None if it is not there. Raises EngineDown where Meilisearch is away."""
    found = await meili.condition(index=index)
    if found.state in (EngineState.AWAY, EngineState.REFUSED):
        raise EngineDown(found.state, found.said)
    return found.settings


async def _begin_new(meili: Meili, wanted: Mapping[str, Any], held: LockConnection, total: int) -> MeiliRebuild:
    async with held.lock(SENDING):  # nobody is sending to the old one
        await saved_state.delete_state(REBUILD)
    await _dropped(meili, meili.next)
    state = MeiliRebuild(secrets.token_hex(8), schema_hash(wanted), total=total)
    new = filled_by(state.fill, wanted)
    made = await meili.call(lambda client: client.create_index(meili.next, {"primaryKey": PRIMARY_KEY}))
    await meili.wait_until_done([made.task_uid], TASK_SECONDS)
    changed = await meili.call(lambda client: client.index(meili.next).update_settings(new))
    await meili.wait_until_done([changed.task_uid], TASK_SECONDS)
    await saved_state.save_state(REBUILD, asdict(state))
    return state


async def continue_rebuild(
    meili: Meili, wanted: Mapping[str, Any], state: MeiliRebuild, held: LockConnection
) -> MeiliRebuild | None:
    """The state after the next page, swap or clearing; None at the end.

    A rebuild for other settings than the wanted ones, which was to be ended first, is followed by one for these.
    """
    following = await _continue(meili, state, held)
    if following is None and state.settings != schema_hash(wanted):
        return await begin(meili, wanted, held, state.total)
    return following


async def _continue(meili: Meili, state: MeiliRebuild, held: LockConnection) -> MeiliRebuild | None:
    if state.stage == CLEARING:
        await _dropped(meili, meili.next)
        await saved_state.save_state(FILLED, asdict(FilledFor(meili.url, meili.index, state.settings)))
        await saved_state.delete_state(REBUILD)
        return None
    async with held.lock(SENDING):
        rows = await fetch(NEXT, *state.after, PAGE_DOCUMENTS)
        keys = [(row["kind"], row["item_id"]) for row in rows]
        if not keys:
            await _swap(meili)
            after = replace(state, stage=CLEARING)
        else:
            await outbox.put_documents(meili, meili.next, await outbox.read_payloads(keys), TASK_SECONDS)
            after = replace(state, after=keys[-1], done=state.done + len(keys))
        await saved_state.save_state(REBUILD, asdict(after))
        await outbox.send_batch_locked(meili, held)  # or changes would wait for the last page
    return after


async def _swap(meili: Meili) -> None:
    if await _condition(meili, meili.index) is None:  # both have to be there. One without settings is not searched.
        made = await meili.call(lambda client: client.create_index(meili.index, {"primaryKey": PRIMARY_KEY}))
        await meili.wait_until_done([made.task_uid], TASK_SECONDS)
    swap = await meili.call(lambda client: client.swap_indexes([{"indexes": [meili.index, meili.next]}]))
    await meili.wait_until_done([swap.task_uid], TASK_SECONDS)


async def _swapped(meili: Meili) -> None:
    """Wait until no swap of our index is under way.

    A process may have been killed while it waited for one; a second swap would undo the first.
    """
    while await meili.call(lambda client: _swapping(client, meili.index)):  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS[1])


def _swapping(client: Client, index: str) -> bool:
    found = client.get_tasks({"types": "indexSwap", "statuses": "enqueued,processing", "limit": 100})
    swaps = [swap for task in found.results for swap in (task.details or {}).get("swaps", [])]
    return any(index in swap["indexes"] for swap in swaps)


async def _dropped(meili: Meili, index: str) -> None:
    dropped = await meili.call(lambda client: client.delete_index(index))
    try:
        await meili.wait_until_done([dropped.task_uid], TASK_SECONDS)
    except EngineDown as trouble:
        if trouble.state != EngineState.MISSING:
            raise
