"""Who is better than the city, who is below it, and who is above whom: only what is more than chance.

Source: docs/method.md, "Standing" and "Rank".
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from civic.scores.method.composite import CityValues, CompositePlan
from civic.scores.method.intervals import family_quantile, leave_out_variance

BETTER, AS_THE_CITY, BELOW = "better", "as", "below"
_ROUNDING_POINTS = 1e-9  # no difference at all, however sure


class CityDifference(NamedTuple):
    """By how many points a composite differs from the city's, and by how many it may by chance."""

    code: str
    points: float
    margin: float


def compare_with_city(
    plan: CompositePlan, whole: CityValues, left: Sequence[CityValues], unseen: Mapping[str, float]
) -> dict[str, CityDifference]:
    """Compare every composite with the city's. `left`: the values without each group; `unseen`: `u` by department."""
    if not plan.scored or whole.mean is None:
        return {}
    quantile = family_quantile(len(plan.scored))
    return {
        slug: _judge_difference(
            whole.composites[slug] - whole.mean,
            [rest.composites[slug] - rest.mean for rest in left if rest.mean is not None],
            unseen[slug],
            quantile,
        )
        for slug in plan.scored
    }


def _judge_difference(points: float, left: Sequence[float], unseen: float, quantile: float) -> CityDifference:
    margin = quantile * math.sqrt(leave_out_variance(left) + unseen)
    is_clear = abs(points) > margin + _ROUNDING_POINTS
    code = AS_THE_CITY if not is_clear else BETTER if points > 0 else BELOW
    return CityDifference(code, points, margin)


def rank_departments(
    plan: CompositePlan, whole: CityValues, left: Sequence[CityValues], unseen: Mapping[str, float]
) -> dict[str, tuple[int, int]]:
    """Return the best and the worst rank of each: 1 + those above it, and all less those below it."""
    above = dict.fromkeys(plan.scored, 0)
    below = dict.fromkeys(plan.scored, 0)
    pairs = list(combinations(plan.scored, 2))
    quantile = family_quantile(len(pairs)) if pairs else 0.0
    for one, other in pairs:
        lead = whole.composites[one] - whole.composites[other]
        spread = leave_out_variance([rest.composites[one] - rest.composites[other] for rest in left])
        if abs(lead) > quantile * math.sqrt(spread + unseen[one] + unseen[other]) + _ROUNDING_POINTS:
            first, last = (one, other) if lead > 0 else (other, one)
            below[first] += 1
            above[last] += 1
    return {slug: (1 + above[slug], len(plan.scored) - below[slug]) for slug in plan.scored}
