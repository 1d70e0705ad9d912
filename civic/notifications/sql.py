"""The statements of the messages."""

RECORD_DELIVERY = """
INSERT INTO delivery (message_id, channel, sent_at) VALUES ($1, $2, $3) ON CONFLICT (message_id, channel) DO NOTHING
"""
# A receipt code proves authorship to whoever holds it, and a link of a mail that its address is theirs.
FORGET_CODE = """
UPDATE message SET "values" = "values" - 'code',
                   url = CASE WHEN url LIKE '/r/%' OR url LIKE '/account/confirm/%' THEN '' ELSE url END
WHERE id = $1
"""
