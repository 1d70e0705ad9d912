"""The composite: the weighted mean of a department's indicators, and what its own cases cannot show of it.

A plan is made once from all cases; it says what is summed and who has enough data, and stays when a group of cases is
left out. The values are then measured from any sums by the same function. Source: docs/method.md, "The composite".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import variance

from civic.scores.method.case_mix import adjust_share, list_comparable
from civic.scores.method.tally import CitySums, StarSums

INDICATORS = ("response", "resolution", "speed", "satisfaction", "ownership")
MINIMUMS = ("indicator", "assignments", "indicators")
PRIOR_RATINGS = 10
"""A department's own ratings are averaged with this many ratings of the city's mean."""
MIN_DEPARTMENTS = 2
"""An indicator is summed only if this many departments have enough data for it."""
CITY_SPEED = 0.5


@dataclass(frozen=True, slots=True)
class CompositePlan:
    """What stays when a group is left out. `enough`: indicator → departments that have enough data for it."""

    weights: dict[str, float]  # indicators that are summed → weight
    enough: dict[str, tuple[str, ...]]
    comparable: dict[str, dict[str, tuple[str, ...]]]  # response, resolution → department → categories
    scored: tuple[str, ...]  # departments that have a composite
    star_variance: float


@dataclass(frozen=True, slots=True)
class CityValues:
    """The values of a period. `shares`: indicator → department → value from 0 to 1, of those with enough data."""

    shares: dict[str, dict[str, float]]
    log_ratios: dict[str, float]  # department → ln x of `speed`
    city_shares: dict[str, float]
    parts: dict[str, dict[str, float]]  # department → summed indicator → what enters its composite
    composites: dict[str, float]
    mean: float | None  # the city's composite; None if no department has one


def plan_composites(sums: CitySums, weights: Mapping[str, float], minimums: Mapping[str, int]) -> CompositePlan:
    """Decide what is summed, who has enough data, and what can be compared."""
    departments = list_departments(sums)
    enough = {
        name: tuple(slug for slug in departments if count_data(sums, name, slug) >= minimums["indicator"])
        for name in INDICATORS
    }
    summed = [name for name in INDICATORS if weights[name] > 0 and len(enough[name]) >= MIN_DEPARTMENTS]
    return CompositePlan(
        {name: weights[name] for name in summed},
        enough,
        {
            "response": {slug: list_comparable(sums.response, slug) for slug in enough["response"]},
            "resolution": {slug: list_comparable(sums.resolution, slug) for slug in enough["resolution"]},
        },
        tuple(
            slug
            for slug in departments
            if sums.counted.get(slug, 0) >= minimums["assignments"]
            and sum(slug in enough[name] for name in summed) >= minimums["indicators"]
        ),
        measure_star_variance(sums.city_stars),
    )


def list_departments(sums: CitySums) -> list[str]:
    """List every department of which something counts, by its slug."""
    counted = {slug for slug, n in sums.counted.items() if n > 0}
    return sorted(counted | {slug for slug, stars in sums.stars.items() if stars.n > 0})


def count_data(sums: CitySums, indicator: str, department: str) -> int:
    """Return the `n` of an indicator: how many assignments or ratings of the department count."""
    if indicator == "satisfaction":
        return sums.stars.get(department, StarSums()).n
    table = {
        "response": sums.response.n,
        "resolution": sums.resolution.n,
        "speed": sums.speed.n,
        "ownership": sums.ownership.n,
    }[indicator]
    return sum(table.get(department, {}).values())


def measure_star_variance(stars: StarSums) -> float:
    """Return the variance of the city's ratings, divided by their number; 0 without ratings."""
    return (stars.n * stars.squares - stars.total * stars.total) / (stars.n * stars.n) if stars.n else 0.0


def shrink_stars(own: StarSums, city_mean: float) -> float:
    """Return `(10·m + Σ r) / (10 + n)` in stars, 1 to 5."""
    return (PRIOR_RATINGS * city_mean + own.total) / (PRIOR_RATINGS + own.n)


def measure_values(sums: CitySums, plan: CompositePlan, whole: CityValues | None = None) -> CityValues:
    """Measure all values from sums. What has no data because a group is left out keeps its value of `whole`."""
    log_ratios = _measure_log_ratios(sums, plan, whole)
    shares = {
        "response": _measure_adjusted(sums, plan, "response", whole),
        "resolution": _measure_adjusted(sums, plan, "resolution", whole),
        "speed": {slug: 1 / (1 + math.exp(-log)) for slug, log in log_ratios.items()},
        "ownership": _measure_ownership(sums, plan, whole),
    }
    city_shares = _measure_city(sums, plan, whole)
    star_mean = sums.city_stars.total / sums.city_stars.n if sums.city_stars.n else None
    parts = {slug: _list_parts(slug, sums, plan, shares, city_shares, star_mean, whole) for slug in plan.scored}
    total = math.fsum(plan.weights.values())
    composites = {
        slug: 100 * math.fsum(plan.weights[name] * part for name, part in entering.items()) / total
        for slug, entering in parts.items()
    }
    return CityValues(shares, log_ratios, city_shares, parts, composites, _weigh_mean(composites, sums, whole))


def _measure_adjusted(
    sums: CitySums, plan: CompositePlan, indicator: str, whole: CityValues | None
) -> dict[str, float]:
    table = sums.response if indicator == "response" else sums.resolution
    values: dict[str, float] = {}
    for slug in plan.enough[indicator]:
        found = adjust_share(table, slug, plan.comparable[indicator][slug])
        values[slug] = _or_whole(found.adjusted if found else None, whole.shares[indicator][slug] if whole else None)
    return values


def _measure_ownership(sums: CitySums, plan: CompositePlan, whole: CityValues | None) -> dict[str, float]:
    totals = {slug: sums.ownership.totals(slug) for slug in plan.enough["ownership"]}
    return {
        slug: _or_whole(met / n if n else None, whole.shares["ownership"][slug] if whole else None)
        for slug, (met, n) in totals.items()
    }


def _measure_log_ratios(sums: CitySums, plan: CompositePlan, whole: CityValues | None) -> dict[str, float]:
    """Return `ln x` of each department, `x = Σ e / Σ a` with `e` the mean time of the category in the city."""
    means = measure_mean_times(sums)
    values: dict[str, float] = {}
    for slug in plan.enough["speed"]:
        own, seconds = sums.speed.n.get(slug, {}), sum(sums.speed.seconds.get(slug, {}).values())
        usual = math.fsum(n * means[category] for category, n in own.items() if n)
        ratio = math.log(usual / seconds) if seconds else None
        values[slug] = _or_whole(ratio, whole.log_ratios[slug] if whole else None)
    return values


def measure_mean_times(sums: CitySums) -> dict[str, float]:
    """Return the city's mean time of each category, `e`, in seconds."""
    times = sums.speed
    return {category: times.city_seconds[category] / n for category, n in times.city_n.items() if n}


def _measure_city(sums: CitySums, plan: CompositePlan, whole: CityValues | None) -> dict[str, float]:
    """Return what enters for a department without enough data: the raw share of all, for `speed` 0.5."""
    values = {"speed": CITY_SPEED}
    for name, table in (("response", sums.response), ("resolution", sums.resolution), ("ownership", sums.ownership)):
        met, n = table.city_totals()
        if name in plan.weights:
            values[name] = _or_whole(met / n if n else None, whole.city_shares[name] if whole else None)
    return values


def _list_parts(
    slug: str,
    sums: CitySums,
    plan: CompositePlan,
    shares: Mapping[str, Mapping[str, float]],
    city_shares: Mapping[str, float],
    star_mean: float | None,
    whole: CityValues | None,
) -> dict[str, float]:
    """Return what enters a department's composite: its own value, or the city's where it has not enough data."""
    parts = {}
    for name in plan.weights:
        if name != "satisfaction":
            parts[name] = shares[name].get(slug, city_shares[name])
        elif star_mean is None:
            parts[name] = _or_whole(None, whole.parts[slug][name] if whole else None)
        else:
            parts[name] = (shrink_stars(sums.stars.get(slug, StarSums()), star_mean) - 1) / 4
    return parts


def _weigh_mean(composites: Mapping[str, float], sums: CitySums, whole: CityValues | None) -> float | None:
    """Return the mean of the composites, weighted by the assignments that count."""
    weight = sum(sums.counted.get(slug, 0) for slug in composites)
    if weight == 0:
        return whole.mean if whole else None
    return math.fsum(sums.counted.get(slug, 0) * value for slug, value in composites.items()) / weight


def _or_whole(value: float | None, whole: float | None) -> float:
    if value is None and whole is None:
        raise ValueError("a figure without data")
    return value if value is not None else whole  # type: ignore[return-value]  # one of them is given


def measure_unseen_variance(slug: str, sums: CitySums, plan: CompositePlan, values: CityValues) -> float:
    """Return `u`: the variance of a composite that the department's own cases cannot show.

    It is that of the ten ratings that satisfaction is drawn to, and that of the departments for the others of which the
    department has not enough data.
    """
    total = math.fsum(plan.weights.values())
    terms = []
    for name, weight in plan.weights.items():
        points = 100 * weight / total
        if name == "satisfaction":
            n = sums.stars.get(slug, StarSums()).n
            terms.append((points / 4) ** 2 * PRIOR_RATINGS * plan.star_variance / (PRIOR_RATINGS + n) ** 2)
        elif slug not in plan.enough[name]:
            terms.append(points**2 * variance([values.shares[name][other] for other in plan.enough[name]]))
    return math.fsum(terms)
