"""Counts what people search for, without knowing who they are.

A search is seen as its words, the hour, the area and how many results it had, with a number for who searched: a hash
of their address and browser with a random salt that is replaced, and forgotten, every week with all that was seen. A
word is kept, in numbers by area and hour, once ENOUGH different seekers have used it within that week; of any other
nothing stays.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from civic import timing
from civic.db import execute, fetch_one
from civic.search.sql import KEEP, NEW_SALT, SEEN
from civic.search.text import runs

MIN_SEEKERS = 5  # different seekers
WEEK = timedelta(days=7)
MAX_SEARCH_WORDS, MAX_WORD_CHARS = 8, 24  # of a search, characters of a word
MIN_NUMBER_DIGITS = 5  # from so many on it may be somebody's number

SALT = "seekers' salt"  # in search_state: {week, salt}


async def record_search(text: str, results: int, *, address: str, browser: str, area_id: int | None = None) -> None:
    """Note a search: its words, the number of results, and a hash of who searched."""
    words = [word for word in dict.fromkeys(runs(text)) if _may_be_seen(word)][:MAX_SEARCH_WORDS]
    if not words:
        return
    now = timing.now()
    seeker = hashlib.sha256("\n".join((await _salt(now), address, browser)).encode()).digest()[:8]
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    await execute(SEEN.strip(), words, seeker, hour, area_id, results)


def _may_be_seen(word: str) -> bool:
    return 1 < len(word) <= MAX_WORD_CHARS and sum(map(str.isdigit, word)) < MIN_NUMBER_DIGITS


async def _salt(now: datetime) -> str:
    week = int(now.timestamp() // WEEK.total_seconds())
    for _try in range(2):
        row = await fetch_one(
            "SELECT value ->> 'salt' AS salt, (value ->> 'week')::int AS week FROM search_state WHERE name = $1", SALT
        )
        if row and row["week"] >= week:
            return str(row["salt"])
        await execute(NEW_SALT.strip(), SALT, week, secrets.token_hex(16))
    raise RuntimeError("the salt was written and is not there")


async def keep_common_words() -> None:
    """Keep the numbers of words that enough seekers used, and forget what was seen a week ago."""
    await execute(KEEP, MIN_SEEKERS, WEEK.total_seconds())
    week = int(timing.now().timestamp() // WEEK.total_seconds())
    began = datetime.fromtimestamp(week * WEEK.total_seconds(), UTC)
    await execute("DELETE FROM search_sighting WHERE hour < $1", began)
