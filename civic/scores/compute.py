"""From rows to results: a pure function that anybody can run again.

The results are not rounded, and their keys have a fixed order. The line of a department or of the city holds
`counted` (rows that count for at least one indicator), `indicators`, `declined`, `composite` and, for a
department, `rank`. An indicator without enough data holds its `n` and nothing else. See release_format.py.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from civic.city.settings import DEFAULT_MINIMUMS, DEFAULT_WEIGHTS, INDICATORS
from civic.scores.inclusion import Period
from civic.scores.indicators import (
    Estimate,
    StarSums,
    adjust_for_mix,
    bootstrap_seed,
    combine_indicators,
    estimate_satisfaction,
    estimate_speed,
    expected_share,
    rank_ranges,
    shrunk_mean,
    wilson_interval,
)
from civic.scores.release_format import DeclinedFigure, IndicatorFigure, Interval, LineFigures, Results
from civic.scores.rows import ClockRow, RatingRow, clock_order
from civic.scores.tally import ClockTally, ShareTally, Yardsticks, tally_clocks, tally_ratings

METHOD = "1"
"""The version of the method, docs/method.md. A change of any figure's definition is a new version."""


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """What is the same for every line of a release."""

    release_id: str
    weights: Mapping[str, float]
    minimums: Mapping[str, int]
    yardsticks: Yardsticks


def compute_results(
    clocks: Iterable[ClockRow],
    ratings: Iterable[RatingRow],
    *,
    period: Period,
    release_id: str,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    minimums: Mapping[str, int] = DEFAULT_MINIMUMS,
) -> Results:
    """Compute the results of a period `[from, to)`. The order of the rows does not matter.

    Raises ValueError for weights or minimums that are not those of the method.
    """
    _check_terms(weights, minimums)
    rows = sorted(clocks, key=clock_order)
    assignments, departments = tally_clocks((row for row in rows if row.clock_of == "assignment"), period)
    cases, _ = tally_clocks((row for row in rows if row.clock_of == "case"), period)
    stars = tally_ratings(ratings, period)
    terms = ReleaseTerms(release_id, weights, minimums, Yardsticks.measure(assignments, stars.city))
    lines = _department_lines(departments, stars.departments, terms)
    _add_ranks(lines)
    return {
        "departments": lines,
        "city": _line_figures(cases, stars.city, terms, city=cases),
        "yardsticks": terms.yardsticks.to_json(),
    }


def _check_terms(weights: Mapping[str, float], minimums: Mapping[str, int]) -> None:
    if set(weights) != set(INDICATORS):
        raise ValueError(f"weights are needed for {', '.join(INDICATORS)}")
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ValueError("a weight is a number from 0 up")
    if set(minimums) != set(DEFAULT_MINIMUMS) or not all(minimum >= 1 for minimum in minimums.values()):
        raise ValueError(f"minimums from 1 up are needed for {', '.join(DEFAULT_MINIMUMS)}")


# -- lines -----------------------------------------------------------------------------------------


def _department_lines(
    tallies: Mapping[str, ClockTally], stars: Mapping[str, StarSums], terms: ReleaseTerms
) -> dict[str, LineFigures]:
    city, no_stars = terms.yardsticks.assignments, StarSums(0, 0, 0)
    return {
        slug: _line_figures(tallies.get(slug, ClockTally()), stars.get(slug, no_stars), terms, city=city, slug=slug)
        for slug in sorted(tallies.keys() | stars.keys())
    }


def _line_figures(
    tally: ClockTally, stars: StarSums, terms: ReleaseTerms, *, city: ClockTally, slug: str = ""
) -> LineFigures:
    """Compute a line. `city` gives the case mix: all assignments for a department, all cases for the city."""
    yardsticks, minimum = terms.yardsticks, terms.minimums["indicator"]
    seed = bootstrap_seed(terms.release_id, slug)
    indicators = {
        "response": _adjusted_figure(tally.response, city.response, minimum),
        "resolution": _adjusted_figure(tally.resolution, city.resolution, minimum),
        "speed": _speed_figure(tally.worked, yardsticks.double_medians, seed, minimum),
        "satisfaction": _satisfaction_figure(stars, yardsticks.stars, minimum),
        "ownership": _share_figure(tally.ownership, minimum),
    }
    return {
        "counted": tally.counted,
        "indicators": indicators,
        "declined": _declined_figure(tally, minimum),
        "composite": _composite(tally.counted, indicators, terms),
        "rank": None,
    }


def _composite(counted: int, indicators: Mapping[str, IndicatorFigure], terms: ReleaseTerms) -> Interval | None:
    estimates = {name: estimate for name, figure in indicators.items() if (estimate := _estimate(figure))}
    if counted < terms.minimums["assignments"] or len(estimates) < terms.minimums["indicators"]:
        return None
    composite = combine_indicators(estimates, terms.weights)
    return Interval(value=composite.value, lo=composite.lo, hi=composite.hi) if composite else None


def _estimate(figure: IndicatorFigure) -> Estimate | None:
    value, lo, hi = figure["value"], figure["lo"], figure["hi"]
    return None if value is None or lo is None or hi is None else Estimate(value, lo, hi)


def _add_ranks(lines: Mapping[str, LineFigures]) -> None:
    composites = {slug: Estimate(**line["composite"]) for slug, line in lines.items() if line["composite"]}
    for slug, (best, worst) in rank_ranges(composites).items():
        lines[slug]["rank"] = {"best": best, "worst": worst}


# -- the figures of a line -------------------------------------------------------------------------


def _adjusted_figure(share: ShareTally, city: ShareTally, minimum: int) -> IndicatorFigure:
    met, n = share.totals
    if n < minimum:
        figure = _unpublished_figure(n)
        figure["met"] = figure["raw"] = figure["raw_lo"] = figure["raw_hi"] = figure["expected"] = None
        return figure
    city_met, city_n = city.totals
    raw, expected = wilson_interval(met, n), expected_share(share.n, city.share_by_category())
    figure = _figure(n, raw if share is city else adjust_for_mix(raw, expected, city_met / city_n))
    figure["met"], figure["raw"], figure["raw_lo"], figure["raw_hi"] = met, *raw
    figure["expected"] = expected
    return figure


def _share_figure(share: ShareTally, minimum: int) -> IndicatorFigure:
    met, n = share.totals
    figure = _figure(n, wilson_interval(met, n)) if n >= minimum else _unpublished_figure(n)
    figure["met"] = met if n >= minimum else None
    return figure


def _speed_figure(
    worked: Sequence[tuple[str, int]], double_medians: Mapping[str, int], seed: int, minimum: int
) -> IndicatorFigure:
    # A case can have a category in which no assignment was resolved, so that there is no yardstick for it.
    pairs = [(double_medians[category], 2 * seconds) for category, seconds in worked if category in double_medians]
    if len(pairs) < minimum:
        figure = _unpublished_figure(len(pairs))
        figure["ratio"] = None
        return figure
    usual, taken = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    figure = _figure(len(pairs), estimate_speed(usual, taken, seed))
    figure["ratio"] = sum(usual) / sum(taken)
    return figure


def _satisfaction_figure(own: StarSums, city: StarSums, minimum: int) -> IndicatorFigure:
    enough = own.n >= minimum
    figure = _figure(own.n, estimate_satisfaction(own, city)) if enough else _unpublished_figure(own.n)
    figure["mean"] = shrunk_mean(own, city) if enough else None
    return figure


def _declined_figure(tally: ClockTally, minimum: int) -> DeclinedFigure:
    n = tally.resolution.totals[1] + tally.declined
    if n < minimum:
        return {"n": n, "declined": None, "share": None}
    return {"n": n, "declined": tally.declined, "share": tally.declined / n}


def _figure(n: int, estimate: Estimate) -> IndicatorFigure:
    return {"n": n, "value": estimate.value, "lo": estimate.lo, "hi": estimate.hi}


def _unpublished_figure(n: int) -> IndicatorFigure:
    return {"n": n, "value": None, "lo": None, "hi": None}
