"""Importing a file, a batch a transaction: it can be stopped and started again at any instant."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import IO, Any, TypeVar

from tortoise.transactions import in_transaction

from civic import timing
from civic.cases import promises
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch
from civic.geo.queries import areas, city
from civic.i18n import gettext as _
from civic.imports.entries import Entry, Refused, Understanding, value_of
from civic.imports.files import SAMPLE, Row, Source
from civic.imports.founding import Directory, found
from civic.imports.mapping import ImportFault, Mapping
from civic.imports.replay import Rows, Rules, replay
from civic.imports.writing import analyse, ids_of, write
from civic.sla.queries import working_calendar

T = TypeVar("T")
BATCH = 500
# Refusals that, if they meet every row, are the mapping's fault.
MISUNDERSTOOD = frozenset({"broken", "no_id", "no_date", "date", "status"})
WORTH_ANALYSING = 1000  # rows
# One batch at a time of all imports of one mapping: the second of two finds what the first has written.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('civic.imports'), hashtext($1))"


@dataclass
class Progress:
    """How far an import is: rows by what became of them, and the share of the file that is read."""

    imported: int = 0
    refused: int = 0
    unchanged: int = 0  # imported before
    share: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)  # of refusals, by kind
    noted: Counter[str] = field(default_factory=Counter)  # what was read otherwise than it stood there

    @property
    def rows(self) -> int:
        return self.imported + self.refused + self.unchanged

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        counts = {"imported": self.imported, "refused": self.refused, "unchanged": self.unchanged}
        return counts | {"seconds": round(self.seconds, 2)}


async def import_file(
    path: Path,
    mapping: Mapping,
    rejects: Path,
    *,
    told: Callable[[Progress], None] = lambda progress: None,
    batch: int = BATCH,
) -> Progress:
    """Import every row of a file that is not in the database yet; `told` hears of each batch.

    A row is known by its source ("jarokelo:139838"), so that starting again goes on, and two at once double nothing.
    Refused rows go to `rejects` (JSON lines: line, id, column, reason, row), which only its owner can read. Raises
    ImportFault where the mapping or the file is wrong; batches that were written stay.
    """
    source = Source(path, mapping)
    try:
        with _private(rejects, path) as file:
            return await _Import(source, mapping, file, told).run(batch)
    finally:
        source.close()


def _private(path: Path, source: Path) -> IO[str]:
    """A new file that only its owner can read. Raises ImportFault, above all for the file that is imported."""
    try:
        if path.exists() and path.samefile(source):
            raise ImportFault(_("The refused rows cannot go into the file that is imported."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise ImportFault(f"{path}: {error.strerror or error}") from error


class _Import:
    def __init__(self, source: Source, mapping: Mapping, rejects: IO[str], told: Callable[[Progress], None]) -> None:
        self.source, self.mapping, self.rejects, self.told = source, mapping, rejects, told
        self.understanding = Understanding(mapping, timing.now())
        self.directory = Directory(mapping)
        self.progress = Progress(noted=self.understanding.noted)

    async def run(self, size: int) -> Progress:
        started, rows = monotonic(), self.source.rows()
        first = list(islice(rows, SAMPLE))
        self._check(first)
        await found(self.mapping)
        writing: asyncio.Task[None] | None = None
        try:
            for batch in _batches(first, rows, size):
                cases = await self._cases(await self._ready(batch))
                if writing is not None:
                    await writing
                share = self.source.position / max(self.source.size, 1)
                # PostgreSQL writes these while the next are worked out.
                writing = asyncio.create_task(self._write(cases, share, started))
        finally:
            if writing is not None:
                await writing
        if self.progress.imported >= WORTH_ANALYSING:
            await analyse()
        self.progress.seconds = monotonic() - started
        return self.progress

    def _check(self, first: Sequence[Row]) -> None:
        """Stop before anything is written where the mapping fits none of the first rows."""
        good = [row for row in first if not row.wrong]
        if good:
            self.source.check_columns({name for row in good for name in row.values})
        if not first:
            raise ImportFault(_("%(path)s is empty.", path=self.source.path))
        reasons = Counter(filter(None, (self._misunderstood(row) for row in first)))
        if reasons.total() == len(first) > 1:
            head = _("None of the first %(n)s rows could be imported. Nothing was.", n=len(first))
            lines = [f"  {count} × {reason}" for reason, count in reasons.most_common(5)]
            raise ImportFault("\n".join([head, *lines]))

    def _misunderstood(self, row: Row) -> str:
        """Why the mapping does not fit this row; nothing if it does, or if only the row is at fault."""
        try:
            Understanding(self.mapping, self.understanding.now).entry(row)
        except Refused as refused:
            if refused.kind in MISUNDERSTOOD:
                return f"{refused.column}: {refused.reason}" if refused.column else refused.reason
        return ""

    async def _ready(self, rows: Sequence[Row]) -> list["Placed"]:
        """What these rows say, as far as it can be imported and was not before; the others are refused or counted."""
        entries = []
        for row in rows:
            try:
                entries.append((row, self.understanding.entry(row)))
            except Refused as refused:
                self._refuse(row, refused)
        await self.directory.learn([entry for _row, entry in entries])
        ready = []
        for row, entry in entries:
            try:
                ready.append(await self._placed(entry))
            except Refused as refused:
                self._refuse(row, refused)
        self.rejects.flush()
        return await self._new(ready, lambda one: one.entry.source)

    async def _new(self, some: Sequence[T], source: Callable[[T], str]) -> list[T]:
        """Those whose source is not in the database; the others are unchanged."""
        rows = await fetch("SELECT source FROM post WHERE source = ANY($1)", [source(one) for one in some])
        known = {row["source"] for row in rows}
        self.progress.unchanged += len(known)
        return [one for one in some if source(one) not in known]

    async def _placed(self, entry: Entry) -> "Placed":
        """With its department, category and area. Raises Refused for one that does not exist, or outside the city."""
        everywhere = await areas()
        area = everywhere.at(entry.lat, entry.lon)
        if area is None and len(everywhere) and self.mapping.place.outside == "refuse":
            raise Refused("outside", "lat", _("Its place is outside of the city."))
        department, category = self.directory.department(entry), self.directory.category(entry)
        return Placed(entry, department, category, area.id if area else None)

    async def _cases(self, ready: Sequence["Placed"]) -> list[Rows]:
        """Their histories; every now and then what is being written has its turn."""
        if not ready:
            return []
        rules, ids, cases = await _rules(ready, self.understanding.now), await ids_of(Case, len(ready)), []
        for one in ready:
            cases.append(one.replayed(rules, next(ids)))
            if len(cases) % 10 == 0:
                await asyncio.sleep(0)
        return cases

    async def _write(self, cases: Sequence[Rows], share: float, started: float) -> None:
        async with in_transaction():
            await execute(LOCK, self.mapping.name)
            new = await self._new(cases, lambda one: one.entry.source)  # another import may have been quicker
            if new:
                private = frozenset(one.id for one in (await catalogue()).every_category if not one.public)
                await write(new, language=self.mapping.language, private=private)
        self.progress.imported += len(new)
        self.progress.share, self.progress.seconds = share, monotonic() - started
        self.told(self.progress)

    def _refuse(self, row: Row, why: Refused) -> None:
        self.progress.refused += 1
        self.progress.reasons[why.kind] += 1
        said = {
            "line": row.line,
            "id": value_of(row, self.mapping.columns.id),
            "column": why.column,
            "reason": why.reason,
            "row": row.values,
        }
        self.rejects.write(json.dumps(said, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with the ids of what it names."""

    entry: Entry
    department_id: int | None
    category_id: int | None
    area_id: int | None

    def replayed(self, rules: Rules, case_id: int) -> Rows:
        return replay(
            self.entry,
            rules,
            case_id,
            category_id=self.category_id,
            department_id=self.department_id,
            area_id=self.area_id,
        )


def _batches(first: Sequence[Row], rest: Iterator[Row], size: int) -> Iterator[list[Row]]:
    every = chain(first, rest)
    while batch := list(islice(every, size)):
        yield batch


async def _rules(batch: Sequence[Placed], now: datetime) -> Rules:
    """What the promises of these entries are made by."""
    categories = {one.category_id for one in batch}
    departments = {one.department_id for one in batch if one.department_id is not None}
    found = {one: await promises.department(one) for one in departments}
    city_calendar = await promises.city_calendar()
    calendars = {one.calendar_id for one in found.values()} | {city_calendar}
    return Rules(
        city=await city(),
        city_calendar=city_calendar,
        targets={one: await promises.targets(one) for one in categories},
        department_calendar={one: view.calendar_id for one, view in found.items()},
        calendars={one: await working_calendar(one) for one in calendars},
        categories={one: (await promises.category(one)).code for one in categories if one is not None},
        departments={one: view.slug for one, view in found.items()},
        now=now,
    )
