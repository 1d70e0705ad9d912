"""The statements of PostgreSQL's engine."""

# No statement here is answered well by reading a whole table, and planning each time costs as much as most searches.
PREPARE = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),"
    " set_config('statement_timeout', $1, true)"
)
# The facets in one walk through what was found: in each row a facet (what GROUPING says), its value in the place of its
# column, and how many there are. `age`: how many of the time spans a document is too old for.
COUNTS = """
SELECT (SELECT count(*) FROM m) AS total,
    (SELECT json_agg(x.counted) FROM (
        SELECT json_build_array(GROUPING({columns}), {columns}, count(*)) AS counted
        FROM (SELECT *, {age} AS age FROM m) m GROUP BY GROUPING SETS ({sets})) x) AS counted
"""
SIZE = """
SELECT (SELECT count(*) FROM (SELECT FROM {searched} d LIMIT $1) x) AS counted,
    (SELECT sum(reltuples)::bigint FROM pg_class WHERE oid = ANY($2::regclass[])) AS estimate
"""
COUNT_WORDS = """
WITH counted AS (
    SELECT word, ndoc * $1 AS n FROM ts_stat($2) WHERE position(':' IN word) = 0
    AND length(word) BETWEEN 2 AND {longest} AND (length(word) <= {number} OR word !~ '[0-9]')
),
changed AS (
    INSERT INTO search_word (word, documents) SELECT word, n FROM counted
    ON CONFLICT (word) DO UPDATE SET documents = excluded.documents WHERE search_word.documents <> excluded.documents
)
{gone}
"""
GONE = "DELETE FROM search_word WHERE NOT EXISTS (SELECT FROM counted WHERE counted.word = search_word.word)"
NEXT_ITEMS = "SELECT {column} AS id FROM {table} WHERE {column} > $1 ORDER BY {column} LIMIT $2"
ITEMS = "SELECT {column} AS id FROM {table} WHERE {column} > $1 AND ($2::bigint IS NULL OR {column} <= $2)"
HELD = """
SELECT item_id, digest FROM {documents}
WHERE kind = $1 AND item_id > $2 AND ($3::bigint IS NULL OR item_id <= $3)
"""
STRAYS = "SELECT kind, item_id FROM {documents} WHERE kind <> ALL($1) ORDER BY 1, 2"
DIRTY = "SELECT item_id FROM search_dirty WHERE root = $1 AND tries < $2"
EXPIRED_SINCE = "SELECT coalesce((SELECT value::text::float8 FROM search_state WHERE name = $1), 0) AS at"
# In the order in which `encoding.encode_row` gives them.
COLUMNS = (
    "kind",
    "item_id",
    "category_id",
    "area_ids",
    "department_id",
    "status",
    "at",
    "support",
    "lat",
    "lon",
    "static_rank",
    "digest",
    "desk_id",
    "words",
)
# New entries of a GIN index wait in a list, which is far quicker to write and slower to search. So that no search reads
# a long one, each write ends with moving its entries to where they belong.
TIDY = """
SELECT gin_clean_pending_list(c.oid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam WHERE i.indrelid = $1::text::regclass AND a.amname = 'gin'
"""
REMOVE = """
DELETE FROM {documents} d USING unnest($1::text[], $2::bigint[]) AS k (kind, item_id)
WHERE d.kind = k.kind AND d.item_id = k.item_id RETURNING d.kind, d.item_id
"""
DIGESTS = """
SELECT d.kind, d.item_id, d.digest FROM {documents} d
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id
"""
# What the desk searches in: its own documents, and those of everybody that are documents of the desk too.
DESK_SEARCHED = """(
    SELECT id, desk_id AS item_id, at, category_id, department_id, support, lat, lon, static_rank,
        '{kind}'::text AS kind, status, area_ids, words FROM search_document WHERE desk_id IS NOT NULL
    UNION ALL
    SELECT id, item_id, at, category_id, department_id, support, lat, lon, static_rank, kind, status, area_ids, words
    FROM search_desk_document)
"""
MATCHING = """
SELECT d.kind, d.item_id FROM search_document d
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id
WHERE d.words @@ $3::tsquery
"""

# The words that occur, each with about the number of documents that have it.
COUNTED_WORDS = "SELECT word, documents FROM search_word WHERE word = ANY($1)"
# Words without their English endings.
STEMS = "SELECT word, (ts_lexize('english_stem', word))[1] AS stem FROM unnest($1::text[]) AS word"
