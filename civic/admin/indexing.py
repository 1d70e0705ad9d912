"""From marks to the index: what changed is made into documents anew, in order, and put there.

A mark stands in the transaction of its change. A step takes marks, reads what they speak of as it is now, writes the
documents and drops the marks, in one transaction: killed anywhere, it is as if it had not begun. One step runs at a
time, so an older state never replaces a newer one. What must not be found any more goes before everything else, however
much waits. What cannot be indexed is put off, longer and longer, and lets the others pass.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise.transactions import in_transaction

from civic import db, logs
from civic.city.queries import city
from civic.db import execute, fetch
from civic.desk import documents as cases
from civic.ratings import documents as ratings
from civic.reports import documents as reports
from civic.search.documents import Document, Kind
from civic.search.meili.saved_state import queue_keys
from civic.search.postgres.rows import DESK, Key, remove_documents, write_documents
from civic.traffic import documents as traffic

log = logs.get_logger(__name__)

SIZE = 500  # marks a step
PARTS = 8  # into which marks are divided of which one fails
TRIES = 5  # of a mark that fail, until a person is told
LONGEST_PAUSE = 3600.0  # seconds between two tries
POSTS = (Kind.REPORT, Kind.TRAFFIC, Kind.RATING)
LOCK = "SELECT pg_advisory_xact_lock(hashtext('civic.index'))"
ANY = "SELECT EXISTS (SELECT FROM search_mark WHERE due <= clock_timestamp()) AS any"
TAKE = """
SELECT id, source, item_id FROM (
    (SELECT * FROM search_mark WHERE urgent AND due <= clock_timestamp() ORDER BY id LIMIT $1)
    UNION ALL
    (SELECT * FROM search_mark WHERE NOT urgent AND due <= clock_timestamp() ORDER BY id LIMIT $1)) x
ORDER BY urgent DESC, id LIMIT $1
"""
THESE = "SELECT id, source, item_id FROM search_mark WHERE id = ANY($1) ORDER BY id"
# With what was done, earlier marks of the same that had failed.
DONE = """
WITH done AS (DELETE FROM search_mark WHERE id = ANY($1) RETURNING source, item_id)
DELETE FROM search_mark m USING done WHERE m.source = done.source AND m.item_id = done.item_id AND m.tries > 0
"""
FAILED = """
UPDATE search_mark SET tries = least(tries + 1, 100),
    due = clock_timestamp() + least($2::float8, power(4, least(tries + 1, 9))) * interval '1 second'
WHERE id = ANY($1)
"""


@dataclass(frozen=True)
class Subjects:
    """What may have changed: ids of posts, cases and services."""

    posts: frozenset[int] = frozenset()
    cases: frozenset[int] = frozenset()
    services: frozenset[int] = frozenset()


@dataclass
class Composed:
    """The documents of some subjects as they should be, and the keys that these subjects may have."""

    public: list[Document] = field(default_factory=list)
    desk: list[Document] = field(default_factory=list)
    public_keys: set[Key] = field(default_factory=set)
    desk_keys: set[Key] = field(default_factory=set)


async def step(*, follow: bool = False, size: int = SIZE) -> int:
    """Work off marks, oldest first; how many. `follow`: another engine follows, for which changes are noted."""
    if not (await fetch(ANY))[0]["any"]:
        return 0  # without waiting for who has the lock
    return await _work([], follow, size)


async def _work(ids: list[int], follow: bool, size: int = SIZE) -> int:
    """Work off these marks, or those that come next; where some fail, in smaller parts, until the one is alone."""
    try:
        async with in_transaction():
            await fetch(LOCK)
            marks = await (fetch(THESE, ids) if ids else fetch(TAKE, size))
            ids = [mark["id"] for mark in marks]
            if marks:
                await put(await compose(await _subjects(marks)), follow=follow)
                await execute(DONE.strip(), ids)
        return len(marks)
    except Exception as error:
        if not ids or db.is_database_away(error):
            raise
        failed = error
    if len(ids) > 1:
        part = -(-len(ids) // PARTS)
        return sum([await _work(ids[at : at + part], follow) for at in range(0, len(ids), part)])
    log.error("indexing failed", source=marks[0]["source"], item_id=marks[0]["item_id"], exc_info=failed)
    await execute(FAILED, ids, LONGEST_PAUSE)
    return 1


async def put(composed: Composed, *, follow: bool = False, anew: bool = False) -> None:
    """Make the index hold these documents, and none of the other keys; in the transaction in hand."""
    changed = await write_documents(composed.public, rewrite=anew)
    changed += await remove_documents(_missing(composed.public_keys, composed.public))
    await write_documents(composed.desk, DESK, rewrite=anew)
    await remove_documents(_missing(composed.desk_keys, composed.desk), DESK)
    if follow and changed:
        await queue_keys(changed)


def _missing(keys: Iterable[Key], documents: Iterable[Document]) -> list[Key]:
    return sorted(set(keys) - {(one.kind.value, one.item_id) for one in documents})


async def _subjects(marks: Sequence[dict[str, Any]]) -> Subjects:
    """What the marks speak of: a post with the case of its report, a case with the posts of its reports."""

    def ids(source: str) -> list[int]:
        return [mark["item_id"] for mark in marks if mark["source"] == source]

    rows = await fetch(
        "SELECT post_id, case_id FROM report WHERE post_id = ANY($1) OR case_id = ANY($2)", ids("post"), ids("case")
    )
    return Subjects(
        frozenset([*ids("post"), *(row["post_id"] for row in rows)]),
        frozenset([*ids("case"), *(row["case_id"] for row in rows)]),
        frozenset(ids("service")),
    )


async def compose(subjects: Subjects) -> Composed:
    """The documents of these subjects as the database has them now."""
    city.clear()  # another pack may be in force, with other names
    posts = sorted(subjects.posts)
    public = [found for part in (reports, traffic, ratings) for found in await part.documents(posts)]
    services = await ratings.service_documents(sorted(subjects.services))
    return Composed(
        public=[*public, *services],
        desk=await cases.documents(sorted(subjects.cases)),
        public_keys={(kind.value, one) for kind in POSTS for one in posts}
        | {(Kind.SERVICE.value, one) for one in subjects.services},
        desk_keys={(Kind.CASE.value, one) for one in subjects.cases},
    )


async def mark_ended(now: float) -> None:
    """Mark the traffic updates that ended by themselves since this was last asked."""
    async with in_transaction():
        rows = await fetch("SELECT value::text::float8 AS at FROM search_state WHERE name = 'ended' FOR UPDATE")
        since = rows[0]["at"] if rows else 0.0
        if posts := await traffic.ended_between(since, now):
            await execute("INSERT INTO search_mark (source, item_id) SELECT 'post', unnest($1::bigint[])", posts)
        await execute(
            "INSERT INTO search_state (name, value) VALUES ('ended', to_jsonb($1::float8))"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            now,
        )


@dataclass(frozen=True)
class Backlog:
    """What is not in the index yet: how many marks wait, since how many seconds, and how many were given up."""

    waiting: int
    seconds: float
    held: int


async def backlog() -> Backlog:
    row = await fetch(
        "SELECT count(*) FILTER (WHERE tries < $1) AS waiting, count(*) FILTER (WHERE tries >= $1) AS held,"
        " extract(epoch FROM clock_timestamp() - min(at) FILTER (WHERE tries < $1))::float8 AS seconds"
        " FROM search_mark",
        TRIES,
    )
    return Backlog(row[0]["waiting"], float(row[0]["seconds"] or 0.0), row[0]["held"])
