"""The statements of the posts."""

# Goes up in the transaction in which posts become public or stop being so.
VISIBILITY_CHANGES = "SELECT coalesce((SELECT number FROM visibility_change WHERE id = 1), 0) AS number"
# Begins the SELECT of a source on the table `area`: the changed areas and those within them.
AREAS_BELOW = """WITH RECURSIVE below (id) AS (
        SELECT id FROM changed UNION SELECT area.id FROM area JOIN below ON area.parent_id = below.id)"""
ADD_SENT_FORM = "INSERT INTO sent_form (key_hash, content_hash, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
BY_CLIENT_KEY = "SELECT * FROM post WHERE client_key = $1"
FIND_SENT_FORM = "SELECT content_hash FROM sent_form WHERE key_hash = $1"
DELETE_OLD_SENT_FORMS = "DELETE FROM sent_form WHERE at < $1"
# Posts and comments that wait for a moderator's look.
COUNT_HELD = """
SELECT (SELECT count(*) FROM post WHERE visibility = 'held') + (SELECT count(*) FROM comment WHERE held) AS n
"""
