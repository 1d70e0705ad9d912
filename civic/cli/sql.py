"""Statements about the database's accounts."""

# Whether our account owns tables, and so could take their triggers away; a superuser owns everything.
OWNS_TABLES = """
SELECT current_user AS name, count(*) AS owned
FROM pg_tables WHERE schemaname = current_schema() AND pg_has_role(current_user, tableowner, 'MEMBER')
"""
QUOTE_ROLE = "SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname = $1"
# All that the running program does: neither TRUNCATE nor anything of the tables' form, nor of their triggers.
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)

SERVER_SETTINGS = """
SELECT pg_size_bytes(current_setting('shared_buffers')) AS shared_buffers,
    pg_size_bytes(current_setting('work_mem')) AS work_mem,
    pg_size_bytes(current_setting('max_wal_size')) AS max_wal_size,
    current_setting('random_page_cost')::float8 AS random_page_cost,
    current_setting('jit')::boolean AS jit,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
    pg_database_size(current_database()) AS size
"""
