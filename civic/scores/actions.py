"""Publishing a period's scores with the files that they come from. What is published never changes."""

import asyncio
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from civic import timing
from civic.cases.history import check_histories
from civic.city.queries import CityView, city
from civic.db import execute
from civic.errors import Conflict, Invalid, NotFound
from civic.i18n import lazy as _
from civic.scores.chains import CHAINS_FILE, HistoryTree, write_chains
from civic.scores.extract import extract_clocks, extract_histories, extract_ratings
from civic.scores.inclusion import Period
from civic.scores.models import Release, ReleaseFile
from civic.scores.periods import Span, span_of
from civic.scores.release import Correction, make_release, write_release
from civic.scores.release_format import ReleaseDocument
from civic.scores.rows import (
    ASSIGNMENTS_FILE,
    RATINGS_FILE,
    ClockRow,
    RatingRow,
    sha256_hex,
    write_assignments,
    write_ratings,
)

RELEASE_FILE = "release.json"
MAX_REASON_CHARS = 500
_CORRECTION = re.compile(r"-r([0-9]+)$")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database held at one instant."""

    clocks: list[ClockRow]
    ratings: list[RatingRow]
    histories: HistoryTree


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The id of a release to be made, its period, and what it corrects."""

    id: str
    period: Period
    correction: Correction | None = None


async def publish_release(
    span: Span,
    *,
    corrects: str | None = None,
    reason: str = "",
    on_progress: Callable[[float, str], None] = lambda share, words: None,
) -> Release:
    """Compute the release of a period from one snapshot of the database, and store it with its files.

    `corrects` names a release of the same period that this one replaces; `reason` is published. Days up to today
    count up to now; a year, a quarter or a month must be over. Raises Invalid (fields "period", "reason"), NotFound
    for an unknown `corrects`, and Conflict if the period or the correction is already published, or if a history or
    what follows from it was changed. `on_progress` hears how far the check of the histories is.
    """
    view = await city()
    try:
        async with in_transaction():
            # The rows, the ratings and the histories as they are at one instant, however long reading them takes.
            await execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            made_at = timing.now()
            if corrects:
                plan = await _plan_correction(span, view, corrects, reason.strip())
            else:
                plan = await _plan_release(span, view, made_at)
            await _require_true_history(on_progress)
            return await _save_release(plan, made_at, await _take_snapshot(plan.period), view)
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


async def _plan_release(span: Span, view: CityView, now: datetime) -> ReleasePlan:
    start, end = span.instants(view.zone)
    if end > now and not span.is_named and span.last == view.local(now).date():
        end = now
    if not start < end <= now:
        raise Invalid(fields={"period": _("This period is not over yet: what is not yet due cannot be late.")})
    if await Release.exists(id=span.id):
        raise Conflict(_("%(id)s is published already. Give a reason and correct it instead.", id=span.id))
    return ReleasePlan(span.id, (start, end))


async def _plan_correction(span: Span, view: CityView, corrects: str, reason: str) -> ReleasePlan:
    before = await Release.get_or_none(id=corrects)
    if before is None:
        raise NotFound(_("There is no release “%(id)s”.", id=corrects))
    period = (before.starts_at, before.ends_at)
    if span_of(period, view.zone) != span:
        raise Invalid(fields={"period": _("A correction is of the same period as what it corrects.")})
    if not 0 < len(reason) <= MAX_REASON_CHARS:
        raise Invalid(fields={"reason": _("Say why it is corrected, in at most %(n)s characters.", n=MAX_REASON_CHARS)})
    if later := await Release.get_or_none(corrects_id=corrects):
        raise Conflict(_("%(id)s is corrected by %(later)s already. Correct that one.", id=corrects, later=later.id))
    base, number = _CORRECTION.sub("", corrects), _CORRECTION.search(corrects)
    next_id = f"{base}-r{int(number[1]) + 1 if number else 2}"
    return ReleasePlan(next_id, period, Correction(corrects, reason))


async def _take_snapshot(period: Period) -> Snapshot:
    clocks, ratings = await extract_clocks(period), await extract_ratings(period)
    return Snapshot(list(clocks), list(ratings), await extract_histories())


async def _save_release(plan: ReleasePlan, made_at: datetime, snapshot: Snapshot, view: CityView) -> Release:
    document, files = await asyncio.to_thread(_make_files, plan, made_at, snapshot, view)
    row = await Release.create(
        id=plan.id,
        starts_at=plan.period[0],
        ends_at=plan.period[1],
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
    assignments, ratings = write_assignments(snapshot.clocks), write_ratings(snapshot.ratings)
    document = make_release(
        plan.id,
        plan.period,
        made_at,
        assignments,
        ratings,
        rows=(snapshot.clocks, snapshot.ratings),
        weights=view.settings.weights,
        minimums=view.settings.minimums,
        chains={"root": snapshot.histories.tree.root.hex(), "size": snapshot.histories.tree.size},
        correction=plan.correction,
    )
    files = {
        RELEASE_FILE: write_release(document),
        ASSIGNMENTS_FILE: assignments,
        RATINGS_FILE: ratings,
        CHAINS_FILE: write_chains(snapshot.histories),
    }
    return document, {name: (content, gzip.compress(content, 4, mtime=0)) for name, content in files.items()}
