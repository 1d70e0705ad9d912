"""Reading messages: a person's own, and those of their desks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache

from civic import db, timing
from civic.accounts.people import Person
from civic.cache import timed_cache
from civic.formats import zone
from civic.i18n import language
from civic.notifications.models import Message
from civic.notifications.rendering import render_message
from civic.notifications.sql import COUNT_DELIVERIES, LATEST_OF_DESK, MAX_REPEATED


@dataclass(frozen=True)
class MessageView:
    """A message as a page shows it, in the reader's language."""

    id: int
    subject: str
    body: str
    url: str
    at: datetime
    read: bool


async def list_inbox(person: Person, limit: int = 50) -> list[MessageView]:
    """Return the messages to this person, the latest first."""
    return _shown(await Message.filter(user_id=person.id).order_by("-created_at", "-id").limit(limit))


async def count_unread(person: Person) -> int:
    """Return how many messages this person has not read."""
    row = await db.fetch_one("SELECT count(*) AS n FROM message WHERE user_id = $1 AND read_at IS NULL", person.id)
    return int(row["n"]) if row else 0


@dataclass(frozen=True)
class DeliveryCounts:
    """How many messages left, and how many were refused for good."""

    sent: int
    refused: int


async def count_deliveries(within: timedelta) -> DeliveryCounts:
    """Count what became of messages within this time until now."""
    counts = {row["refused"]: row["n"] for row in await db.fetch(COUNT_DELIVERIES, timing.now() - within)}
    return DeliveryCounts(counts.get(False, 0), counts.get(True, 0))


KEPT_SECONDS, MAX_KEPT = 60, 500  # of the messages of a desk
_kept: TTLCache[tuple[object, ...], list[MessageView]] = timed_cache(KEPT_SECONDS, MAX_KEPT)


def desk_message_args(person: Person) -> tuple[list[int], list[str], list[str]]:
    """The departments, the roles within them and the roles for which this person is told something at the desk."""
    within = ["", "lead"] if person.role in ("lead", "dispatcher", "admin") else [""]
    roles = ["dispatcher", "admin"] if person.is_admin else ["dispatcher"] if person.is_dispatcher else []
    return sorted(person.departments), within, roles


async def list_desk_messages(person: Person, limit: int = 30) -> list[MessageView]:
    """Return the messages to this person's departments and to their role, the latest first."""
    sql = LATEST_OF_DESK.format(departments="$1", within="$2", roles="$3", limit=limit * MAX_REPEATED)
    rows = await db.fetch(sql, *desk_message_args(person))
    messages = _shown([db.make_from_row(Message, row) for row in rows])
    latest: dict[tuple[str, str], MessageView] = {}
    for one in messages:  # the desk and its leads are told the same, and again on the next day: it is shown once
        latest.setdefault((one.subject, one.url), one)
    return list(latest.values())[:limit]


async def list_kept_desk_messages(person: Person, limit: int, state: str) -> list[MessageView]:
    """The same, kept for as long as STATE_OF_DESK_MESSAGES answers `state`: each is a template to fill."""
    if not state:
        return []
    key = (state, limit, language(), timing.now().astimezone(zone()).date())
    if key not in _kept:
        _kept[key] = await list_desk_messages(person, limit)
    return _kept[key]


def _shown(messages: list[Message]) -> list[MessageView]:
    shown = []
    for one in messages:
        text = render_message(one)
        shown.append(MessageView(one.id, text.subject, text.body, one.url, one.created_at, one.read_at is not None))
    return shown
