"""Lost property as the search finds it."""

from collections.abc import Sequence

from babel.support import LazyProxy

from civic.db import fetch
from civic.posts.documents import POST_SOURCES
from civic.posts.queries import comments_of
from civic.search.documents import Document
from civic.search.presenters import Badge
from civic.search.subjects import DirtySource, Subject, SubjectStatus
from tests.search.lost_property.actions import KIND

PUBLIC = """
SELECT p.id AS post_id, l.id, p.text, p.votes_count, p.created_at, l.colour, l.returned
FROM post p JOIN lost_property l ON l.post_id = p.id WHERE p.id = ANY($1) AND p.visibility = 'public'
"""


def label(text: str) -> LazyProxy:
    return LazyProxy(lambda: text)


async def documents(post_ids: Sequence[int]) -> list[Document]:
    rows = await fetch(PUBLIC, list(post_ids))
    comments = await comments_of([row["post_id"] for row in rows])
    return [
        Document(
            kind=KIND,
            item_id=row["post_id"],
            url=f"/lost/{row['id']}",
            title=row["text"],
            names=(row["colour"],),
            discussion="\n".join(comments.get(row["post_id"], ())),
            status="returned" if row["returned"] else "wanted",
            at=row["created_at"],
            support=row["votes_count"],
        )
        for row in rows
    ]


SUBJECT = Subject(
    kind=KIND,
    label=label("Lost property"),
    badge=Badge("note", "?", label("Lost property")),
    compose=documents,
    table="lost_property",
    column="post_id",
    roots={"post": ""},
    sources=(*POST_SOURCES, DirtySource("lost_property", "post", "SELECT post_id FROM changed")),
    statuses=(
        SubjectStatus("wanted", label("Owner wanted"), "wait", "?"),
        SubjectStatus("returned", label("Back with its owner"), "done", "✓"),
    ),
)
