"""What was said under posts, for the documents that the search finds."""

from collections.abc import Sequence

from civic.db import fetch

EACH = 100  # comments of a post that are found, the latest
COMMENTS = """
SELECT post_id, text FROM (
    SELECT post_id, text, department_id, created_at, row_number() OVER (PARTITION BY post_id ORDER BY id DESC) AS n
    FROM comment WHERE post_id = ANY($1) AND hidden_at IS NULL) c
WHERE n <= $2 ORDER BY post_id, department_id IS NULL, created_at
"""


async def comments_of(post_ids: Sequence[int]) -> dict[int, list[str]]:
    """The texts of the comments that everybody sees, official ones first, by post id."""
    found: dict[int, list[str]] = {}
    for row in await fetch(COMMENTS, list(post_ids), EACH) if post_ids else ():
        found.setdefault(row["post_id"], []).append(row["text"])
    return found
