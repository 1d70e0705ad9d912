"""The statements of the search."""

ANY = "SELECT EXISTS (SELECT FROM search_dirty WHERE due <= clock_timestamp()) AS any"
TAKE = """
SELECT id, root, item_id FROM (
    (SELECT * FROM search_dirty WHERE urgent AND due <= clock_timestamp() ORDER BY id LIMIT $1)
    UNION ALL
    (SELECT * FROM search_dirty WHERE NOT urgent AND due <= clock_timestamp() ORDER BY id LIMIT $1)) x
ORDER BY urgent DESC, id LIMIT $1
"""
THESE = "SELECT id, root, item_id FROM search_dirty WHERE id = ANY($1) ORDER BY id"
# With what was done, earlier marks of the same that had failed.
DONE = """
WITH done AS (DELETE FROM search_dirty WHERE id = ANY($1) RETURNING root, item_id)
DELETE FROM search_dirty d USING done WHERE d.root = done.root AND d.item_id = done.item_id AND d.tries > 0
"""
FAILED = """
UPDATE search_dirty SET tries = least(tries + 1, 100),
    due = clock_timestamp() + least($2::float8, power(4, least(tries + 1, 9))) * interval '1 second'
WHERE id = ANY($1)
"""
TRY_AGAIN = "UPDATE search_dirty SET due = clock_timestamp() WHERE tries > 0"
MARK = "INSERT INTO search_dirty (root, item_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING"
BACKLOG = """
SELECT count(*) FILTER (WHERE tries < $1) AS waiting, count(*) FILTER (WHERE tries >= $1) AS held,
    extract(epoch FROM clock_timestamp() - min(at) FILTER (WHERE tries < $1))::float8 AS seconds
FROM search_dirty
"""
# How many wait is counted up to $2; the span of their ids is about as many, as the oldest go first.
LAG = """
SELECT (SELECT count(*) FROM (SELECT FROM search_dirty WHERE tries < $1 LIMIT $2) x) AS counted,
       (SELECT max(id) - min(id) + 1 FROM search_dirty) AS span,
       (SELECT extract(epoch FROM clock_timestamp() - at) FROM search_dirty WHERE tries < $1
        ORDER BY id LIMIT 1)::float8 AS seconds
"""
NEW_SALT = """
INSERT INTO search_state (name, value) VALUES ($1, jsonb_build_object('week', $2::int, 'salt', $3::text))
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE (search_state.value ->> 'week')::int < $2
"""
SEEN = """
INSERT INTO search_sighting (word, seeker, hour, area_id, results)
SELECT word, $2, $3, $4, $5 FROM unnest($1::text[]) AS word ON CONFLICT DO NOTHING
"""
KEEP = """
WITH seen AS (SELECT id, word, seeker, floor(extract(epoch FROM hour) / $2) AS week FROM search_sighting),
common AS (SELECT word, week FROM seen GROUP BY word, week HAVING count(DISTINCT seeker) >= $1),
taken AS (
    UPDATE search_sighting s SET counted = true FROM seen JOIN common USING (word, week)
    WHERE s.id = seen.id AND NOT s.counted RETURNING s.word, s.area_id, s.hour, s.results)
INSERT INTO search_count AS c (word, area_id, hour, searches, empty, results)
SELECT word, area_id, hour, count(*), count(*) FILTER (WHERE results = 0), sum(results) FROM taken GROUP BY 1, 2, 3
ON CONFLICT (word, coalesce(area_id, 0), hour) DO UPDATE SET
    searches = c.searches + excluded.searches, empty = c.empty + excluded.empty, results = c.results + excluded.results
"""
OLDEST_MARK = "SELECT extract(epoch FROM clock_timestamp() - min(at)) AS age FROM search_dirty"
OLDEST_PUSH = "SELECT extract(epoch FROM clock_timestamp() - at) AS age FROM search_push ORDER BY id LIMIT 1"
