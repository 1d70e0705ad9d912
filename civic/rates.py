"""How often one caller may ask what is dear to answer: a count of a minute, in the memory of this process.

A count in the database (`accounts/limits.py`) would make every read a write. So each web process counts for itself,
and a caller may ask as many times more as there are processes.
"""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from civic.errors import TooMany

WINDOW_SECONDS = 60
MAX_CALLERS = 100_000  # kept at most; above it everybody begins anew


@lru_cache(maxsize=1000)
def network_of(word: str) -> str:
    """An IPv6 address as its /64, of which every household has all 18 trillion million addresses; else the word."""
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return word
    if address.version == 4:
        return word
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


def is_in_networks(address: str, networks: str) -> bool:
    """Whether the address is one of, or in one of, `networks`, written with commas."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(asked in ipaddress.ip_network(one.strip(), strict=False) for one in networks.split(",") if one.strip())


class ReadCounts:
    """Counts of the present minute by caller: a person, or a network. `most` reads of one are answered."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._counts: Counter[str] = Counter()
        self._ends = clock() + WINDOW_SECONDS

    def count(self, caller: str) -> None:
        """Count one more read. Raises TooMany with the seconds after which the caller may ask again."""
        now = self._clock()
        if now >= self._ends or len(self._counts) >= MAX_CALLERS:
            self._counts.clear()
            self._ends = now + WINDOW_SECONDS
        self._counts[caller] += 1
        if self._counts[caller] > self._most:
            raise TooMany(seconds=int(self._ends - now) + 1)
