"""Finding with PostgreSQL's full text. Its cost is bounded, however many documents there are.

What MOST documents at most match is ranked and counted whole. What more match is ordered by what speaks for a document
whatever is looked for (freshness and support), the first of them are ranked by their words, and numbers are estimated
from a sample that the index holds apart: one document in 16, or in 256. Where hardly anything has all the words, what
has most of them, by how much each word tells, follows.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import accumulate
from typing import Any

from tortoise.transactions import in_transaction

from civic.cache import TimedCache
from civic.db import fetch, json_value
from civic.search import labels, vocabulary
from civic.search.documents import REACH, Facets, Found, Hit, Query, Sort
from civic.search.marking import excerpt, marked
from civic.search.prior import STEP, steps_from
from civic.search.rows import PUBLIC, Tables, read_by_id
from civic.search.statements import WEIGHTS, Arguments, Search, Unit, is_number
from civic.search.terms import Synonyms, pairs, understand
from civic.search.text import IS_CJK

MOST = 4000  # documents up to which everything that matches is looked at
SAMPLES = (16, 256)  # one document in so many
WINDOW = 300  # of what is common are ranked by their words
FEW = 10  # hits with every word, up to which others follow
LOOKED_AT = 1000  # of those that have two of them
UNITS = 16  # of a query that are looked at then
ONE_WORD = 4  # Chinese characters that may be one word
PARTLY, MOSTLY = 0.35, 0.6  # how much of a query must occur where nothing, or little, has every word
SECONDS = 5  # after which a search is given up

TIMES = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}

# No statement here is answered well by reading a whole table, and planning each time costs as much as most searches.
PREPARE = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),"
    " set_config('statement_timeout', $1, true)"
)
COLUMNS = "d.id, d.lat, d.lon, d.kind, d.category_id, d.area_ids, d.department_id, d.status, d.at, d.support, d.prior"
COUNTS = """
SELECT (SELECT count(*) FROM m) AS total,
    (SELECT json_object_agg(v, n) FROM (SELECT kind AS v, count(*) AS n FROM m GROUP BY 1) x) AS kind,
    (SELECT json_object_agg(v, n) FROM (SELECT category_id AS v, count(*) AS n FROM m
        WHERE category_id IS NOT NULL GROUP BY 1) x) AS category,
    (SELECT json_object_agg(v, n) FROM (SELECT unnest(area_ids) AS v, count(*) AS n FROM m GROUP BY 1) x) AS area,
    (SELECT json_object_agg(v, n) FROM (SELECT department_id AS v, count(*) AS n FROM m
        WHERE department_id IS NOT NULL GROUP BY 1) x) AS department,
    (SELECT json_object_agg(v, n) FROM (SELECT status AS v, count(*) AS n FROM m WHERE status <> '' GROUP BY 1) x)
        AS status,
    (SELECT json_object_agg(v, n) FROM (SELECT v, (SELECT count(*) FROM m WHERE at >= since) AS n
        FROM unnest({names}::text[], {instants}::timestamptz[]) AS t (v, since)) x) AS time
"""
PAGE = "(SELECT json_agg(p) FROM (SELECT id, metres FROM m ORDER BY {order} LIMIT {size} OFFSET {offset}) p) AS page"
FACETS = ("kind", "category", "area", "department", "status", "time")
ORDERS = {
    Sort.RELEVANCE: "rank DESC, prior DESC, id DESC",
    Sort.NEW: "at DESC, id DESC",
    Sort.SUPPORTED: "support DESC, id DESC",
}
# Of what is common: an order of which the uppermost steps can be read.
IN_STEPS = {Sort.RELEVANCE: "prior DESC, id DESC"} | {sort: ORDERS[sort] for sort in (Sort.NEW, Sort.SUPPORTED)}
STEPS_OF_M = (
    ", (SELECT json_agg(x) FROM (SELECT {step} AS step, count(*) AS n FROM m GROUP BY 1 ORDER BY 1 DESC) x) AS steps"
)


@dataclass(frozen=True, slots=True)
class Counted:
    total: int = 0
    exact: bool = True
    facets: Facets = field(default_factory=dict)
    page: Sequence[dict[str, Any]] = ()
    steps: Sequence[tuple[int, int]] = ()  # of what is common: the steps of the order, and about how many are in each


async def find(query: Query, tables: Tables = PUBLIC, synonyms: Synonyms | None = None) -> Found:
    """A page of what matches the query. Nothing that somebody may type is an error."""
    query = replace(query, page=max(1, query.page), size=max(0, min(query.size, REACH)))
    if query.near and not _on_earth(*query.near):
        return Found([], 0)
    async with in_transaction():
        await fetch(PREPARE, str(SECONDS * 1000))
        understood = await understand(query.text, synonyms or Synonyms())
        if query.text.strip() and not understood.terms:
            return Found([], 0)  # nothing but punctuation
        search = Search(query, tables, understood, await _size(tables), synonyms or Synonyms())
        counted = await _counted(search)
        facets = dict(counted.facets)
        if query.facets:
            for name in labels.active(query):
                facets[name] = (await _counted(search, leave=name)).facets.get(name, {})
        documents = await read_by_id([row["id"] for row in counted.page], tables)
        instead = understood.instead(await _occurring(understood.meant, tables))
    hits = [_hit(search, documents[row["id"]], row) for row in counted.page if row["id"] in documents]
    return Found(hits, counted.total, counted.exact, facets, instead)


async def _occurring(words: Collection[str], tables: Tables) -> list[str]:
    """Those that are, or begin, a word of a document: what was hidden is known for a while, and must not be told."""
    if not words:
        return []
    sql = (
        "SELECT word FROM unnest($1::text[]) AS word"
        f" WHERE EXISTS (SELECT FROM {tables.documents} WHERE words @@ format('%L:*', word)::tsquery)"
    )
    return [row["word"] for row in await fetch(sql, sorted(words))]


async def _counted(search: Search, leave: str = "") -> Counted:
    """Numbers and the page; with `leave` only the numbers of that facet."""
    if search.units:
        return await _partly(search, leave)
    if search.query.some:
        return await _some(search, Counted(), PARTLY)
    if search.bound > MOST and search.size > MOST and (about := await _about(search, leave)) > MOST:
        counted = await _estimated(search, about, leave)
        return counted if leave else replace(counted, page=await _first(search, counted.steps))
    counted = await _whole(search, leave)
    if counted.total < FEW and not leave:
        return await _some(search, counted, MOSTLY if counted.total else PARTLY)
    return counted


async def _some(search: Search, whole: Counted, least: float) -> Counted:
    """What has most of the query, if that is more. The search goes on with it, for its facets too."""
    terms = search.understood.terms
    if len(terms) == 1 and IS_CJK.match(terms[0].typed) and len(terms[0].typed) <= ONE_WORD:
        return whole  # half of a word is another word
    search.least = least
    search.units, search.absent = await _units(search)
    tries = len(search.units) > 1 or (search.units and (search.absent or search.query.some))
    found = await _partly(search) if tries else whole
    if found.total <= whole.total:
        search.units = ()
        return whole
    return found


async def _partly(search: Search, leave: str = "") -> Counted:
    """What has so much of the query, that with the most first."""
    args = Arguments()
    metres, share = search.metres(args), search.share(args)
    close = args.add(" | ".join(one.exact for one in search.understood.terms))
    source, least = search.source(args, leave=leave), args.add(search.least)
    m = (
        f"WITH m AS MATERIALIZED (SELECT *, share + ts_rank_cd('{WEIGHTS}', words, {close}::tsquery, 2) AS rank"
        f" FROM (SELECT {COLUMNS}, v.words, {metres} AS metres, {share} AS share {source} LIMIT {LOOKED_AT}) found"
        f" WHERE share >= {least}::float8)"
    )
    row = (await fetch(m + _counts(search, args) + ", " + _page(search), *args))[0]
    return Counted(row["total"], True, _facets(row), json_value(row["page"]) or ())


async def _units(search: Search) -> tuple[list[Unit], int]:
    """The parts of the query that occur at all, and how many do not; a long number has to occur as it is."""
    runs = [one.typed for one in search.understood.terms if IS_CJK.match(one.typed)]
    every = dict.fromkeys(pair for run in runs for pair in pairs(run))
    known = await vocabulary.known(every)
    units = {f"'{pair}'": known.get(pair, 0) for pair in every}
    for run in runs:
        for phrase, ways in search.synonyms.inside(run):
            units[ways] = max(1, min(known.get(pair, 0) for pair in pairs(phrase)))
    for term in search.understood.terms:
        if not IS_CJK.match(term.typed) and not is_number(term):
            units[term.ways] = term.reach
    total = max(search.size, 2)
    found = [Unit(query, n, max(0.05, math.log(total / min(n, total)))) for query, n in units.items() if n]
    return found[:UNITS], len(units) - len(found)


def _on_earth(lat: float, lon: float, metres: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180 and 0 <= metres < math.inf


async def _about(search: Search, leave: str) -> int:
    """About how many match, as the sample says; what is beyond MOST is not counted further."""
    args = Arguments()
    limit = MOST // SAMPLES[0] + 1
    source = search.source(args, leave=leave, sample=SAMPLES[0])
    rows = await fetch(f"SELECT count(*) AS n FROM (SELECT 1 {source} LIMIT {limit}) x", *args)
    return int(rows[0]["n"]) * SAMPLES[0]


async def _estimated(search: Search, about: int, leave: str) -> Counted:
    """Numbers of what is common, from the finest sample that is not too large itself."""
    for sample in SAMPLES:
        args = Arguments()
        source = search.source(args, leave=leave, sample=sample)
        m = f"WITH m AS MATERIALIZED (SELECT {COLUMNS} {source} LIMIT {MOST + 1})"
        steps = STEPS_OF_M.format(step=STEP[search.query.sort][1])
        row = (await fetch(m + _counts(search, args) + steps, *args))[0]
        if row["total"] <= MOST or sample == SAMPLES[-1]:
            break
    facets = {name: {v: n * sample for v, n in values.items()} for name, values in _facets(row).items()}
    found = [(one["step"], one["n"] * sample) for one in json_value(row["steps"]) or ()]
    return Counted(max(about, row["total"] * sample), False, facets, steps=found)


async def _whole(search: Search, leave: str) -> Counted:
    """Everything that matches, ranked and counted."""
    args = Arguments()
    most = MOST * 4  # the sample may have said too little
    metres, rank, source = search.metres(args), search.rank(args), search.source(args, leave=leave)
    m = f"WITH m AS MATERIALIZED (SELECT {COLUMNS}, {metres} AS metres, {rank} AS rank {source} LIMIT {most})"
    row = (await fetch(m + _counts(search, args) + ", " + _page(search), *args))[0]
    return Counted(row["total"], row["total"] < most, _facets(row), json_value(row["page"]) or ())


async def _first(search: Search, steps: Sequence[tuple[int, int]]) -> Sequence[dict[str, Any]]:
    """A page of what is common, from the uppermost steps of its order; the first WINDOW are ranked by their words."""
    query = search.query
    start = (query.page - 1) * query.size
    window = WINDOW - WINDOW % max(query.size, 1)  # whole pages
    ranked = query.sort == Sort.RELEVANCE and start < window
    need = window if ranked else min(start, REACH) + query.size
    part = (window, 0) if ranked else (query.size, start)
    for sure in (2, 8):  # a sample may be wrong
        lowest = _lowest(steps, need * sure)
        page, seen = await _read(search, steps_from(query.sort, lowest, search.now), part, ranked=ranked)
        if seen >= need:
            return page
    page, _seen = await _read(search, (), part, ranked=ranked)
    return page


def _lowest(steps: Sequence[tuple[int, int]], need: int) -> int:
    """The step down to which there are so many documents."""
    sums = accumulate(n for _step, n in steps)
    return next((step for (step, _n), sum_of in zip(steps, sums, strict=True) if sum_of >= need), 0)


async def _read(
    search: Search, steps: Sequence[int], part: tuple[int, int], *, ranked: bool
) -> tuple[Sequence[dict[str, Any]], int]:
    """The page from these steps, and how many documents match in them. `part`: a limit and an offset."""
    args = Arguments()
    rank = search.rank(args) if ranked else "0"
    order, (limit, offset) = IN_STEPS[search.query.sort], part
    source, metres = search.source(args, steps=steps), search.metres(args)
    m = (
        f"WITH every AS MATERIALIZED (SELECT {COLUMNS}, d.words {source} LIMIT {REACH * 8}),"
        f" first AS (SELECT * FROM every ORDER BY {order} LIMIT {limit} OFFSET {offset}),"
        " d AS MATERIALIZED (SELECT id, lat, lon, kind, at, support, prior, words || ''::tsvector AS words FROM first),"
        f" m AS MATERIALIZED (SELECT d.*, {metres} AS metres, {rank} AS rank FROM d)"
    )
    start = (search.query.page - 1) * search.query.size
    page = _page(search, start if ranked else 0, ORDERS[search.query.sort] if ranked else order)
    row = (await fetch(f"{m} SELECT {page}, (SELECT count(*) FROM every) AS seen", *args))[0]
    return json_value(row["page"]) or (), int(row["seen"])


def _counts(search: Search, args: Arguments) -> str:
    names, instants = list(TIMES), [search.now - age for age in TIMES.values()]
    if not search.query.facets:
        return "SELECT (SELECT count(*) FROM m) AS total"
    return COUNTS.format(names=args.add(names), instants=args.add(instants))


def _page(search: Search, offset: int | None = None, order: str = "") -> str:
    query = search.query
    start = (query.page - 1) * query.size if offset is None else offset
    size = max(0, min(query.size, REACH - start))
    return PAGE.format(order=order or ORDERS[query.sort], size=size, offset=min(start, REACH))


def _facets(row: dict[str, Any]) -> Facets:
    return {name: json_value(row.get(name)) or {} for name in FACETS}


def _hit(search: Search, document: Any, row: dict[str, Any]) -> Hit:
    marks = search.marks
    texts = (document.text, document.said, *document.names) if marks else (document.text,)
    return Hit(document, marked(document.title, marks), excerpt(texts, marks), row["metres"])


_sizes: TimedCache[str, int] = TimedCache(seconds=30)


async def _size(tables: Tables) -> int:
    """About how many documents there are."""
    if (size := _sizes.get(tables.documents)) is None:
        row = await fetch(
            "SELECT reltuples::bigint AS n FROM pg_class WHERE oid = $1::text::regclass", tables.documents
        )
        size = max(row[0]["n"], 0)
        if size < MOST * 10:
            counted = await fetch(f"SELECT count(*) AS n FROM (SELECT FROM {tables.documents} LIMIT {MOST * 10}) x")
            size = max(size, counted[0]["n"])
        _sizes.put(tables.documents, size)
    return size
