"""Removing reports wholly, with their cases: those of the weeks of trial before a city opens, or an import gone wrong.

Only until the first release of the scores: it seals the histories of all cases, so that none can be taken away.

It follows the foreign keys to whatever points at a case, as nothing of a trial is to stay, comments and votes included.
`undo.py` must not: it takes back an import while the city is at work, and what people have added since is not its to
delete. So it names the tables that an import fills; a row of any other table that points at a report stops it. What the
two have in common is no more than a DELETE a table.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from civic import db
from civic.errors import Conflict
from civic.i18n import gettext as _
from civic.imports.sql import (
    ALLOW_REMOVAL,
    CHILDREN,
    CLOCKS,
    COUNT_PARTS,
    DELETE_JOBS,
    DELETE_MAIL_STOPS,
    DELETE_ROWS,
    DEPENDENTS,
    EVENTS,
    HAS_RELEASE,
    MERGES,
    MESSAGES,
    PHOTOS,
    POST_TIMES,
    POSTS,
    REFUSE_REMOVAL,
)
from civic.media.actions import discard_photos

BATCH_CASES = 200


@dataclass
class Removed:
    """How much of what was, or would be, removed. `kept`: cases tied by a merge to one with a later report."""

    cases: int = 0
    reports: int = 0
    comments: int = 0
    events: int = 0
    photos: int = 0
    messages: int = 0
    kept: int = 0

    def add(self, more: "Removed") -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(more, field.name))


@dataclass(frozen=True)
class _Plan:
    groups: list[list[int]]  # cases that go together, as merges tie them
    kept: int


async def remove_reports(
    before: datetime, *, dry_run: bool = False, on_progress: Callable[[float, str], None] = lambda share, words: None
) -> Removed:
    """Remove the cases all of whose reports were posted before an instant, with everything of them.

    In batches, each a transaction: ended in the middle and called again, it goes on. The files of photos go with the
    next tidying, the documents of the index with the next work of its worker. Raises Conflict after the first release.
    """
    await _refuse_after_release()
    plan = await _plan_removal(before)
    total = Removed(kept=plan.kept)
    batches = list(_batches(plan.groups))
    for number, cases in enumerate(batches, start=1):
        total.add(await _remove_batch(cases, dry_run=dry_run))
        on_progress(number / len(batches), f"{total.cases:,} cases")
    return total


@db.retry_transaction
async def _remove_batch(cases: list[int], *, dry_run: bool) -> Removed:
    async with db.in_transaction():
        await _refuse_after_release()
        return await _remove_cases(cases, dry_run=dry_run)


async def _refuse_after_release() -> None:
    row = await db.fetch_one(HAS_RELEASE)
    if row and row["some"]:
        raise Conflict(_("Scores are published: their seal covers every case, so none can be removed any more."))


async def _plan_removal(before: datetime) -> _Plan:
    times = {row["id"]: (row["first"], row["latest"]) for row in await db.fetch(POST_TIMES)}
    group = {case_id: case_id for case_id in times}

    def find(case_id: int) -> int:
        while group[case_id] != case_id:
            group[case_id] = group[group[case_id]]
            case_id = group[case_id]
        return case_id

    for row in await db.fetch(MERGES):
        group[find(row["one"])] = find(row["other"])
    members = defaultdict[int, list[int]](list)
    for case_id in times:
        members[find(case_id)].append(case_id)
    dated = [(cases, [at for one in cases for at in times[one] if at]) for cases in members.values()]
    going = [cases for cases, instants in dated if instants and max(instants) < before]
    mixed = [cases for cases, instants in dated if instants and min(instants) < before <= max(instants)]
    return _Plan(going, sum(map(len, mixed)))


def _batches(groups: Sequence[list[int]]) -> Iterator[list[int]]:
    batch: list[int] = []
    for cases in groups:
        batch += cases
        if len(batch) >= BATCH_CASES:
            yield batch
            batch = []
    if batch:
        yield batch


async def _remove_cases(cases: list[int], *, dry_run: bool) -> Removed:
    rows = await db.fetch(POSTS, cases)
    posts = [row["post_id"] for row in rows]
    about = [f"post:{one}" for one in posts]
    urls = [f"/reports/{row['report_id']}" for row in rows] + [f"/desk/cases/{one}" for one in cases]
    messages = await _ids(MESSAGES, about, urls, list(map(str, cases)))
    photos, clocks = await _ids(PHOTOS, cases, posts), await _ids(CLOCKS, cases)
    parts = await db.fetch_one(COUNT_PARTS, posts, cases)
    assert parts is not None
    removed = Removed(len(cases), len(posts), parts["comments"], parts["events"], len(photos), len(messages))
    if dry_run:
        return removed
    events = await _ids(EVENTS, cases)
    await db.execute(DELETE_JOBS, *(list(map(str, ids)) for ids in (cases, events, messages)))
    await db.execute(DELETE_MAIL_STOPS, about)
    await db.execute(ALLOW_REMOVAL)
    for table, ids in (("case_file", cases), ("post", posts), ("clock", clocks), ("message", messages)):
        await _delete_rows(table, ids)
    await db.execute(REFUSE_REMOVAL)
    await discard_photos(photos)
    return removed


async def _ids(statement: str, *args: Sequence[object]) -> list[int]:
    return [row["id"] for row in await db.fetch(statement, *args) if row["id"] is not None]


async def _delete_rows(table: str, ids: Sequence[int]) -> None:
    """Delete rows with all that point at them, in whatever table a foreign key says so."""
    if not ids:
        return
    for row in await db.fetch(DEPENDENTS, table):
        name, field = row["name"], row["field"]
        if name == table:
            continue  # cases that a merge ties together go in one batch
        if row["has_dependents"]:
            await _delete_rows(name, await _ids(CHILDREN.format(table=name, field=field), list(ids)))
        else:
            await db.execute(DELETE_ROWS.format(table=name, field=field), list(ids))
    await db.execute(DELETE_ROWS.format(table=table, field="id"), list(ids))
