"""Reports as the search finds them: with their case, what was officially said, and the comments."""

from collections.abc import Iterable, Sequence
from typing import Any

from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.posts.documents import comments_of
from civic.reports.queries import heading
from civic.search.documents import Document, Kind

PUBLIC = """
SELECT p.id AS post_id, r.id, p.title, p.text, p.votes_count, p.created_at, r.case_id, r.lat, r.lon, r.address,
       r.answers, r.category_id AS sent_as,
       c.number, c.status, c.confirmed_by, coalesce(c.area_id, r.area_id) AS area_id,
       coalesce(c.category_id, r.category_id) AS category_id, c.department_id, ph.name AS cover, ph.width, ph.height
FROM post p JOIN report r ON r.post_id = p.id JOIN case_file c ON c.id = r.case_id
LEFT JOIN photo ph ON ph.id = p.cover_id
WHERE p.id = ANY($1) AND p.visibility = 'public'
"""
# What a department or a dispatcher said publicly comes first, then the rest of the public history.
SAID = """
SELECT case_id, text FROM case_event
WHERE case_id = ANY($1) AND text <> '' AND (NOT internal OR $2)
ORDER BY case_id, actor_kind NOT IN ('department', 'dispatcher'), seq DESC
"""


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are reports for everybody."""
    rows = await fetch(PUBLIC, list(post_ids))
    said = await said_of([row["case_id"] for row in rows])
    comments = await comments_of([row["post_id"] for row in rows])
    pack, places = await catalogue(), await areas()
    found = []
    for row in rows:
        talk = [*answered(row, pack), *said.get(row["case_id"], ()), *comments.get(row["post_id"], ())]
        found.append(_document(row, talk, pack, places))
    return found


async def said_of(case_ids: Sequence[int], *, internal: bool = False) -> dict[int, list[str]]:
    """The texts of these cases' histories, by case id."""
    found: dict[int, list[str]] = {}
    for row in await fetch(SAID, list(case_ids), internal) if case_ids else ():
        found.setdefault(row["case_id"], []).append(row["text"])
    return found


def _document(row: dict[str, Any], said: Iterable[str], pack: Catalogue, places: Areas) -> Document:
    return Document(
        kind=Kind.REPORT,
        item_id=row["post_id"],
        url=f"/reports/{row['id']}",
        title=heading(row["title"], row["text"]),
        text=row["text"],
        names=(row["address"], row["number"], *named(row, pack, places)),
        discussion="\n".join(said),
        category_id=row["category_id"],
        area_ids=tuple(area.id for area in places.path(row["area_id"])),
        department_id=row["department_id"],
        status=row["status"],
        at=row["created_at"],
        support=row["votes_count"],
        lat=row["lat"],
        lon=row["lon"],
        extra={name: row[name] for name in ("number", "address", "confirmed_by", "cover", "width", "height")},
    )


def answered(row: dict[str, Any], pack: Catalogue) -> list[str]:
    """What a report's author wrote in answer to the questions of the category that it was sent as."""
    category = pack.category_by_id.get(row["sent_as"] or 0)
    answers = row["answers"]
    texts = (one.code for one in category.questions if one.kind == "text") if category else ()
    return [str(answers[code]) for code in texts if answers.get(code)]


def named(row: dict[str, Any], pack: Catalogue, places: Areas) -> list[str]:
    """The names, in all languages, of a row's category and its group, its area and those above it, its department."""
    category = pack.category_by_id.get(row.get("category_id") or 0)
    department = pack.department_by_id.get(row.get("department_id") or 0)
    given = [category.names, category.group] if category else []
    given += [area.names for area in places.path(row.get("area_id")) if area.level]
    given += [department.names] if department else []
    return list(dict.fromkeys(name for names in given for name in names.values()))
