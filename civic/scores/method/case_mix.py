"""The case mix: what a share would be if every department had the city's mix of categories.

No department is compared with itself: what is usual in a category is the share that all other departments reach there.
Source: docs/method.md, "Case mix".
"""

import math
from typing import NamedTuple

from civic.scores.method.tally import ShareSums

MIN_OTHERS = 30
"""A category can be compared when all other departments together have this many counted assignments in it."""


class MixShare(NamedTuple):
    """A share with its allowance for the case mix. `usual` and `expected` are None where nothing can be compared."""

    adjusted: float
    usual: float | None  # what the others reach at the city's mix of the categories that can be compared
    expected: float | None  # what the others reach at the department's own mix


def list_comparable(sums: ShareSums, department: str) -> tuple[str, ...]:
    """List the categories that can be compared, seen from one department."""
    own = sums.n.get(department, {})
    return tuple(sorted(name for name, n in sums.city_n.items() if n - own.get(name, 0) >= MIN_OTHERS))


def adjust_share(sums: ShareSums, department: str, comparable: tuple[str, ...]) -> MixShare | None:
    """Adjust a department's share for its case mix; None if none of its assignments counts.

    A category that can be compared, and in which the others have nothing left because a group is left out, is treated
    like one that cannot be compared.
    """
    own_n, own_met = sums.n.get(department, {}), sums.met.get(department, {})
    met, n = sums.totals(department)
    if n == 0:
        return None
    shares = {
        name: (sums.city_met.get(name, 0) - own_met.get(name, 0)) / others
        for name in comparable
        if (others := sums.city_n.get(name, 0) - own_n.get(name, 0)) > 0
    }
    compared = sum(sums.city_n[name] for name in shares)
    if compared == 0:
        return MixShare(met / n, None, None)
    usual = math.fsum(sums.city_n[name] * share for name, share in shares.items()) / compared
    expected = math.fsum(count * shares.get(name, usual) for name, count in own_n.items()) / n
    return MixShare(_scale_odds(met / n, usual, expected), usual, expected)


def count_compared(sums: ShareSums, department: str, comparable: tuple[str, ...]) -> int:
    """Count the department's assignments in categories that can be compared."""
    own = sums.n.get(department, {})
    return sum(own.get(name, 0) for name in comparable)


def _scale_odds(raw: float, usual: float, expected: float) -> float:
    """Return the share whose odds are `odds(raw) · odds(usual) / odds(expected)`; raw if a share is 0 or 1."""
    if not (0 < raw < 1 and 0 < usual < 1 and 0 < expected < 1):
        return raw
    odds = raw / (1 - raw) * (usual / (1 - usual)) * ((1 - expected) / expected)
    return odds / (1 + odds)
