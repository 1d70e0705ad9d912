"""From rows to results: a pure function that anybody can run again.

Results are plain data that JSON can hold, unrounded, in a stable order of keys:

    departments  slug → line
    city         the line over whole cases
    yardsticks   what departments are measured against

A line holds `counted` (rows that count for at least one indicator), `indicators`, `declined`, `composite`
and, for a department, `rank`. An indicator without enough data holds its `n` and nothing else.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from civic.city.settings import DEFAULT_MINIMUMS, DEFAULT_WEIGHTS, INDICATORS
from civic.scores.indicators import (
    Estimate,
    Stars,
    adjusted,
    composite,
    double_median,
    expected,
    rank_ranges,
    satisfaction,
    seed_of,
    shrunk_mean,
    speed,
    wilson,
)
from civic.scores.populations import Judged, Period, judge, within
from civic.scores.rows import RatingRow, StintRow, stint_order

METHOD = "1"
"""The version of the method, docs/method.md. A change of any figure's definition is a new version."""

Results = dict[str, Any]


def compute(
    stints: Iterable[StintRow],
    ratings: Iterable[RatingRow],
    *,
    period: Period,
    release_id: str,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    minimums: Mapping[str, int] = DEFAULT_MINIMUMS,
) -> Results:
    """The results of a period `[from, to)`. The order of the rows does not matter.

    Raises ValueError for weights or minimums that are not those of the method.
    """
    _check_terms(weights, minimums)
    rows = sorted(stints, key=stint_order)
    all_stints, departments = _count((row for row in rows if row.clock_of == "stint"), period)
    cases, _ = _count((row for row in rows if row.clock_of == "case"), period)
    stars = _stars_by_department(ratings, period)
    terms = Terms(release_id, weights, minimums, Yardsticks.of(all_stints, stars.city))
    lines = _department_lines(departments, stars.departments, terms)
    _rank(lines)
    return {
        "departments": lines,
        "city": _line(cases, stars.city, terms, city=cases),
        "yardsticks": terms.yardsticks.shown(),
    }


# -- counting --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Share:
    """How many of a population did well, by category."""

    n: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def add(self, category: str, did_well: bool | None) -> None:
        """Count one, unless `did_well` is None."""
        if did_well is not None:
            self.n[category] += 1
            self.met[category] += did_well

    @property
    def totals(self) -> tuple[int, int]:
        """How many did well, of how many."""
        return self.met.total(), self.n.total()

    def by_category(self) -> dict[str, float]:
        """The share of each category that occurs."""
        return {category: self.met[category] / n for category, n in self.n.items()}


@dataclass(slots=True)
class Tally:
    """What was counted of some rows. `taken`: category and working seconds, in the rows' order."""

    counted: int = 0
    response: Share = field(default_factory=Share)
    resolution: Share = field(default_factory=Share)
    ownership: Share = field(default_factory=Share)
    declined: int = 0
    taken: list[tuple[str, int]] = field(default_factory=list)

    def add(self, category: str, judged: Judged) -> None:
        """Count one row."""
        self.counted += judged.counted
        self.response.add(category, judged.response)
        self.resolution.add(category, judged.resolution)
        self.ownership.add(category, judged.ownership)
        self.declined += judged.declined
        if judged.seconds is not None:
            self.taken.append((category, judged.seconds))


@dataclass(slots=True)
class StarsFound:
    """Handling ratings of a period, of the city (each once) and of each department."""

    city: Stars
    departments: dict[str, Stars]


def _count(rows: Iterable[StintRow], period: Period) -> tuple[Tally, dict[str, Tally]]:
    """All rows together, and those of each department."""
    together, departments = Tally(), defaultdict[str, Tally](Tally)
    for row in rows:
        judged = judge(row, period)
        together.add(row.category, judged)
        departments[row.department].add(row.category, judged)
    return together, departments


def _stars_by_department(ratings: Iterable[RatingRow], period: Period) -> StarsFound:
    city: list[int] = []
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in ratings:
        for department in row.departments:
            found[department]  # a department that was rated has a line, whatever the period
        if within(row.given_at, period):
            city.append(row.stars)
            for department in row.departments:
                found[department].append(row.stars)
    return StarsFound(_sums(city), {slug: _sums(stars) for slug, stars in found.items()})


def _sums(stars: Sequence[int]) -> Stars:
    return Stars(len(stars), sum(stars), sum(star * star for star in stars))


# -- what departments are measured against ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """The city over all its stints: shares and median times by category, and its stars."""

    stints: Tally
    usual: Mapping[str, int]  # category → twice the median of working seconds
    stars: Stars

    @classmethod
    def of(cls, stints: Tally, stars: Stars) -> "Yardsticks":
        """The yardsticks from the tally of all departments' stints."""
        taken: defaultdict[str, list[int]] = defaultdict(list)
        for category, seconds in stints.taken:
            taken[category].append(seconds)
        return cls(stints, {category: double_median(seconds) for category, seconds in taken.items()}, stars)

    def shown(self) -> dict[str, Any]:
        """As part of the results: they are published, so that each step can be followed."""
        counts = Counter(category for category, _ in self.stints.taken)
        n, total, squares = self.stars
        return {
            "response": _shown_share(self.stints.response),
            "resolution": _shown_share(self.stints.resolution),
            "speed": {
                category: {"n": counts[category], "median_s": self.usual[category] / 2}
                for category in sorted(self.usual)
            },
            "satisfaction": {
                "n": n,
                "mean": total / n if n else None,
                "variance": (n * squares - total * total) / (n * n) if n else None,
            },
        }


def _shown_share(share: Share) -> dict[str, Any]:
    return {category: {"n": share.n[category], "met": share.met[category]} for category in sorted(share.n)}


# -- lines -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for every line of a release."""

    release_id: str
    weights: Mapping[str, float]
    minimums: Mapping[str, int]
    yardsticks: Yardsticks


def _department_lines(tallies: Mapping[str, Tally], stars: Mapping[str, Stars], terms: Terms) -> dict[str, Any]:
    city, none = terms.yardsticks.stints, Stars(0, 0, 0)
    return {
        slug: _line(tallies.get(slug, Tally()), stars.get(slug, none), terms, city=city, slug=slug)
        for slug in sorted(tallies.keys() | stars.keys())
    }


def _line(tally: Tally, stars: Stars, terms: Terms, *, city: Tally, slug: str = "") -> dict[str, Any]:
    """`city`: what the case mix is measured against, all stints for a department, all cases for the city."""
    yardsticks, least = terms.yardsticks, terms.minimums["indicator"]
    indicators = {
        "response": _mixed_share(tally.response, city.response, least),
        "resolution": _mixed_share(tally.resolution, city.resolution, least),
        "speed": _speed(tally.taken, yardsticks.usual, seed_of(terms.release_id, slug), least),
        "satisfaction": _satisfaction(stars, yardsticks.stars, least),
        "ownership": _share(tally.ownership, least),
    }
    parts = {
        name: Estimate(found["value"], found["lo"], found["hi"])
        for name, found in indicators.items()
        if found["value"] is not None
    }
    enough = tally.counted >= terms.minimums["stints"] and len(parts) >= terms.minimums["indicators"]
    overall = composite(parts, terms.weights) if enough else None
    return {
        "counted": tally.counted,
        "indicators": indicators,
        "declined": _declined(tally, least),
        "composite": overall._asdict() if overall else None,
        "rank": None,
    }


def _mixed_share(share: Share, city: Share, least: int) -> dict[str, Any]:
    met, n = share.totals
    if n < least:
        return _nothing(n, "met", "raw", "raw_lo", "raw_hi", "expected")
    city_met, city_n = city.totals
    raw, usual = wilson(met, n), expected(share.n, city.by_category())
    found = {"met": met, "raw": raw.value, "raw_lo": raw.lo, "raw_hi": raw.hi, "expected": usual}
    return _found(n, raw if share is city else adjusted(raw, usual, city_met / city_n), found)


def _share(share: Share, least: int) -> dict[str, Any]:
    met, n = share.totals
    return _found(n, wilson(met, n), {"met": met}) if n >= least else _nothing(n, "met")


def _speed(taken: Sequence[tuple[str, int]], usual: Mapping[str, int], seed: int, least: int) -> dict[str, Any]:
    # a case may be of a category in which no stint was resolved: it has no yardstick; a stint always has one
    pairs = [(usual[category], 2 * seconds) for category, seconds in taken if category in usual]
    if len(pairs) < least:
        return _nothing(len(pairs), "ratio")
    estimate = speed([pair[0] for pair in pairs], [pair[1] for pair in pairs], seed)
    ratio = sum(pair[0] for pair in pairs) / sum(pair[1] for pair in pairs)
    return _found(len(pairs), estimate, {"ratio": ratio})


def _satisfaction(own: Stars, city: Stars, least: int) -> dict[str, Any]:
    if own.n < least:
        return _nothing(own.n, "mean")
    return _found(own.n, satisfaction(own, city), {"mean": shrunk_mean(own, city)})


def _declined(tally: Tally, least: int) -> dict[str, Any]:
    n = tally.resolution.totals[1] + tally.declined
    enough = n >= least
    return {
        "n": n,
        "declined": tally.declined if enough else None,
        "share": tally.declined / n if enough else None,
    }


def _found(n: int, estimate: Estimate, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"n": n, **estimate._asdict(), **more}


def _nothing(n: int, *more: str) -> dict[str, Any]:
    return {"n": n, "value": None, "lo": None, "hi": None, **dict.fromkeys(more)}


def _rank(lines: Mapping[str, dict[str, Any]]) -> None:
    composites = {slug: Estimate(**line["composite"]) for slug, line in lines.items() if line["composite"]}
    for slug, (best, worst) in rank_ranges(composites).items():
        lines[slug]["rank"] = {"best": best, "worst": worst}


def _check_terms(weights: Mapping[str, float], minimums: Mapping[str, int]) -> None:
    if set(weights) != set(INDICATORS):
        raise ValueError(f"weights are needed for {', '.join(INDICATORS)}")
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ValueError("a weight is a number from 0 up")
    if set(minimums) != set(DEFAULT_MINIMUMS) or not all(least >= 1 for least in minimums.values()):
        raise ValueError(f"minimums from 1 up are needed for {', '.join(DEFAULT_MINIMUMS)}")
