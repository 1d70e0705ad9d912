"""How often somebody may do something in an hour, counted in the database for all processes together."""

import hashlib
from datetime import timedelta

from civic import db, timing
from civic.accounts.sql import DELETE_EXPIRED, REFUND, SPEND, SPEND_BOTH
from civic.errors import TooMany
from civic.rates import network_of

HOUR = timedelta(hours=1)


def _key(what: str, who: str) -> str:
    """The key of a count: a hash, so that the table holds no address and no e-mail."""
    named = " ".join(map(network_of, who.split(" ")))
    return f"{what}:{hashlib.sha256(named.encode()).hexdigest()[:40]}"


async def spend(what: str, who: str, maximum: int, within: timedelta = HOUR) -> int:
    """Count one more `what` of `who`, and return how many there are; atomic.

    Raises TooMany beyond `maximum` in the time that began with the first.

    Call it outside of the action's transaction: what is refused counts too.
    """
    _require_own_transaction()
    now = timing.now()
    rows = await db.fetch(SPEND, _key(what, who), now + within, now)
    count = int(rows[0]["count"])
    if count > maximum:
        raise TooMany()
    return count


Counted = tuple[str, int]  # by whom something is counted, and how many in an hour each may do


async def spend_both(what: str, first: Counted, second: Counted) -> tuple[int, int]:
    """As `spend` of two in one statement; what the first is refused does not count of the second."""
    _require_own_transaction()
    now = timing.now()
    keys = _key(what, first[0]), _key(what, second[0])
    rows = await db.fetch(SPEND_BOTH, keys[0], now + HOUR, now, first[1], keys[1])
    counts = [int(row["count"]) for row in rows]
    if counts[0] > first[1] or counts[1] > second[1]:
        raise TooMany()
    return counts[0], counts[1]


def _require_own_transaction() -> None:
    """Raises RuntimeError within one: it would commit without waiting for the disk, and take a refused count back."""
    if db.in_a_transaction():
        raise RuntimeError("a limit is counted outside of the action's transaction")


async def refund(what: str, who: str) -> None:
    """Undo one `spend`."""
    await db.execute(REFUND, _key(what, who))


async def delete_expired() -> None:
    """Drop the counts whose time is over."""
    await db.execute(DELETE_EXPIRED, timing.now())
