"""The statements of the limits."""

SPEND = """
INSERT INTO tally (key, count, until) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tally.until <= $3 THEN 1 ELSE tally.count + 1 END,
    until = CASE WHEN tally.until <= $3 THEN excluded.until ELSE tally.until END
RETURNING count
"""
REFUND = "UPDATE tally SET count = count - 1 WHERE key = $1 AND count > 0"
DELETE_EXPIRED = "DELETE FROM tally WHERE until < $1"
