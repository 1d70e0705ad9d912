"""What the pages of the scores show: the figures of a release, or those of a period before its release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from civic import timing
from civic.city.queries import CityView
from civic.errors import Invalid, NotFound
from civic.scores import queries
from civic.scores.actions import find_release_day
from civic.scores.method.files import parse_instant
from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import LeftOut, Results
from civic.scores.method.results import METHOD
from civic.scores.method.spans import Span
from civic.scores.periods import current_span, parse_span, span_before, span_label, span_of
from civic.scores.provisional import ProvisionalResults, provisional_results
from civic.scores.queries import PublishedRelease, ReleaseEntry

QUARTER_MONTHS = 3  # of the periods of a city that has published nothing yet


@dataclass(frozen=True, slots=True)
class ScoreSource:
    """Where figures come from: a release (`published`), or what is known now of a period (`provisional`).

    `query` is what an address says to show the same; it is empty for the latest release. `releasable_from`: when a
    release of the period can be made.
    """

    span: Span
    period: Period
    results: Results
    year: Results | None
    year_period: Period | None
    left_out: LeftOut
    minimum: int
    weights: dict[str, float]
    entries: Sequence[ReleaseEntry]
    query: dict[str, str]
    releasable_from: datetime
    published: PublishedRelease | None = None
    provisional: ProvisionalResults | None = None

    @property
    def label(self) -> str:
        return span_label(self.span)

    @property
    def release(self) -> ReleaseEntry | None:
        return self.published.entry if self.published else None

    @property
    def counted_period(self) -> Period:
        """The instants that figures are of: up to now while the period runs."""
        return self.provisional.period if self.provisional else self.period

    @property
    def is_over(self) -> bool:
        """Whether the period is over. While it runs, figures are of what was due so far."""
        return self.provisional is None or self.provisional.computed_at >= self.period[1]

    @property
    def before(self) -> list[ReleaseEntry]:
        """The releases that it can be compared with, the latest first."""
        method = self.published.entry.method if self.published else METHOD
        return queries.earlier_entries(self.period, method, self.entries)

    def link(self, path: str, **more: str) -> str:
        """Return an address that shows something of the same figures."""
        query = urlencode({**more, **self.query})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class PeriodOption:
    """A line of the choice of periods. `value` is the id of a release, or names a period without one."""

    value: str
    label: str
    is_replaced: bool = False
    is_correction: bool = False


async def find_source(view: CityView, *, release_id: str = "", period: str = "") -> ScoreSource | None:
    """Return the release of this id, or the figures of this period; without either the latest release.

    Where nothing is published yet, the latest period that has figures; None if there is none. Raises NotFound for a
    release that there is not, and for a period that is neither published nor the present one or the one before.
    """
    entries = await queries.list_releases()
    if release_id or (not period and entries):
        return await _find_release(view, entries, release_id)
    if not period:
        return await _find_first_figures(view)
    if any(entry.id == period for entry in entries):
        return await _find_release(view, entries, period)
    span = _parse_offered(period, list_provisional_spans(view, entries))
    return await _show_provisional(view, await provisional_results(span), entries)


def _parse_offered(period: str, offered: Sequence[Span]) -> Span:
    try:
        span = parse_span(period)
    except Invalid:
        raise NotFound() from None
    if span not in offered:
        raise NotFound()
    return span


async def _find_release(view: CityView, entries: Sequence[ReleaseEntry], release_id: str) -> ScoreSource:
    published = await queries.find_release(release_id or None, entries)
    if published is None:
        raise NotFound()
    entry, document = published.entry, published.document
    period, twelve = (entry.starts_at, entry.ends_at), document["twelve_months"]
    return ScoreSource(
        span=span_of(period, view.zone),
        period=period,
        results=document["results"],
        year=twelve["results"] if twelve else None,
        year_period=(parse_instant(twelve["period"]["from"]), parse_instant(twelve["period"]["to"]))
        if twelve
        else None,
        left_out=document["left_out"],
        minimum=document["minimums"]["indicator"],
        weights=dict(document["weights"]),
        entries=entries,
        query={} if published.is_latest else {"release": entry.id},
        releasable_from=entry.made_at,
        published=published,
    )


async def _find_first_figures(view: CityView) -> ScoreSource | None:
    for span in reversed(list_provisional_spans(view, ())):
        found = await provisional_results(span)
        if found.results["departments"]:
            return await _show_provisional(view, found, ())
    return None


async def _show_provisional(view: CityView, found: ProvisionalResults, entries: Sequence[ReleaseEntry]) -> ScoreSource:
    period, settings = found.span.instants(view.zone), view.settings
    return ScoreSource(
        span=found.span,
        period=period,
        results=found.results,
        year=None,
        year_period=None,
        left_out=found.left_out,
        minimum=settings.minimums["indicator"],
        weights=dict(settings.weights),
        entries=entries,
        query={"period": found.span.id},
        releasable_from=await find_release_day(found.span, view),
        provisional=found,
    )


def list_provisional_spans(view: CityView, entries: Sequence[ReleaseEntry]) -> list[Span]:
    """List the periods whose figures are shown before their release: the one that runs, and the one before it.

    Periods are as long as those of the latest release: years, quarters or months. What is published is left out.
    """
    published = [span_of((entry.starts_at, entry.ends_at), view.zone) for entry in entries]
    months = published[0].months if published and published[0].is_named else QUARTER_MONTHS
    running = current_span(timing.now().astimezone(view.zone).date(), months)
    return [span for span in (running, span_before(running, months)) if span not in published]


def list_periods(view: CityView, entries: Sequence[ReleaseEntry]) -> tuple[list[PeriodOption], list[PeriodOption]]:
    """List what can be shown: periods without a release, and releases, the latest first."""
    open_ones = [PeriodOption(span.id, span_label(span)) for span in list_provisional_spans(view, entries)]
    releases = [
        PeriodOption(
            entry.id,
            span_label(span_of((entry.starts_at, entry.ends_at), view.zone)),
            is_replaced=bool(entry.replaced_by),
            is_correction=bool(entry.replaces),
        )
        for entry in entries
    ]
    return open_ones, releases
