"""Creating messages, and marking them as read."""

import json
from collections.abc import Mapping
from typing import Any

from civic import db, i18n, timing
from civic.accounts.people import Person
from civic.jobs.actions import Job, enqueue
from civic.notifications.addresses import CONFIRMATIONS

INSERT = """
INSERT INTO message (key, kind, "values", url, user_id, department_id, role, email, about, language, created_at)
VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (key) DO NOTHING RETURNING id
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


async def mark_read(person: Person) -> None:
    """Mark all messages to this person as read."""
    await db.execute("UPDATE message SET read_at = $2 WHERE user_id = $1 AND read_at IS NULL", person.id, timing.now())
