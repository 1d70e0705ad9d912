"""Searching many documents with PostgreSQL: the queries of tests/search/relevance.toml, typing, and keeping up.

    python -m benchmarks.search [COUNT]     # 1,000,000 documents: takes some twenty minutes and 3 GB
    CIVIC_BENCH_SEARCH=postgres://… python -m benchmarks.search COUNT   # that database, filled if it is empty

The documents are the real ones repeated with changes (benchmarks/search_corpus.py). CIVIC_TEST_DATABASE_URL names a
server on which a database may be made, as `make bench` does.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import uvloop
from pydantic import TypeAdapter

from benchmarks.search_corpus import DATA, many
from civic import cache, db
from civic.composition import install_hooks, migrate
from civic.search import feed
from civic.search.documents import Document, Query
from civic.search.phrases import Synonyms
from civic.search.postgres import rows, vocabulary
from civic.search.postgres import search as postgres_search
from civic.search.subjects import register, registered
from tests.search import relevance
from tests.search.corpus import Corpus

NAME = "civic_bench_search"
BATCH = 2000
ROUNDS = 3
AT_ONCE, SECONDS = 16, 20.0
TYPED = 6  # hits while typing
CHANGES, CHANGING = 200, 20.0  # a second, seconds
COMMON = ("trash", "street", "boston", "the", "小区", "utca")
WHOLE = """
WITH m AS MATERIALIZED (
    SELECT id, category_id, ts_rank_cd(words, $1::text::tsquery) AS rank FROM search_document
    WHERE words @@ $1::text::tsquery)
SELECT (SELECT count(*) FROM m), (SELECT json_agg(x) FROM (SELECT category_id, count(*) FROM m GROUP BY 1) x),
       (SELECT json_agg(x) FROM (SELECT id FROM m ORDER BY rank DESC LIMIT 20) x)
"""
# Made after filling, as a restore or a rebuild of an empty index would.
GIN = {"words": "", "sample": " WHERE id % 16 = 0", "coarse": " WHERE id % 256 = 0"}


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    if given := os.environ.get("CIVIC_BENCH_SEARCH"):
        yield given
        return
    server = os.environ["CIVIC_TEST_DATABASE_URL"]
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {NAME}")
        how = "ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
        await connection.execute(f"CREATE DATABASE {NAME} {how}")
        yield urlunsplit(urlsplit(server)._replace(path=f"/{NAME}"))
        await connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    finally:
        await connection.close()


# The documents, as no posts have them: what a hit is made of in a city is two statements and a few joins.
KEPT = "CREATE TABLE bench_document (item_id bigint PRIMARY KEY, document jsonb NOT NULL)"
KEEP = "INSERT INTO bench_document SELECT * FROM unnest($1::bigint[], $2::jsonb[])"
DOCUMENT = TypeAdapter(Document)


async def _keep(documents: list[Document]) -> None:
    await db.execute(KEEP, [one.item_id for one in documents], [DOCUMENT.dump_json(one).decode() for one in documents])


async def _read_kept(ids: Sequence[int]) -> list[Document]:
    rows = await db.fetch("SELECT document FROM bench_document WHERE item_id = ANY($1)", list(ids))
    return [DOCUMENT.validate_python(row["document"]) for row in rows]


async def _fill(count: int) -> None:
    began = time.perf_counter()
    await db.execute(KEPT)
    for name in GIN:
        await db.execute(f"DROP INDEX search_document_{name}")
    documents = many(count)
    while batch := list(islice(documents, BATCH)):
        await rows.write_documents(batch)
        await _keep(batch)
    for name, where in GIN.items():
        await db.execute(
            f"CREATE INDEX search_document_{name} ON search_document USING gin (words) WITH (fastupdate = off){where}"
        )
    await vocabulary.count_words()
    for table in ("search_document", "search_word", "bench_document"):
        await db.execute(f"VACUUM ANALYZE {table}")
    print(f"{count:,} documents indexed in {time.perf_counter() - began:,.0f} s")


async def _size() -> None:
    found = await db.fetch(
        "SELECT relname, pg_total_relation_size(oid) AS bytes FROM pg_class"
        " WHERE relname IN ('search_document', 'search_word')"
    )
    count = (await db.fetch("SELECT count(*) AS n FROM search_document"))[0]["n"]
    parts = ", ".join(f"{row['relname']} {row['bytes'] / count:,.0f}" for row in found)
    print(f"{sum(row['bytes'] for row in found) / count:,.0f} bytes a document ({parts})")


def _percentiles(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {statistics.median(ordered):.1f} ms, p95 {p95:.1f} ms, longest {ordered[-1]:.1f} ms"


async def _timed(query: Query, synonyms: Synonyms) -> float:
    began = time.perf_counter()
    await postgres_search.find(query, synonyms=synonyms)
    return (time.perf_counter() - began) * 1000


async def _one_at_a_time(queries: list[Query], synonyms: Synonyms) -> None:
    for query in queries:
        await _timed(query, synonyms)
    taken = [[await _timed(query, synonyms) for query in queries] for _ in range(ROUNDS)]
    print(f"{len(queries)} queries with facets, one at a time: {_percentiles([one for some in taken for one in some])}")
    if "-v" in sys.argv:
        for found, query in sorted(zip(zip(*taken, strict=True), queries, strict=True), key=lambda one: -min(one[0])):
            print(f"    {min(found):7.1f} ms  {query.text!r}")


async def _at_once(queries: list[Query], synonyms: Synonyms) -> None:
    until = time.perf_counter() + SECONDS
    taken: list[float] = []

    async def one(start: int) -> None:
        n = start
        while time.perf_counter() < until:
            taken.append(await _timed(queries[n % len(queries)], synonyms))
            n += 7

    await asyncio.gather(*(one(start) for start in range(AT_ONCE)))
    print(f"{AT_ONCE} at once: {len(taken) / SECONDS:.0f} searches/s, {_percentiles(taken)}")


def _typing(texts: list[str]) -> Iterator[Query]:
    for text in texts:
        for end in range(1 if ord(text[0]) > 0x2000 else 2, min(len(text), 24) + 1):
            yield Query(text=text[:end], size=TYPED, facets=False)


async def _common(synonyms: Synonyms) -> None:
    """Words that very many documents have: ranked and counted whole, and as the search does it, in turn."""
    print(f"{'word':12}{'whole, ms':>12}{'search, ms':>12}")
    for word in COMMON:
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await db.fetch(WHOLE, word)
            taken[0].append((time.perf_counter() - began) * 1000)
            taken[1].append(await _timed(Query(text=word), synonyms))
        print(f"{word:12}{min(taken[0]):12.1f}{min(taken[1]):12.1f}")


async def _keeping_up() -> None:
    """Posts change CHANGES times a second; how old does the oldest change get that is not in the index?"""
    ids = [row["id"] for row in await db.fetch("SELECT id FROM post ORDER BY id")]
    stop, oldest = asyncio.Event(), 0.0

    async def index() -> None:
        while not stop.is_set():
            if not await feed.step():
                await asyncio.sleep(0.05)

    async def change() -> int:
        began, n = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < CHANGING:
            while n < passed * CHANGES:
                await db.execute("UPDATE post SET votes_count = votes_count + 1 WHERE id = $1", ids[n * 37 % len(ids)])
                n += 1
            await asyncio.sleep(0.005)
        return n

    async def watch() -> None:
        nonlocal oldest
        while not stop.is_set():
            oldest = max(oldest, (await feed.read_backlog()).seconds)
            await asyncio.sleep(0.1)

    while await feed.step():
        pass
    tasks = [asyncio.create_task(index()), asyncio.create_task(watch())]
    n = await change()
    stop.set()
    await asyncio.gather(*tasks)
    print(f"{n / CHANGING:.0f} changes/s for {CHANGING:.0f} s: at most {oldest:.2f} s behind")


async def _measure(count: int) -> None:
    async with _database() as url:
        install_hooks()
        await migrate(url)
        async with db.connect(url, AT_ONCE + 4):
            if not await db.fetch("SELECT 1 AS x FROM search_document LIMIT 1"):
                await _fill(count)
            if await db.fetch("SELECT 1 AS x FROM pg_tables WHERE tablename = 'bench_document'"):
                register(replace(one, compose_hits=_read_kept) if one.kind == "report" else one for one in registered())
            await _size()
            cache.clear_caches()
            corpus = Corpus(DATA)
            for _ in corpus.documents():
                pass
            known = list(relevance.queries())
            queries = [one.query(corpus, facets=True) for one in known]
            synonyms = Synonyms.from_groups(relevance.synonyms())
            await _one_at_a_time(queries, synonyms)
            await _at_once(queries, synonyms)
            await _common(synonyms)
            typed = [await _timed(query, synonyms) for query in _typing([one.text for one in known])]
            print(f"{len(typed):,} beginnings while typing: {_percentiles(typed)}")
            if await db.fetch("SELECT 1 AS x FROM post LIMIT 1"):
                await _keeping_up()


def main() -> None:
    numbers = [one for one in sys.argv[1:] if one.isdigit()]
    uvloop.run(_measure(int(numbers[0]) if numbers else 1_000_000))  # as the web program runs


if __name__ == "__main__":
    main()
