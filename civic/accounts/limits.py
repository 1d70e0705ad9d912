"""How often somebody may do something in an hour: counted in the database, so it holds for all processes together."""

import hashlib
from datetime import timedelta

from civic import db, timing
from civic.errors import TooMany

HOUR = timedelta(hours=1)
SPEND = """
INSERT INTO tally (key, count, until) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tally.until <= $3 THEN 1 ELSE tally.count + 1 END,
    until = CASE WHEN tally.until <= $3 THEN excluded.until ELSE tally.until END
RETURNING count
"""


def _key(what: str, who: str) -> str:
    """The table holds no address and no e-mail."""
    return f"{what}:{hashlib.sha256(who.encode()).hexdigest()[:40]}"


async def spend(what: str, who: str, most: int, within: timedelta = HOUR) -> None:
    """Count one more `what` of `who`; atomic. Raises TooMany beyond `most` in the time that began with the first.

    Call it outside of the action's transaction: what is refused counts too.
    """
    now = timing.now()
    rows = await db.fetch(SPEND, _key(what, who), now + within, now)
    if rows[0]["count"] > most:
        raise TooMany()


async def give_back(what: str, who: str) -> None:
    """It was none of those that are limited, after all."""
    await db.execute("UPDATE tally SET count = count - 1 WHERE key = $1 AND count > 0", _key(what, who))


async def forget() -> None:
    """Drop the counts whose time is over."""
    await db.execute("DELETE FROM tally WHERE until < $1", timing.now())
