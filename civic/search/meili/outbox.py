"""Sending what changed to Meilisearch: one at a time, in order, repeated until it says that it is done.

Killed anywhere, the next begins where this one was: a change's row in `search_push` goes when Meilisearch has what it
names, never before. What is sent is read from PostgreSQL just before, while nobody else sends, so an older state never
overtakes a newer one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from civic import logs
from civic.lasting_locks import LockConnection, lock_connection
from civic.search import saved_state
from civic.search.documents import Key
from civic.search.meili import queue
from civic.search.meili.client import EngineDown, EngineState, Meili, raise_on_failure
from civic.search.meili.payload import payload
from civic.search.meili.queue import REBUILD, SENDING, SENT
from civic.search.meili.settings import has_version
from civic.search.meili.sql import REMEMBER, SETTLE
from civic.search.postgres.encoding import document_digest
from civic.search.subjects import read_documents

log = logs.get_logger(__name__)

BATCH_CHANGES = 500  # changes at once
WAIT_SECONDS = 10.0  # seconds for Meilisearch to be done; then it is looked at again later, so that a worker can end
FILLING = "filling"  # the stage of a rebuild in which changes go into both indexes


async def send_batch(meili: Meili, wait: float = WAIT_SECONDS) -> bool:
    """Send one batch of changes, or see whether the last one is done; whether there was one, and it is.

    Raises EngineDown where Meilisearch cannot take it: everything then waits as it is.
    """
    async with lock_connection() as held:
        if not await held.try_lock(SENDING):
            return False
        try:
            return await send_batch_locked(meili, held, wait)
        finally:
            await held.unlock(SENDING)


async def send_batch_locked(meili: Meili, held: LockConnection, wait: float = WAIT_SECONDS) -> bool:
    """`send_batch` for a caller whose connection `held` holds the lock SENDING already."""
    sent = await saved_state.load_state(SENT)
    try:
        sent = sent or await _send(meili, held)
        if sent is None:
            return False
        ended = await meili.wait_until_ended(sent["tasks"], wait)
        if ended is None:
            return False
        raise_on_failure(ended)
    except EngineDown as trouble:
        # A Meilisearch that was away may have done it: that is asked again. One that forgot, or failed, did not.
        if sent and (trouble.state != EngineState.AWAY or trouble.code):
            await saved_state.delete_state(SENT)
        if not trouble.is_about_documents:
            raise
        sent = {"rows": await _apart(meili)}
    await held.connection.execute(SETTLE, SENT, sent["rows"])
    return True


async def _send(meili: Meili, held: LockConnection) -> dict[str, Any] | None:
    """Send the oldest changes: {tasks, rows}; None if there is none, or no index that may have them."""
    changes = await queue.queued_changes(BATCH_CHANGES)
    indexes = await _indexes(meili) if changes else []
    if not indexes:
        return None
    keys = _keys(changes)
    documents, gone = await _read(keys)
    await held.connection.execute("SELECT 1")  # still ours: the lock ends with its connection
    tasks = [task for index in indexes for task in await meili.send(index, documents, gone)]
    sent = {"tasks": tasks, "rows": [change["id"] for change in changes]}
    try:
        await held.connection.execute(REMEMBER, SENT, sent["tasks"], sent["rows"])
    except Exception:
        # The lock was lost meanwhile: somebody else may have sent something newer before this.
        await queue.queue_keys(keys)
        raise
    return sent


async def _apart(meili: Meili) -> list[int]:
    """Send the oldest changes in ever smaller parts; the rows of those that were sent or cannot be sent."""
    changes = await queue.queued_changes(BATCH_CHANGES)
    documents, gone = await _read(_keys(changes))
    for index in await _indexes(meili):
        await put_documents(meili, index, documents)
        await meili.wait_until_done(await meili.send(index, [], gone))
    return [change["id"] for change in changes]


async def put_documents(
    meili: Meili, index: str, documents: Sequence[Mapping[str, Any]], patience: float = 60.0
) -> None:
    """Put documents into an index and wait for it; one that it does not take is left out, and said in the log."""
    try:
        await meili.wait_until_done(await meili.send(index, documents, ()), patience)
    except EngineDown as trouble:
        if not trouble.is_about_documents:
            raise
        if len(documents) == 1:
            log.error("Meilisearch does not take a document", document=documents[0]["id"], said=str(trouble.message))
            return
        half = len(documents) // 2
        await put_documents(meili, index, documents[:half], patience)
        await put_documents(meili, index, documents[half:], patience)


async def _indexes(meili: Meili) -> list[str]:
    """Where changes go: the index in use, if it is ours, and the one that a rebuild is filling.

    A missing index is not written to: Meilisearch would make one, without settings, that has a handful of documents.
    """
    found = await meili.condition()
    if found.state in (EngineState.AWAY, EngineState.REFUSED):
        raise EngineDown(found.state, found.said)
    rebuild = await saved_state.load_state(REBUILD)
    indexes = [meili.index] if found.settings is not None and has_version(found.settings) else []
    return [*indexes, meili.next] if rebuild and rebuild["stage"] == FILLING else indexes


def _keys(changes: Sequence[Mapping[str, Any]]) -> list[Key]:
    return list(dict.fromkeys((change["kind"], change["item_id"]) for change in changes))


async def _read(keys: Sequence[Key]) -> tuple[list[dict[str, Any]], list[Key]]:
    """The documents as they are sent, and those that are not in the public index (any more)."""
    documents = await read_payloads(keys)
    there = {(one["kind"], one["item_id"]) for one in documents}
    return documents, [key for key in keys if key not in there]


async def read_payloads(keys: Sequence[Key]) -> list[dict[str, Any]]:
    documents = await read_documents(keys)
    return [payload(documents[key], document_digest(documents[key])) for key in keys if key in documents]
