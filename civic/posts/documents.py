"""What the documents of every kind of post have in common: the tables that mark them, and the comments."""

from collections.abc import Sequence

from civic.db import fetch
from civic.search.subjects import DirtySource

MAX_COMMENTS = 100  # of a post that are found, the latest
COMMENTS = """
SELECT post_id, text FROM (
    SELECT post_id, text, department_id, created_at, row_number() OVER (PARTITION BY post_id ORDER BY id DESC) AS n
    FROM comment WHERE post_id = ANY($1) AND hidden_at IS NULL) c
WHERE n <= $2 ORDER BY post_id, department_id IS NULL, created_at
"""
# A new post is marked by the row of its kind, which comes after it in the same transaction.
POST_SOURCES = (
    DirtySource(
        "post",
        "post",
        "SELECT id FROM changed",
        columns=("title", "text", "visibility", "votes_count", "cover_id", "created_at"),
        urgent="OLD.visibility <> NEW.visibility AND NEW.visibility <> 'public'",
        on=("update", "delete"),
    ),
    DirtySource(
        "comment",
        "post",
        "SELECT post_id FROM changed",
        columns=("text", "hidden_at", "department_id"),
        urgent="OLD.hidden_at IS NULL AND NEW.hidden_at IS NOT NULL",
    ),
)
# Begins the SELECT of a source on the table `area`: the changed areas and those within them.
AREAS_BELOW = """WITH RECURSIVE below (id) AS (
        SELECT id FROM changed UNION SELECT area.id FROM area JOIN below ON area.parent_id = below.id)"""
AREA_COLUMNS = ("names", "parent_id", "level", "retired_at")


async def comments_of(post_ids: Sequence[int]) -> dict[int, list[str]]:
    """The texts of the comments that everybody sees, official ones first, by post id."""
    comments: dict[int, list[str]] = {}
    for row in await fetch(COMMENTS, list(post_ids), MAX_COMMENTS) if post_ids else ():
        comments.setdefault(row["post_id"], []).append(row["text"])
    return comments
