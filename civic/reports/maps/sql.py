"""The statements of the map. `where` narrows what is counted: conditions over `m`, whose arguments come after these.

`$1` and `$2` are the spans of cells that are asked for: where each begins, and where it ends (geo/cells.py). Each is
read by itself, and `OFFSET 0` keeps it so: PostgreSQL does not know how little a span holds, and would read the whole
table once for all of them.
"""

# Cells of the zoom of report_cell that the spans are of; changes are of zoom 15. `$3`: by how many bits that is finer.
# `$4`: by how many bits the answer's cells are coarser. `$5`: now. `late`: "" or what leaves only the overdue.
COUNT_CELLS = """
WITH span AS MATERIALIZED (SELECT low, high FROM unnest($1::bigint[], $2::bigint[]) s (low, high)),
part AS (
    SELECT m.cell, m.number, m.x, m.y, CASE WHEN m.late THEN m.number ELSE 0 END AS overdue
    FROM span s CROSS JOIN LATERAL (
        SELECT * FROM report_cell m WHERE m.cell >= s.low AND m.cell < s.high{late}{where} OFFSET 0) m
    UNION ALL
    SELECT m.cell >> $3::int, m.number, m.x, m.y, CASE WHEN m.late THEN m.number ELSE 0 END
    FROM span s JOIN report_cell_change m ON m.cell >= s.low << $3::int AND m.cell < s.high << $3::int
    WHERE true{late}{where}
    UNION ALL
    SELECT m.cell >> ($3::int + 28), {counted}, 1
    FROM report_point m WHERE NOT m.late AND m.due_at < $5{where}
      AND EXISTS (SELECT FROM span s WHERE m.cell >> ($3::int + 28) >= s.low AND m.cell >> ($3::int + 28) < s.high)
)
SELECT cell >> $4::int AS cell, sum(number)::bigint AS number, sum(x::float8) AS x, sum(y::float8) AS y,
       sum(overdue)::bigint AS overdue
FROM part GROUP BY 1 HAVING sum(number) > 0 ORDER BY 1
"""
ONLY_LATE = " AND m.late"
# What became overdue a moment ago stands in no cell's `late` yet: it is counted as that, or alone.
OVERDUE_MARK = "0, 0, 0"
OVERDUE_ALONE = "1, m.x, m.y"
# By area, from the largest cells that are counted beforehand: from the first (`$1`) to the one after the last (`$2`).
# `$3`: now.
COUNT_AREAS = """
SELECT area_id, sum(number)::bigint AS number, sum(overdue)::bigint AS overdue FROM (
    SELECT m.area_id, m.number, CASE WHEN m.late THEN m.number ELSE 0 END AS overdue
    FROM report_cell m WHERE m.cell >= $1 AND m.cell < $2{late}{where}
    UNION ALL
    SELECT m.area_id, m.number, CASE WHEN m.late THEN m.number ELSE 0 END
    FROM report_cell_change m WHERE true{late}{where}
    UNION ALL
    SELECT m.area_id, {counted}, 1 FROM report_point m WHERE NOT m.late AND m.due_at < $3{where}) x
GROUP BY 1
"""
# Where the filter asks for what no cell tells. `$1`: now.
COUNT_AREA_POINTS = """
SELECT m.area_id, count(*) AS number, count(*) FILTER (WHERE m.due_at < $1) AS overdue
FROM report_point m WHERE true{where} GROUP BY 1
"""
# Where the cells of report_cell are too large, or the filter asks for what they do not tell.
# `$3`: by how many bits the answer's cells are coarser than points. `$4`: now.
COUNT_POINTS = """
SELECT m.cell >> $3::int AS cell, count(*) AS number, sum(m.x)::float8 AS x, sum(m.y)::float8 AS y,
       count(*) FILTER (WHERE m.due_at < $4) AS overdue
FROM unnest($1::bigint[], $2::bigint[]) s (low, high) CROSS JOIN LATERAL (
    SELECT * FROM report_point m WHERE m.cell >= s.low AND m.cell < s.high{where} OFFSET 0) m
GROUP BY 1 ORDER BY 1
"""
# The cells of zoom 15 that have something, within those of a lower zoom: from zoom to zoom, so that only cells that
# have something are looked into.
FIND_CELLS = """
WITH RECURSIVE filled (cell) AS (
    SELECT m.cell FROM unnest($1::bigint[], $2::bigint[]) s (low, high) CROSS JOIN LATERAL (
        SELECT m.cell FROM report_cell m WHERE m.cell >= s.low AND m.cell < s.high AND m.number > 0{where} OFFSET 0) m
    UNION
    SELECT m.cell FROM filled f CROSS JOIN LATERAL (
        SELECT m.cell FROM report_cell m
        WHERE m.cell >= f.cell << 2 AND m.cell < (f.cell << 2) + 4 AND m.number > 0{where} OFFSET 0) m
)
SELECT cell FROM filled WHERE cell >= 1::bigint << 34
UNION
SELECT m.cell FROM report_cell_change m WHERE m.number > 0{where}
ORDER BY cell
"""
# Whatever the points say, a post that is not public is never shown.
PINS = """
SELECT r.id, r.lat, r.lon, m.status, m.due_at, p.title, left(p.text, 400) AS text, r.address, r.place_names,
       m.area_id, p.votes_count, ph.name AS cover
FROM (SELECT m.* FROM unnest($1::bigint[], $2::bigint[]) s (low, high) CROSS JOIN LATERAL (
          SELECT * FROM report_point m WHERE m.cell >= s.low AND m.cell < s.high{where} OFFSET 0) m LIMIT {limit}) m
JOIN post p ON p.id = m.post_id JOIN report r ON r.post_id = m.post_id LEFT JOIN photo ph ON ph.id = p.cover_id
WHERE p.visibility = 'public' ORDER BY r.id
"""
# The numbers that go up with what the map shows: of what became public or stopped being so, in its own transaction; of
# other changes, which may commit a moment later than the second number says.
STATE = """
SELECT coalesce((SELECT number FROM visibility_change WHERE id = 1), 0) AS visibility,
       (SELECT last_value + is_called::int FROM report_cell_change_id_seq) AS changes
"""

# Puts the oldest changes into the cells of all zooms; tells which cells have nothing any more.
SUM_UP = """
WITH taken AS (
    DELETE FROM report_cell_change WHERE id IN (SELECT id FROM report_cell_change ORDER BY id LIMIT $1) RETURNING *
), put AS (
    INSERT INTO report_cell AS c (cell, category_id, area_id, department_id, late, status, number, x, y)
    SELECT cell >> 2 * (15 - zoom), category_id, area_id, department_id, late, status, sum(number), sum(x), sum(y)
    FROM taken CROSS JOIN generate_series(8, 15) AS zoom
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(number) <> 0 OR sum(x) <> 0 OR sum(y) <> 0
    ON CONFLICT (cell, category_id, area_id, department_id, late, status) DO UPDATE SET
        number = c.number + excluded.number, x = c.x + excluded.x, y = c.y + excluded.y
    RETURNING c.cell, c.number
)
SELECT (SELECT count(*) FROM taken) AS changes,
       coalesce((SELECT array_agg(DISTINCT cell) FROM put WHERE number = 0), '{}') AS emptied
"""
DROP_EMPTY = "DELETE FROM report_cell WHERE cell = ANY($1) AND number = 0"
MARK_LATE = """
UPDATE report_point SET late = true WHERE case_id IN (
    SELECT case_id FROM report_point WHERE NOT late AND due_at < $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""
EMPTY = "TRUNCATE report_point, report_cell, report_cell_change"
MAKE_POINTS = """
INSERT INTO report_point (case_id, post_id, cell, received_at, due_at, x, y, category_id, area_id, department_id,
                          late, status)
SELECT case_id, post_id, cell, received_at, due_at, x, y, category_id, area_id, department_id,
       coalesce(due_at < $1, false), status
FROM report_point_source
"""
# What the triggers noted of the points that were just made is in this, too.
MAKE_CELLS = """
INSERT INTO report_cell (cell, category_id, area_id, department_id, late, status, number, x, y)
SELECT cell >> 28 + 2 * (15 - zoom), category_id, area_id, department_id, late, status, count(*), sum(x), sum(y)
FROM report_point CROSS JOIN generate_series(8, 15) AS zoom
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1
"""
FORGET_CHANGES = "TRUNCATE report_cell_change"
# How many points are missing, too many or another than they should be; how many counts are not those of the points; and
# how many changes wait. In one statement, so all of one moment.
MAP_FAULTS = """
WITH fine AS (
    SELECT cell, category_id, area_id, department_id, late, status, sum(number) AS number, sum(x) AS x, sum(y) AS y
    FROM (SELECT cell, category_id, area_id, department_id, late, status, number, x, y FROM report_cell_change
          UNION ALL
          SELECT cell >> 28, category_id, area_id, department_id, late, status, -1, -x::bigint, -y::bigint
          FROM report_point) p
    GROUP BY 1, 2, 3, 4, 5, 6
), held AS (
    SELECT cell, category_id, area_id, department_id, late, status, number, x, y FROM report_cell
    UNION ALL
    SELECT cell >> 2 * (15 - zoom), category_id, area_id, department_id, late, status, number, x, y
    FROM fine CROSS JOIN generate_series(8, 15) AS zoom
)
SELECT (SELECT count(*) FROM report_point m FULL JOIN report_point_source s USING (case_id)
        WHERE (m.post_id, m.cell, m.received_at, m.due_at, m.x, m.y,
               m.category_id, m.area_id, m.department_id, m.status)
            IS DISTINCT FROM (s.post_id, s.cell, s.received_at, s.due_at, s.x, s.y,
                              s.category_id, s.area_id, s.department_id, s.status)) AS points,
       (SELECT count(*) FROM (
            SELECT FROM held GROUP BY cell, category_id, area_id, department_id, late, status
            HAVING sum(number) <> 0 OR sum(x) <> 0 OR sum(y) <> 0) x) AS counts,
       (SELECT count(*) FROM report_cell_change) AS waiting
"""
