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
from civic.cases import targets
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import advisory_lock, fetch
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.imports.bootstrap import CatalogueLookup, bootstrap
from civic.imports.bulk import analyse_tables, insert_cases, reserve_ids
from civic.imports.files import SAMPLE_ROWS, SourceFile, SourceRow
from civic.imports.mapping import ImportFault, ImportMapping
from civic.imports.parser import ImportedReport, RowParser, RowRefused, value_of
from civic.imports.replay import CaseRows, ReplayRules, replay
from civic.sla.queries import working_calendar

T = TypeVar("T")
BATCH_ROWS = 500
# Refusals that, if they meet every row, are the mapping's fault.
MAPPING_FAULTS = frozenset({"broken", "no_id", "no_date", "date", "status"})
ANALYSE_FROM_ROWS = 1000  # rows
# One batch at a time of all imports of one mapping: the second of two finds what the first has written.
IMPORT_LOCK = "civic.imports: "  # and the name of the mapping


@dataclass
class Progress:
    """How far an import is: rows by what became of them, and the share of the file that is read."""

    imported: int = 0
    refused: int = 0
    unchanged: int = 0  # imported before
    share: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)  # of refusals, by kind
    adjustments: Counter[str] = field(default_factory=Counter)  # what was read otherwise than it stood there

    @property
    def rows(self) -> int:
        return self.imported + self.refused + self.unchanged

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        counts = {"imported": self.imported, "refused": self.refused, "unchanged": self.unchanged}
        return counts | {"seconds": round(self.seconds, 2)}


async def import_file(
    path: Path,
    mapping: ImportMapping,
    rejects: Path,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    batch: int = BATCH_ROWS,
) -> Progress:
    """Import every row of a file that is not in the database yet; `on_progress` is called after each batch.

    A row is known by its source ("jarokelo:139838"), so that starting again goes on, and two at once double nothing.
    Refused rows go to `rejects` (JSON lines: line, id, column, reason, row), which only its owner can read. Raises
    ImportFault where the mapping or the file is wrong; batches that were written stay.
    """
    source = SourceFile(path, mapping)
    try:
        with _private(rejects, path) as file:
            return await _Import(source, mapping, file, on_progress).run(batch)
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
    def __init__(
        self, source: SourceFile, mapping: ImportMapping, rejects: IO[str], on_progress: Callable[[Progress], None]
    ) -> None:
        self.source, self.mapping, self.rejects, self.on_progress = source, mapping, rejects, on_progress
        self.parser = RowParser(mapping, timing.now())
        self.lookup = CatalogueLookup(mapping)
        self.progress = Progress(adjustments=self.parser.adjustments)

    async def run(self, size: int) -> Progress:
        started, rows = monotonic(), self.source.rows()
        first = list(islice(rows, SAMPLE_ROWS))
        self._check(first)
        await bootstrap(self.mapping)
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
        if self.progress.imported >= ANALYSE_FROM_ROWS:
            await analyse_tables()
        self.progress.seconds = monotonic() - started
        return self.progress

    def _check(self, first: Sequence[SourceRow]) -> None:
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

    def _misunderstood(self, row: SourceRow) -> str:
        """Why the mapping does not fit this row; nothing if it does, or if only the row is at fault."""
        try:
            RowParser(self.mapping, self.parser.now).parse(row)
        except RowRefused as refused:
            if refused.kind in MAPPING_FAULTS:
                return f"{refused.column}: {refused.reason}" if refused.column else refused.reason
        return ""

    async def _ready(self, rows: Sequence[SourceRow]) -> list["MatchedReport"]:
        """What these rows say, as far as it can be imported and was not before; the others are refused or counted."""
        entries = []
        for row in rows:
            try:
                entries.append((row, self.parser.parse(row)))
            except RowRefused as refused:
                self._refuse(row, refused)
        await self.lookup.find_or_create([entry for _row, entry in entries])
        ready = []
        for row, entry in entries:
            try:
                ready.append(await self._placed(entry))
            except RowRefused as refused:
                self._refuse(row, refused)
        self.rejects.flush()
        return await self._new(ready, lambda one: one.entry.source)

    async def _new(self, some: Sequence[T], source: Callable[[T], str]) -> list[T]:
        """Those whose source is not in the database; the others are unchanged."""
        rows = await fetch("SELECT source FROM post WHERE source = ANY($1)", [source(one) for one in some])
        known = {row["source"] for row in rows}
        self.progress.unchanged += len(known)
        return [one for one in some if source(one) not in known]

    async def _placed(self, entry: ImportedReport) -> "MatchedReport":
        """With its department, category and area. Raises Refused for one that does not exist, or outside the city."""
        everywhere = await areas()
        area = everywhere.at(entry.lat, entry.lon)
        if area is None and len(everywhere) and self.mapping.place.outside == "refuse":
            raise RowRefused("outside", "lat", _("Its place is outside of the city."))
        department, category = self.lookup.department(entry), self.lookup.category(entry)
        return MatchedReport(entry, department, category, area.id if area else None)

    async def _cases(self, ready: Sequence["MatchedReport"]) -> list[CaseRows]:
        """Their histories; every now and then what is being written has its turn."""
        if not ready:
            return []
        rules, ids, cases = await _rules(ready, self.parser.now), await reserve_ids(Case, len(ready)), []
        for one in ready:
            cases.append(one.replayed(rules, next(ids)))
            if len(cases) % 10 == 0:
                await asyncio.sleep(0)
        return cases

    async def _write(self, cases: Sequence[CaseRows], share: float, started: float) -> None:
        async with in_transaction():
            await advisory_lock(IMPORT_LOCK + self.mapping.name)
            new = await self._new(cases, lambda one: one.entry.source)  # another import may have been quicker
            if new:
                private = frozenset(one.id for one in (await catalogue()).every_category if not one.public)
                await insert_cases(new, language=self.mapping.language, private=private)
        self.progress.imported += len(new)
        self.progress.share, self.progress.seconds = share, monotonic() - started
        self.on_progress(self.progress)

    def _refuse(self, row: SourceRow, why: RowRefused) -> None:
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
class MatchedReport:
    """An entry with the ids of what it names."""

    entry: ImportedReport
    department_id: int | None
    category_id: int | None
    area_id: int | None

    def replayed(self, rules: ReplayRules, case_id: int) -> CaseRows:
        return replay(
            self.entry,
            rules,
            case_id,
            category_id=self.category_id,
            department_id=self.department_id,
            area_id=self.area_id,
        )


def _batches(first: Sequence[SourceRow], rest: Iterator[SourceRow], size: int) -> Iterator[list[SourceRow]]:
    every = chain(first, rest)
    while batch := list(islice(every, size)):
        yield batch


async def _rules(batch: Sequence[MatchedReport], now: datetime) -> ReplayRules:
    """What the promises of these entries are made by."""
    categories = {one.category_id for one in batch}
    departments = {one.department_id for one in batch if one.department_id is not None}
    found = {one: await targets.get_department(one) for one in departments}
    city_calendar = await targets.get_city_calendar()
    calendars = {one.calendar_id for one in found.values()} | {city_calendar}
    return ReplayRules(
        city=await city(),
        city_calendar=city_calendar,
        targets={one: await targets.get_targets(one) for one in categories},
        department_calendar={one: view.calendar_id for one, view in found.items()},
        calendars={one: await working_calendar(one) for one in calendars},
        categories={one: (await targets.get_category(one)).code for one in categories if one is not None},
        departments={one: view.slug for one, view in found.items()},
        now=now,
    )
