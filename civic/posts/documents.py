"""What the documents of every kind of post have in common: the tables that mark them, and the comments."""

from civic.search.subjects import DirtySource

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
AREA_COLUMNS = ("names", "parent_id", "level", "retired_at")
