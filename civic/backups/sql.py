"""Statements about a database as a whole: what is in it, and emptying it."""

TABLES = """
SELECT c.relname AS name FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'unfinished_restore'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
COUNT = "SELECT count(*) AS n FROM {table}"
# The time of a backup is the server's to give: no limit of its operator's cuts the snapshot off.
NO_TIME_LIMITS = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
"""
SNAPSHOT = """
SELECT pg_export_snapshot() AS snapshot, now() AS at, current_setting('server_version') AS version,
       pg_database_size(current_database()) AS bytes, (SELECT coalesce(max(id), 0) FROM photo) AS last_photo,
       (SELECT coalesce(sum((size.value ->> 2)::bigint), 0)::bigint FROM photo, jsonb_each(sizes) size) AS photo_bytes
"""
MIGRATIONS = "SELECT name FROM tortoise_migrations WHERE app = $1 ORDER BY name"
# Accounts that do not own the tables and may write in them: `civic migrate --grant`.
GRANTED = """
SELECT DISTINCT r.rolname AS name
FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = 'post'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner ORDER BY 1
"""
# Photos that look alike share files.
PHOTO_FILES = """
SELECT content, (array_agg(sizes ORDER BY id))[1] AS sizes, bool_or(attached) AS used FROM photo
WHERE id <= $1 AND content > $2 GROUP BY content ORDER BY content LIMIT $3
"""
SERVER = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
       to_regclass('public.unfinished_restore') IS NOT NULL AS unfinished,
       to_regclass('public.tortoise_migrations') IS NOT NULL AS migrated
"""
HOLDS_PEOPLE = """
SELECT EXISTS (SELECT FROM city) OR EXISTS (SELECT FROM user_account) OR EXISTS (SELECT FROM post) AS any
"""
# Everything in the schema that no extension brought: of a restore that was cut off, or of a city that never began.
EMPTY_DATABASE = """
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP TABLE IF EXISTS public.%I CASCADE', c.relname) FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        UNION ALL
        SELECT format('DROP TYPE IF EXISTS public.%I CASCADE', t.typname) FROM pg_type t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    LOOP
        EXECUTE statement;
    END LOOP;
END $$
"""
# Committed with the rows: while this table is there, no program serves the database (db.unapplied_migrations).
# A mark of the search carries the number of its transaction on the server that it came from, which could be that of
# a transaction to come here; large numbers never are.
AFTER_LOADING = """
UPDATE public.search_dirty SET xact = (18446744073709551615 - id)::text::xid8;
CREATE TABLE public.unfinished_restore (since timestamptz NOT NULL DEFAULT now());
"""
FINISHED = "DROP TABLE unfinished_restore"
ANALYSE = "ANALYZE"
NOT_ERASED_COMMENTS = """
SELECT id, post_id, created_at FROM comment WHERE erased_at IS NULL AND id > $1 ORDER BY id LIMIT $2
"""
NOT_ERASED_LINES = """
SELECT e.id, e.seq, e.at, c.number FROM case_event e JOIN case_file c ON c.id = e.case_id
WHERE e.text_hash IS NULL AND e.id > $1 ORDER BY e.id LIMIT $2
"""
