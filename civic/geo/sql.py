"""Statements of the gazetteer. Names in them are folded: geo/gazetteer.py, `compact`."""

# Places one of whose names is among $1: what was typed, or a part of it that may be a name. The longest first.
FIND_PLACES = """
SELECT p.id, p.kind, p.names, p.lat, p.lon
FROM (SELECT place_id, max(length(name)) AS rank FROM place_name WHERE name = ANY($1)
      GROUP BY place_id ORDER BY 2 DESC, 1 LIMIT $2) best
JOIN place p ON p.id = best.place_id
ORDER BY best.rank DESC, p.id
"""
# Places one of whose names holds $1, the shortest first. It reads all names, 15 ms for 100,000 of them.
FIND_PARTS = """
SELECT p.id, p.kind, p.names, p.lat, p.lon
FROM (SELECT place_id, min(length(name)) AS rank FROM place_name WHERE strpos(name, $1) > 0
      GROUP BY place_id ORDER BY 2, 1 LIMIT $2) best
JOIN place p ON p.id = best.place_id
ORDER BY best.rank, p.id
"""
# Names of about the length $1 that begin ($2 to $3) or, read backwards, end ($4 to $5) as the text does: one wrong
# letter leaves one of its halves right.
FIND_SLIPS = """
SELECT n.name, p.id, p.kind, p.names, p.lat, p.lon
FROM place_name n JOIN place p ON p.id = n.place_id
WHERE length(n.name) BETWEEN $1 - 1 AND $1 + 1
  AND ((n.name >= $2 AND n.name < $3) OR (reverse(n.name) COLLATE "C" >= $4 AND reverse(n.name) COLLATE "C" < $5))
ORDER BY p.id
LIMIT $6
"""
FIND_HOUSES = """
SELECT place_id, number, shown, lat, lon FROM house_number
WHERE place_id = ANY($1) AND number = ANY($2) ORDER BY place_id
"""
FIND_CROSSINGS = """
SELECT place_id, other_id, lat, lon FROM crossing WHERE place_id = ANY($1) AND other_id = ANY($2) ORDER BY lat, lon
"""
# What is around $1, $2: the nearest house within the box $3 to $6 (south, north, west, east), the nearest place within
# $7 to $10, and the stretches of streets within $11 to $14.
NEAR = """
(SELECT 'house' AS what, p.id, p.kind, p.names, h.shown, h.lat, h.lon, metres_between(h.lat, h.lon, $1, $2) AS metres,
        NULL::bytea AS positions
 FROM house_number h JOIN place p ON p.id = h.place_id
 WHERE h.lat BETWEEN $3 AND $4 AND h.lon BETWEEN $5 AND $6
 ORDER BY metres, p.id LIMIT 1)
UNION ALL
(SELECT 'place', id, kind, names, '', lat, lon, metres_between(lat, lon, $1, $2) AS metres, NULL
 FROM place WHERE lat BETWEEN $7 AND $8 AND lon BETWEEN $9 AND $10 AND kind <> 'district'
 ORDER BY metres, id LIMIT 1)
UNION ALL
(SELECT 'street', p.id, p.kind, p.names, '', p.lat, p.lon, NULL, s.positions
 FROM street_part s JOIN place p ON p.id = s.place_id
 WHERE s.extent && box(point($13, $11), point($14, $12)))
"""
# Rows of the gazetteer, as it is filled.
EMPTY_GAZETTEER = "DELETE FROM place"
ADD_PLACES = """
INSERT INTO place (id, kind, names, lat, lon)
SELECT id, kind, names::jsonb, lat, lon
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::float8[]) AS made (id, kind, names, lat, lon)
"""
ADD_NAMES = "INSERT INTO place_name (name, place_id) SELECT * FROM unnest($1::text[], $2::bigint[])"
ADD_HOUSES = """
INSERT INTO house_number (place_id, number, shown, lat, lon)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[], $5::float8[])
ON CONFLICT DO NOTHING
"""
# Each crossing is found from both of its streets.
ADD_CROSSINGS = """
WITH made AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::float8[]) AS m (one, other, lat, lon))
INSERT INTO crossing (place_id, other_id, lat, lon)
SELECT one, other, lat, lon FROM made UNION ALL SELECT other, one, lat, lon FROM made
ON CONFLICT DO NOTHING
"""
ADD_PARTS = """
INSERT INTO street_part (place_id, extent, positions)
SELECT id, box(point(west, south), point(east, north)), positions
FROM unnest($1::bigint[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[])
     AS m (id, west, south, east, north, positions)
"""
EMPTY_HOUSES, EMPTY_CROSSINGS = "DELETE FROM house_number", "DELETE FROM crossing"
EMPTY_PARTS, EMPTY_NAMES = "DELETE FROM street_part", "DELETE FROM place_name"
COUNT_GAZETTEER = """
SELECT (SELECT count(*) FROM place) AS places, (SELECT count(*) FROM house_number) AS houses,
       (SELECT count(*) / 2 FROM crossing) AS crossings
"""
ANALYZE_GAZETTEER = "ANALYZE place, place_name, house_number, crossing, street_part"
