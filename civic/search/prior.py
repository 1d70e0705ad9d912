"""What speaks for a document whatever is looked for, and the steps in which the index can be read from its best end.

What very many documents match cannot be sorted whole. Each carries labels of its step in every order; a sample tells in
which of the uppermost steps enough of what matches lies, and only these are read.
"""

import math
import struct
from datetime import UTC, datetime

from civic.search.documents import Kind, Sort

HALF_YEAR = 182.5 * 86_400
FOR_EVER = 1e4  # what does not age comes before everything that does
STEPS = 2  # of the prior, a unit: a quarter of a year
FIRST_MONTH = 197001
LONGEST = 16  # bits of support that count: 65,535

# The step of a row d in each order, in SQL and as the label's letter; greater is nearer to the beginning.
STEP = {
    Sort.RELEVANCE: ("p", f"floor(prior * {STEPS})::int"),
    Sort.NEW: ("m", "to_char(at AT TIME ZONE 'UTC', 'YYYYMM')::int"),
    Sort.SUPPORTED: ("v", "length(ltrim(least(greatest(support, 0), 65535)::bit(32)::text, '0'))"),
}


def prior(kind: Kind, at: datetime, support: int) -> float:
    """Freshness and support: half a year of age weighs as much as twice the support.

    It never has to be computed anew as time goes by. A service does not age. As exact as the database keeps it.
    """
    age = FOR_EVER if kind == Kind.SERVICE else at.timestamp() / HALF_YEAR
    found: float = struct.unpack("f", struct.pack("f", age + math.log2(1 + _counting(support))))[0]
    return found


def _counting(support: int) -> int:
    return min(max(0, support), 2**LONGEST - 1)


def steps(kind: Kind, at: datetime, support: int) -> dict[Sort, int]:
    """The document's step in each order, as STEP says it in SQL."""
    return {
        Sort.RELEVANCE: math.floor(prior(kind, at, support) * STEPS),
        Sort.NEW: int(f"{at.astimezone(UTC):%Y%m}"),
        Sort.SUPPORTED: _counting(support).bit_length(),
    }


def steps_from(sort: Sort, lowest: int, now: datetime) -> list[int]:
    """Every step from this one to the uppermost that a document may have; a clock may be a month ahead."""
    if sort == Sort.SUPPORTED:
        return list(range(lowest, LONGEST + 1))
    if sort == Sort.NEW:
        last = now.astimezone(UTC)
        lowest = max(lowest, FIRST_MONTH)
        months = range(lowest // 100 * 12 + lowest % 100 - 1, last.year * 12 + last.month + 1)
        return [month // 12 * 100 + month % 12 + 1 for month in months]
    newest = math.floor((now.timestamp() / HALF_YEAR + LONGEST) * STEPS) + 1
    return [*range(lowest, newest + 1), math.floor(FOR_EVER * STEPS)]
