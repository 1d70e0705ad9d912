"""The statements of the messages."""

RECORD_DELIVERY = """
INSERT INTO delivery (message_id, channel, ended_at, refusal) VALUES ($1, $2, $3, $4)
ON CONFLICT (message_id, channel) DO NOTHING
"""
# A receipt code proves authorship to whoever holds it, and a link of a mail that its address is theirs.
FORGET_CODE = """
UPDATE message SET "values" = "values" - 'code',
                   url = CASE WHEN url LIKE '/r/%' OR url LIKE '/account/confirm/%' OR url LIKE '/sign-in/mail/%'
                              THEN '' ELSE url END
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
# The latest messages to these departments, within which each has one of these roles, and to all of some roles. Each is
# read along its own index, as a desk is told something every day.
LATEST_OF_DESK = """
SELECT m.* FROM (
    SELECT x.id FROM unnest((SELECT {departments}::bigint[])) d (id)
    CROSS JOIN unnest((SELECT {within}::text[])) w (role)
    CROSS JOIN LATERAL (SELECT m.id FROM message m WHERE m.department_id = d.id AND m.role = w.role
                        ORDER BY m.created_at DESC, m.id DESC LIMIT {limit}) x
    UNION ALL
    SELECT x.id FROM unnest((SELECT {roles}::text[])) w (role)
    CROSS JOIN LATERAL (SELECT m.id FROM message m WHERE m.department_id IS NULL AND m.role = w.role
                        ORDER BY m.created_at DESC, m.id DESC LIMIT {limit}) x
) x JOIN message m ON m.id = x.id ORDER BY m.created_at DESC, m.id DESC LIMIT {limit}
"""
# Names these messages, as they are now: each time one is written its `xmin` is another.
STATE_OF_DESK_MESSAGES = f"""
SELECT coalesce(string_agg(m.id || '.' || m.xmin, ' ' ORDER BY m.created_at DESC, m.id DESC), '')
FROM ({LATEST_OF_DESK.replace("m.* FROM", "m.id, m.xmin, m.created_at FROM", 1)}) m
"""
MAX_REPEATED = 4  # so many messages are read for one that is shown
