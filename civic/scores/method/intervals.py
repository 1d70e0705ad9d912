"""Intervals of 95 %: Wilson's for shares, a normal one for stars, and the spread of 100 leave-out values."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

NORMAL_QUANTILE = 1.959963984540054
"""The normal quantile of 97.5 %: every interval is a 95 % interval."""

MIN_STARS, MAX_STARS = 1.0, 5.0


class Estimate(NamedTuple):
    """A value and the ends of its 95 % interval."""

    value: float
    lo: float
    hi: float


def wilson_interval(met: int, n: int) -> Estimate:
    """Return the share `met / n` with its Wilson score interval. `n` is at least 1."""
    share, z2 = met / n, NORMAL_QUANTILE * NORMAL_QUANTILE
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Rounding could put an end slightly beyond the share when the share is 0 or 1.
    lo = 0.0 if met == 0 else min(centre - half, share)
    hi = 1.0 if met == n else max(centre + half, share)
    return Estimate(share, lo, hi)


def star_interval(total: int, n: int, variance: float) -> Estimate:
    """Return the plain mean of `n` ratings with its normal interval, within 1 to 5 stars."""
    mean, half = total / n, NORMAL_QUANTILE * math.sqrt(variance / n)
    return Estimate(mean, max(MIN_STARS, mean - half), min(MAX_STARS, mean + half))


def speed_interval(log_ratio: float, deviation: float) -> Estimate:
    """Return `x / (1 + x)` from `ln x`, with the interval `ln x ± 1.96·s`."""
    half = NORMAL_QUANTILE * deviation
    return Estimate(*(1 / (1 + math.exp(-log)) for log in (log_ratio, log_ratio - half, log_ratio + half)))


def composite_interval(value: float, variance: float) -> Estimate:
    """Return a composite with its interval, within 0 to 100."""
    half = NORMAL_QUANTILE * math.sqrt(variance)
    return Estimate(value, max(0.0, value - half), min(100.0, value + half))


def leave_out_variance(values: Sequence[float]) -> float:
    """Return `s² = 99/100 · Σ (value − mean)²` of the values that are left when each group is left out."""
    mean = math.fsum(values) / len(values)
    return (len(values) - 1) / len(values) * math.fsum((value - mean) ** 2 for value in values)


def family_quantile(comparisons: int) -> float:
    """Return the normal quantile at `1 − 0.025 / comparisons`: it keeps 95 % for all comparisons together."""
    return NormalDist().inv_cdf(1 - 0.025 / comparisons)
