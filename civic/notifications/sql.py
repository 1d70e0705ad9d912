"""The statements of the messages."""

RECORD_DELIVERY = """
INSERT INTO delivery (message_id, channel, ended_at, refusal) VALUES ($1, $2, $3, $4)
ON CONFLICT (message_id, channel) DO NOTHING
"""
# A receipt code proves authorship to whoever holds it, and a link of a mail that its address is theirs.
FORGET_CODE = """
UPDATE message SET "values" = "values" - 'code',
                   url = CASE WHEN url LIKE '/r/%' OR url LIKE '/account/confirm/%' THEN '' ELSE url END
WHERE id = $1
"""
FORGET_ADDRESSES = "UPDATE message SET email = '' WHERE email <> '' AND created_at < $1"
ADD_STOP = "INSERT INTO mail_stop (address, about, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
NEVER_MAILED = """
SELECT count(*) AS n FROM message m
WHERE m.user_id = $1 AND m.read_at IS NULL AND NOT EXISTS (
    SELECT FROM delivery d WHERE d.message_id = m.id AND d.refusal = '')
"""
COUNT_DELIVERIES = "SELECT refusal <> '' AS refused, count(*) AS n FROM delivery WHERE ended_at > $1 GROUP BY 1"
