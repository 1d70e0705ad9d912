"""Statements about the members of departments."""

from civic.accounts.queries import PERSON

USERS = """
SELECT u.id, u.email, u.email_confirmed_at IS NOT NULL AS confirmed, u.name, u.role, u.created_at,
       u.disabled_at IS NOT NULL AS disabled,
       array(SELECT d.slug FROM membership m JOIN department d ON d.id = m.department_id
             WHERE m.user_id = u.id ORDER BY d.slug) AS departments
FROM user_account u WHERE {which} ORDER BY u.role, u.email LIMIT $2
"""
# Who a session belongs to, and for which departments they act: only staff act for one.
MEMBER = PERSON.format(
    more=""",
       CASE WHEN u.role = 'citizen' THEN '{}'::bigint[]
            ELSE array(SELECT m.department_id FROM membership m WHERE m.user_id = u.id) END AS departments"""
)
# Assets, as a pack is loaded.
MAKE_LOADED_ASSETS = """
CREATE TEMPORARY TABLE loaded_asset (kind text, code text, lat float8, lon float8, PRIMARY KEY (kind, code))
ON COMMIT DROP
"""
ADD_LOADED_ASSETS = """
INSERT INTO loaded_asset SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[])
"""
PUT_ASSETS = """
INSERT INTO asset AS a (kind, code, lat, lon)
SELECT kind, code, lat, lon FROM loaded_asset
ON CONFLICT (kind, code) DO UPDATE SET lat = excluded.lat, lon = excluded.lon, retired_at = NULL
WHERE a.retired_at IS NOT NULL OR (a.lat, a.lon) IS DISTINCT FROM (excluded.lat, excluded.lon)
RETURNING (xmax = 0) AS added
"""
RETIRE_ASSETS = """
UPDATE asset a SET retired_at = $1
WHERE retired_at IS NULL AND NOT EXISTS (SELECT FROM loaded_asset l WHERE l.kind = a.kind AND l.code = a.code)
"""
DROP_LOADED_ASSETS = "DROP TABLE loaded_asset"
# Of the kinds $1 what bears one of the numbers $2, as typed if there is that; of several the nearest to $3, $4.
FIND_ASSET = """
SELECT id, kind, code, lat, lon, metres_between(lat, lon, $3, $4) AS metres FROM asset
WHERE kind = ANY($1) AND code = ANY($2) AND retired_at IS NULL
ORDER BY array_position($2, code), metres, id LIMIT 1
"""
# Those of the kinds $1 around $2, $3, within the box $4 to $7 (south, north, west, east) and $8 metres.
NEAREST_ASSETS = """
SELECT id, kind, code, lat, lon, metres
FROM (SELECT a.*, metres_between(lat, lon, $2, $3) AS metres FROM asset a
      WHERE kind = ANY($1) AND lat BETWEEN $4 AND $5 AND lon BETWEEN $6 AND $7 AND retired_at IS NULL) around
WHERE metres <= $8 ORDER BY metres, id LIMIT $9
"""
