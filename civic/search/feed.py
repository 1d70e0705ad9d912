"""From dirty rows to the index: what changed is made into documents again, in order, and put there.

A mark stands in the transaction of its change. A step takes marks, reads what they lead to as it is now, writes the
documents and drops the marks, in one transaction: killed anywhere, it is as if it had not begun. One step runs at a
time, so an older state never replaces a newer one. What must not be found any more goes before everything else, however
much waits. What cannot be indexed is put off, longer and longer, and lets the others pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from civic import db, logs
from civic.city.queries import city
from civic.db import advisory_lock, execute, fetch, in_transaction, retry_transaction
from civic.search.documents import Document, Key
from civic.search.meili.queue import is_followed, queue_keys
from civic.search.postgres.rows import DESK, PUBLIC, DocumentTables, remove_documents, write_documents
from civic.search.sql import ANY, BACKLOG, DONE, FAILED, MARK, TAKE, THESE, TRY_AGAIN
from civic.search.subjects import Subject, registered
from civic.writes import keep_plans

log = logs.get_logger(__name__)

MAX_MARKS = 1000  # a step
PARTS = 8  # into which marks are divided of which one fails
MAX_TRIES = 5  # of a mark that fail, until a person is told
MAX_PAUSE_SECONDS = 3600.0  # between two tries
EXPIRED_AT = "expired"  # in search_state: the instant up to which documents that expire are marked, Unix seconds
LOCK = "civic.index"

Mark = Mapping[str, object]  # id, root and item_id of a row of search_dirty


@dataclass
class ComposedDocuments:
    """The documents of some items as they should be, and the keys of all these items."""

    documents: list[Document] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)

    def missing_keys(self) -> list[Key]:
        """Keys of the items that have no document (any more)."""
        return sorted(self.keys - {one.key for one in self.documents})


async def step(*, follow: bool = False, max_marks: int = MAX_MARKS) -> int:
    """Work off marks, oldest first; how many. `follow`: another engine follows, for which changes are noted."""
    if not (await fetch(ANY))[0]["any"]:
        return 0  # without waiting for the lock
    return await _work([], follow, max_marks)


@retry_transaction
async def _work(ids: list[int], follow: bool, max_marks: int = MAX_MARKS) -> int:
    """Work off these marks, or those that come next; where some fail, in smaller parts, until the one is alone."""
    try:
        async with in_transaction():
            await keep_plans()
            await advisory_lock(LOCK)
            marks = await (fetch(THESE, ids) if ids else fetch(TAKE, max_marks))
            ids = [mark["id"] for mark in marks]
            if marks:
                await put_documents(await _compose_marked(marks), follow=follow)
                await execute(DONE.strip(), ids)
        return len(marks)
    except Exception as error:
        if not ids or db.is_temporary(error):
            raise
        failure = error
    if len(ids) > 1:
        size = -(-len(ids) // PARTS)
        return sum([await _work(ids[at : at + size], follow) for at in range(0, len(ids), size)])
    log.error("indexing failed", root=marks[0]["root"], item=marks[0]["item_id"], exc_info=failure)
    await execute(FAILED, ids, MAX_PAUSE_SECONDS)
    return 1


async def put_documents(composed: ComposedDocuments, *, follow: bool = False, rewrite: bool = False) -> None:
    """Make the index hold these documents, and none of the other keys; in the transaction in hand."""
    changed: list[Key] = []
    missing = composed.missing_keys()
    for tables, kinds in _kinds_by_tables().items():
        documents = [one for one in composed.documents if one.kind in kinds]
        keys = await write_documents(documents, tables, rewrite=rewrite)
        keys += await remove_documents([key for key in missing if key[0] in kinds], tables)
        changed += keys if tables == PUBLIC else []
    if follow and changed:
        await queue_keys(changed)


@retry_transaction
async def refresh(root: str, ids: Sequence[int]) -> None:
    """Make the index hold what is true now of these rows of a root, in the transaction in hand.

    Called where a text stops being public, so that nobody finds it after the commit, however far behind the worker is.
    A step of the worker that read the text before has ended by then: both work under one lock. A document that cannot
    be made is taken out instead; its mark stays for the worker.
    """
    await advisory_lock(LOCK)
    items = {one.kind: await _find_items(one, {root: list(ids)}) for one in registered()}
    follow = await is_followed()
    try:
        async with in_transaction():
            await put_documents(await compose(items), follow=follow)
    except Exception as error:
        if db.is_temporary(error):
            raise
        log.error("indexing failed", root=root, items=list(ids), exc_info=error)
        every = ComposedDocuments(keys={(kind, one) for kind, some in items.items() for one in some})
        await put_documents(every, follow=follow)


def _kinds_by_tables() -> dict[DocumentTables, set[str]]:
    return {
        PUBLIC: {one.kind for one in registered() if not one.desk},
        DESK: {one.kind for one in registered() if one.desk},
    }


async def _compose_marked(marks: Sequence[Mark]) -> ComposedDocuments:
    """The documents that the marks lead to."""
    roots: dict[str, list[int]] = {}
    for mark in marks:
        roots.setdefault(str(mark["root"]), []).append(int(str(mark["item_id"])))
    return await compose({one.kind: await _find_items(one, roots) for one in registered()})


async def _find_items(subject: Subject, roots: Mapping[str, list[int]]) -> set[int]:
    """The ids of a subject's items to which dirty rows lead, by root."""
    items = set[int]()
    for root, leads in subject.roots.items():
        if ids := roots.get(root):
            items.update([row["id"] for row in await fetch(as_ids(leads), ids)] if leads else ids)
    return items


def as_ids(leads: str) -> str:
    return f"SELECT x.id FROM ({leads}) x (id)"


async def compose(items: Mapping[str, Iterable[int]]) -> ComposedDocuments:
    """The documents of these items, by kind, as the database has them now."""
    city.clear()  # another pack may be in force, with other names
    composed = ComposedDocuments()
    for subject in registered():
        if ids := sorted(items.get(subject.kind, ())):
            composed.documents += await subject.compose(ids)
            composed.keys |= {(subject.kind, one) for one in ids}
    return composed


async def mark_items(subject: Subject, ids: Iterable[int]) -> None:
    """Have the documents of these items made again."""
    await execute(MARK, subject.own_root, list(ids))


async def try_again() -> None:
    """Let no mark that failed wait any longer for its next try."""
    await execute(TRY_AGAIN)


@retry_transaction
async def mark_expired(now: float) -> None:
    """Mark the documents that have changed by themselves, as time went by, since this was last asked (Unix seconds)."""
    async with in_transaction():
        rows = await fetch("SELECT value::text::float8 AS at FROM search_state WHERE name = $1 FOR UPDATE", EXPIRED_AT)
        since = rows[0]["at"] if rows else 0.0
        for subject in registered():
            if subject.expired and (ids := await fetch(as_ids(subject.expired), since, now)):
                await mark_items(subject, [row["id"] for row in ids])
        await execute(
            "INSERT INTO search_state (name, value) VALUES ($1, to_jsonb($2::float8))"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            EXPIRED_AT,
            now,
        )


@dataclass(frozen=True)
class Backlog:
    """What is not in the index yet: how many marks wait, since how many seconds, and how many were given up."""

    waiting: int
    seconds: float
    held: int


async def read_backlog() -> Backlog:
    row = (await fetch(BACKLOG, MAX_TRIES))[0]
    return Backlog(row["waiting"], float(row["seconds"] or 0.0), row["held"])
