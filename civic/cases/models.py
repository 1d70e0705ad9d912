"""Cases, their assignments and their history."""

from enum import StrEnum
from typing import Any, Self

from babel.support import LazyProxy
from tortoise import fields
from tortoise.models import Model

from civic.accounts.models import User
from civic.cases.status import UNNAMED, Status
from civic.catalogue.models import Category, Department
from civic.db import Row
from civic.geo.models import Area
from civic.i18n import lazy as _
from civic.media.models import Photo
from civic.sla.models import Clock


class LabelledCode(StrEnum):
    """A code with what it is called in the reader's language."""

    label: LazyProxy

    def __new__(cls, code: str, label: LazyProxy = UNNAMED) -> Self:
        member = str.__new__(cls, code)
        member._value_, member.label = code, label
        return member


class DeclineReason(LabelledCode):
    NOT_PUBLIC = "not_public", _("not a matter of the city")
    NO_ACTION_NEEDED = "no_action_needed", _("nothing needs to be done")
    CANNOT_FIND = "cannot_find", _("the place or the problem could not be found")
    NOT_FEASIBLE = "not_feasible", _("cannot be done")
    PRIVATE_MATTER = "private_matter", _("a private matter")
    EMERGENCY_ELSEWHERE = "emergency_elsewhere", _("an emergency: please call the emergency number")


class Priority(LabelledCode):
    LOW = "low", _("low")
    NORMAL = "normal", _("normal")
    HIGH = "high", _("high")


class Case(Model):
    id = fields.BigIntField(primary_key=True)
    number = fields.CharField(16, unique=True)  # "26-118340": year of receipt and id
    status = fields.CharEnumField(Status, default=Status.RECEIVED, max_length=12)
    category: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "civic.Category", related_name="cases", null=True, on_delete=fields.RESTRICT
    )
    category_id: int | None
    area: fields.ForeignKeyNullableRelation[Area] = fields.ForeignKeyField(
        "civic.Area", related_name="cases", null=True, on_delete=fields.RESTRICT
    )
    area_id: int | None
    # the department that leads it, or led it last; NULL in triage
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="cases", null=True, on_delete=fields.RESTRICT
    )
    department_id: int | None
    # the department that it was first given to: the case's promise is by its calendar
    first_department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    first_department_id: int | None
    priority = fields.CharField(8, default="normal")
    received_at = fields.DatetimeField()
    response_clock: fields.OneToOneRelation[Clock] = fields.OneToOneField(
        "civic.Clock", related_name="case_response", on_delete=fields.RESTRICT
    )
    response_clock_id: int
    resolution_clock: fields.OneToOneRelation[Clock] = fields.OneToOneField(
        "civic.Clock", related_name="case_resolution", on_delete=fields.RESTRICT
    )
    resolution_clock_id: int
    first_word_at = fields.DatetimeField(null=True)
    waiting_until = fields.DatetimeField(null=True)  # when the wait for the reporter ends automatically
    resolved_at = fields.DatetimeField(null=True)  # of the resolution that still stands
    confirm_until = fields.DatetimeField(null=True)  # when the resolution is confirmed automatically
    confirmed_by = fields.CharField(8, default="")  # reporter, time
    dispute_until = fields.DatetimeField(null=True)  # until when the reporter may reopen a confirmed case
    declined_reason = fields.CharField(20, default="")
    decline_overturned = fields.BooleanField(default=False)  # an appeal was upheld, so it is no longer declined
    # Of the appeal against the decline, or against the resolution that was disputed once more; NULL: there was none.
    appealed_at = fields.DatetimeField(null=True)
    appeal_due_at = fields.DatetimeField(null=True)  # until when a dispatcher decides it
    appeal_outcome = fields.CharField(8, default="")  # upheld, rejected
    appeal_remind_at = fields.DatetimeField(null=True)  # when the dispatchers are reminded of it (again)
    reopened = fields.IntField(default=0)
    handovers = fields.IntField(default=0)
    # when the case's next target (first the response, then the resolution) falls due; NULL: no clock runs
    due_at = fields.DatetimeField(null=True)
    merged_into: fields.ForeignKeyNullableRelation["Case"] = fields.ForeignKeyField(
        "civic.Case", related_name="merged", null=True, on_delete=fields.RESTRICT
    )
    merged_into_id: int | None
    # its report is held for a look: the router does not get it, and its clocks remind nobody
    unreleased = fields.BooleanField(default=False)
    counted = fields.BooleanField(default=True)  # False: hidden as spam, or a test: in no score
    # seq of the latest event; a form carries the seq it was made from, so that the second of two people gets a conflict
    events_count = fields.IntField(default=0)
    head = fields.BinaryField(null=True)  # hash of the latest event

    @property
    def appeal_is_open(self) -> bool:
        """An appeal waits for a dispatcher's decision."""
        return self.appealed_at is not None and not self.appeal_outcome

    class Meta:
        table = "case_file"
        indexes = (
            ("received_at", "id"),
            ("status", "received_at"),
            ("department_id", "received_at"),
            ("category_id", "received_at"),
            ("area_id", "received_at"),
            ("due_at",),
        )


class AssignmentPart(LabelledCode):
    LEAD = "lead", _("in charge")
    SUPPORT = "support", _("helping")


class Outcome(LabelledCode):
    """How an assignment ended."""

    HANDED_OVER = "handed_over", _("handed over")
    REASSIGNED = "reassigned", _("reassigned by a dispatcher")
    RETURNED = "returned", _("returned to triage")
    RESOLVED = "resolved", _("resolved")
    DECLINED = "declined", _("declined")
    MERGED = "merged", _("merged with another report")
    DONE = "done", _("its part is done")
    CLOSED = "closed", _("closed by somebody else")


class ObjectionOutcome(LabelledCode):
    """What a dispatcher decides about a department's objection to how a case counts."""

    REJECTED = "rejected", _("it counts as it did")
    MISROUTED = "misrouted", _("the department should not have had it: it does not count as passed on")
    EXCLUDED = "excluded", _("the case is taken out of the scores: it is spam, or a test")


class WaitEnd(StrEnum):
    """What ended a wait for the reporter's answer."""

    ANSWER = "answer"  # any word of the reporter on the case
    LIMIT = "limit"
    RESOLVED = "resolved"
    DECLINED = "declined"
    MERGED = "merged"
    PASSED_ON = "passed_on"
    REASSIGNED = "reassigned"


class Assignment(Model):
    """The time for which one department holds a case, as lead or as support."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="assignments", on_delete=fields.RESTRICT
    )
    case_id: int
    department: fields.ForeignKeyRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name="assignments", on_delete=fields.RESTRICT
    )
    department_id: int
    part = fields.CharEnumField(AssignmentPart, default=AssignmentPart.LEAD, max_length=8)
    assignee: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name="assignments", null=True, on_delete=fields.RESTRICT
    )
    assignee_id: int | None
    # at the start; changed only by a dispatcher who recategorises
    category: fields.ForeignKeyNullableRelation[Category] = fields.ForeignKeyField(
        "civic.Category", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    category_id: int | None
    added_by = fields.CharField(12, default="system")  # who gave it the case: system, dispatcher, department
    started_at = fields.DatetimeField()  # from when its clocks count
    given_at = fields.DatetimeField()  # when the department was given the case this time
    first_word_at = fields.DatetimeField(null=True)
    asked_at = fields.DatetimeField(null=True)  # its first question to the reporter
    unanswered_at = fields.DatetimeField(null=True)  # its first question that stayed unanswered to the limit
    ended_at = fields.DatetimeField(null=True)
    outcome = fields.CharEnumField(Outcome, null=True, max_length=12)
    ended_by = fields.CharField(12, default="")  # whose action ended it: an ActorKind
    came_back = fields.BooleanField(default=False)  # passed on, and got back: a later assignment goes on with it
    misrouted = fields.BooleanField(default=False)  # a dispatcher says that the case should not have come here
    standing = fields.BooleanField(default=False)  # its resolution still stands
    overturned = fields.BooleanField(default=False)  # it declined, and an appeal was upheld
    response_clock: fields.OneToOneRelation[Clock] = fields.OneToOneField(
        "civic.Clock", related_name="assignment_response", on_delete=fields.RESTRICT
    )
    response_clock_id: int
    # a support department's assignment has none
    resolution_clock: fields.OneToOneNullableRelation[Clock] = fields.OneToOneField(
        "civic.Clock", related_name="assignment_resolution", null=True, on_delete=fields.RESTRICT
    )
    resolution_clock_id: int | None
    # when the department's next target falls due; NULL while paused or ended. The desk's list is in this order
    due_at = fields.DatetimeField(null=True)

    class Meta:
        table = "assignment"
        indexes = (("department_id", "ended_at", "due_at"), ("case_id", "started_at"))


class Wait(Model):
    """One wait for the reporter's answer, and what it did to the resolution clocks of its assignment and its case.

    The clock of the assignment pauses from `started_at` to `assignment_paused_until`, that of the case to
    `case_paused_until`; NULL means that the clock did not pause. A wait that does not count leaves the due instants as
    they were before it: `assignment_due_at`, `case_due_at`.
    """

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="waits", on_delete=fields.RESTRICT
    )
    case_id: int
    assignment: fields.ForeignKeyRelation[Assignment] = fields.ForeignKeyField(
        "civic.Assignment", related_name="waits", on_delete=fields.RESTRICT
    )
    assignment_id: int
    started_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()  # the limit
    ended_at = fields.DatetimeField(null=True)
    ended_by = fields.CharEnumField(WaitEnd, null=True, max_length=12)
    counts = fields.BooleanField(null=True)  # NULL while it goes on
    assignment_paused_until = fields.DatetimeField(null=True)
    case_paused_until = fields.DatetimeField(null=True)
    assignment_due_at = fields.DatetimeField(null=True)
    case_due_at = fields.DatetimeField(null=True)
    resume_at = fields.DatetimeField(null=True)  # when the pauses end before the wait does; NULL: not, or done

    class Meta:
        table = "case_wait"
        indexes = (("case_id", "started_at"),)


class Merge(Model):
    """A case was merged into another. Until `undo_until` that can be undone, as if it had not been.

    `before` has the rows of both cases as they were (undo.py), and what moves the reports back.
    """

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="merges", on_delete=fields.RESTRICT
    )
    case_id: int
    into: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="absorbed", on_delete=fields.RESTRICT
    )
    into_id: int
    # whose decision it was; NULL: a dispatcher's
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    department_id: int | None
    merged_at = fields.DatetimeField()
    undo_until = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)
    before: Row = fields.JSONField()

    class Meta:
        table = "case_merge"
        indexes = (("case_id", "id"), ("into_id", "id"))


class CaseEvent(Model):
    """An event of a case's history; append-only, each case's events chained by hashes (civic.chain).

    `data` says the rest, by kind: routing's reason, from/to department, reason codes, times held.
    """

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="events", on_delete=fields.RESTRICT
    )
    case_id: int
    seq = fields.IntField()
    at = fields.DatetimeField()
    kind = fields.CharField(20)
    actor: fields.ForeignKeyNullableRelation[User] = fields.ForeignKeyField(
        "civic.User", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    actor_id: int | None
    actor_kind = fields.CharField(12)  # reporter, citizen, department, dispatcher, system
    department: fields.ForeignKeyNullableRelation[Department] = fields.ForeignKeyField(
        "civic.Department", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    department_id: int | None
    from_status = fields.CharField(12, default="")
    to_status = fields.CharField(12, default="")
    internal = fields.BooleanField(default=False)
    text = fields.TextField(default="")
    text_hash = fields.BinaryField(null=True)  # SHA-256 of a text that was erased; the chain still holds
    data: dict[str, Any] = fields.JSONField(default=dict)
    photos: fields.ManyToManyRelation[Photo] = fields.ManyToManyField(
        "civic.Photo", related_name="case_events", through="case_event_photo"
    )
    hash = fields.BinaryField()

    class Meta:
        table = "case_event"
        unique_together = (("case", "seq"),)


class HiddenLine(Model):
    """A line of a history that only the desk reads now. The event itself stays as it is, so that the chain holds."""

    id = fields.BigIntField(primary_key=True)
    case_event: fields.OneToOneRelation[CaseEvent] = fields.OneToOneField(
        "civic.CaseEvent", related_name="hidden", on_delete=fields.RESTRICT
    )
    case_event_id: int
    reason = fields.CharField(20)  # a code of posts.models.REASONS
    at = fields.DatetimeField()

    class Meta:
        table = "hidden_line"


class Handling(Model):
    """A handling rating: 1–5 stars for how a case was handled; append-only, a reporter's latest of a period counts."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "civic.Case", related_name="handlings", on_delete=fields.RESTRICT
    )
    case_id: int
    rater = fields.CharField(24)  # "post:17": the report through which the rater is a reporter of the case
    stars = fields.SmallIntField()
    text = fields.CharField(1000, default="")
    confirmed = fields.BooleanField(default=False)  # the reporter's e-mail was confirmed when it was given
    given_at = fields.DatetimeField()

    class Meta:
        table = "handling"
        indexes = (("case_id", "given_at"), ("given_at",))
