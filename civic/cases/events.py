"""The history of a case: each event covers the one before it, so that no line can be changed or left out unseen."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from civic import chain
from civic.cases.actors import Actor
from civic.cases.models import Case, CaseEvent
from civic.cases.targets import get_department
from civic.db import fetch, mark_saved
from civic.jobs.actions import Job, enqueue

# What a case's reporters are told of, beyond what they did themselves.
TOLD = frozenset(
    [
        "assigned",
        "accepted",
        "replied",
        "asked",
        "wait_ended",
        "handed_over",
        "returned",
        "resolved",
        "declined",
        "closed",
        "reopened",
        "upheld",
        "absorbed",
        "overdue",
    ]
)
# What happens beside the work: a form made before it is still good.
QUIET = frozenset(["note", "taken", "escalated", "overdue", "rated", "misrouted", "excluded", "included"])

CASE_COLUMNS = [
    "status",
    "category_id",
    "department_id",
    "priority",
    "updated_at",
    "first_word_at",
    "waiting_until",
    "resolved_at",
    "confirm_until",
    "confirmed_by",
    "dispute_until",
    "declined_reason",
    "decline_overturned",
    "reopened",
    "handovers",
    "due_at",
    "merged_into_id",
    "counted",
    "events_count",
    "head",
]
INSERT_EVENT = """
INSERT INTO case_event (case_id, seq, at, kind, actor_id, actor_kind, department_id, from_status, to_status, internal,
                        text, data, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13) RETURNING id
"""
UPDATE_CASE = "UPDATE case_file SET {} WHERE id = $1 RETURNING id".format(
    ", ".join(f"{name} = ${14 + i}" for i, name in enumerate(CASE_COLUMNS))
)
WRITE_EVENT = f"WITH changed AS ({UPDATE_CASE}) {INSERT_EVENT}"


def build_hashed_content(
    number: str,
    seq: int,
    at: datetime,
    kind: str,
    *,
    actor_kind: str,
    department: str | None,
    from_status: str,
    to_status: str,
    internal: bool,
    text_hash: bytes,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """What the hash of an event covers. Neither its words nor its author: both can be erased and it still holds.

    `department` is a slug; `text_hash` the SHA-256 of the text's UTF-8.
    """
    return {
        "case": number,
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(),
        "kind": kind,
        "actor": str(actor_kind),
        "department": department,
        "from": str(from_status),
        "to": str(to_status),
        "internal": internal,
        "text": text_hash.hex(),
        "data": data,
    }


def hash_text(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def write_event(
    case: Case,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    before: str = "",
    text: str = "",
    internal: bool = False,
    data: Mapping[str, Any] | None = None,
    new: bool = False,
) -> CaseEvent:
    """Append an event and save the case as it is now, in one statement; ask for its reporters to be told.

    `before` is the status that the event ended (nothing: it left the status alone); `new` says that the case's row was
    inserted with this event's `events_count` and `head` still to come. The caller holds the case's lock.
    """
    slug = (await get_department(by.department_id)).slug if by.department_id else None
    event = append_event(
        case, kind, by=by, at=at, department=slug, before=before, text=text, internal=internal, data=data, new=new
    )
    rows = await fetch(WRITE_EVENT, *_event_values(event), *(getattr(case, name) for name in CASE_COLUMNS))
    mark_saved(event, rows[0]["id"])
    if kind in TOLD and not internal:
        await enqueue(Job.TELL, {"event": event.id}, key=f"tell:{event.id}")
    return event


def append_event(
    case: Case,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    department: str | None,
    before: str = "",
    text: str = "",
    internal: bool = False,
    data: Mapping[str, Any] | None = None,
    new: bool = False,
    make: Callable[..., CaseEvent] = CaseEvent,
) -> CaseEvent:
    """The case's next event, sealed, and the case with it: in memory. `department` is the slug of the actor's."""
    event = make(
        case_id=case.id,
        seq=case.events_count + 1,
        at=at,
        kind=kind,
        actor_id=by.user_id,
        actor_kind=by.kind.value,
        department_id=by.department_id,
        from_status=before,
        to_status=case.status.value if before or new else "",
        internal=internal,
        text=text,
        data=dict(data or {}),
    )
    content = build_hashed_content(
        case.number,
        event.seq,
        event.at,
        event.kind,
        actor_kind=event.actor_kind,
        department=department,
        from_status=event.from_status,
        to_status=event.to_status,
        internal=event.internal,
        text_hash=hash_text(event.text),
        data=event.data,
    )
    event.hash = chain.hash_event(bytes(case.head or chain.GENESIS), content)
    case.events_count, case.head, case.updated_at = event.seq, event.hash, at
    return event


def _event_values(event: CaseEvent) -> list[Any]:
    return [
        event.case_id,
        event.seq,
        event.at,
        event.kind,
        event.actor_id,
        event.actor_kind,
        event.department_id,
        event.from_status,
        event.to_status,
        event.internal,
        event.text,
        json.dumps(event.data, ensure_ascii=False),
        event.hash,
    ]
