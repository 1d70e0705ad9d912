"""The statements of PostgreSQL's engine."""

# No statement here is answered well by reading a whole table, and planning each time costs as much as most searches.
PREPARE = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),"
    " set_config('statement_timeout', $1, true)"
)
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
SIZE = """
SELECT (SELECT count(*) FROM (SELECT FROM {documents} LIMIT $1) x) AS counted,
    (SELECT reltuples::bigint FROM pg_class WHERE oid = '{documents}'::regclass) AS estimate
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
SELECT d.item_id, t.digest FROM {documents} d LEFT JOIN {texts} t USING (id)
WHERE d.kind = $1 AND d.item_id > $2 AND ($3::bigint IS NULL OR d.item_id <= $3)
"""
STRAYS = "SELECT kind, item_id FROM {documents} WHERE kind <> ALL($1) ORDER BY 1, 2"
DROP_TEXTS = "DELETE FROM {texts} t WHERE NOT EXISTS (SELECT FROM {documents} WHERE id = t.id)"
DIRTY = "SELECT item_id FROM search_dirty WHERE root = $1 AND tries < $2"
EXPIRED_SINCE = "SELECT coalesce((SELECT value::text::float8 FROM search_state WHERE name = $1), 0) AS at"
COLUMNS = {  # with the types that they are sent as
    "kind": "text",
    "item_id": "bigint",
    "category_id": "int",
    "area_ids": "text",
    "department_id": "int",
    "status": "text",
    "at": "timestamptz",
    "support": "int",
    "lat": "float8",
    "lon": "float8",
    "static_rank": "float8",
    "words": "text",
}
TEXTS = {"digest": "bytea", "document": "bytea"}
CASTS = {"area_ids": "area_ids::int[]", "words": "words::tsvector"}
# New entries of a GIN index wait in a list, which is far quicker to write and slower to search. So that no search reads
# a long one, each write ends with moving its entries to where they belong.
TIDY = """
SELECT gin_clean_pending_list(c.oid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam WHERE i.indrelid = $1::text::regclass AND a.amname = 'gin'
"""
REMOVE = """
WITH gone AS (
    DELETE FROM {documents} d USING unnest($1::text[], $2::bigint[]) AS k (kind, item_id)
    WHERE d.kind = k.kind AND d.item_id = k.item_id RETURNING d.id, d.kind, d.item_id),
texts AS (DELETE FROM {texts} WHERE id IN (SELECT id FROM gone))
SELECT kind, item_id FROM gone
"""
DIGESTS = """
SELECT d.kind, d.item_id, t.digest FROM {documents} d JOIN {texts} t USING (id)
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id
"""
MATCHING = """
SELECT d.kind, d.item_id FROM search_document d
JOIN unnest($1::text[], $2::bigint[]) AS k (kind, item_id) ON d.kind = k.kind AND d.item_id = k.item_id
WHERE d.words @@ $3::tsquery
"""
READ = "SELECT d.id, d.kind, d.item_id, t.document FROM {documents} d JOIN {texts} t USING (id)"

# The words that occur, each with about the number of documents that have it.
COUNTED_WORDS = "SELECT word, documents FROM search_word WHERE word = ANY($1)"
# Words without their English endings.
STEMS = "SELECT word, (ts_lexize('english_stem', word))[1] AS stem FROM unnest($1::text[]) AS word"
