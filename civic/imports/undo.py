"""Taking back an import: everything that it made, and nothing that people have worked on since.

It deletes from the tables that an import fills and from no other, so that what it does not know stops it (a foreign
key). `removal.py`, which removes the reports of a trial with whatever points at them, cannot carry it: see there.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
from tortoise.exceptions import IntegrityError

from civic import cache
from civic.city.actions import bump_version
from civic.db import Row, execute, fetch, fetch_one, in_transaction, retry_transaction
from civic.i18n import gettext as _
from civic.imports.actions import ANALYSE_FROM_ROWS, BATCH_ROWS, lock_import
from civic.imports.bulk import analyse_tables
from civic.imports.mapping import ImportFault
from civic.imports.sql import (
    ADDITIONS,
    DELETE_ADDITION,
    DELETIONS,
    FORGET_ADDITION,
    IN_PACK,
    LET_HISTORY_GO,
    LOCK_CASES,
    LOCK_POSTS,
    NAMES,
    PUBLISHED_SINCE,
    REPORTS,
)
from civic.posts.actions import COUNT_VISIBILITY_CHANGE
from civic.suggestions import name_one_of

SHOWN_PATHS = 20
PACK_KINDS = {"calendar": "calendars", "department": "departments", "category": "categories"}


@dataclass
class Undoing:
    """What undoing an import takes back, or would; `worked_on` counts the reports that stay, by what was done.

    `added` are calendars, departments, categories and the city that it made and that go with it, `in_use` those that
    stay: "department roads". `releases` is how many published releases count some of its reports.
    """

    name: str
    done: bool
    reports: int = 0
    worked_on: Counter[str] = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)  # of some of those that stay
    added: list[str] = field(default_factory=list)
    in_use: list[str] = field(default_factory=list)
    releases: int = 0
    first_receipt: datetime | None = None

    @property
    def kept(self) -> int:
        return self.worked_on.total()

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "import": self.name,
            "done": self.done,
            "reports": self.reports,
            "kept": self.kept,
            "worked_on": dict(self.worked_on),
            "paths": self.paths,
            "added": self.added,
            "in_use": self.in_use,
            "releases": self.releases,
        }


async def undo_import(
    name: str,
    *,
    confirmed: bool,
    on_progress: Callable[[Undoing], None] = lambda undoing: None,
    batch_rows: int = BATCH_ROWS,
) -> Undoing:
    """Take back the reports of an import that nobody has worked on since, and what it added for them.

    Unless `confirmed`, only say what that would be. Each batch is one transaction: stopped, it goes on when it is
    started again. Raises ImportFault if there is no such import, or one of this name runs.
    """
    async with lock_import(name):
        undoing = Undoing(name, confirmed)
        async for batch in _batches(name, batch_rows):
            taken = await _take_back(name, batch) if confirmed else [one for one in batch if not one["worked_on"]]
            gone = {one["post_id"] for one in taken}
            _count(undoing, batch, gone)
            on_progress(undoing)
        await _take_back_additions(undoing)
        if not undoing.reports and not undoing.kept and not undoing.added and not undoing.in_use:
            names = [row["name"] for row in await fetch(NAMES)]
            raise ImportFault(_("There is nothing of an import “%(name)s”.", name=name) + name_one_of(name, names))
        if undoing.first_receipt is not None:
            row = await fetch_one(PUBLISHED_SINCE, undoing.first_receipt)
            undoing.releases = row["n"] if row else 0
        if confirmed and undoing.reports >= ANALYSE_FROM_ROWS:
            await analyse_tables()
        return undoing


async def _batches(name: str, size: int) -> AsyncIterator[list[Row]]:
    last = 0
    while batch := await fetch(REPORTS, name, last, size):
        last = batch[-1]["post_id"]
        yield batch


def _count(undoing: Undoing, batch: Sequence[Row], gone: set[int]) -> None:
    for one in batch:
        if one["post_id"] in gone:
            undoing.reports += 1
            undoing.first_receipt = min(undoing.first_receipt or one["received_at"], one["received_at"])
            continue
        undoing.worked_on[one["worked_on"] or "history"] += 1  # None: it was worked on just now
        if len(undoing.paths) < SHOWN_PATHS:
            undoing.paths.append(one["path"])


@retry_transaction
async def _take_back(name: str, batch: Sequence[Row]) -> list[Row]:
    """Delete the reports of a batch that nobody has worked on; these."""
    async with in_transaction():
        await fetch(LOCK_CASES, [one["case_id"] for one in batch])
        await fetch(LOCK_POSTS, [one["post_id"] for one in batch])
        again = await fetch(REPORTS, name, batch[0]["post_id"] - 1, len(batch))
        going = [one for one in again if not one["worked_on"]]
        if going:
            await fetch(LET_HISTORY_GO, name)
            for column, statement in DELETIONS:
                await execute(statement, _ids(going, column))
            await execute(COUNT_VISIBILITY_CHANGE)
        return going


def _ids(rows: Sequence[Row], column: str) -> list[int]:
    if column == "clocks":
        return [clock for one in rows for clock in one["clocks"] if clock is not None]
    return [one[column] for one in rows]


async def _take_back_additions(undoing: Undoing) -> None:
    """Delete what the import added and nothing uses any more. Unless it is done, only name it."""
    in_pack = {(row["kind"], row["key"]) for row in await fetch(IN_PACK)}
    for row in await fetch(ADDITIONS, undoing.name):
        kind, key = row["kind"], row["key"]
        if not undoing.done:
            undoing.added.append(f"{kind} {key}")
        elif (PACK_KINDS.get(kind), key) in in_pack or not await _delete_addition(kind, key):
            undoing.in_use.append(f"{kind} {key}")
        else:
            undoing.added.append(f"{kind} {key}")
    if undoing.done:
        cache.clear_caches()


@retry_transaction
async def _delete_addition(kind: str, key: str) -> bool:
    """Delete something that an import made, unless it is used; whether it is gone."""
    *deletions, gone = DELETE_ADDITION[kind]
    try:
        async with in_transaction():
            for statement in deletions:
                await execute(statement, key)
            row = await fetch_one(gone, key)
            if row is None or not row["gone"]:
                raise _InUse
            await execute(FORGET_ADDITION, kind, key)
            await bump_version()
    except _InUse:
        return False
    except IntegrityError as error:
        if isinstance(error.__cause__, asyncpg.ForeignKeyViolationError | asyncpg.RestrictViolationError):
            return False
        raise
    return True


class _InUse(Exception):
    """Something else needs it, which no foreign key says."""
