"""The statements of the limits, and of forms that wait."""

# One more of the count $1 until $2, from now ($3) on. Its commit waits for no disk: a power cut may cost a few counts,
# and whoever counts at the same key would have to wait for it.
SPEND = """
INSERT INTO tally (key, count, until)
SELECT $1::text, 1, $2::timestamptz FROM set_config('synchronous_commit', 'off', true)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tally.until <= $3 THEN 1 ELSE tally.count + 1 END,
    until = CASE WHEN tally.until <= $3 THEN excluded.until ELSE tally.until END
RETURNING count
"""
# The same of $1 and, unless that is beyond $4 by now, of $5.
SPEND_BOTH = """
WITH first AS (
    INSERT INTO tally (key, count, until)
    SELECT $1::text, 1, $2::timestamptz FROM set_config('synchronous_commit', 'off', true)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN tally.until <= $3 THEN 1 ELSE tally.count + 1 END,
        until = CASE WHEN tally.until <= $3 THEN excluded.until ELSE tally.until END
    RETURNING count
), second AS (
    INSERT INTO tally (key, count, until) SELECT $5::text, 1, $2 FROM first WHERE first.count <= $4::bigint
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN tally.until <= $3 THEN 1 ELSE tally.count + 1 END,
        until = CASE WHEN tally.until <= $3 THEN excluded.until ELSE tally.until END
    RETURNING count
)
SELECT count FROM first UNION ALL SELECT count FROM second
"""
REFUND = "UPDATE tally SET count = count - 1 WHERE key = $1 AND count > 0"
DELETE_EXPIRED = "DELETE FROM tally WHERE until < $1"

# A form that waits for one browser: $1 its token's digest, $2 the browser's.
KEEP_FORM = """
INSERT INTO kept_form (token_hash, browser_hash, address, page, content, user_id, until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
FIND_KEPT_FORM = "SELECT * FROM kept_form WHERE token_hash = $1 AND browser_hash = $2 AND until > $3"
CLAIM_KEPT_FORM = """
UPDATE kept_form SET user_id = nullif($4::bigint, 0)
WHERE token_hash = $1 AND browser_hash = $2 AND until > $3 AND address <> '' AND coalesce(user_id, $4) = $4
RETURNING *
"""
DELETE_KEPT_FORM = "DELETE FROM kept_form WHERE token_hash = $1 AND browser_hash = $2"
DELETE_OLD_KEPT_FORMS = "DELETE FROM kept_form WHERE until < $1"
