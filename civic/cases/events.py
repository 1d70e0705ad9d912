"""The history of a case: the hash of each event covers the event before it, so that no change goes unseen."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from civic import chain
from civic.cases.actors import Actor
from civic.cases.event_kinds import EventKind
from civic.cases.models import Case, CaseEvent, Wait
from civic.cases.sql import CASE_COLUMNS, INSERT_EVENT
from civic.cases.targets import get_department
from civic.db import fetch, mark_saved
from civic.jobs.actions import Job, add_job, enqueue
from civic.writes import Writes, field_values, update_statement

UPDATE_CASE = "UPDATE case_file SET {} WHERE id = $1 RETURNING id".format(
    ", ".join(f"{name} = ${14 + i}" for i, name in enumerate(CASE_COLUMNS))
)
WRITE_EVENT = f"WITH changed AS ({UPDATE_CASE}) {INSERT_EVENT}"


def describe_wait(wait: Wait) -> dict[str, object]:
    """What the events of a wait's start and end say of it: the limit, until when clocks pause, what ended it."""
    fact: dict[str, object] = {
        "until": format_instant(wait.ends_at),
        "assignment_paused_until": _format_optional(wait.assignment_paused_until),
        "case_paused_until": _format_optional(wait.case_paused_until),
    }
    if wait.ended_by is not None:
        fact |= {"ended_by": wait.ended_by.value, "counts": wait.counts}
    return fact


def format_instant(at: datetime) -> str:
    """An instant as events write it: ISO 8601 in UTC, which ends in Z."""
    return at.astimezone(UTC).isoformat()[:-6] + "Z"


def _format_optional(at: datetime | None) -> str | None:
    return format_instant(at) if at is not None else None


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
    """Return what the hash of an event covers: neither the text nor the author, as both may have to be erased.

    `department` is a slug, `text_hash` the SHA-256 of the text in UTF-8.
    """
    return {
        "case": number,
        "seq": seq,
        "at": format_instant(at),
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
    kind: EventKind,
    *,
    by: Actor,
    at: datetime,
    before: str = "",
    text: str = "",
    data: Mapping[str, Any] | None = None,
    writes: Writes | None = None,
) -> CaseEvent:
    """Append an event and save the case, in one statement; ask for the job that tells the reporters, if they are told.

    With `writes`, when these are run. `before` is the status that the event ended, "" if the status stays. The caller
    holds the case's lock.
    """
    slug = (await get_department(by.department_id)).slug if by.department_id else None
    event = append_event(case, kind, by=by, at=at, department=slug, before=before, text=text, data=data)
    if writes is not None:
        _add_event(writes, case, event)
        return event
    rows = await fetch(WRITE_EVENT, *_event_values(event), *(getattr(case, name) for name in CASE_COLUMNS))
    mark_saved(event, rows[0]["id"])
    if kind.tells_reporter:
        await enqueue(Job.NOTIFY, {"event": event.id}, key=f"notify:{event.id}")
    return event


def _add_event(writes: Writes, case: Case, event: CaseEvent) -> None:
    """Let `writes`, which has reserved its id, do what `write_event` does."""
    event.id = writes.take_id(CaseEvent)
    writes.add_rows(update_statement(Case, tuple(CASE_COLUMNS)), [case.id], *field_values([case], CASE_COLUMNS))
    writes.insert(event)
    if EventKind(event.kind).tells_reporter:
        add_job(writes, Job.NOTIFY, {"event": event.id}, key=f"notify:{event.id}")


def append_event(
    case: Case,
    kind: EventKind,
    *,
    by: Actor,
    at: datetime,
    department: str | None,
    before: str = "",
    text: str = "",
    data: Mapping[str, Any] | None = None,
    new: bool = False,
    make: Callable[..., CaseEvent] = CaseEvent,
) -> CaseEvent:
    """Make the case's next event, with its hash, in memory, and count it in the case.

    `department` is the slug of the actor's department; `make` builds the row.
    """
    event = make(
        case_id=case.id,
        seq=case.events_count + 1,
        at=at,
        kind=kind.value,
        actor_id=by.user_id,
        actor_kind=by.kind.value,
        department_id=by.department_id,
        from_status=before,
        to_status=case.status.value if before or new else "",
        internal=not kind.is_public,
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
    case.events_count, case.head = event.seq, event.hash
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
