"""Statements that remove cases with everything of them."""

# Cases with the first and the latest post of each, and the cases that a merge, undone or not, ties together.
POST_TIMES = """
SELECT c.id, min(p.created_at) AS first, max(p.created_at) AS latest
FROM case_file c LEFT JOIN report r ON r.case_id = c.id LEFT JOIN post p ON p.id = r.post_id GROUP BY c.id
"""
MERGES = """
SELECT id AS one, merged_into_id AS other FROM case_file WHERE merged_into_id IS NOT NULL
UNION SELECT case_id, into_id FROM case_merge
"""
HAS_RELEASE = "SELECT EXISTS (SELECT FROM release) AS some"
POSTS = "SELECT r.id AS report_id, r.post_id FROM report r WHERE r.case_id = ANY($1)"
PHOTOS = """
SELECT photo_id AS id FROM post_photo WHERE post_id = ANY($2)
UNION SELECT e.photo_id FROM case_event_photo e JOIN case_event v ON v.id = e.case_event_id WHERE v.case_id = ANY($1)
"""
CLOCKS = """
SELECT unnest(ARRAY[response_clock_id, resolution_clock_id]) AS id FROM case_file WHERE id = ANY($1)
UNION SELECT unnest(ARRAY[response_clock_id, resolution_clock_id]) FROM assignment WHERE case_id = ANY($1)
"""
MESSAGES = """
SELECT id FROM message WHERE about = ANY($1) OR split_part(url, '?', 1) = ANY($2)
   OR (split_part(key, ':', 1) = 'case' AND split_part(key, ':', 2) = ANY($3))
"""
DELETE_MAIL_STOPS = "DELETE FROM mail_stop WHERE about = ANY($1)"
DELETE_JOBS = """
DELETE FROM pgqueuer WHERE status <> 'picked' AND (
    (entrypoint = 'route' AND convert_from(payload, 'UTF8')::jsonb ->> 'case' = ANY($1))
 OR (entrypoint = 'notify' AND convert_from(payload, 'UTF8')::jsonb ->> 'event' = ANY($2))
 OR (entrypoint = 'deliver' AND convert_from(payload, 'UTF8')::jsonb ->> 'message' = ANY($3)))
"""
EVENTS = "SELECT id FROM case_event WHERE case_id = ANY($1)"
# Who owns the table may do this, and nobody else: histories are never edited, these are taken away whole.
ALLOW_REMOVAL = "ALTER TABLE case_event DISABLE TRIGGER case_event_append_only"
REFUSE_REMOVAL = "ALTER TABLE case_event ENABLE TRIGGER case_event_append_only"
# The tables whose rows point at those of a table, so that they go with them.
DEPENDENTS = """
SELECT k.conrelid::regclass::text AS name, a.attname AS field,
       EXISTS (SELECT FROM pg_constraint o WHERE o.contype = 'f' AND o.confrelid = k.conrelid) AS has_dependents
FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND k.confrelid = $1::regclass ORDER BY 1, 2
"""
COUNT_PARTS = """
SELECT (SELECT count(*) FROM comment WHERE post_id = ANY($1)) AS comments,
       (SELECT count(*) FROM case_event WHERE case_id = ANY($2)) AS events
"""
CHILDREN = "SELECT id FROM {table} WHERE {field} = ANY($1)"
DELETE_ROWS = "DELETE FROM {table} WHERE {field} = ANY($1)"
