"""Figures of a period before its release: computed from what the database holds now, without an id and without ranks.

They change with every event until the release is made, so pages mark them as provisional.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from cachetools import TTLCache

from civic import timing
from civic.cache import timed_cache
from civic.city.queries import CityView, city
from civic.db import in_transaction, retry_transaction, use_snapshot
from civic.errors import Invalid
from civic.i18n import lazy as _
from civic.scores.extract import ExtractedRows, extract_rows
from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import LeftOut, Results
from civic.scores.method.results import collect_facts, compute_results
from civic.scores.method.spans import Span

MAX_AGE_SECONDS = 50  # a figure follows an event within a minute


@dataclass(frozen=True, slots=True)
class ProvisionalResults:
    """What the scores of a span are so far. The period ends at `computed_at` if the span is not over."""

    span: Span
    period: Period
    computed_at: datetime
    results: Results
    rows: ExtractedRows

    @property
    def left_out(self) -> LeftOut:
        return self.rows.left_out


_latest: TTLCache[str, ProvisionalResults] = timed_cache(MAX_AGE_SECONDS, max_entries=8)
_computing: dict[str, asyncio.Lock] = {}


async def provisional_results(span: Span) -> ProvisionalResults:
    """Compute the results of a span that has no release, at most once in 50 seconds; of what is due up to now.

    Raises Invalid (field "period") for a span that has not begun.
    """
    async with _computing.setdefault(span.id, asyncio.Lock()):
        found = _latest.get(span.id)
        if found is None:
            found = _latest[span.id] = await _compute_now(span)
    return found


@retry_transaction
async def _compute_now(span: Span) -> ProvisionalResults:
    view, now = await city(), timing.now()
    start, end = span.instants(view.zone)
    if now <= start:
        raise Invalid(fields={"period": _("This period has not begun.")})
    period = (start, min(end, now))
    async with in_transaction():
        # All rows as they are at one instant, however long reading them takes.
        await use_snapshot()
        rows = await extract_rows(period, view.zone, now)
    results = await asyncio.to_thread(_compute, rows, period, view)
    return ProvisionalResults(span, period, now, results, rows)


def _compute(rows: ExtractedRows, period: Period, view: CityView) -> Results:
    facts = collect_facts(rows.clocks, rows.ratings, [period])
    weights, minimums = view.settings.weights, view.settings.minimums
    return compute_results(facts.periods[0], facts.groups, weights=weights, minimums=minimums, ranked=False)
