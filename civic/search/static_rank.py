"""The rank of a document that does not depend on the query, and the steps in which the index is read from the top.

Where very many documents match, they cannot all be sorted. Each document has a label for its step in every order. A
sample tells how many of the uppermost steps hold enough matching documents, and only these steps are read.
"""

import math
import struct
from datetime import UTC, datetime

from civic.search.documents import SortOrder

HALF_YEAR_SECONDS = 182.5 * 86_400
AGELESS_RANK = 1e4  # documents without a time come before all others
STEPS_PER_RANK = 2  # of the static_rank, a unit: a quarter of a year
FIRST_MONTH = 197001
MAX_SUPPORT_BITS = 16  # bits of support that count: 65,535
OPEN_RANK = 2.0  # what goes on comes before what is over, unless it is a year older

# The step of a row d in each order, in SQL and as the label's letter; greater is nearer to the beginning.
STEP_SQL = {
    SortOrder.RELEVANCE: ("p", f"floor(static_rank * {STEPS_PER_RANK})::int"),
    SortOrder.NEW: ("m", "to_char(at AT TIME ZONE 'UTC', 'YYYYMM')::int"),
    SortOrder.SUPPORTED: ("v", "length(ltrim(least(greatest(support, 0), 65535)::bit(32)::text, '0'))"),
}


def static_rank(at: datetime | None, support: int, *, is_open: bool = False) -> float:
    """Freshness and support: half a year of age weighs as much as twice the support; and whether it still goes on.

    It stays the same as time goes by. What has no time does not age. As exact as the database keeps it.
    """
    age = at.timestamp() / HALF_YEAR_SECONDS if at else AGELESS_RANK
    whole = age + math.log2(1 + _counting(support)) + OPEN_RANK * is_open
    rank: float = struct.unpack("f", struct.pack("f", whole))[0]
    return rank


def _counting(support: int) -> int:
    return min(max(0, support), (1 << MAX_SUPPORT_BITS) - 1)


def rank_steps(at: datetime | None, support: int, rank: float) -> dict[SortOrder, int]:
    """The step in each order of a document with this static rank, as STEP_SQL says it in SQL."""
    month = at.astimezone(UTC) if at else None
    return {
        SortOrder.RELEVANCE: math.floor(rank * STEPS_PER_RANK),
        SortOrder.NEW: month.year * 100 + month.month if month else FIRST_MONTH,
        SortOrder.SUPPORTED: _counting(support).bit_length(),
    }


def steps_from(sort: SortOrder, lowest: int, now: datetime) -> list[int]:
    """Every step from this one to the uppermost that a document may have; a clock may be a month ahead."""
    if sort == SortOrder.SUPPORTED:
        return list(range(lowest, MAX_SUPPORT_BITS + 1))
    if sort == SortOrder.NEW:
        last = now.astimezone(UTC)
        lowest = max(lowest, FIRST_MONTH)
        months = range(lowest // 100 * 12 + lowest % 100 - 1, last.year * 12 + last.month + 1)
        return [month // 12 * 100 + month % 12 + 1 for month in months]
    newest = math.floor((now.timestamp() / HALF_YEAR_SECONDS + MAX_SUPPORT_BITS + OPEN_RANK) * STEPS_PER_RANK) + 1
    return [*range(lowest, newest + 1), math.floor(AGELESS_RANK * STEPS_PER_RANK)]
