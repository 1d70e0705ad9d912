"""PostgreSQL as an engine of the search: its index is rebuilt from the domains' tables, and compared with them."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from civic import db, logs
from civic.db import advisory_lock, fetch, in_transaction, retry_transaction, use_snapshot
from civic.lasting_locks import LockConnection
from civic.search import feed
from civic.search.documents import Key
from civic.search.engine import Differences, IndexComparison, KeyRange
from civic.search.postgres import vocabulary
from civic.search.postgres.encoding import document_digest
from civic.search.postgres.rows import DESK, PUBLIC, DocumentTables, remove_documents
from civic.search.postgres.sql import DIRTY, EXPIRED_SINCE, HELD, ITEMS, NEXT_ITEMS, STRAYS
from civic.search.saved_state import delete_state, load_state, save_state
from civic.search.subjects import Subject, by_kind, kinds, registered

log = logs.get_logger(__name__)

RANGE_ITEMS = 500  # at once
STATE = "rebuild"  # in search_state: the rebuild under way


@dataclass(frozen=True, slots=True)
class PostgresRebuild:
    """A rebuild under way: what of a kind follows `after` is next; `done` items of `total` were looked at.

    After the last kind, `kind` is empty: the rest is to drop what is in no range.
    """

    kind: str
    after: int
    done: int
    total: int


class PostgresEngine:
    """Both indexes of PostgreSQL, the public one and the desk's. `follow`: another engine follows the public one."""

    name, lock = "PostgreSQL", "civic.search.rebuild"

    def __init__(self, *, follow: bool = False) -> None:
        self.follow = follow

    async def total(self) -> int:
        counts = [await fetch(f"SELECT count(*) AS n FROM {one.table}") for one in registered()]
        return sum(int(rows[0]["n"]) for rows in counts)

    async def ranges(self) -> AsyncIterator[KeyRange]:
        for subject in registered():
            part = await _next_range(subject, -1)
            while True:
                yield part
                if part.last is None:
                    break
                part = await _next_range(subject, part.last)

    # --- rebuilding ----------------------------------------------------------------------------------------------

    async def begin_rebuild(self, connection: LockConnection) -> PostgresRebuild:
        saved = await load_state(STATE)
        if saved and saved["kind"] in {*kinds(), ""}:
            return PostgresRebuild(**saved)
        return PostgresRebuild(registered()[0].kind, -1, 0, await self.total())

    async def continue_rebuild(self, state: PostgresRebuild, connection: LockConnection) -> PostgresRebuild | None:
        if not state.kind:
            await self._finish()
            return None
        part = await _next_range(by_kind(state.kind), state.after)
        following = replace(state, done=state.done + part.items)
        if part.last is None:
            following = replace(following, kind=_kind_after(state.kind), after=-1)
        else:
            following = replace(following, after=part.last)
        await self._write(part, following)
        return following

    @retry_transaction
    async def _write(self, part: KeyRange, following: PostgresRebuild) -> None:
        """Write a range and, in the same transaction, that it is done. One that fails is left to the worker's small
        steps."""
        subject = by_kind(part.kind)
        try:
            async with in_transaction():
                await advisory_lock(feed.LOCK)
                composed = await _compose(subject, part)
                await feed.put_documents(composed, follow=self.follow, rewrite=True)
                await save_state(STATE, asdict(following))
        except Exception as error:
            if db.is_temporary(error):
                raise
            log.error("rebuilding failed", kind=part.kind, after=part.after, exc_info=error)
            await feed.mark_items(subject, await _item_ids(subject, part))
            await save_state(STATE, asdict(following))

    async def _finish(self) -> None:
        for tables in (PUBLIC, DESK):
            await remove_documents(await _strays(tables), tables)
        await delete_state(STATE)
        await vocabulary.count_words()

    # --- checking ------------------------------------------------------------------------------------------------

    @retry_transaction
    async def compare(self, part: KeyRange) -> IndexComparison:
        async with in_transaction():
            await use_snapshot()
            subject = by_kind(part.kind)
            composed = await _compose(subject, part)
            expected = {(one.kind, one.item_id): document_digest(one) for one in composed.documents}
            held = await _held(subject, part)
            suspects = {key[1] for key in composed.keys if expected.get(key) != held.get(key)}
            pending = await _pending(subject, suspects) if suspects else ()
        return IndexComparison(expected, held, frozenset((part.kind, one) for one in pending))

    async def strays(self) -> Sequence[Key]:
        return [*await _strays(PUBLIC), *await _strays(DESK)]

    async def count_waiting(self) -> int:
        return (await feed.read_backlog()).waiting

    async def mend(self, differences: Differences) -> None:
        for tables in (PUBLIC, DESK):
            await remove_documents(await _strays(tables), tables)
        by_kinds: dict[str, list[int]] = {}
        keys = differences.keys()
        for kind, item_id in keys:
            by_kinds.setdefault(kind, []).append(item_id)
        for subject in registered():
            await feed.mark_items(subject, sorted(by_kinds.get(subject.kind, ())))
        await feed.try_again()  # a case that a report says all of has no document that could be missing


def _tables(subject: Subject) -> DocumentTables:
    return DESK if subject.desk else PUBLIC


def _kind_after(kind: str) -> str:
    """The kind that is rebuilt after this one; empty after the last."""
    every = [one.kind for one in registered()]
    return "".join(every[every.index(kind) + 1 :][:1])


async def _next_range(subject: Subject, after: int) -> KeyRange:
    sql = NEXT_ITEMS.format(table=subject.table, column=subject.column)
    ids = [row["id"] for row in await fetch(sql, after, RANGE_ITEMS)]
    return KeyRange(subject.kind, after, ids[-1] if len(ids) == RANGE_ITEMS else None, len(ids))


async def _item_ids(subject: Subject, part: KeyRange) -> list[int]:
    sql = ITEMS.format(table=subject.table, column=subject.column)
    return [row["id"] for row in await fetch(sql, part.after, part.last)]


async def _compose(subject: Subject, part: KeyRange) -> feed.ComposedDocuments:
    """The documents of a range as they should be; the keys are also those that the index has and should not have.

    In the transaction in hand: items that came since the range was made may be in the index already.
    """
    composed = await feed.compose({subject.kind: await _item_ids(subject, part)})
    composed.keys |= (await _held(subject, part)).keys()
    return composed


async def _held(subject: Subject, part: KeyRange) -> Mapping[Key, bytes]:
    """The digests in the index."""
    tables = _tables(subject)
    rows = await fetch(HELD.format(documents=tables.documents), part.kind, part.after, part.last)
    return {(part.kind, row["item_id"]): row["digest"] for row in rows}


async def _pending(subject: Subject, ids: Collection[int]) -> set[int]:
    """Those of the items that are on their way: a mark leads to them, or they expired and will be marked."""
    pending = set[int]()
    for root, leads in subject.roots.items():
        dirty = [row["item_id"] for row in await fetch(DIRTY, root, feed.MAX_TRIES)]
        if dirty:
            pending.update([row["id"] for row in await fetch(feed.as_ids(leads), dirty)] if leads else dirty)
    if subject.expired:
        since = (await fetch(EXPIRED_SINCE, feed.EXPIRED_AT))[0]["at"]
        now = (await fetch("SELECT extract(epoch FROM clock_timestamp())::float8 AS at"))[0]["at"]
        pending.update(row["id"] for row in await fetch(feed.as_ids(subject.expired), since, now))
    return pending & set(ids)


async def _strays(tables: DocumentTables) -> list[Key]:
    """Documents where none of their kind may lie."""
    here = [one.kind for one in registered() if _tables(one) == tables]
    rows = await fetch(STRAYS.format(documents=tables.documents), here)
    return [(row["kind"], row["item_id"]) for row in rows]
