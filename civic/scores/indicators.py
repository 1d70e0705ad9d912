"""The formulas of the method: shares and their intervals, case mix, satisfaction, speed, composite and ranks.

Only +, −, ×, ÷ and square roots of doubles are used, which give the same bits on every machine; what can be
whole numbers is. Values are between 0 and 1 unless said. Source of every rule: docs/method.md.
"""

import hashlib
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

Z = 1.959963984540054
"""The normal quantile of 97.5 %: every interval is a 95 % interval."""
PRIOR = 10
"""How many ratings of the city's mean a department's own ratings are weighed against."""
SHORTEST = 60
"""Seconds of working time that a stint counts at least."""
RESAMPLES = 1000
TAIL = 25
"""The interval goes from the 25th smallest to the 25th largest of the resampled values."""

_GOLDEN, _MIX_1, _MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = 2**64
_CHUNK = 2**17  # draws at a time: few enough to stay in the processor's cache


class Estimate(NamedTuple):
    """A value and the ends of its 95 % interval."""

    value: float
    lo: float
    hi: float


class Stars(NamedTuple):
    """Handling ratings in sums: how many, the sum of their stars and of the squares of these."""

    n: int
    total: int
    squares: int


def wilson(met: int, n: int) -> Estimate:
    """The share `met / n` with its Wilson score interval. `n` is at least 1."""
    share, z2 = met / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # Rounding may put an end a hair beyond the share when it is 0 or 1.
    lo = 0.0 if met == 0 else min(centre - half, share)
    hi = 1.0 if met == n else max(centre + half, share)
    return Estimate(share, lo, hi)


def expected(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """The share that the city would reach with a department's mix: `Σ n_dc·p_c / n_d` over categories `c`."""
    return math.fsum(n * shares[category] for category, n in counts.items()) / sum(counts.values())


def adjusted(raw: Estimate, expected_share: float, city: float) -> Estimate:
    """A share freed from the case mix: raw / expected · city, at most 1, ends too; raw if expected is 0."""
    if expected_share == 0:
        return raw
    return Estimate(*(min(1.0, part / expected_share * city) for part in raw))


def satisfaction(own: Stars, city: Stars) -> Estimate:
    """Stars drawn towards the city's mean, on 0 to 1, with a normal interval from the city's variance.

    The variance is that of all the city's ratings (divided by their number), over `10 + n`.
    """
    mean = shrunk_mean(own, city)
    variance = (city.n * city.squares - city.total * city.total) / (city.n * city.n)
    half = Z * math.sqrt(variance / (PRIOR + own.n))
    return Estimate(_stars_share(mean), max(0.0, _stars_share(mean - half)), min(1.0, _stars_share(mean + half)))


def shrunk_mean(own: Stars, city: Stars) -> float:
    """`(10·m + Σ r) / (10 + n)`, in stars, `m` the city's mean."""
    return (PRIOR * city.total + city.n * own.total) / (city.n * (PRIOR + own.n))


def _stars_share(stars: float) -> float:
    return (stars - 1) / 4


def double_median(seconds: Iterable[int]) -> int:
    """Twice the median of one or more numbers of whole seconds: twice, so that it is whole too."""
    ordered = sorted(seconds)
    middle = len(ordered) // 2
    return ordered[middle] * 2 if len(ordered) % 2 else ordered[middle - 1] + ordered[middle]


def speed(usual: Sequence[int], taken: Sequence[int], seed: int) -> Estimate:
    """Speed `x / (1 + x)`, `x = Σ usual / Σ taken`, with a percentile bootstrap over the stints.

    `usual` and `taken` are working seconds times two, one of each per stint, in the order of the file; all
    are positive.
    """
    expect, took = sum(usual), sum(taken)
    lo, hi = _percentiles(np.array(usual, np.int64), np.array(taken, np.int64), seed)
    return Estimate(expect / (expect + took), lo, hi)


def seed_of(release_id: str, department: str) -> int:
    """The first 8 bytes of the SHA-256 of the release's id, a new line and the department's slug."""
    return int.from_bytes(hashlib.sha256(f"{release_id}\n{department}".encode()).digest()[:8])


def draws(seed: int, first: int, count: int, n: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Draws `first` … `first + count − 1` (from 0) of SplitMix64 for a seed, each as an index below `n`
    (under 2³²).

    Written out so that the stream depends on no library: draw j mixes `seed + (j + 1)·0x9E3779B97F4A7C15`
    modulo 2⁶⁴, and its upper 32 bits, times n, over 2³², are the index.
    """
    z = np.arange(first + 1, first + 1 + count, dtype=np.uint64)
    z *= np.uint64(_GOLDEN)
    z += np.uint64(seed % _WORD)
    z ^= z >> np.uint64(30)
    z *= np.uint64(_MIX_1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_MIX_2)
    z ^= z >> np.uint64(31)
    z >>= np.uint64(32)
    z *= np.uint64(n)
    z >>= np.uint64(32)
    return z.astype(np.int64)


def _percentiles(
    usual: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    taken: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    seed: int,
) -> tuple[float, float]:
    n, values = len(usual), []
    step = max(1, _CHUNK // n)
    for first in range(0, RESAMPLES, step):
        count = min(step, RESAMPLES - first)
        picked = draws(seed, first * n, count * n, n)
        expect = usual[picked].reshape(count, n).sum(axis=1)
        took = taken[picked].reshape(count, n).sum(axis=1)
        values += [int(e) / (int(e) + int(t)) for e, t in zip(expect, took, strict=True)]
    values.sort()
    return values[TAIL - 1], values[-TAIL]


def composite(parts: Mapping[str, Estimate], weights: Mapping[str, float]) -> Estimate | None:
    """The weighted mean of indicators on 0 to 100, give or take the weighted mean of their half-widths.

    None when no weight is left for the indicators there are.
    """
    total = math.fsum(weights[name] for name in parts)
    if total == 0:
        return None
    value = 100 * (math.fsum(weights[name] * part.value for name, part in parts.items()) / total)
    half = 100 * (math.fsum(weights[name] * ((part.hi - part.lo) / 2) for name, part in parts.items()) / total)
    return Estimate(value, max(0.0, value - half), min(100.0, value + half))


def rank_ranges(composites: Mapping[str, Estimate]) -> dict[str, tuple[int, int]]:
    """From 1 + how many lie wholly above, to the number of all less how many lie wholly below."""
    los = sorted(part.lo for part in composites.values())
    his = sorted(part.hi for part in composites.values())
    size = len(composites)
    return {
        name: (1 + size - bisect_right(los, part.hi), size - bisect_left(his, part.lo))
        for name, part in composites.items()
    }
