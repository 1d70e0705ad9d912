"""Importing a file, one transaction for each batch of rows: it can be stopped and started again at any time."""

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
from typing import IO, TypeVar

from civic import timing
from civic.cases import targets
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import advisory_lock, fetch, in_transaction, retry_transaction
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
# Kinds of refusal that are the mapping's fault if every row is refused for them.
MAPPING_FAULTS = frozenset({"broken", "no_id", "no_date", "date", "status"})
ANALYSE_FROM_ROWS = 1000
# Two imports by one mapping write one batch at a time: the second finds the rows that the first has written.
IMPORT_LOCK = "civic.imports: "  # and the name of the mapping


@dataclass
class Progress:
    """How far an import is: counts of rows, and the share of the file that is read (0 to 1)."""

    imported: int = 0
    refused: int = 0
    unchanged: int = 0  # imported before
    share: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)  # refused rows, by kind
    adjustments: Counter[str] = field(default_factory=Counter)  # how often a value was corrected, by kind

    @property
    def rows(self) -> int:
        return self.imported + self.refused + self.unchanged

    def as_json(self) -> dict[str, object]:
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
        with _open_private(rejects, path) as file:
            return await _Import(source, mapping, file, on_progress).run(batch)
    finally:
        source.close()


def _open_private(path: Path, source: Path) -> IO[str]:
    """Open a new file that only its owner can read. Raises ImportFault if it cannot, or if it is the imported file."""
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
        self._check_sample(first)
        await bootstrap(self.mapping)
        writing: asyncio.Task[None] | None = None
        try:
            for batch in _batches(first, rows, size):
                cases = await self._replay(await self._match_new(batch))
                if writing is not None:
                    await writing
                share = self.source.position / max(self.source.size, 1)
                # PostgreSQL writes this batch while the next one is replayed.
                writing = asyncio.create_task(self._write(cases, share, started))
        finally:
            if writing is not None:
                await writing
        if self.progress.imported >= ANALYSE_FROM_ROWS:
            await analyse_tables()
        self.progress.seconds = monotonic() - started
        return self.progress

    def _check_sample(self, first: Sequence[SourceRow]) -> None:
        """Raise ImportFault, before anything is written, if the mapping fits none of the first rows."""
        good = [row for row in first if not row.wrong]
        if good:
            self.source.check_columns({name for row in good for name in row.values})
        if not first:
            raise ImportFault(_("%(path)s is empty.", path=self.source.path))
        reasons = Counter(filter(None, (self._mapping_fault(row) for row in first)))
        if reasons.total() == len(first) > 1:
            head = _("None of the first %(n)s rows could be imported. Nothing was.", n=len(first))
            lines = [f"  {count} × {reason}" for reason, count in reasons.most_common(5)]
            raise ImportFault("\n".join([head, *lines]))

    def _mapping_fault(self, row: SourceRow) -> str:
        """Why the mapping does not fit this row; "" if it does, or if only the row is at fault."""
        try:
            RowParser(self.mapping, self.parser.now).parse(row)
        except RowRefused as refused:
            if refused.kind in MAPPING_FAULTS:
                return f"{refused.column}: {refused.reason}" if refused.column else refused.reason
        return ""

    async def _match_new(self, rows: Sequence[SourceRow]) -> list["MatchedReport"]:
        """Parse rows and match them with the catalogue; leave out those that are refused or were imported before."""
        reports = []
        for row in rows:
            try:
                reports.append((row, self.parser.parse(row)))
            except RowRefused as refused:
                self._refuse(row, refused)
        await self.lookup.find_or_create([report for _row, report in reports])
        ready = []
        for row, report in reports:
            try:
                ready.append(await self._match(report))
            except RowRefused as refused:
                self._refuse(row, refused)
        self.rejects.flush()
        return await self._without_known(ready, lambda one: one.report.source)

    async def _without_known(self, items: Sequence[T], source: Callable[[T], str]) -> list[T]:
        """The items whose source is not in the database; the others are counted as unchanged."""
        rows = await fetch("SELECT source FROM post WHERE source = ANY($1)", [source(one) for one in items])
        known = {row["source"] for row in rows}
        self.progress.unchanged += len(known)
        return [one for one in items if source(one) not in known]

    async def _match(self, report: ImportedReport) -> "MatchedReport":
        """Find its department, category and area. Raises RowRefused if one does not exist or the place is outside."""
        city_areas = await areas()
        area = city_areas.at(report.lat, report.lon)
        if area is None and len(city_areas) and self.mapping.place.outside == "refuse":
            raise RowRefused("outside", "lat", _("Its place is outside the city."))
        department, category = self.lookup.department(report), self.lookup.category(report)
        return MatchedReport(report, department, category, area.id if area else None)

    async def _replay(self, ready: Sequence["MatchedReport"]) -> list[CaseRows]:
        """Replay the cases; let the task that writes the batch before run now and then."""
        if not ready:
            return []
        rules, ids, cases = await _rules(ready, self.parser.now), await reserve_ids(Case, len(ready)), []
        for one in ready:
            cases.append(one.replay(rules, next(ids)))
            if len(cases) % 10 == 0:
                await asyncio.sleep(0)
        return cases

    @retry_transaction
    async def _write(self, cases: Sequence[CaseRows], share: float, started: float) -> None:
        async with in_transaction():
            await advisory_lock(IMPORT_LOCK + self.mapping.name)
            # Another import may have written some of them since they were matched.
            new = await self._without_known(
                cases, lambda one: one.report.source
            )  # another import may have been quicker
            if new:
                private = frozenset(one.id for one in (await catalogue()).every_category if not one.public)
                await insert_cases(new, language=self.mapping.language, private=private)
        self.progress.imported += len(new)
        self.progress.share, self.progress.seconds = share, monotonic() - started
        self.on_progress(self.progress)

    def _refuse(self, row: SourceRow, refusal: RowRefused) -> None:
        self.progress.refused += 1
        self.progress.reasons[refusal.kind] += 1
        record = {
            "line": row.line,
            "id": value_of(row, self.mapping.columns.id),
            "column": refusal.column,
            "reason": refusal.reason,
            "row": row.values,
        }
        self.rejects.write(json.dumps(record, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class MatchedReport:
    """An imported report with the ids of its department, category and area."""

    report: ImportedReport
    department_id: int | None
    category_id: int | None
    area_id: int | None

    def replay(self, rules: ReplayRules, case_id: int) -> CaseRows:
        return replay(
            self.report,
            rules,
            case_id,
            category_id=self.category_id,
            department_id=self.department_id,
            area_id=self.area_id,
        )


def _batches(first: Sequence[SourceRow], rest: Iterator[SourceRow], size: int) -> Iterator[list[SourceRow]]:
    rows = chain(first, rest)
    while batch := list(islice(rows, size)):
        yield batch


async def _rules(batch: Sequence[MatchedReport], now: datetime) -> ReplayRules:
    """The targets and calendars that the replay of these reports needs."""
    categories = {one.category_id for one in batch}
    departments = {one.department_id for one in batch if one.department_id is not None}
    views = {one: await targets.get_department(one) for one in departments}
    city_calendar = await targets.get_city_calendar()
    calendars = {one.calendar_id for one in views.values()} | {city_calendar}
    return ReplayRules(
        city=await city(),
        city_calendar=city_calendar,
        targets={one: await targets.get_targets(one) for one in categories},
        department_calendar={one: view.calendar_id for one, view in views.items()},
        calendars={one: await working_calendar(one) for one in calendars},
        categories={one: (await targets.get_category(one)).code for one in categories if one is not None},
        departments={one: view.slug for one, view in views.items()},
        now=now,
    )
