"""Inserting many cases with all their rows by COPY, in the open transaction."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from tortoise.models import Model

from civic.cases.models import Assignment, Case, CaseEvent
from civic.db import copy_rows, execute, fetch, table_columns, table_name
from civic.imports.replay import CHANNEL, LOCATED_BY, CaseRows
from civic.imports.rows import row_class
from civic.imports.sql import ANALYSE, RESERVE_IDS
from civic.posts.models import Post, Visibility
from civic.reports.models import KIND, Report
from civic.sla.models import Clock

TABLES: tuple[type[Model], ...] = (Clock, Case, Post, Report, Assignment, CaseEvent)


async def reserve_ids(model: type[Model], count: int) -> Iterator[int]:
    """Take `count` ids from the table's sequence; nobody else gets them."""
    rows = await fetch(RESERVE_IDS.format(table=table_name(model)), count)
    return iter(sorted(row["id"] for row in rows))


async def insert_cases(batch: Sequence[CaseRows], *, language: str, private: frozenset[int]) -> None:
    """Insert all rows of these cases. `private` holds the ids of categories whose reports are not public."""
    clocks = [clock for one in batch for clock in one.clocks]
    assignments = [assignment for one in batch for assignment in one.assignments]
    events = [event for one in batch for event in one.events]
    for model, objects in ((Clock, clocks), (Assignment, assignments), (CaseEvent, events)):
        ids = await reserve_ids(model, len(objects))
        for each in objects:
            each.id = next(ids)
    for one in batch:
        _point_at_clocks(one)
    reports, posts = await _reports(batch, language, private)
    await _copy(Clock, clocks)
    await _copy(Case, [one.case for one in batch])
    await _copy(Post, posts)
    await _copy(Report, reports)
    await _copy(Assignment, assignments)
    await _copy(CaseEvent, events)


def _point_at_clocks(rows: CaseRows) -> None:
    ids = [clock.id for clock in rows.clocks]
    rows.case.response_clock_id, rows.case.resolution_clock_id = ids[:2]
    for assignment, own in zip(rows.assignments, zip(ids[2::2], ids[3::2], strict=True), strict=True):
        assignment.response_clock_id, assignment.resolution_clock_id = own


async def _reports(
    batch: Sequence[CaseRows], language: str, private: frozenset[int]
) -> tuple[list[Report], list[Post]]:
    """The reports and their posts."""
    report_ids, post_ids = await reserve_ids(Report, len(batch)), await reserve_ids(Post, len(batch))
    reports, posts = [], []
    for one in batch:
        imported, case = one.report, one.case
        report = row_class(Report)(
            id=next(report_ids),
            post_id=next(post_ids),
            case_id=case.id,
            category_id=case.category_id,
            area_id=case.area_id,
            lat=imported.lat,
            lon=imported.lon,
            located_by=LOCATED_BY,
            address=imported.address,
        )
        post = row_class(Post)(
            id=report.post_id,
            kind=KIND,
            title=imported.title,
            text=imported.text,
            language=language,
            created_at=imported.received_at,
            visibility=Visibility.PRIVATE if case.category_id in private else Visibility.PUBLIC,
            path=f"/reports/{report.id}",
            channel=CHANNEL,
            source=imported.source,
            votes_count=imported.votes,
            source_url=imported.url,
        )
        reports.append(report)
        posts.append(post)
    return reports, posts


async def _copy(model: type[Model], objects: Sequence[Model]) -> None:
    names = list(table_columns(model))
    await copy_rows(model, names, map(attrgetter(*names), objects))


async def analyse_tables() -> None:
    """Refresh the statistics: without them PostgreSQL plans for empty tables after a large import."""
    for model in TABLES:
        await execute(ANALYSE.format(table=table_name(model)))
