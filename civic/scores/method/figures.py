"""The figures of the lines: of a department, of the city, and what the departments are measured against."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from civic.scores.method.case_mix import adjust_share, count_compared
from civic.scores.method.composite import (
    CityValues,
    CompositePlan,
    count_data,
    measure_mean_times,
    measure_star_variance,
    shrink_stars,
)
from civic.scores.method.inclusion import Inclusion
from civic.scores.method.intervals import speed_interval, star_interval, wilson_interval
from civic.scores.method.published_shares import publish_shares
from civic.scores.method.release_format import (
    CityFigures,
    CitySpeedFigure,
    IndicatorFigures,
    LineFigures,
    MixedFigure,
    RatingYardstick,
    ShareFigure,
    ShareYardstick,
    SpeedFigure,
    SpeedYardstick,
    StarFigure,
    YardstickFigures,
)
from civic.scores.method.tally import CitySums, ShareSums, StarSums, measure_caps


@dataclass(frozen=True, slots=True)
class LineBuilder:
    """Builds the lines of departments. `deviations`: department → `s` of `ln x`."""

    sums: CitySums
    plan: CompositePlan
    values: CityValues
    deviations: Mapping[str, float]
    minimum: int

    def build_line(self, slug: str, marks: Mapping[str, int]) -> LineFigures:
        """Build the line of a department, without its composite's interval, standing and rank."""
        return {
            "counted": self.sums.counted.get(slug, 0),
            "indicators": self._indicators(slug),
            "shares": publish_shares(marks, self.minimum),
            "composite": None,
            "parts": self.values.parts.get(slug),
            "standing": None,
            "rank": None,
        }

    def _indicators(self, slug: str) -> IndicatorFigures:
        stars = self.sums.stars.get(slug, StarSums())
        return {
            "response": self._mixed_figure(slug, "response", self.sums.response),
            "resolution": self._mixed_figure(slug, "resolution", self.sums.resolution),
            "speed": self._speed_figure(slug),
            "satisfaction": _star_figure(stars, self.sums.city_stars, self.minimum, is_city=False),
            "ownership": _share_figure(*self.sums.ownership.totals(slug), self.minimum),
        }

    def _mixed_figure(self, slug: str, indicator: str, table: ShareSums) -> MixedFigure:
        share = _share_figure(*table.totals(slug), self.minimum)
        if share["value"] is None:
            return {**share, "adjusted": None, "usual": None, "expected": None, "compared": None}
        comparable = self.plan.comparable[indicator][slug]
        mix = adjust_share(table, slug, comparable)
        assert mix is not None
        return {
            **share,
            "adjusted": mix.adjusted,
            "usual": mix.usual,
            "expected": mix.expected,
            "compared": count_compared(table, slug, comparable),
        }

    def _speed_figure(self, slug: str) -> SpeedFigure:
        n = count_data(self.sums, "speed", slug)
        if n < self.minimum:
            return {"n": n, "value": None, "lo": None, "hi": None, "ratio": None, "mean_s": None, "city_s": None}
        log_ratio, means = self.values.log_ratios[slug], measure_mean_times(self.sums)
        value, lo, hi = speed_interval(log_ratio, self.deviations[slug])
        own = self.sums.speed.n[slug]
        return {
            "n": n,
            "value": value,
            "lo": lo,
            "hi": hi,
            "ratio": math.exp(log_ratio),
            "mean_s": sum(self.sums.speed.seconds[slug].values()) / n,
            "city_s": math.fsum(count * means[category] for category, count in own.items()) / n,
        }


def _share_figure(met: int, n: int, minimum: int) -> ShareFigure:
    if n < minimum:
        return {"n": n, "value": None, "lo": None, "hi": None, "met": None}
    value, lo, hi = wilson_interval(met, n)
    return {"n": n, "value": value, "lo": lo, "hi": hi, "met": met}


def _star_figure(own: StarSums, city: StarSums, minimum: int, *, is_city: bool) -> StarFigure:
    if own.n < minimum:
        return {"n": own.n, "value": None, "lo": None, "hi": None, "shrunk": None}
    value, lo, hi = star_interval(own.total, own.n, measure_star_variance(city))
    shrunk = None if is_city else shrink_stars(own, city.total / city.n)
    return {"n": own.n, "value": value, "lo": lo, "hi": hi, "shrunk": shrunk}


def build_city(
    cases: Sequence[tuple[str, Inclusion]],
    sums: CitySums,
    marks: Mapping[str, int],
    composite: float | None,
    minimum: int,
) -> CityFigures:
    """Build the city's line from what counts of whole cases (category, inclusion)."""
    inclusions = [inclusion for _category, inclusion in cases]
    return {
        "counted": len(cases),
        "indicators": {
            "response": _count_share([one.response for one in inclusions], minimum),
            "resolution": _count_share([one.resolution for one in inclusions], minimum),
            "speed": _city_speed(cases, minimum),
            "satisfaction": _star_figure(sums.city_stars, sums.city_stars, minimum, is_city=True),
            "ownership": _count_share([one.ownership for one in inclusions], minimum),
        },
        "shares": publish_shares(marks, minimum),
        "composite": composite,
    }


def _count_share(answers: Sequence[bool | None], minimum: int) -> ShareFigure:
    return _share_figure(sum(answer is True for answer in answers), sum(map(_is_given, answers)), minimum)


def _is_given(answer: bool | None) -> bool:
    return answer is not None


def _city_speed(cases: Sequence[tuple[str, Inclusion]], minimum: int) -> CitySpeedFigure:
    """Return the mean time of whole cases, each at most the 95th percentile of the cases of its category."""
    caps = measure_caps(cases)
    taken = [
        cap if inclusion.seconds is None else min(inclusion.seconds, cap)
        for category, inclusion in cases
        if inclusion.resolution is not None and (cap := caps.get(category)) is not None
    ]
    return {"n": len(taken), "mean_s": sum(taken) / len(taken) if len(taken) >= minimum else None}


def build_yardsticks(sums: CitySums, plan: CompositePlan, values: CityValues) -> YardstickFigures:
    """Build what departments are measured against, so that each step can be followed."""
    means, stars = measure_mean_times(sums), sums.city_stars
    satisfaction: RatingYardstick = {
        "n": stars.n,
        "mean": stars.total / stars.n if stars.n else None,
        "variance": plan.star_variance if stars.n else None,
    }
    return {
        "response": _share_yardsticks(sums.response),
        "resolution": _share_yardsticks(sums.resolution),
        "speed": {
            category: SpeedYardstick(n=n, cap_s=sums.caps[category], mean_s=means[category])
            for category, n in sorted(sums.speed.city_n.items())
        },
        "satisfaction": satisfaction,
        "summed": {name: values.city_shares.get(name) for name in plan.weights},
    }


def _share_yardsticks(table: ShareSums) -> dict[str, ShareYardstick]:
    return {category: {"n": n, "met": table.city_met.get(category, 0)} for category, n in sorted(table.city_n.items())}
