"""The statements of stored hours and running clocks."""

STORED_HOURS = """
SELECT opens_at, closes_at, local_date FROM calendar_interval
WHERE calendar_id = $1 AND local_date >= $2 ORDER BY opens_at
"""
RUNNING_CLOCKS = """
SELECT count(*) AS n FROM clock
WHERE calendar_id = $1 AND step_at IS NOT NULL AND due_at >= $2 AND target LIKE '%working%'
"""
