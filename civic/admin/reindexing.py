"""The whole index: making it anew from the database, and finding where the two differ."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from tortoise.transactions import in_transaction

from civic import db, logs
from civic.admin.indexing import LOCK, POSTS, TRIES, Composed, Subjects, compose, put
from civic.db import execute, fetch, fetch_one, use_snapshot
from civic.errors import Conflict
from civic.search.documents import Document, Kind
from civic.search.meili.saved_state import delete_state, load_state, lock_connection, save_state
from civic.search.postgres import vocabulary
from civic.search.postgres.rows import (
    DESK,
    PUBLIC,
    DocumentTables,
    Key,
    document_digest,
    read_digests,
    remove_documents,
)

log = logs.get_logger(__name__)

SIZE = 500  # subjects at once
STATE = "rebuild"  # in search_state: the source under way, and the last item_id that is done
RUNNING = "civic.search.rebuild"  # the lock
# What documents are made of: the table, the kinds of its documents and where these lie.
SOURCES: dict[str, tuple[str, tuple[Kind, ...], DocumentTables]] = {
    "posts": ("post", POSTS, PUBLIC),
    "services": ("service", (Kind.SERVICE,), PUBLIC),
    "cases": ("case_file", (Kind.CASE,), DESK),
}
MARKS = {"posts": "post", "services": "service", "cases": "case"}  # by source
Told = Callable[[int, int], None]  # done, in all


@dataclass(frozen=True)
class Part:
    """Subjects of one source, with ids above `after` and up to `last`; the last part has no end. `ids`: lately."""

    source: str
    after: int
    ids: tuple[int, ...]
    last: int | None


@dataclass
class Differences:
    """Keys of documents that the index lacks, has although it should not, or has otherwise.

    `strays`, of the extra ones, lie where none of their kind may.
    """

    missing: list[Key] = field(default_factory=list)
    extra: list[Key] = field(default_factory=list)
    different: list[Key] = field(default_factory=list)
    strays: list[Key] = field(default_factory=list)
    compared: int = 0

    def keys(self) -> list[Key]:
        return [*self.missing, *self.extra, *self.different]


async def total() -> int:
    """How many subjects there are."""
    row = await fetch_one(
        "SELECT " + " + ".join(f"(SELECT count(*) FROM {one[0]})" for one in SOURCES.values()) + " AS n"
    )
    return int(row["n"]) if row else 0


async def rebuild(*, follow: bool = False, told: Told = lambda done, every: None) -> int:
    """Write every document anew and drop what should not be there; how many subjects were looked at.

    Searches go on meanwhile. Stopped, the next one goes on where it was. Raises Conflict while another one runs.
    """
    async with lock_connection() as held:
        if not await held.try_lock(RUNNING):
            raise Conflict("The index is being rebuilt already.")
        try:
            return await _rebuild(follow, told)
        finally:
            await held.unlock(RUNNING)


async def _rebuild(follow: bool, told: Told) -> int:
    state = await load_state(STATE) or {"source": next(iter(SOURCES)), "after": 0, "done": 0}
    done, every = state["done"], await total()
    names = list(SOURCES)
    for source in names[names.index(state["source"]) :]:
        async for part in parts(source, state["after"] if source == state["source"] else 0):
            done += len(part.ids)
            following = names[min(names.index(source) + 1, len(names) - 1)]
            after = {"source": source, "after": part.last} if part.last else {"source": following, "after": 0}
            await _write(part, follow, after | {"done": done})
            told(done, every)
    for tables in (PUBLIC, DESK):
        await remove_documents(await _strays(tables), tables)
        await execute(f"DELETE FROM {tables.texts} t WHERE NOT EXISTS (SELECT FROM {tables.documents} WHERE id = t.id)")
    await delete_state(STATE)
    await vocabulary.count_words()
    return done


async def _write(part: Part, follow: bool, after: dict[str, object]) -> None:
    """Write a part, and in the same transaction that it is done; one that fails is left to the worker's small steps."""
    try:
        async with in_transaction():
            await fetch(LOCK)
            await put(await composed(part), follow=follow, anew=True)
            await save_state(STATE, after)
    except Exception as error:
        if db.is_database_away(error):
            raise
        log.error("rebuilding failed", source=part.source, after=part.after, exc_info=error)
        await _mark(MARKS[part.source], part.ids)
        await save_state(STATE, after)


async def _mark(source: str, ids: Sequence[int]) -> None:
    await execute("INSERT INTO search_mark (source, item_id) SELECT $1, unnest($2::bigint[])", source, list(ids))


async def _strays(tables: DocumentTables) -> list[Key]:
    """Documents where none of their kind may lie."""
    kinds = [kind.value for _table, some, where in SOURCES.values() if where == tables for kind in some]
    rows = await fetch(f"SELECT kind, item_id FROM {tables.documents} WHERE kind <> ALL($1) ORDER BY 1, 2", kinds)
    return [(row["kind"], row["item_id"]) for row in rows]


async def parts(source: str, after: int = 0) -> AsyncIterator[Part]:
    """The subjects of a source, some at a time."""
    table = SOURCES[source][0]
    while True:
        rows = await fetch(f"SELECT id FROM {table} WHERE id > $1 ORDER BY id LIMIT $2", after, SIZE)
        ids = tuple(row["id"] for row in rows)
        last = ids[-1] if len(ids) == SIZE else None
        yield Part(source, after, ids, last)
        if last is None:
            return
        after = last


async def composed(part: Part) -> Composed:
    """The documents of a part as they should be, in the transaction in hand.

    Its keys are also those of what is in the index and should not be.
    """
    table = SOURCES[part.source][0]
    # Now, as what was made since may be in the index already.
    sql = f"SELECT id FROM {table} WHERE id > $1 AND ($2::bigint IS NULL OR id <= $2)"
    ids = frozenset(row["id"] for row in await fetch(sql, part.after, part.last))
    found = await compose(Subjects(**{part.source: ids}))
    keys = await _there(part)
    if part.source == "cases":
        return replace(found, desk_keys=found.desk_keys | keys)
    return replace(found, public_keys=found.public_keys | keys)


async def _there(part: Part) -> set[Key]:
    """The keys that the index has in the part's range."""
    _table, kinds, tables = SOURCES[part.source]
    rows = await fetch(
        f"SELECT kind, item_id FROM {tables.documents} WHERE kind = ANY($1) AND item_id > $2"
        " AND ($3::bigint IS NULL OR item_id <= $3)",
        [kind.value for kind in kinds],
        part.after,
        part.last,
    )
    return {(row["kind"], row["item_id"]) for row in rows}


async def check(*, told: Told = lambda done, every: None) -> Differences:
    """Every difference between the database and the index. What is marked, and so on its way, is none."""
    found, every, done = Differences(), await total(), 0
    for source in SOURCES:
        async for part in parts(source):
            async with in_transaction():
                await use_snapshot()
                await _compare(part, found)
            done += len(part.ids)
            told(done, every)
    found.strays = await _strays(PUBLIC) + await _strays(DESK)
    found.extra += found.strays
    return found


async def _compare(part: Part, found: Differences) -> None:
    should = await composed(part)
    desk = part.source == "cases"
    documents: list[Document] = should.desk if desk else should.public
    wanted = {(one.kind.value, one.item_id): document_digest(one) for one in documents}
    keys = sorted(should.desk_keys if desk else should.public_keys)
    has = await read_digests(keys, SOURCES[part.source][2])
    suspects = {key for key in keys if wanted.get(key) != has.get(key)}
    for key in sorted(suspects - await _marked(part.source, suspects)):
        where = found.missing if key not in has else found.extra if key not in wanted else found.different
        where.append(key)
    found.compared += len(keys)


async def _marked(source: str, keys: set[Key]) -> set[Key]:
    """Those of the keys that are on their way: a mark waits, on themselves or on the other side of their report."""
    if not keys:
        return set()
    marked = {row["item_id"] for row in await fetch(MARKED[source], [item_id for _, item_id in keys], TRIES)}
    return {key for key in keys if key[1] in marked}


MARKED = {
    "posts": """
SELECT item_id FROM search_mark WHERE source = 'post' AND item_id = ANY($1) AND tries < $2
UNION SELECT r.post_id FROM search_mark m JOIN report r ON r.case_id = m.item_id
WHERE m.source = 'case' AND r.post_id = ANY($1) AND m.tries < $2
UNION SELECT post_id FROM traffic_update WHERE post_id = ANY($1) AND expires_at <= clock_timestamp()
AND expires_at > to_timestamp(coalesce((SELECT value::text::float8 FROM search_state WHERE name = 'ended'), 0))
""",
    "cases": """
SELECT item_id FROM search_mark WHERE source = 'case' AND item_id = ANY($1) AND tries < $2
UNION SELECT r.case_id FROM search_mark m JOIN report r ON r.post_id = m.item_id
WHERE m.source = 'post' AND r.case_id = ANY($1) AND m.tries < $2
""",
    "services": "SELECT item_id FROM search_mark WHERE source = 'service' AND item_id = ANY($1) AND tries < $2",
}


async def mend(differences: Differences) -> int:
    """Mark what differs, so that it is made anew; how many documents that are."""
    for tables in (PUBLIC, DESK):
        await remove_documents([key for key in differences.strays if key in set(await _strays(tables))], tables)
    keys = set(differences.keys()) - set(differences.strays)
    for source, (_table, kinds, _tables) in SOURCES.items():
        await _mark(MARKS[source], sorted(item_id for kind, item_id in keys if kind in kinds))
    return len(differences.keys())
