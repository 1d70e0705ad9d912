"""Reports as the search finds them: with their case, its public history, and the comments."""

from collections.abc import Iterable, Sequence
from functools import cache

from civic.cases.status import Status, StatusGroup
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import lazy as _
from civic.posts.documents import AREA_COLUMNS, POST_SOURCES
from civic.posts.queries import comments_of
from civic.posts.sql import AREAS_BELOW
from civic.reports.queries import heading
from civic.reports.sql import CASE_HISTORIES, POSTS_OF_CASES, PUBLIC_REPORTS
from civic.search.documents import Document
from civic.search.presenters import Badge
from civic.search.subjects import DirtySource, Subject, SubjectStatus

CASE_COLUMNS = ("number", "status", "confirmed_by", "category_id", "area_id", "department_id", "received_at")
# What reports and cases are made of. A mark on a case leads to its reports too.
CASE_SOURCES = (
    *POST_SOURCES,
    DirtySource("report", "case", "SELECT case_id FROM changed"),
    DirtySource("report", "post", "SELECT post_id FROM changed", on=("delete",)),
    DirtySource("case_file", "case", "SELECT id FROM changed", columns=CASE_COLUMNS, on=("update", "delete")),
    DirtySource("case_event", "case", "SELECT case_id FROM changed", urgent="true"),
    DirtySource(
        "category",
        "case",
        "SELECT c.id FROM case_file c JOIN changed ON c.category_id = changed.id"
        " UNION SELECT r.case_id FROM report r JOIN changed ON r.category_id = changed.id",
        columns=("names", "group", "questions"),
        on=("update",),
    ),
    DirtySource(
        "department",
        "case",
        "SELECT c.id FROM case_file c JOIN changed ON c.department_id = changed.id",
        columns=("names",),
        on=("update",),
    ),
    DirtySource(
        "area",
        "case",
        f"{AREAS_BELOW} SELECT id FROM case_file WHERE area_id IN (SELECT id FROM below)"
        " UNION SELECT case_id FROM report WHERE area_id IN (SELECT id FROM below)",
        columns=AREA_COLUMNS,
        on=("update",),
    ),
)
EXTRA = ("number", "address", "place_names", "confirmed_by", "cover", "width", "height")
GROUPS = {group.value: group.label for group in StatusGroup if group is not StatusGroup.MERGED}
CASE_STATUSES = tuple(
    SubjectStatus(status.value, status.label, status.look, status.sign, status.group.value, status.is_open)
    for status in Status
)


async def documents(post_ids: Sequence[int]) -> list[Document]:
    """The documents of those of the posts that are reports for everybody."""
    rows = await fetch(PUBLIC_REPORTS, list(post_ids))
    history = await history_texts([row["case_id"] for row in rows])
    comments = await comments_of([row["post_id"] for row in rows])
    names = RowNames(await catalogue(), await areas())
    found = []
    for row in rows:
        said = [
            *text_answers(row, names.catalogue),
            *history.get(row["case_id"], ()),
            *comments.get(row["post_id"], ()),
        ]
        found.append(_document(row, said, names))
    return found


async def history_texts(case_ids: Sequence[int], *, internal: bool = False) -> dict[int, list[str]]:
    """The texts of these cases' histories, by case id; those for the desk only where `internal`."""
    texts: dict[int, list[str]] = {}
    for row in await fetch(CASE_HISTORIES, list(case_ids), internal) if case_ids else ():
        texts.setdefault(row["case_id"], []).append(row["text"])
    return texts


def text_answers(row: Row, catalogue: Catalogue) -> list[str]:
    """What a report's author wrote in answer to the questions of the category that it was sent as."""
    category = catalogue.category_by_id.get(row["sent_as"] or 0)
    codes = [one.code for one in category.questions if one.kind == "text"] if category else []
    answers = row["answers"] if codes else {}
    return [str(answers[code]) for code in codes if answers.get(code)]


class RowNames:
    """What rows are found by beside their texts: the names of their category, area and department."""

    def __init__(self, catalogue: Catalogue, areas: Areas) -> None:
        self.catalogue, self.areas = catalogue, areas
        self._names, self.area_ids = cache(self._find_names), cache(self._find_area_ids)

    def of(self, row: Row) -> tuple[str, ...]:
        """The names, in all languages, of a row's category and its group, its area and those above, its department."""
        names: tuple[str, ...] = self._names(row["category_id"], row["area_id"], row["department_id"])
        return names

    def _find_names(self, category_id: int | None, area_id: int | None, department_id: int | None) -> tuple[str, ...]:
        category = self.catalogue.category_by_id.get(category_id or 0)
        department = self.catalogue.department_by_id.get(department_id or 0)
        given = [category.names, category.group] if category else []
        given += [area.names for area in self.areas.path(area_id) if area.level]
        given += [department.names] if department else []
        return tuple(dict.fromkeys(name for names in given for name in names.values()))

    def _find_area_ids(self, area_id: int | None) -> tuple[int, ...]:
        """The area and those above it."""
        return tuple(area.id for area in self.areas.path(area_id))


def _place_names(row: Row) -> tuple[str, ...]:
    """The nearest place of the gazetteer in all languages."""
    names: dict[str, str] = row["place_names"]
    return tuple(dict.fromkeys(names.values()))


def _document(row: Row, said: Iterable[str], names: RowNames) -> Document:
    return Document(
        kind="report",
        item_id=row["post_id"],
        url=f"/reports/{row['id']}",
        title=heading(row["title"], row["text"]),
        text=row["text"],
        names=(row["address"], row["number"], *_place_names(row), *names.of(row)),
        discussion="\n".join(said),
        category_id=row["category_id"],
        area_ids=names.area_ids(row["area_id"]),
        department_id=row["department_id"],
        readers=tuple(sorted(row["readers"])) if row["desk_id"] else (),
        desk_id=row["desk_id"],
        status=row["status"],
        at=row["created_at"],
        support=row["votes_count"],
        lat=row["lat"],
        lon=row["lon"],
        extra={name: row[name] for name in EXTRA},
    )


SUBJECT = Subject(
    kind="report",
    label=_("Reports"),
    badge=Badge("note", "→", _("Report")),
    compose=documents,
    table="report",
    column="post_id",
    roots={"post": "", "case": POSTS_OF_CASES},
    sources=CASE_SOURCES,
    statuses=tuple(one for one in CASE_STATUSES if one.group in GROUPS),
    groups=GROUPS,
)
