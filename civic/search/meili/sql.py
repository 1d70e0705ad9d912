"""The statements of Meilisearch's engine."""

FOLLOWED = "SELECT EXISTS (SELECT FROM search_state WHERE name = ANY($1)) AS followed"
NEXT_IDS = "SELECT item_id FROM search_document WHERE kind = $1 AND item_id > $2 ORDER BY item_id LIMIT $3"
DIGESTS = """
SELECT item_id, digest FROM search_document
WHERE kind = $1 AND item_id > $2 AND ($3::bigint IS NULL OR item_id <= $3)
"""
REMEMBER = """
INSERT INTO search_state AS s (name, value) VALUES ($1, jsonb_build_object('tasks', $2::bigint[], 'rows', $3::bigint[]))
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
SETTLE = """
WITH settled AS (DELETE FROM search_state WHERE name = $1) DELETE FROM search_push WHERE id = ANY($2::bigint[])
"""
NEXT = "SELECT kind, item_id FROM search_document WHERE (kind, item_id) > ($1, $2) ORDER BY kind, item_id LIMIT $3"
QUEUED = "SELECT id, kind, item_id FROM search_push ORDER BY id LIMIT $1"
COUNT_QUEUED = "SELECT count(*) AS n FROM search_push"
