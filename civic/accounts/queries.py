"""Reads about users and their sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from civic import timing
from civic.accounts.models import Session
from civic.accounts.people import Person


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
