"""How often somebody may do something in an hour, counted in the database for all processes together."""

import hashlib
import ipaddress
from datetime import timedelta

from civic import db, timing
from civic.accounts.sql import DELETE_EXPIRED, REFUND, SPEND
from civic.errors import TooMany

HOUR = timedelta(hours=1)


def _key(what: str, who: str) -> str:
    """The key of a count: a hash, so that the table holds no address and no e-mail."""
    named = " ".join(map(_network, who.split(" ")))
    return f"{what}:{hashlib.sha256(named.encode()).hexdigest()[:40]}"


def _network(word: str) -> str:
    """An IPv6 address as its /64, of which every household has all 18 trillion million addresses; else the word."""
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return word
    if address.version == 4:
        return word
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


async def spend(what: str, who: str, maximum: int, within: timedelta = HOUR) -> None:
    """Count one more `what` of `who`; atomic. Raises TooMany beyond `most` in the time that began with the first.

    Call it outside of the action's transaction: what is refused counts too.
    """
    now = timing.now()
    rows = await db.fetch(SPEND, _key(what, who), now + within, now)
    if rows[0]["count"] > maximum:
        raise TooMany()


async def refund(what: str, who: str) -> None:
    """Undo one `spend`."""
    await db.execute(REFUND, _key(what, who))


async def delete_expired() -> None:
    """Drop the counts whose time is over."""
    await db.execute(DELETE_EXPIRED, timing.now())
