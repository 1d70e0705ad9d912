"""The statements of the documents of ratings."""

PUBLIC_RATINGS = """
SELECT p.id AS post_id, t.id, t.service_id, t.stars, p.text, p.votes_count, t.given_at
FROM post p JOIN rating t ON t.post_id = p.id
WHERE p.id = ANY($1) AND p.visibility = 'public' AND t.replaced_at IS NULL AND p.text <> ''
"""
