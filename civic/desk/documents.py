"""Cases as the desk finds them: every word of them, internal ones too, for the departments that have or had them."""

from collections.abc import Sequence

from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.db import Row, fetch
from civic.desk.sql import CASES, REPORTS, SHARED_CASES
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import lazy as _
from civic.posts.queries import comments_of
from civic.reports.documents import CASE_SOURCES, CASE_STATUSES, GROUPS, RowNames, history_texts, text_answers
from civic.reports.queries import heading
from civic.search.documents import Document
from civic.search.presenters import Badge, Presenter, category_name, department_name
from civic.search.subjects import DirtySource, Subject


async def documents(case_ids: Sequence[int]) -> list[Document]:
    """The documents of those of these cases that have something of their own, beside one public report."""
    shared = {row["id"] for row in await fetch(SHARED_CASES, list(case_ids))}
    own = [one for one in case_ids if one not in shared]
    return await hit_documents(own) if own else []


async def hit_documents(case_ids: Sequence[int]) -> list[Document]:
    """The documents of these cases."""
    rows = await fetch(CASES, list(case_ids))
    reports: dict[int, list[Row]] = {}
    for report in await fetch(REPORTS, list(case_ids)):
        reports.setdefault(report["case_id"], []).append(report)
    history = await history_texts(case_ids, internal=True)
    comments = await comments_of([one["post_id"] for some in reports.values() for one in some])
    names = RowNames(await catalogue(), await areas())
    composed = []
    for row in rows:
        own = reports.get(row["id"], [])
        answers = [text for one in own for text in text_answers(one, names.catalogue)]
        talk = [text for one in own for text in comments.get(one["post_id"], ())]
        composed.append(_document(row, own, [*answers, *history.get(row["id"], ()), *talk], names))
    return composed


def _document(row: Row, reports: Sequence[Row], texts: Sequence[str], names: RowNames) -> Document:
    main = reports[0] if reports else None
    addresses = dict.fromkeys(one["address"] for one in reports if one["address"])
    return Document(
        kind="case",
        item_id=row["id"],
        url=f"/desk/cases/{row['id']}",
        title=heading(main["title"], main["text"]) if main else row["number"],
        text="\n".join(part for one in reports for part in (one["title"], one["text"]) if part),
        names=(row["number"], *addresses, *names.of(row)),
        discussion="\n".join(texts),
        category_id=row["category_id"],
        area_ids=names.area_ids(row["area_id"]),
        department_id=row["department_id"],
        readers=tuple(sorted(row["readers"])),
        status=row["status"],
        at=row["received_at"],
        support=sum(one["votes_count"] for one in reports),
        lat=main["lat"] if main else None,
        lon=main["lon"] if main else None,
        extra={"number": row["number"], "address": main["address"] if main else ""},
    )


class CasePresenter(Presenter):
    def names(self, document: Document, catalogue: Catalogue, areas: Areas) -> Sequence[str]:
        """The number first, and who has the case last."""
        return (
            str(document.extra.get("number") or ""),
            category_name(document, catalogue),
            *super().names(document, catalogue, areas)[1:],
            department_name(document, catalogue),
        )


SUBJECT = Subject(
    kind="case",
    label=_("Cases"),
    badge=Badge("note", "→", _("Case")),
    compose=documents,
    compose_hits=hit_documents,
    table="case_file",
    roots={"case": "", "post": "SELECT case_id FROM report WHERE post_id = ANY($1)"},
    sources=(
        *CASE_SOURCES,
        DirtySource("assignment", "case", "SELECT case_id FROM changed", columns=("department_id", "case_id")),
    ),
    desk=True,
    statuses=CASE_STATUSES,
    groups=GROUPS,
    presenter=CasePresenter(),
)
