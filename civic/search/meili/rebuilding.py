"""Making the index anew: another one is filled, page by page, and takes the place of the one in use at once.

A rebuild is a row in `search_state`, so whoever is killed in the middle of one, the next goes on after the last page.
Changes that come meanwhile go into both indexes (pushing.py). Pages and changes are read and sent under one lock: what
was read earlier is sent earlier, and Meilisearch works in that order, so no page brings back an older state.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from meilisearch import Client

from civic.db import fetch, fetch_one
from civic.errors import Conflict
from civic.search.meili import keeping, pushing
from civic.search.meili.client import LOOKS, Meili, State, Trouble
from civic.search.meili.keeping import FILLED, PUSHING, REBUILD, REBUILDING, Holder, holder
from civic.search.meili.pushing import FILLING
from civic.search.meili.settings import PRIMARY_KEY, fill_of, filled_by, fingerprint
from civic.search.rows import Key

Progress = Callable[[int, int], None]  # documents sent, documents in all
PAGE = 1000  # documents at once
PATIENCE = 600.0  # seconds for a page, or for settings, which may have Meilisearch look at every document
CLEARING = "clearing"  # the stage after filling: the new index is in use, the old one has to go

NEXT = "SELECT kind, subject FROM search_document WHERE (kind, subject) > ($1, $2) ORDER BY kind, subject LIMIT $3"


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild under way. `fill` names it, in the settings of its index too; `after`: the last document sent."""

    fill: str
    settings: str  # fingerprint
    stage: str = FILLING
    after: Key = ("", 0)
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Filled:
    """What the index in use was made for: another place, or other settings, and it is not ours or not as it should."""

    url: str
    index: str
    settings: str


async def rebuild(meili: Meili, wanted: Mapping[str, Any], progress: Progress = lambda sent, total: None) -> int:
    """Make the index anew, or end the rebuild that was begun; the number of documents sent.

    Raises Conflict while somebody else is at it, and Trouble where Meilisearch cannot do it.
    """
    async with holder() as held:
        if not await held.try_lock(REBUILDING):
            raise Conflict("The index is being rebuilt already.")
        try:
            return await _all(meili, wanted, held, progress)
        finally:
            await held.let_go(REBUILDING)


async def _all(meili: Meili, wanted: Mapping[str, Any], held: Holder, progress: Progress) -> int:
    row = await fetch_one("SELECT count(*) AS n FROM search_document")
    total = int(row["n"]) if row else 0
    while True:
        state: Rebuild | None = await _begun(meili, wanted, held)
        while state is not None:
            last = state
            progress(min(last.sent, total), total)
            state = await _step(meili, last, held)
        if last.settings == fingerprint(wanted):  # else one with other settings was to be ended first
            return last.sent


async def step(meili: Meili, wanted: Mapping[str, Any]) -> bool:
    """A page of a rebuild, which is begun if none is; whether there is more to do.

    For a worker, which has something else to do in between: the changes that came meanwhile.
    """
    async with holder() as held:
        if not await held.try_lock(REBUILDING):
            return False  # somebody else is at it
        try:
            return await _step(meili, await _begun(meili, wanted, held), held) is not None
        finally:
            await held.let_go(REBUILDING)


async def adjust(meili: Meili, wanted: Mapping[str, Any]) -> None:
    """Give the index in use other synonyms or languages; Meilisearch takes them over at once when it is done."""
    async with holder() as held:
        if not await held.try_lock(REBUILDING):
            return
        try:
            found = await _condition(meili, meili.index)
            new = filled_by(fill_of(found or {}), wanted)
            task = await meili.ask(lambda client: client.index(meili.index).update_settings(new))
            await meili.done([task.task_uid], PATIENCE)
            await keeping.remember(FILLED, asdict(Filled(meili.url, meili.index, fingerprint(wanted))))
        finally:
            await held.let_go(REBUILDING)


async def under_way() -> Rebuild | None:
    """The rebuild that was begun and has not ended, whether or not anybody is at it."""
    found = await keeping.remembered(REBUILD)
    return Rebuild(**found | {"after": tuple(found["after"])}) if found else None


async def _begun(meili: Meili, wanted: Mapping[str, Any], held: Holder) -> Rebuild:
    """The rebuild under way if it can be gone on with, else a new one."""
    await _swapped(meili)
    state = await under_way()
    if state and state.stage == FILLING and fill_of((await _condition(meili, meili.index)) or {}) == state.fill:
        state = replace(state, stage=CLEARING)  # killed after the swap
        await keeping.remember(REBUILD, asdict(state))
    if state and (state.stage == CLEARING or await _fits(meili, state, wanted)):
        return state
    return await _anew(meili, wanted, held)


async def _fits(meili: Meili, state: Rebuild, wanted: Mapping[str, Any]) -> bool:
    found = await _condition(meili, meili.next)
    return state.settings == fingerprint(wanted) and found is not None and fill_of(found) == state.fill


async def _condition(meili: Meili, index: str) -> Mapping[str, Any] | None:
    """The settings of an index; None if it is not there. Raises Trouble where Meilisearch is away."""
    found = await meili.condition(index=index)
    if found.state in (State.AWAY, State.REFUSED):
        raise Trouble(found.state, found.said)
    return found.settings


async def _anew(meili: Meili, wanted: Mapping[str, Any], held: Holder) -> Rebuild:
    async with held.lock(PUSHING):  # nobody is sending to the old one
        await keeping.forget(REBUILD)
    await _dropped(meili, meili.next)
    state = Rebuild(secrets.token_hex(8), fingerprint(wanted))
    new = filled_by(state.fill, wanted)
    made = await meili.ask(lambda client: client.create_index(meili.next, {"primaryKey": PRIMARY_KEY}))
    await meili.done([made.task_uid], PATIENCE)
    changed = await meili.ask(lambda client: client.index(meili.next).update_settings(new))
    await meili.done([changed.task_uid], PATIENCE)
    await keeping.remember(REBUILD, asdict(state))
    return state


async def _step(meili: Meili, state: Rebuild, held: Holder) -> Rebuild | None:
    """The state after the next page, swap or clearing; None at the end."""
    if state.stage == CLEARING:
        await _dropped(meili, meili.next)
        await keeping.remember(FILLED, asdict(Filled(meili.url, meili.index, state.settings)))
        await keeping.forget(REBUILD)
        return None
    async with held.lock(PUSHING):
        rows = await fetch(NEXT, *state.after, PAGE)
        keys = [(row["kind"], row["subject"]) for row in rows]
        if not keys:
            await _swap(meili)
            after = replace(state, stage=CLEARING)
        else:
            await pushing.put(meili, meili.next, await pushing.payloads(keys), PATIENCE)
            after = replace(state, after=keys[-1], sent=state.sent + len(keys))
        await keeping.remember(REBUILD, asdict(after))
        await pushing.push_held(meili, held)  # or changes would wait for the last page
    return after


async def _swap(meili: Meili) -> None:
    if await _condition(meili, meili.index) is None:  # both have to be there. One without settings is not searched.
        made = await meili.ask(lambda client: client.create_index(meili.index, {"primaryKey": PRIMARY_KEY}))
        await meili.done([made.task_uid], PATIENCE)
    swap = await meili.ask(lambda client: client.swap_indexes([{"indexes": [meili.index, meili.next]}]))
    await meili.done([swap.task_uid], PATIENCE)


async def _swapped(meili: Meili) -> None:
    """Wait until no swap of our index is under way.

    Somebody may have been killed waiting for one, and a second would take back the first.
    """
    while await meili.ask(lambda client: _swapping(client, meili.index)):  # noqa: ASYNC110
        await asyncio.sleep(LOOKS[1])


def _swapping(client: Client, index: str) -> bool:
    found = client.get_tasks({"types": "indexSwap", "statuses": "enqueued,processing", "limit": 100})
    swaps = [swap for task in found.results for swap in (task.details or {}).get("swaps", [])]
    return any(index in swap["indexes"] for swap in swaps)


async def _dropped(meili: Meili, index: str) -> None:
    dropped = await meili.ask(lambda client: client.delete_index(index))
    try:
        await meili.done([dropped.task_uid], PATIENCE)
    except Trouble as trouble:
        if trouble.state != State.MISSING:
            raise
