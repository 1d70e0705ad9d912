"""The formulas of the method: shares and their intervals, case mix, satisfaction, speed, composite and ranks.

They use whole numbers where they can, and otherwise only +, −, ×, ÷ and square roots of doubles, which give the
same bits on every machine. Values are between 0 and 1 unless the docstring says so. Source: docs/method.md.
"""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

NORMAL_QUANTILE = 1.959963984540054
"""The normal quantile of 97.5 %: every interval is a 95 % interval."""
PRIOR_RATINGS = 10
"""A department's own ratings are averaged with this many ratings of the city's mean."""
MIN_WORKED_SECONDS = 60
"""A shorter working time counts as this many seconds."""
RESAMPLE_COUNT = 1000
TAIL_RANK = 25
"""The interval reaches from the 25th smallest to the 25th largest of the resampled values."""

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD_RANGE = 2**64
_CHUNK_DRAWS = 2**17  # drawn at a time; this many fit into the processor's cache


class Estimate(NamedTuple):
    """A value and the ends of its 95 % interval."""

    value: float
    lo: float
    hi: float


class StarSums(NamedTuple):
    """Sums over handling ratings: their number, their stars, and the squares of their stars."""

    n: int
    total: int
    squares: int


def wilson_interval(met: int, n: int) -> Estimate:
    """Return the share `met / n` with its Wilson score interval. `n` is at least 1."""
    share, z2 = met / n, NORMAL_QUANTILE * NORMAL_QUANTILE
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Rounding could put an end slightly beyond the share when the share is 0 or 1.
    lo = 0.0 if met == 0 else min(centre - half, share)
    hi = 1.0 if met == n else max(centre + half, share)
    return Estimate(share, lo, hi)


def expected_share(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return what share the city would reach with a department's mix: `Σ n_dc·p_c / n_d` over categories `c`."""
    return math.fsum(n * shares[category] for category, n in counts.items()) / sum(counts.values())


def adjust_for_mix(raw: Estimate, expected_share: float, city: float) -> Estimate:
    """Remove the case mix from a share and its ends: raw / expected · city, at most 1; raw if expected is 0."""
    if expected_share == 0:
        return raw
    return Estimate(*(min(1.0, part / expected_share * city) for part in raw))


def estimate_satisfaction(own: StarSums, city: StarSums) -> Estimate:
    """Return the shrunk mean of the stars on a scale of 0 to 1, with a normal interval.

    The variance is that of all ratings of the city (divided by their number), divided by `10 + n`.
    """
    mean = shrunk_mean(own, city)
    variance = (city.n * city.squares - city.total * city.total) / (city.n * city.n)
    half = NORMAL_QUANTILE * math.sqrt(variance / (PRIOR_RATINGS + own.n))
    return Estimate(_star_share(mean), max(0.0, _star_share(mean - half)), min(1.0, _star_share(mean + half)))


def shrunk_mean(own: StarSums, city: StarSums) -> float:
    """Return `(10·m + Σ r) / (10 + n)` in stars (1 to 5), where `m` is the city's mean."""
    return (PRIOR_RATINGS * city.total + city.n * own.total) / (city.n * (PRIOR_RATINGS + own.n))


def _star_share(stars: float) -> float:
    return (stars - 1) / 4


def double_median(seconds: Iterable[int]) -> int:
    """Return twice the median of one or more whole numbers of seconds: twice, so that it is whole too."""
    ordered = sorted(seconds)
    middle = len(ordered) // 2
    return ordered[middle] * 2 if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]


def estimate_speed(usual: Sequence[int], taken: Sequence[int], seed: int) -> Estimate:
    """Return the speed `x / (1 + x)`, `x = Σ usual / Σ taken`, with a percentile bootstrap over the assignments.

    `usual` and `taken` have one positive number for each assignment, in the order of the file: twice the usual
    working seconds of its category, and twice its own.
    """
    expect, took = sum(usual), sum(taken)
    lo, hi = _bootstrap_interval(np.array(usual, np.int64), np.array(taken, np.int64), seed)
    return Estimate(expect / (expect + took), lo, hi)


def bootstrap_seed(release_id: str, department: str) -> int:
    """Return the first 8 bytes of the SHA-256 of the release's id, a line feed and the department's slug."""
    return int.from_bytes(hashlib.sha256(f"{release_id}\n{department}".encode()).digest()[:8])


def draw_indexes(seed: int, first: int, count: int, n: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the draws `first` … `first + count − 1` (from 0) of SplitMix64 as indexes below `n` (under 2³²).

    It is written out so that the numbers depend on no library: draw j mixes `seed + (j + 1)·0x9E3779B97F4A7C15`
    modulo 2⁶⁴; its upper 32 bits, times n, divided by 2³², are the index.
    """
    z = np.arange(first + 1, first + 1 + count, dtype=np.uint64)
    z *= np.uint64(_GOLDEN)
    z += np.uint64(seed % _WORD_RANGE)
    z ^= z >> np.uint64(30)
    z *= np.uint64(_MIX_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_MIX_2)
    z ^= z >> np.uint64(31)
    z >>= np.uint64(32)
    z *= np.uint64(n)
    z >>= np.uint64(32)
    return z.astype(np.int64)


def _bootstrap_interval(
    usual: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    taken: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    seed: int,
) -> tuple[float, float]:
    n, values = len(usual), []
    step = max(1, _CHUNK_DRAWS // n)
    for first in range(0, RESAMPLE_COUNT, step):
        count = min(step, RESAMPLE_COUNT - first)
        picked = draw_indexes(seed, first * n, count * n, n)
        expect = usual[picked].reshape(count, n).sum(axis=1)
        took = taken[picked].reshape(count, n).sum(axis=1)
        values += [int(e) / (int(e) + int(t)) for e, t in zip(expect, took, strict=True)]
    values.sort()
    return values[TAIL_RANK - 1], values[-TAIL_RANK]


def combine_indicators(parts: Mapping[str, Estimate], weights: Mapping[str, float]) -> Estimate | None:
    """Return the weighted mean of indicators on a scale of 0 to 100, ± the weighted mean of their half-widths.

    None if the weights of these indicators sum to 0.
    """
    total = math.fsum(weights[name] for name in parts)
    if total == 0:
        return None
    value = 100 * (math.fsum(weights[name] * part.value for name, part in parts.items()) / total)
    half = 100 * (math.fsum(weights[name] * ((part.hi - part.lo) / 2) for name, part in parts.items()) / total)
    return Estimate(value, max(0.0, value - half), min(100.0, value + half))


def rank_ranges(composites: Mapping[str, Estimate]) -> dict[str, tuple[int, int]]:
    """Return the best and the worst rank of each: 1 + those wholly above, and all minus those wholly below."""
    lower_ends = sorted(part.lo for part in composites.values())
    upper_ends = sorted(part.hi for part in composites.values())
    size = len(composites)
    return {
        name: (1 + size - bisect_right(lower_ends, part.hi), size - bisect_left(upper_ends, part.lo))
        for name, part in composites.items()
    }
