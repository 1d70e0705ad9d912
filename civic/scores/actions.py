"""Publishing a period's scores with the files that they come from. What is published never changes."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError

from civic import timing
from civic.cases.history import check_histories
from civic.cases.objections import count_open_objections, list_open_objections
from civic.cases.targets import get_city_calendar
from civic.city.queries import CityView, city
from civic.db import fetch_one, in_transaction, retry_transaction, use_snapshot
from civic.errors import Conflict, Invalid, NotFound
from civic.i18n import lazy as _
from civic.scores.chains import CHAINS_FILE, HistoryTree, write_chains
from civic.scores.extract import ExtractedRows, extract_histories, extract_rows
from civic.scores.method.files import ASSIGNMENTS_FILE, RATINGS_FILE, sha256_hex, write_assignments, write_ratings
from civic.scores.method.release import (
    Correction,
    ReleaseHead,
    earliest_release,
    find_data_period,
    make_release,
    write_release,
)
from civic.scores.method.release_format import ReleaseDocument, SealReference
from civic.scores.method.release_head import MAX_REASON_CHARS
from civic.scores.method.spans import Span, name_correction
from civic.scores.models import Release, ReleaseFile
from civic.scores.periods import span_of
from civic.scores.sql import LATEST_SEAL
from civic.sla.queries import working_calendar
from civic.sla.targets import due, parse_target

RELEASE_FILE = "release.json"
DRAFT_TIME = parse_target("3 working days")  # that departments have the draft before a release
MAX_NAMED_OBJECTIONS = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database held at one instant."""

    rows: ExtractedRows
    histories: HistoryTree
    previous: SealReference | None  # the release that was made before


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The id of a release to be made, its period, and what it corrects."""

    id: str
    span: Span
    correction: Correction | None = None


@retry_transaction
async def publish_release(
    span: Span,
    *,
    corrects: str | None = None,
    reason: str = "",
    on_progress: Callable[[float, str], None] = lambda share, words: None,
) -> Release:
    """Compute the release of a period from one snapshot of the database, and store it with its files.

    `corrects` names a release of the same period that this one replaces; `reason` is published. The period must be
    over for `confirm_days` + 1 days. Raises Invalid (fields "period", "reason"), NotFound for an unknown `corrects`,
    and Conflict if the period or the correction is already published, or if a history or what follows from it was
    changed. `on_progress` hears how far the check of the histories is.
    """
    view = await city()
    if view.loaded_at is None:
        raise Conflict(_("No city is loaded, so there is nothing to publish."))
    try:
        async with in_transaction():
            # The rows, the ratings and the histories as they are at one instant, however long reading them takes.
            await use_snapshot()
            made_at = timing.now()
            if corrects:
                plan = await _plan_correction(span, view, corrects, reason.strip())
            else:
                plan = await _plan_release(span, view, made_at)
            await _require_true_history(on_progress)
            await _require_decided_objections()
            snapshot = await _take_snapshot(plan.span, view, made_at)
            if not (corrects or snapshot.rows.clocks or snapshot.rows.ratings):
                raise Invalid(fields={"period": _("There is no case in this period, so there is nothing to publish.")})
            return await _save_release(plan, made_at, snapshot, view)
    except IntegrityError as error:
        raise Conflict(_("Somebody else published this a moment ago.")) from error


async def _require_true_history(on_progress: Callable[[float, str], None]) -> None:
    """The score comes from the history: raises Conflict, naming case and event, where a row says something else."""
    checked = await check_histories(on_progress)
    if checked.faults:
        first, more = str(checked.faults[0]), len(checked.faults) - 1
        raise Conflict(
            _(
                "Nothing is published: what the scores are made of is not what the histories say. "
                "%(first)s (and %(n)s more). “civic check --history” names them.",
                first=first,
                n=more,
            )
        )


async def _require_decided_objections() -> None:
    """Raises Conflict while a department's objection to how a case counts waits for a dispatcher."""
    if count := await count_open_objections():
        numbers = ", ".join(one.number for one in await list_open_objections(MAX_NAMED_OBJECTIONS))
        raise Conflict(
            _("Objections wait for a dispatcher (%(n)s): %(numbers)s. Decide them first.", n=count, numbers=numbers)
        )


async def _plan_release(span: Span, view: CityView, now: datetime) -> ReleasePlan:
    earliest = await find_release_day(span, view)
    if now < earliest:
        message = _(
            "A release of this period can be made from %(day)s on: %(n)s days after its end, when every solution is "
            "confirmed or disputed, and when the departments had the draft for three working days.",
            day=view.local(earliest).date().isoformat(),
            n=view.settings.confirm_days + 1,
        )
        raise Invalid(fields={"period": message})
    if await Release.exists(id=span.id):
        raise Conflict(_("%(id)s is published already. Give a reason and correct it instead.", id=span.id))
    return ReleasePlan(span.id, span)


async def find_release_day(span: Span, view: CityView) -> datetime:
    """When a release of a span can be made: `confirm_days` + 1 days after its end, and three working days of the city.

    Departments have the draft from the end on.
    """
    end = span.instants(view.zone)[1]
    calendar = await working_calendar(await get_city_calendar())
    return max(earliest_release(end, view.settings.confirm_days), due(DRAFT_TIME, end, calendar))


async def _plan_correction(span: Span, view: CityView, corrects: str, reason: str) -> ReleasePlan:
    before = await Release.get_or_none(id=corrects)
    if before is None:
        raise NotFound(_("There is no release “%(id)s”.", id=corrects))
    if span_of((before.starts_at, before.ends_at), view.zone) != span:
        raise Invalid(fields={"period": _("A correction is of the same period as what it corrects.")})
    if not 0 < len(reason) <= MAX_REASON_CHARS:
        raise Invalid(
            fields={"reason": _("Please say why it is corrected, in at most %(n)s characters.", n=MAX_REASON_CHARS)}
        )
    if later := await Release.get_or_none(corrects_id=corrects):
        raise Conflict(_("%(id)s is corrected by %(later)s already. Correct that one.", id=corrects, later=later.id))
    return ReleasePlan(name_correction(corrects), span, Correction(corrects, reason))


async def _take_snapshot(span: Span, view: CityView, made_at: datetime) -> Snapshot:
    rows = await extract_rows(find_data_period(span, view.zone), view.zone, made_at)
    latest = await fetch_one(LATEST_SEAL)
    previous = SealReference(release=latest["release"], seal=latest["seal"]) if latest else None
    return Snapshot(rows, await extract_histories(), previous)


async def _save_release(plan: ReleasePlan, made_at: datetime, snapshot: Snapshot, view: CityView) -> Release:
    document, files = await asyncio.to_thread(_make_files, plan, made_at, snapshot, view)
    starts_at, ends_at = plan.span.instants(view.zone)
    row = await Release.create(
        id=plan.id,
        starts_at=starts_at,
        ends_at=ends_at,
        method=document["method"],
        made_at=made_at,
        document=document,
        corrects_id=plan.correction.replaces if plan.correction else None,
        reason=plan.correction.reason if plan.correction else "",
    )
    for name, (content, packed) in files.items():
        await ReleaseFile.create(release=row, name=name, content=packed, sha256=sha256_hex(content))
    return row


def _make_files(
    plan: ReleasePlan, made_at: datetime, snapshot: Snapshot, view: CityView
) -> tuple[ReleaseDocument, dict[str, tuple[bytes, bytes]]]:
    """Make the release, and its files by name: plain and gzipped."""
    assignments, ratings = write_assignments(snapshot.rows.clocks), write_ratings(snapshot.rows.ratings)
    head = ReleaseHead(
        plan.id,
        plan.span,
        view.zone.key,
        view.settings.confirm_days,
        made_at,
        view.settings.weights,
        view.settings.minimums,
        snapshot.rows.left_out,
        chains={"root": snapshot.histories.tree.root.hex(), "size": snapshot.histories.tree.size},
        previous=snapshot.previous,
        correction=plan.correction,
    )
    document = make_release(head, assignments, ratings)
    files = {
        RELEASE_FILE: write_release(document),
        ASSIGNMENTS_FILE: assignments,
        RATINGS_FILE: ratings,
        CHAINS_FILE: write_chains(snapshot.histories),
    }
    return document, {name: (content, gzip.compress(content, 4, mtime=0)) for name, content in files.items()}
