"""The statements of the messages."""

RECORD_DELIVERY = """
INSERT INTO delivery (message_id, channel, sent_at) VALUES ($1, $2, $3) ON CONFLICT (message_id, channel) DO NOTHING
"""
# A receipt code proves authorship to whoever holds it: it is kept no longer than it takes to send it.
FORGET_CODE = """
UPDATE message SET "values" = "values" - 'code', url = CASE WHEN url LIKE '/r/%' THEN '' ELSE url END WHERE id = $1
"""
