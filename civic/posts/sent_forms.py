"""Keys of forms that were carried out: the same form sent again, by a double tap or after a lost answer, does nothing.

The key is written in the transaction of what the form asks, so both are there or neither; a second one that comes
meanwhile waits for the first. Posts hold their keys themselves (`actions.post_once`).
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from civic import signing, timing
from civic.db import execute, fetch_one, in_transaction, retry_transaction
from civic.errors import Conflict
from civic.i18n import lazy as _
from civic.posts.sql import ADD_SENT_FORM, DELETE_OLD_SENT_FORMS, FIND_SENT_FORM

REMEMBERED_FOR = timedelta(days=30)  # as long as a browser has its mark


class UsedKey(Conflict):
    """The form was used for something else before. `path`: where that is, for whoever sent it."""

    message = _("This form was used before, for another text. If this is a new one, please send it again.")

    def __init__(self, path: str = "") -> None:
        self.path = path
        super().__init__()


@dataclass(frozen=True)
class FormKey:
    """Who sent which form where, as digests; empty for a program that gives no key."""

    key_hash: str = ""
    content_hash: str = ""

    @classmethod
    def of(cls, client_key: str, sender: str, address: str, content: str) -> "FormKey":
        """`sender` is the person, or the browser of somebody without an account: nobody else learns of the key."""
        digest = signing.digest("sent form", "\n".join((sender, address, client_key)))
        return cls(digest, hashlib.sha256(content.encode()).hexdigest())


NO_KEY = FormKey()


async def is_used(key: FormKey) -> bool:
    """Whether a form with this key was carried out."""
    return bool(key.key_hash) and await fetch_one(FIND_SENT_FORM, key.key_hash) is not None


@retry_transaction
async def act_once(key: FormKey, act: Callable[[], Awaitable[object]]) -> None:
    """Carry out what a form asks, unless its key was used. Raises UsedKey where it was used for another text."""
    async with in_transaction():
        if key.key_hash and not await execute(ADD_SENT_FORM, key.key_hash, key.content_hash, timing.now()):
            row = await fetch_one(FIND_SENT_FORM, key.key_hash)
            if row and row["content_hash"] != key.content_hash:
                raise UsedKey()
            return
        await act()


async def delete_old_sent_forms() -> None:
    """Drop keys that no browser sends any more."""
    await execute(DELETE_OLD_SENT_FORMS, timing.now() - REMEMBERED_FOR)
