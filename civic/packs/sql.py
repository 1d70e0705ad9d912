"""Statements about the cities that packs leave behind: the demo's, and what was retired."""

TABLES = """
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'tortoise_migrations' ORDER BY 1
"""
EMPTY = "TRUNCATE {tables}"
COUNTS = """
SELECT (SELECT count(*) FROM user_account) AS people, (SELECT count(*) FROM report) AS reports,
       (SELECT count(*) FROM case_file) AS cases, (SELECT count(*) FROM traffic_update) AS traffic_updates,
       (SELECT count(*) FROM rating) AS ratings, (SELECT count(*) FROM comment) AS comments,
       (SELECT count(*) FROM photo) AS photos, (SELECT count(*) FROM release) AS releases
"""
PLACES = "SELECT id, lat, lon, area_id FROM {table} WHERE id > $1 ORDER BY id LIMIT $2"
MOVE = """
UPDATE {table} t SET area_id = moved.area_id
FROM unnest($1::bigint[], $2::int[]) AS moved (id, area_id) WHERE t.id = moved.id
"""
# A case lies where its main report does.
MOVE_CASES = """
UPDATE case_file c SET area_id = r.area_id
FROM report r WHERE r.id = ANY($1) AND r.main AND r.case_id = c.id AND c.area_id IS DISTINCT FROM r.area_id
"""
IN_RETIRED_AREAS = """
SELECT EXISTS (SELECT FROM area a JOIN report r ON r.area_id = a.id WHERE a.retired_at IS NOT NULL) AS some
"""
# Assignments that are not ended, by department; each runs on the clocks with which it began.
OF_DEPARTMENTS = """
SELECT d.slug AS name, count(DISTINCT a.case_id) AS cases
FROM assignment a JOIN department d ON d.id = a.department_id
WHERE a.ended_at IS NULL AND d.slug = ANY($1) GROUP BY d.slug ORDER BY 1
"""
OF_CATEGORIES = """
SELECT k.code AS name, count(*) AS cases FROM case_file c JOIN category k ON k.id = c.category_id
WHERE c.status = ANY($2) AND k.code = ANY($1) GROUP BY k.code ORDER BY 1
"""
