"""Importing a file, one transaction for each batch of rows: it can be stopped and started again at any time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import IO

from civic import timing
from civic.cases import targets
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.city.models import City
from civic.city.queries import WORLD, city
from civic.db import advisory_lock, fetch, in_transaction, retry_transaction
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.imports.bootstrap import CatalogueLookup, bootstrap
from civic.imports.bulk import analyse_tables, insert_cases, reserve_ids
from civic.imports.files import SAMPLE_ROWS, SourceFile
from civic.imports.json_rows import explain_object
from civic.imports.mapping import ImportFault, ImportMapping
from civic.imports.parser import Box, ImportedReport, RowParser, RowRefused, RowSkipped
from civic.imports.rejects import open_rejects, write_rejected
from civic.imports.replay import CaseRows, ReplayRules, replay
from civic.imports.source_rows import SourceRow
from civic.lasting_locks import lock_connection
from civic.sla.queries import working_calendar

BATCH_ROWS = 500
# Kinds of refusal that are the mapping's fault if every row is refused for them.
MAPPING_FAULTS = frozenset({"broken", "encoding", "no_id", "no_date", "date", "status", "swapped"})
ANALYSE_FROM_ROWS = 1000
# Each with the name of the mapping: of a whole import, and of the writing of a batch.
IMPORT_LOCK, BATCH_LOCK = "civic.imports: ", "civic.imports.batch: "
# An import that was killed may hold the lock, and be writing its last batch, for a moment longer.
LOCK_TRIES, LOCK_PAUSE_SECONDS = 20, 0.1


@dataclass
class Progress:
    """How far an import is: counts of rows, and the share of the file that is read (0 to 1).

    `lines` counts physical lines by what became of them (imported, refused, unchanged, skipped, header, blank), unless
    the file is one JSON document. `rejects` is the file of the refused rows, if there are any.
    """

    imported: int = 0
    refused: int = 0
    unchanged: int = 0  # imported before
    skipped: int = 0  # left out, as the mapping says
    share: float = 0.0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)  # refused rows, by kind
    adjustments: Counter[str] = field(default_factory=Counter)  # how often a value was corrected, by kind
    lines: Counter[str] = field(default_factory=Counter)
    rejects: Path | None = None

    @property
    def rows(self) -> int:
        return self.imported + self.refused + self.unchanged + self.skipped

    @property
    def failed(self) -> bool:
        """Whether all that there was to import was refused."""
        return bool(self.refused) and not self.imported and not self.unchanged

    def add(self, outcome: str, lines: int, rows: int = 1) -> None:
        """Count rows, and their lines."""
        setattr(self, outcome, getattr(self, outcome) + rows)
        self.lines[outcome] += lines

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "imported": self.imported,
            "refused": self.refused,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "reasons": dict(self.reasons),
            "adjusted": dict(self.adjustments),
            "lines": dict(self.lines) or None,
            "rejects": str(self.rejects) if self.rejects else None,
            "seconds": round(self.seconds, 2),
        }


async def import_file(
    path: Path,
    mapping: ImportMapping,
    rejects: Path,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    batch: int = BATCH_ROWS,
    dry_run: bool = False,
) -> Progress:
    """Import every row of a file that is not in the database yet; `on_progress` is called after each batch.

    A row is known by its source ("jarokelo:139838"), so that starting again goes on. Refused rows go to `rejects`, or
    beside it if that exists; only its owner can read it. A dry run does everything but the writing. Raises ImportFault
    where the mapping or the file is wrong, or another import of this name runs; batches that were written stay.
    """
    source = SourceFile(path, mapping)
    try:
        async with lock_import(mapping.name):
            written, file = open_rejects(rejects)
            try:
                with file:
                    progress = await _Import(source, mapping, file, on_progress, dry_run).run(batch)
            finally:
                if not written.stat().st_size:
                    written.unlink()
            progress.rejects = written if progress.refused else None
            return progress
    finally:
        source.close()


@asynccontextmanager
async def lock_import(name: str) -> AsyncIterator[None]:
    """Let nobody else import or undo `name` within the block. Raises ImportFault if somebody does."""
    async with lock_connection() as connection:
        for _try in range(LOCK_TRIES):
            if await connection.try_lock(IMPORT_LOCK + name):
                break
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
        else:
            raise ImportFault(_("Another import of “%(name)s” is running. Nothing was done.", name=name))
        try:
            yield
        finally:
            await connection.unlock(IMPORT_LOCK + name)


class _Import:
    def __init__(
        self,
        source: SourceFile,
        mapping: ImportMapping,
        rejects: IO[str],
        on_progress: Callable[[Progress], None],
        dry_run: bool,
    ) -> None:
        self.source, self.mapping, self.rejects, self.on_progress = source, mapping, rejects, on_progress
        self.dry_run = dry_run
        self.parser = RowParser(mapping, timing.now())
        self.lookup = CatalogueLookup(mapping, dry_run=dry_run)
        self.progress = Progress(adjustments=self.parser.adjustments)

    async def run(self, size: int) -> Progress:
        started, rows = monotonic(), self.source.rows()
        self.parser.box = await _find_box(self.mapping)
        first = list(islice(rows, SAMPLE_ROWS))
        self._check_sample(first)
        await bootstrap(self.mapping, dry_run=self.dry_run)
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
        if self.progress.imported >= ANALYSE_FROM_ROWS and not self.dry_run:
            await analyse_tables()
        self._count_lines()
        self.progress.seconds = monotonic() - started
        return self.progress

    def _count_lines(self) -> None:
        if self.source.lines is None:
            self.progress.lines.clear()  # rows of a document are not lines
        else:
            self.progress.lines |= Counter(
                read=self.source.lines.read, blank=self.source.lines.blank, header=self.source.header_lines
            )

    def _check_sample(self, first: Sequence[SourceRow]) -> None:
        """Raise ImportFault, before anything is written, if the mapping fits none of the first rows."""
        good = [row for row in first if not row.wrong]
        if len(good) == len(first) == 1 and (advice := explain_object(good[0].values)):
            raise ImportFault(advice)
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
            RowParser(self.mapping, self.parser.now, self.parser.box).parse(row)
        except RowSkipped:
            return ""
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
            except RowSkipped:
                self.progress.add("skipped", row.lines)
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
        known = await _find_known([one.report for one in ready])
        self._count_known([one.report for one in ready], known)
        return [one for one in ready if one.report.source not in known]

    def _count_known(self, reports: Sequence[ImportedReport], known: Collection[str]) -> None:
        """Count as unchanged those whose source is known."""
        for one in reports:
            if one.source in known:
                self.progress.add("unchanged", one.lines)

    async def _match(self, report: ImportedReport) -> "MatchedReport":
        """Find its department, category and area. Raises RowRefused if one does not exist or the place is outside."""
        city_areas = await areas()
        area = city_areas.at(report.lat, report.lon)
        if area is None and len(city_areas) and self.mapping.place.outside == "refuse":
            raise RowRefused("outside", "lat", _("Its place is outside the city."))
        if area is None and self.parser.box and not self.parser.is_within(report.lat, report.lon):
            self.progress.adjustments["outside"] += 1
        department, category = self.lookup.department(report), self.lookup.category(report)
        return MatchedReport(report, department, category, area.id if area else None)

    async def _replay(self, ready: Sequence["MatchedReport"]) -> list[CaseRows]:
        """Replay the cases; let the task that writes the batch before run now and then."""
        if not ready:
            return []
        if self.dry_run:
            for one in ready:
                self.progress.add("imported", one.report.lines)
            return []
        rules = await _rules(ready, self.parser.now, self.mapping.routed_by)
        ids, cases = await reserve_ids(Case, len(ready)), []
        for one in ready:
            cases.append(one.replay(rules, next(ids)))
            if len(cases) % 10 == 0:
                await asyncio.sleep(0)
        return cases

    async def _write(self, cases: Sequence[CaseRows], share: float, started: float) -> None:
        new = await self._insert(cases)
        written = {one.report.source for one in new}
        self._count_known([one.report for one in cases], {one.report.source for one in cases} - written)
        for one in new:
            self.progress.add("imported", one.report.lines)
        self.progress.share, self.progress.seconds = share, monotonic() - started
        self.on_progress(self.progress)

    @retry_transaction
    async def _insert(self, cases: Sequence[CaseRows]) -> list[CaseRows]:
        """Insert the cases that are not in the database yet; these."""
        async with in_transaction():
            await advisory_lock(BATCH_LOCK + self.mapping.name)
            # An import that was killed may have written some of them since they were matched.
            known = await _find_known([one.report for one in cases])
            new = [one for one in cases if one.report.source not in known]
            if new:
                private = frozenset(one.id for one in (await catalogue()).every_category if not one.public)
                await insert_cases(new, language=self.mapping.language, private=private)
        return new

    def _refuse(self, row: SourceRow, refusal: RowRefused) -> None:
        if row.part <= 1:  # all parts of a line are one
            self.progress.add("refused", row.lines)
            self.progress.reasons[refusal.kind] += 1
        write_rejected(
            self.rejects, row, row.value(self.mapping.columns.id), column=refusal.column, reason=refusal.reason
        )


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


async def _find_known(reports: Sequence[ImportedReport]) -> set[str]:
    """The sources of those that are in the database."""
    rows = await fetch("SELECT source FROM post WHERE source = ANY($1)", [one.source for one in reports])
    return {row["source"] for row in rows}


async def _find_box(mapping: ImportMapping) -> Box | None:
    """The box of the city; None where there is none, or it is the whole world."""
    if await City.exists(id=1):
        box = (await city()).bbox
        return None if box == WORLD else box
    return mapping.city.bbox if mapping.city else None


def _batches(first: Sequence[SourceRow], rest: Iterator[SourceRow], size: int) -> Iterator[list[SourceRow]]:
    rows = chain(first, rest)
    while batch := list(islice(rows, size)):
        yield batch


async def _rules(batch: Sequence[MatchedReport], now: datetime, routed_by: str) -> ReplayRules:
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
        routed_by=routed_by,
    )
