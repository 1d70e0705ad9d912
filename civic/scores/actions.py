"""Publishing: a period's results, with the files that they come from, once and for ever."""

import asyncio
import gzip
import re
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from civic import timing
from civic.city.queries import CityView, city
from civic.db import execute
from civic.errors import Conflict, Invalid, NotFound
from civic.i18n import lazy as _
from civic.scores import counted, release
from civic.scores.chains import CHAINS_FILE, Forest, write_chains
from civic.scores.models import Release, ReleaseFile
from civic.scores.periods import Span, span_of
from civic.scores.populations import Period
from civic.scores.rows import RATINGS_FILE, STINTS_FILE, RatingRow, StintRow, sha256, write_ratings, write_stints

RELEASE_FILE = "release.json"
LONGEST_REASON = 500
_CORRECTION = re.compile(r"-r([0-9]+)$")


@dataclass(frozen=True, slots=True)
class Input:
    """What the database held at one instant."""

    stints: list[StintRow]
    ratings: list[RatingRow]
    forest: Forest


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release will be called, its period, and what it corrects."""

    id: str
    period: Period
    correction: release.Correction | None = None


async def publish(span: Span, *, corrects: str | None = None, reason: str = "") -> Release:
    """Compute and keep the release of a period, from one snapshot of the database; its files beside it.

    `corrects` names the release that this one replaces, of the same period, and `reason` says in public why. Days up to
    today count up to now; a year, a quarter or a month has to be over. Raises Invalid (fields "period", "reason"),
    NotFound for an unknown `corrects`, and Conflict for what is published already.
    """
    view = await city()
    try:
        async with in_transaction():
            # The rows, the ratings and the chains as they were at one instant, however long the reading takes.
            await execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            made_at = timing.now()
            terms = (
                await _corrected(span, view, corrects, reason.strip()) if corrects else await _new(span, view, made_at)
            )
            return await _keep(terms, made_at, await _read(terms.period), view)
    except IntegrityError as error:
        raise Conflict(_("Somebody else published this a moment ago.")) from error


async def _new(span: Span, view: CityView, now: datetime) -> Terms:
    start, end = span.instants(view.zone)
    if end > now and not span.named and span.last == view.local(now).date():
        end = now
    if not start < end <= now:
        raise Invalid(fields={"period": _("This period is not over yet: what is not yet due cannot be late.")})
    if await Release.exists(id=span.id):
        raise Conflict(_("%(id)s is published already. Give a reason and correct it instead.", id=span.id))
    return Terms(span.id, (start, end))


async def _corrected(span: Span, view: CityView, corrects: str, reason: str) -> Terms:
    before = await Release.get_or_none(id=corrects)
    if before is None:
        raise NotFound(_("There is no release “%(id)s”.", id=corrects))
    period = (before.starts_at, before.ends_at)
    if span_of(period, view.zone) != span:
        raise Invalid(fields={"period": _("A correction is of the same period as what it corrects.")})
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Invalid(fields={"reason": _("Say why it is corrected, in at most %(n)s characters.", n=LONGEST_REASON)})
    if later := await Release.get_or_none(corrects_id=corrects):
        raise Conflict(_("%(id)s is corrected by %(later)s already. Correct that one.", id=corrects, later=later.id))
    base, number = _CORRECTION.sub("", corrects), _CORRECTION.search(corrects)
    next_id = f"{base}-r{int(number[1]) + 1 if number else 2}"
    return Terms(next_id, period, release.Correction(corrects, reason))


async def _read(period: Period) -> Input:
    stints, ratings = await counted.stint_rows(period), await counted.rating_rows(period)
    return Input(list(stints), list(ratings), await counted.heads())


async def _keep(terms: Terms, made_at: datetime, found: Input, view: CityView) -> Release:
    document, files = await asyncio.to_thread(_compute, terms, made_at, found, view)
    row = await Release.create(
        id=terms.id,
        starts_at=terms.period[0],
        ends_at=terms.period[1],
        method=document["method"],
        made_at=made_at,
        document=document,
        corrects_id=terms.correction.replaces if terms.correction else None,
        reason=terms.correction.reason if terms.correction else "",
    )
    for name, (content, packed) in files.items():
        await ReleaseFile.create(release=row, name=name, content=packed, sha256=sha256(content))
    return row


def _compute(
    terms: Terms, made_at: datetime, found: Input, view: CityView
) -> tuple[release.Release, dict[str, tuple[bytes, bytes]]]:
    """The release, and its files by name: plain and gzipped."""
    stints, ratings = write_stints(found.stints), write_ratings(found.ratings)
    document = release.make(
        terms.id,
        terms.period,
        made_at,
        stints,
        ratings,
        rows=(found.stints, found.ratings),
        weights=view.settings.weights,
        minimums=view.settings.minimums,
        chains=release.Chains(found.forest.tree.root, found.forest.tree.size),
        correction=terms.correction,
    )
    files = {
        RELEASE_FILE: release.write(document),
        STINTS_FILE: stints,
        RATINGS_FILE: ratings,
        CHAINS_FILE: write_chains(found.forest),
    }
    return document, {name: (content, gzip.compress(content, 4, mtime=0)) for name, content in files.items()}
