"""Creating messages, and marking them as read."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from civic import db, i18n, timing
from civic.accounts.people import Person
from civic.jobs.actions import Job, enqueue
from civic.notifications.addresses import CONFIRMATIONS
from civic.notifications.sql import FORGET_ADDRESSES
from civic.writes import Writes

INSERT = """
INSERT INTO message (key, kind, "values", url, user_id, department_id, role, email, about, language, created_at)
VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO NOTHING RETURNING id
"""
# The same of any number of messages to desks, of which nothing follows.
ADD_DESK_MESSAGES = """
INSERT INTO message (key, kind, "values", url, department_id, role, email, about, language, created_at)
SELECT key, kind, "values", url, department_id, role, '', '', language, created_at
FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[])
    AS new (key, kind, "values", url, department_id, role, language, created_at)
ON CONFLICT (key) DO NOTHING
"""
# The keys that begin with one of $1; they are sorted by their bytes, so that the unique index finds them.
BEGINS = "FROM unnest($1::text[]) AS k (prefix) WHERE key >= k.prefix AND key < k.prefix || chr(1114111)"
HIDE_TEXT = f"""
UPDATE message SET "values" = "values" || '{{"text": "", "hidden": true}}' {BEGINS} AND "values" ? 'text'
"""
RESTORE_TEXT = f"""
UPDATE message SET "values" = ("values" - 'hidden') || jsonb_build_object('text', $2::text)
{BEGINS} AND "values" ? 'hidden'
"""


async def notify(
    key: str,
    kind: str,
    *,
    user_id: int | None = None,
    department_id: int | None = None,
    role: str = "",
    email: str = "",
    about: str = "",
    confirmed: bool = False,
    language: str = "",
    values: Mapping[str, Any] | None = None,
    url: str = "",
) -> bool:
    """Tell somebody something, in the transaction in hand; False if nobody is told, or was under this key before.

    The recipient is a user, an e-mail address, a department's desk (with `role` "lead": only its leads), or all of a
    role ("dispatcher", "admin"). `kind` names templates/messages/<kind>.txt, which `values` (plain data) fill in.
    `language` is that of an e-mail address, by default the one of the request in hand; users have their own. Users and
    e-mail addresses get mail; a desk reads its messages there. An e-mail address is written to `about` something, such
    as "post:17", and while nobody `confirmed` it is only asked to be confirmed. Raises RuntimeError outside of a
    transaction.
    """
    if email and not confirmed and kind not in CONFIRMATIONS:
        return False
    row = await db.fetch_one(
        INSERT,
        key,
        kind,
        json.dumps(dict(values or {})),
        url,
        user_id,
        department_id,
        role,
        email,
        f"user:{user_id}" if user_id is not None else about,
        language or i18n.language(),
        timing.now(),
    )
    if row is None:
        return False
    if user_id is not None or email:
        await enqueue(Job.DELIVER, {"message": row["id"]})
    return True


def add_desk_message(
    writes: Writes,
    key: str,
    kind: str,
    *,
    department_id: int | None = None,
    role: str = "",
    values: Mapping[str, object],
    url: str,
) -> None:
    """Tell a department's desk, or all of a role, something when `writes` are run: what `notify` does at once."""
    row = (key, kind, json.dumps(dict(values)), url, department_id, role, i18n.language(), timing.now())
    writes.add_rows(ADD_DESK_MESSAGES, *([value] for value in row))


async def hide_text(keys: Sequence[str]) -> None:
    """Take the text out of messages whose keys begin like these, sent or not, in the transaction in hand."""
    await db.execute(HIDE_TEXT, list(keys))


async def restore_text(keys: Sequence[str], text: str) -> None:
    """Put the text back that `hide_text` took out."""
    await db.execute(RESTORE_TEXT, list(keys), text)


async def forget_addresses(older_than: timedelta) -> None:
    """Take the e-mail addresses of people without an account out of messages that were sent, or never will be."""
    await db.execute(FORGET_ADDRESSES, timing.now() - older_than)


async def mark_read(person: Person) -> None:
    """Mark all messages to this person as read."""
    await db.execute("UPDATE message SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL", person.id, timing.now())
