"""Reads about users and their sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from civic import timing
from civic.accounts.models import Role, Session
from civic.accounts.people import Person
from civic.db import Row, fetch_one

# Columns of what belongs to a person of further rooms come in the place of `{more}`.
PERSON = """
SELECT u.id, u.name, u.email, u.role, u.language, u.email_confirmed_at IS NOT NULL AS confirmed,
       s.id AS session_id, s.seen_at{more}
FROM user_session s JOIN user_account u ON u.id = s.user_id
WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND u.disabled_at IS NULL AND s.seen_at > $2
"""
CONFIRMED = "SELECT 1 AS x FROM user_account WHERE id = $1 AND email_confirmed_at IS NOT NULL"


def make_person(row: Row, departments: frozenset[int] = frozenset()) -> Person:
    """The person of a row of PERSON."""
    return Person(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        role=Role(row["role"]),
        departments=departments,
        language=row["language"],
        session_id=row["session_id"],
        confirmed=row["confirmed"],
    )


async def user_email_is_confirmed(user_id: int) -> bool:
    """Whether somebody showed that the e-mail of this account is theirs, or the operator vouched for it."""
    return await fetch_one(CONFIRMED, user_id) is not None


@dataclass(frozen=True)
class SessionView:
    """A browser in which somebody is signed in."""

    id: int
    browser: str
    created_at: datetime
    seen_at: datetime
    here: bool


async def list_sessions(person: Person, days: int) -> list[SessionView]:
    """Where a person is signed in, this browser first; `days` without a visit end a session."""
    rows = await Session.filter(
        user_id=person.id, revoked_at=None, seen_at__gt=timing.now() - timedelta(days=days)
    ).order_by("-seen_at")
    views = [SessionView(one.id, one.browser, one.created_at, one.seen_at, one.id == person.session_id) for one in rows]
    return sorted(views, key=lambda one: not one.here)
