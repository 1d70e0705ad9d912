"""Statements that write many rows, and that remove cases with everything of them: of a trial, and of an import."""

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

# --- writing many rows ---------------------------------------------------------------------------------------------

RESERVE_IDS = "SELECT nextval('{table}_id_seq') AS id FROM generate_series(1, $1)"
ANALYSE = "ANALYZE {table}"

# --- undoing an import ----------------------------------------------------------------------------------------------

NAMES = """
SELECT DISTINCT split_part(source, ':', 1) AS name FROM post WHERE source IS NOT NULL
UNION SELECT name FROM import_addition ORDER BY 1
"""

# What people, or departments, did with an imported report since: the first kind that there is, NULL if nothing.
# Nobody is the reporter of one, unless another report was merged with it: a reopening is part of what was imported.
# $1 and $2 are the name of the import and the last post that was looked at; posts come in the order of their ids.
REPORTS = """
SELECT p.id AS post_id, r.id AS report_id, r.case_id, p.path, c.received_at,
       ARRAY[c.response_clock_id, c.resolution_clock_id] || ARRAY(
           SELECT unnest(ARRAY[a.response_clock_id, a.resolution_clock_id]) FROM assignment a WHERE a.case_id = c.id
       ) AS clocks,
       CASE
           WHEN c.merged_into_id IS NOT NULL OR EXISTS (SELECT FROM case_file m WHERE m.merged_into_id = c.id)
             OR EXISTS (SELECT FROM report o WHERE o.case_id = c.id AND o.id <> r.id)
             OR EXISTS (SELECT FROM case_merge m WHERE m.case_id = c.id OR m.into_id = c.id) THEN 'merges'
           WHEN EXISTS (SELECT FROM case_event e WHERE e.case_id = c.id AND (e.actor_id IS NOT NULL
                        OR e.actor_kind NOT IN ('reporter', 'department', 'dispatcher', 'system')
                        OR e.actor_kind = 'reporter' AND e.seq > 1 AND e.kind <> 'reopened'
                        OR EXISTS (SELECT FROM hidden_line h WHERE h.case_event_id = e.id)
                        OR EXISTS (SELECT FROM case_event_photo ep WHERE ep.case_event_id = e.id)))
             OR EXISTS (SELECT FROM case_wait w WHERE w.case_id = c.id) THEN 'history'
           WHEN EXISTS (SELECT FROM comment o WHERE o.post_id = p.id) THEN 'comments'
           WHEN EXISTS (SELECT FROM vote v WHERE v.post_id = p.id) THEN 'supporters'
           WHEN EXISTS (SELECT FROM handling h WHERE h.case_id = c.id)
             OR EXISTS (SELECT FROM doubt d WHERE d.case_id = c.id) THEN 'ratings'
           WHEN EXISTS (SELECT FROM flag f WHERE f.post_id = p.id)
             OR EXISTS (SELECT FROM moderation m WHERE m.post_id = p.id) THEN 'moderation'
           WHEN EXISTS (SELECT FROM post_photo o WHERE o.post_id = p.id) THEN 'photos'
       END AS worked_on
FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id
WHERE p.id > $2 AND starts_with(p.source, $1 || ':') AND p.channel = 'import'
ORDER BY p.id LIMIT $3
"""
LOCK_CASES = "SELECT id FROM case_file WHERE id = ANY($1) ORDER BY id FOR UPDATE"
LOCK_POSTS = "SELECT id FROM post WHERE id = ANY($1) ORDER BY id FOR UPDATE"

# The guard of the history (migrations/initial/cases.sql) lets the events of this import alone go.
LET_HISTORY_GO = "SELECT set_config('civic.undone_import', $1, true)"
# In the order in which the rows point at each other; each takes the ids of the column that is named.
DELETIONS = (
    ("case_id", "DELETE FROM case_event WHERE case_id = ANY($1)"),
    ("report_id", "DELETE FROM report WHERE id = ANY($1)"),
    ("case_id", "DELETE FROM assignment WHERE case_id = ANY($1)"),
    ("case_id", "DELETE FROM case_file WHERE id = ANY($1)"),
    ("clocks", "DELETE FROM clock_step WHERE clock_id = ANY($1)"),
    ("clocks", "DELETE FROM clock WHERE id = ANY($1)"),
    ("post_id", "DELETE FROM post WHERE id = ANY($1)"),
)

# What an import made besides reports, the city before the calendar that it names.
ADDITIONS = """
SELECT kind, key FROM import_addition WHERE name = $1
ORDER BY array_position(ARRAY['category', 'department', 'city', 'calendar'], kind::text), id
"""
FORGET_ADDITION = "DELETE FROM import_addition WHERE kind = $1 AND key = $2"
# What something else uses cannot be deleted, or is not: the last statement of each says whether it is gone.
DELETE_ADDITION = {
    "category": (
        "DELETE FROM category WHERE code = $1",
        "SELECT NOT EXISTS (SELECT FROM category WHERE code = $1) AS gone",
    ),
    "department": (
        "DELETE FROM department WHERE slug = $1",
        "SELECT NOT EXISTS (SELECT FROM department WHERE slug = $1) AS gone",
    ),
    "calendar": (
        "DELETE FROM calendar_interval WHERE calendar_id = (SELECT id FROM calendar WHERE slug = $1)",
        "DELETE FROM calendar WHERE slug = $1 AND NOT EXISTS (SELECT FROM city WHERE settings ->> 'calendar' = $1)",
        "SELECT NOT EXISTS (SELECT FROM calendar WHERE slug = $1) AS gone",
    ),
    "city": (
        "DELETE FROM city WHERE id::text = $1 AND pack_hash = '' AND NOT EXISTS (SELECT FROM post)"
        " AND NOT EXISTS (SELECT FROM department) AND NOT EXISTS (SELECT FROM category)",
        "SELECT NOT EXISTS (SELECT FROM city WHERE id::text = $1) AS gone",
    ),
}
IN_PACK = """
SELECT kind, jsonb_array_elements_text(slugs) AS key FROM city, jsonb_each(contents) AS part (kind, slugs)
WHERE jsonb_typeof(slugs) = 'array'
"""
PUBLISHED_SINCE = "SELECT count(*) AS n FROM release WHERE ends_at > $1"
