"""What programs get of a case's history."""

from datetime import datetime

from civic.cases.actors import ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.queries import TimelineEvent
from civic.cases.status import Status
from civic.schemas import Schema
from civic.sla.models import ClockKind


class TimelineEventAnswer(Schema):
    """An event of a case's history; `department` is the slug of the department that acted.

    `line` is what moderation calls it. `hidden` is the reason for which its text was hidden; the text is empty then, as
    where it was `erased`. `comment` is the comment in which the reporter answered.
    `to` is that of the department which got the case or helps; `to_dispatchers`: nobody has it, a dispatcher decides.
    `promise` says which one is overdue: "response" (the answer) or "resolution" (the solution).
    """

    seq: int
    line: str
    at: datetime
    kind: EventKind
    by: ActorKind
    department: str | None
    to: str | None
    to_dispatchers: bool
    promise: ClockKind | None
    text: str
    hidden: str | None
    erased: bool
    comment: int | None
    reason: str | None
    status: Status | None  # that the event led to

    @classmethod
    def of(cls, event: TimelineEvent) -> "TimelineEventAnswer":
        return cls(
            seq=event.seq,
            line=event.name,
            at=event.at,
            kind=event.kind,
            by=ActorKind(event.actor_kind),
            department=event.department or None,
            to=event.to or None,
            to_dispatchers=event.to_dispatchers,
            promise=ClockKind(event.promise) if event.promise else None,
            text=event.text,
            hidden=event.hidden or None,
            erased=event.erased,
            comment=event.comment_id,
            reason=event.reason or None,
            status=event.to_status,
        )


class DeskTimelineEventAnswer(TimelineEventAnswer):
    """An event as the desk sees it: some are internal, and hidden ones have their text."""

    internal: bool

    @classmethod
    def of(cls, event: TimelineEvent) -> "DeskTimelineEventAnswer":
        return cls(**dict(TimelineEventAnswer.of(event)), internal=event.internal)
