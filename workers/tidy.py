"""Forget what only counted for a while: limits that have run out, and the queue's old log; count the index's words."""

from civic.accounts.actions import delete_expired_counts
from civic.jobs.actions import delete_old_log
from civic.search.postgres.vocabulary import count_words

EVERY = 3600.0


async def handle_one() -> bool:
    await delete_expired_counts()
    await delete_old_log()
    await count_words()
    return False
