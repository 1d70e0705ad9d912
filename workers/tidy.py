"""Forget what was only of use for a while, and count the index's words.

Limits that have run out, forms that nobody came back for, sessions that ended, addresses in old messages, old mails
in the outbox, the queue's old log.
"""

import asyncio
from datetime import timedelta

from civic.accounts.actions import delete_expired_counts, delete_expired_sessions
from civic.accounts.kept_forms import delete_old_kept_forms
from civic.jobs.actions import delete_old_log
from civic.notifications.actions import forget_addresses
from civic.notifications.mail import delete_old_mails
from civic.posts.sent_forms import delete_old_sent_forms
from civic.search.postgres.vocabulary import count_words
from workers.runner import config

EVERY = 3600.0


async def handle_one() -> bool:
    settings = config()
    kept = timedelta(days=settings.mail.keep_days)
    await delete_expired_counts()
    await delete_old_kept_forms()
    await delete_old_sent_forms()
    await delete_expired_sessions(settings.sign_in.session_days)
    await forget_addresses(kept)
    await asyncio.to_thread(delete_old_mails, settings.paths.var / "outbox", kept)
    await delete_old_log()
    await count_words()
    return False
