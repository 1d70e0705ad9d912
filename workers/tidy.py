"""Forget what only counted for a while: limits that have run out, and the queue's old log; count the index's words."""

from civic.accounts.actions import forget_tallies
from civic.jobs.actions import forget_log
from civic.search.vocabulary import count_words

EVERY = 3600.0


async def handle_one() -> bool:
    await forget_tallies()
    await forget_log()
    await count_words()
    return False
