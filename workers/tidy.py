"""Forget what only counted for a while: limits that have run out, forms that nobody came back
for, and the queue's old log; count the index's words."""

from civic.accounts.actions import delete_expired_counts
from civic.accounts.kept_forms import delete_old_kept_forms
from civic.jobs.actions import delete_old_log
from civic.posts.sent_forms import delete_old_sent_forms
from civic.search.postgres.vocabulary import count_words

EVERY = 3600.0


async def handle_one() -> bool:
    await delete_expired_counts()
    await delete_old_kept_forms()
    await delete_old_sent_forms()
    await delete_old_log()
    await count_words()
    return False
