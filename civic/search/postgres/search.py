"""Finding with PostgreSQL's full text. Its cost is bounded, however many documents there are.

If at most MAX_EXACT_HITS documents match, all of them are ranked and counted. If more do, they are ordered by their
static rank (freshness and support), the first of them are ranked by their words, and numbers are estimated from a
sample that has an index of its own: one document in 16, or in 256. Where hardly any document has all the words, those
follow that have most of them; a rare word counts more than a common one.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import accumulate
from typing import Any

from cachetools import TTLCache

from civic.cache import timed_cache
from civic.db import Row, fetch, in_transaction, retry_transaction
from civic.search.documents import MAX_REACHABLE_HITS, Document, Facets, Query, SearchHit, SearchResult, SortOrder
from civic.search.highlight import highlight_words, make_excerpt
from civic.search.phrases import Synonyms
from civic.search.postgres import filter_labels, vocabulary
from civic.search.postgres.rows import DESK, PUBLIC, DocumentTables
from civic.search.postgres.sql import COUNTS, PREPARE, SIZE
from civic.search.postgres.statements import WEIGHTS, Arguments, PostgresSearch, QueryUnit, is_number, kind_weight
from civic.search.postgres.terms import pairs, parse_query
from civic.search.static_rank import STEP_SQL, steps_from
from civic.search.subjects import read_documents
from civic.search.text import IS_CJK

MAX_COUNTED_SIZE = 40_000  # documents of the index that are counted; of more, PostgreSQL's estimate is taken
MAX_EXACT_HITS = 1000  # if no more documents match, all of them are ranked and counted
SAMPLE_RATES = (16, 256)  # one document in so many
RANKED_HITS = 300  # of the hits of a common word, the first ones, which are ranked by their words
FEW_HITS = 10  # if no more hits have every word, hits with most of the words follow
MAX_PARTIAL_HITS = 1000  # with two of the words
MAX_QUERY_UNITS = 16  # words, or pairs of Chinese characters, of which some are enough
MAX_CJK_WORD_CHARS = 4  # Chinese characters that may be one word
MIN_SHARE_OF_NONE, MIN_SHARE_OF_FEW = (
    0.3,
    0.6,
)  # the share of a query that must occur, where no document or only a few have every word
# Where some of the words are enough: what those in the title or the names count more, and what the places of all do.
NAMED_SHARE, PLACES_SHARE = 0.3, 0.15
MAX_SEARCH_SECONDS = 5  # a search that takes longer is given up

TIME_SPANS = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}

COLUMNS = (
    "d.id, d.item_id, d.lat, d.lon, d.kind, d.category_id, d.area_ids, d.department_id, d.status, d.at, d.support,"
    " d.static_rank"
)
PAGE = (
    "(SELECT json_agg(p) FROM (SELECT kind, item_id, metres FROM m ORDER BY {order} LIMIT {size} OFFSET {offset}) p)"
    " AS page"
)
# By facet, the column of COUNTS that has its value.
FACETS = {
    "kind": "kind",
    "category": "category_id",
    "area": "area_ids",
    "department": "department_id",
    "status": "status",
    "time": "age",
}
ORDERS = {
    SortOrder.RELEVANCE: "rank DESC, static_rank DESC, id DESC",
    SortOrder.NEW: "at DESC, id DESC",
    SortOrder.SUPPORTED: "support DESC, id DESC",
}
# Of what is common: an order of which the uppermost steps can be read.
IN_STEPS = {SortOrder.RELEVANCE: "static_rank DESC, id DESC"} | {
    sort: ORDERS[sort] for sort in (SortOrder.NEW, SortOrder.SUPPORTED)
}
STEPS_OF_M = (
    ", (SELECT json_agg(x) FROM (SELECT {step} AS step, count(*) AS n FROM m GROUP BY 1 ORDER BY 1 DESC) x) AS steps"
)


@dataclass(frozen=True, slots=True)
class CountedHits:
    total: int = 0
    exact: bool = True
    facets: Facets = field(default_factory=dict)
    page: Sequence[Row] = ()
    steps: Sequence[tuple[int, int]] = ()  # of what is common: the steps of the order, and about how many are in each


@retry_transaction
async def find(query: Query, tables: DocumentTables = PUBLIC, synonyms: Synonyms | None = None) -> SearchResult:
    """A page of what matches the query. No text that somebody types is an error."""
    query = replace(query, page=max(1, query.page), size=max(0, min(query.size, MAX_REACHABLE_HITS)))
    if query.near and not _on_earth(*query.near):
        return SearchResult([], 0)
    async with in_transaction():
        await fetch(PREPARE, str(MAX_SEARCH_SECONDS * 1000))
        understood = await parse_query(query.text, synonyms or Synonyms())
        if query.text.strip() and not understood.terms:
            return SearchResult([], 0)  # nothing but punctuation
        search = PostgresSearch(query, tables, understood, await _size(tables))
        counted = await _counted(search)
        facets = dict(counted.facets)
        if query.facets:
            for name in filter_labels.narrowed_facets(query):
                facets[name] = (await _counted(search, except_facet=name)).facets.get(name, {})
        instead = understood.describe_corrections(await _occurring(understood.corrections, tables))
    hits = await _read_hits(search, counted.page)
    if hits or not counted.page:
        lost = len(counted.page) - len(hits)
        return SearchResult(hits, max(len(hits), counted.total - lost), counted.exact, facets, instead)
    return SearchResult([], max(0, counted.total - len(counted.page)), counted.exact)


async def _read_hits(search: PostgresSearch, page: Sequence[Row]) -> list[SearchHit]:
    """The hits as they are now; what must not be found any more is left out, whatever the index still holds."""
    keys = [(row["kind"], row["item_id"]) for row in page]
    documents = await read_documents(keys, desk=search.tables == DESK)
    marks = search.highlights
    return [_hit(documents[key], row, marks) for key, row in zip(keys, page, strict=True) if key in documents]


async def _occurring(words: Collection[str], tables: DocumentTables) -> list[str]:
    """The words that are, or begin, a word of a document. The vocabulary keeps words of hidden documents for a while;
    these must not be named."""
    if not words:
        return []
    sql = (
        "SELECT word FROM unnest($1::text[]) AS word"
        f" WHERE EXISTS (SELECT FROM {tables.searched} d WHERE words @@ format('%L:*', word)::tsquery)"
    )
    return [row["word"] for row in await fetch(sql, sorted(words))]


async def _counted(search: PostgresSearch, except_facet: str = "") -> CountedHits:
    """Numbers and the page; with `except_facet` only the numbers of that facet."""
    if search.units:
        return await _partly(search, except_facet)
    if search.query.partial:
        return await _some(search, CountedHits(), MIN_SHARE_OF_NONE)
    if (
        search.bound > MAX_EXACT_HITS
        and search.size > MAX_EXACT_HITS
        and (about := await _about(search, except_facet)) > MAX_EXACT_HITS
    ):
        counted = await _estimated(search, about, except_facet)
        return counted if except_facet else replace(counted, page=await _first(search, counted.steps))
    counted = await _whole(search, except_facet)
    if counted.total < FEW_HITS and not except_facet:
        return await _some(search, counted, MIN_SHARE_OF_FEW if counted.total else MIN_SHARE_OF_NONE)
    return counted


async def _some(search: PostgresSearch, whole: CountedHits, min_share: float) -> CountedHits:
    """What has most of the query, if that is more. The search goes on with it, for its facets too."""
    terms = search.understood.terms
    if len(terms) == 1 and IS_CJK.match(terms[0].typed) and len(terms[0].typed) <= MAX_CJK_WORD_CHARS:
        return whole  # half of a word is another word
    search.min_share = min_share
    search.units, search.absent = await _units(search)
    tries = len(search.units) > 1 or (search.units and (search.absent or search.query.partial))
    found = await _partly(search) if tries else whole
    if found.total <= whole.total:
        search.units = ()
        return whole
    return found


async def _partly(search: PostgresSearch, except_facet: str = "") -> CountedHits:
    """What has so much of the query, that with the most of it first, and in its title or its names."""
    args = Arguments()
    metres, share, named = search.metres(args), search.share(args), search.share(args, "v.names")
    ways = args.add(" | ".join(one.query for one in search.units))
    source, min_share = search.match_clause(args, except_facet=except_facet), args.add(search.min_share)
    places = f"ts_rank('{WEIGHTS}', words, {ways}::tsquery) * {kind_weight()}"
    rank = f"share + {NAMED_SHARE} * named + {PLACES_SHARE} * {places}"
    m = (
        f"WITH m AS MATERIALIZED (SELECT *, {rank} AS rank"
        f" FROM (SELECT {COLUMNS}, v.words, {metres} AS metres, {share} AS share, {named} AS named {source}"
        f" LIMIT {MAX_PARTIAL_HITS}) d WHERE share >= {min_share}::float8)"
    )
    if except_facet:
        row = (await fetch(m + _counts(search, args, [except_facet]), *args))[0]
        return CountedHits(row["total"], True, _facets(row, [except_facet]))
    row = (await fetch(m + _counts(search, args) + ", " + _page(search), *args))[0]
    return CountedHits(row["total"], True, _facets(row), row["page"] or ())


async def _units(search: PostgresSearch) -> tuple[list[QueryUnit], int]:
    """The parts of the query that occur at all, and how many do not; a long number has to occur as it is."""
    units: dict[str, int] = {}
    runs = [one.typed for one in search.understood.terms if one.is_cjk and not one.also]
    known = await vocabulary.document_counts({pair for run in runs for pair in pairs(run)})
    for term in search.understood.terms:
        if term.is_cjk and not term.also:
            units |= {f"'{pair}'": known.get(pair, 0) for pair in pairs(term.typed)}
        elif not is_number(term):
            units[term.ways] = term.reach
    total = max(search.size, 2)
    found = [QueryUnit(query, n, max(0.05, math.log(total / min(n, total)))) for query, n in units.items() if n]
    return found[:MAX_QUERY_UNITS], len(units) - len(found)


def _on_earth(lat: float, lon: float, metres: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180 and 0 <= metres < math.inf


async def _about(search: PostgresSearch, except_facet: str) -> int:
    """About how many match, as the sample says; more than MAX_EXACT_HITS are not counted."""
    args = Arguments()
    limit = MAX_EXACT_HITS // SAMPLE_RATES[0] + 1
    source = search.match_clause(args, except_facet=except_facet, sample=SAMPLE_RATES[0])
    rows = await fetch(f"SELECT count(*) AS n FROM (SELECT 1 {source} LIMIT {limit}) x", *args)
    return int(rows[0]["n"]) * SAMPLE_RATES[0]


async def _estimated(search: PostgresSearch, about: int, except_facet: str) -> CountedHits:
    """Numbers of what is common, from the finest sample that is not too large itself."""
    names = [except_facet] if except_facet else list(FACETS)
    for sample in SAMPLE_RATES:
        args = Arguments()
        source = search.match_clause(args, except_facet=except_facet, sample=sample)
        m = f"WITH m AS MATERIALIZED (SELECT {COLUMNS} {source} LIMIT {MAX_EXACT_HITS + 1})"
        steps = STEPS_OF_M.format(step=STEP_SQL[search.query.sort][1])
        row = (await fetch(m + _counts(search, args, names) + steps, *args))[0]
        if row["total"] <= MAX_EXACT_HITS or sample == SAMPLE_RATES[-1]:
            break
    facets = {name: {v: n * sample for v, n in values.items()} for name, values in _facets(row, names).items()}
    found = [(one["step"], one["n"] * sample) for one in row["steps"] or ()]
    return CountedHits(max(about, row["total"] * sample), False, facets, steps=found)


async def _whole(search: PostgresSearch, except_facet: str) -> CountedHits:
    """Everything that matches, ranked and counted; with `except_facet` only counted."""
    args = Arguments()
    most = MAX_EXACT_HITS * 4  # the sample may have said too little
    if except_facet:
        source = search.match_clause(args, except_facet=except_facet)
        m = f"WITH m AS MATERIALIZED (SELECT {COLUMNS} {source} LIMIT {most})"
        row = (await fetch(m + _counts(search, args, [except_facet]), *args))[0]
        return CountedHits(row["total"], row["total"] < most, _facets(row, [except_facet]))
    metres, rank, source = search.metres(args), search.rank(args), search.match_clause(args)
    m = f"WITH m AS MATERIALIZED (SELECT {COLUMNS}, {metres} AS metres, {rank} AS rank {source} LIMIT {most})"
    row = (await fetch(m + _counts(search, args) + ", " + _page(search), *args))[0]
    return CountedHits(row["total"], row["total"] < most, _facets(row), row["page"] or ())


async def _first(search: PostgresSearch, steps: Sequence[tuple[int, int]]) -> Sequence[Row]:
    """A page of very many matches, from the uppermost steps of the order; the first RANKED_HITS are ranked by words."""
    query = search.query
    start = (query.page - 1) * query.size
    window = RANKED_HITS - RANKED_HITS % max(query.size, 1)  # whole pages
    ranked = query.sort == SortOrder.RELEVANCE and start < window
    need = window if ranked else min(start, MAX_REACHABLE_HITS) + query.size
    part = (window, 0) if ranked else (max(0, min(query.size, MAX_REACHABLE_HITS - start)), start)
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
    search: PostgresSearch, steps: Sequence[int], part: tuple[int, int], *, ranked: bool
) -> tuple[Sequence[Row], int]:
    """The page from these steps, and how many documents match in them. `part`: a limit and an offset."""
    args = Arguments()
    rank = search.rank(args) if ranked else "0"
    order, (limit, offset) = IN_STEPS[search.query.sort], part
    source, metres = search.match_clause(args, steps=steps), search.metres(args)
    m = (
        f"WITH every AS MATERIALIZED (SELECT {COLUMNS}, d.words {source} LIMIT {MAX_REACHABLE_HITS * 8}),"
        f" first AS (SELECT * FROM every ORDER BY {order} LIMIT {limit} OFFSET {offset}),"
        " d AS MATERIALIZED (SELECT id, item_id, lat, lon, kind, at, support, static_rank,"
        " words || ''::tsvector AS words FROM first),"
        f" m AS MATERIALIZED (SELECT d.*, {metres} AS metres, {rank} AS rank FROM d)"
    )
    start = (search.query.page - 1) * search.query.size
    page = _page(search, start if ranked else 0, ORDERS[search.query.sort] if ranked else order)
    row = (await fetch(f"{m} SELECT {page}, (SELECT count(*) FROM every) AS seen", *args))[0]
    return row["page"] or (), int(row["seen"])


def _counts(search: PostgresSearch, args: Arguments, facets: Sequence[str] = tuple(FACETS)) -> str:
    """Numbers of what was found, in all and of each value of these facets."""
    if not search.query.facets:
        return "SELECT (SELECT count(*) FROM m) AS total"
    columns = [FACETS[name] for name in facets]
    age = " + ".join(f"(at < {args.add(search.now - age)})::int" for age in TIME_SPANS.values())
    return COUNTS.format(columns=", ".join(columns), sets=", ".join(f"({column})" for column in columns), age=age)


def _page(search: PostgresSearch, offset: int | None = None, order: str = "") -> str:
    query = search.query
    start = (query.page - 1) * query.size if offset is None else offset
    size = max(0, min(query.size, MAX_REACHABLE_HITS - start))
    return PAGE.format(order=order or ORDERS[query.sort], size=size, offset=min(start, MAX_REACHABLE_HITS))


def _facets(row: Row, names: Sequence[str] = tuple(FACETS)) -> Facets:
    """What the rows of COUNTS say: by facet, how many of each value."""
    if "counted" not in row:
        return {}
    whole = (1 << len(names)) - 1
    facets: Facets = {name: dict.fromkeys(TIME_SPANS if name == "time" else (), 0) for name in names}
    for grouping, *values, count in row["counted"] or ():
        place = len(names) - (whole ^ grouping).bit_length()
        for value in _values(names[place], values[place]):
            facets[names[place]][value] = facets[names[place]].get(value, 0) + count
    return facets


def _values(facet: str, value: Any) -> Iterable[str]:
    """The values of a facet that a row with this value of its column counts for."""
    if facet == "area":
        return map(str, value)
    if facet == "time":
        return list(TIME_SPANS)[value:]
    return [] if value in (None, "") else [str(value)]


def _hit(document: Document, row: Row, marks: Sequence[str]) -> SearchHit:
    texts = (document.text, document.discussion, *document.names) if marks else (document.text,)
    return SearchHit(document, highlight_words(document.title, marks), make_excerpt(texts, marks), row["metres"])


_sizes: TTLCache[str, int] = timed_cache(seconds=30)


async def _size(tables: DocumentTables) -> int:
    """How many documents there are; about, from MAX_COUNTED_SIZE on."""
    if (size := _sizes.get(tables.documents)) is None:
        [row] = await fetch(SIZE.format(searched=tables.searched), MAX_COUNTED_SIZE, tables.read_tables)
        # PostgreSQL's estimate can be of long before; it is asked for only where counting costs too much.
        size = row["counted"] if row["counted"] < MAX_COUNTED_SIZE else max(row["counted"], row["estimate"])
        _sizes[tables.documents] = size
    return size
