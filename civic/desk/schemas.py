"""What the desk answers to programs, such as a department's own case system."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from civic.cases.allowed_actions import CaseAction
from civic.cases.models import AssignmentPart, Outcome, Priority
from civic.cases.objections import Objection
from civic.cases.schemas import DeskTimelineEventAnswer
from civic.cases.status import Status
from civic.desk.appeals import AppealPage
from civic.desk.queries import CasePage
from civic.desk.queue import Queue
from civic.desk.triage import TriagePage
from civic.schemas import Schema


class QueueCaseAnswer(Schema):
    """A case that a department has, on the list of its desk. `due_at` is the department's promise."""

    case: int
    number: str
    status: Status
    part: AssignmentPart
    heading: str
    due_at: datetime | None
    city_due_at: datetime | None  # the city's promise to the citizen
    used: float | None  # share of the time for the next target, more than 1 when it is late
    overdue: bool


class QueueAnswer(Schema):
    """`counts` by view; `next` is the value of the parameter `page` for the page after this one."""

    counts: dict[str, int]
    cases: list[QueueCaseAnswer]
    next: str | None

    @classmethod
    def of(cls, queue: Queue) -> "QueueAnswer":
        rows = [
            QueueCaseAnswer(
                case=row.case_id,
                number=row.number,
                status=row.status,
                part=row.part,
                heading=row.heading,
                due_at=row.due_at,
                city_due_at=row.city_due_at,
                used=row.used,
                overdue=row.overdue,
            )
            for row in queue.rows
        ]
        return cls(counts=queue.counts, cases=rows, next=queue.next or None)


class DeskReportAnswer(Schema):
    id: int
    text: str
    lat: float
    lon: float
    main: bool


class AssignmentAnswer(Schema):
    """`department` is a slug, `assignee` the id of a user."""

    id: int
    department: str
    part: AssignmentPart
    outcome: Outcome | None
    assignee: int | None


class DeskCaseAnswer(Schema):
    """A case with what this person may do to it; `seen` goes back with the next action.

    Of its history the newest lines, or those before the parameter `before`; `earlier` is the next value of it.
    """

    id: int
    number: str
    status: Status
    seen: int
    actions: list[CaseAction]
    priority: Priority
    counted: bool
    department: str | None
    due_at: datetime | None  # the department's promise
    city_due_at: datetime | None  # the city's promise to the citizen
    overdue: bool
    merged_into: int | None
    appeal_due_at: datetime | None  # of an appeal that waits for a dispatcher
    reports: list[DeskReportAnswer]
    assignments: list[AssignmentAnswer]
    timeline: list[DeskTimelineEventAnswer]
    earlier: int | None

    @classmethod
    def of(cls, page: CasePage) -> "DeskCaseAnswer":
        lead = page.lead
        return cls(
            id=page.case.id,
            number=page.case.number,
            status=page.case.status,
            seen=page.seen,
            actions=page.allowed.codes(),
            priority=Priority(page.case.priority),
            counted=page.case.counted,
            department=lead.department if lead else None,
            due_at=lead.due_at if lead else None,
            city_due_at=page.case.due_at,
            overdue=page.overdue,
            merged_into=page.into.id if page.into else None,
            appeal_due_at=page.case.appeal_due_at if page.case.appeal_is_open else None,
            reports=[DeskReportAnswer(id=r.id, text=r.text, lat=r.lat, lon=r.lon, main=r.main) for r in page.reports],
            assignments=[
                AssignmentAnswer(
                    id=one.id,
                    department=one.department,
                    part=one.part,
                    outcome=one.outcome,
                    assignee=one.assignee_id,
                )
                for one in page.assignments
            ],
            timeline=[DeskTimelineEventAnswer.of(event) for event in page.timeline.lines],
            earlier=page.timeline.earlier,
        )


class TriageCaseAnswer(Schema):
    """A case that waits for a department; `suggestions` are slugs, the best first."""

    case: int
    number: str
    heading: str
    seen: int
    suggestions: list[str]


class TriageAnswer(Schema):
    count: int
    cases: list[TriageCaseAnswer]
    next: str | None

    @classmethod
    def of(cls, page: TriagePage) -> "TriageAnswer":
        rows = [
            TriageCaseAnswer(
                case=row.case_id,
                number=row.number,
                heading=row.heading,
                seen=row.events_count,
                suggestions=[suggestion["department"]["slug"] for suggestion in row.suggestions],
            )
            for row in page.rows
        ]
        return cls(count=page.count, cases=rows, next=page.next or None)


class DeskAppealAnswer(Schema):
    """An appeal that waits for a dispatcher: against what, why, and until when it is decided."""

    case: int
    number: str
    heading: str
    against: Literal["decline", "resolution"]
    reason: str
    made_at: datetime
    due_at: datetime
    overdue: bool


class DeskObjectionAnswer(Schema):
    """A department's objection to how a case counts in its score; `department` is its id."""

    case: int
    number: str
    department: int
    reason: str
    made_at: datetime


class AppealsAnswer(Schema):
    count: int
    appeals: list[DeskAppealAnswer]
    objections: list[DeskObjectionAnswer]
    next: str | None

    @classmethod
    def of(cls, page: AppealPage, objections: Sequence[Objection]) -> "AppealsAnswer":
        rows = [
            {
                "case": row.case_id,
                "number": row.number,
                "heading": row.heading,
                "against": row.against,
                "reason": row.reason,
                "made_at": row.made_at,
                "due_at": row.due_at,
                "overdue": row.overdue,
            }
            for row in page.rows
        ]
        objected = [
            DeskObjectionAnswer(
                case=one.case_id,
                number=one.number,
                department=one.department_id,
                reason=one.reason,
                made_at=one.made_at,
            )
            for one in objections
        ]
        return cls.model_validate(
            {"count": page.count, "appeals": rows, "objections": objected, "next": page.next or None}
        )


class DeskMessageAnswer(Schema):
    subject: str
    body: str
    url: str
    at: datetime


class DeskMessagesAnswer(Schema):
    messages: list[DeskMessageAnswer]


class RequeuedAnswer(Schema):
    requeued: bool = True
