"""What the events of a case say about its assignments, its waits and its ratings: the rows, made from events alone.

An action writes rows and an event. This module reads the event and says what the rows have to be, so that a row that
somebody changed is found (history.py). It follows the actions one by one and imports none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from civic.cases.actors import ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.models import AssignmentPart, Outcome, WaitEnd
from civic.cases.status import Status
from civic.db import Row

PASSED_ON = (Outcome.HANDED_OVER, Outcome.RETURNED)


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as its hash covers it. `department` is the acting department's slug; `has_text` also if it is erased."""

    seq: int
    at: datetime
    kind: str
    actor: str
    department: str | None
    from_status: str
    to_status: str
    has_text: bool
    data: Row


@dataclass(slots=True)
class DerivedRow:
    """The values of a row, by column, each with the number of the event that says so."""

    seq: int
    values: dict[str, object] = field(default_factory=dict)
    said_by: dict[str, int] = field(default_factory=dict)

    def say(self, event: RecordedEvent, **values: object) -> None:
        self.values |= values
        self.said_by |= dict.fromkeys(values, event.seq)

    def __getitem__(self, column: str) -> object:
        return self.values[column]


NEW_ASSIGNMENT: Mapping[str, object] = {
    "first_word_at": None,
    "ended_at": None,
    "outcome": None,
    "ended_by": "",
    "asked_at": None,
    "unanswered_at": None,
    "came_back": False,
    "misrouted": False,
    "standing": False,
    "overturned": False,
}
# What a department that gets a case back goes on with.
KEPT = ("started_at", "first_word_at", "asked_at", "unanswered_at")
NO_APPEAL: Mapping[str, object] = {"appealed_at": None, "appeal_due_at": None, "appeal_outcome": ""}
NEW_CASE: Mapping[str, object] = {
    "category": None,
    "first_word_at": None,
    "resolved_at": None,
    "decline_overturned": False,
    "counted": True,
    "status": "",
    "confirmed_by": "",
    "reopened": 0,
    "is_merged": False,
    "first_department": None,
    **NO_APPEAL,
}


class CaseDerivation:
    """The rows of one case, from its events in their order."""

    def __init__(self) -> None:
        self.case = DerivedRow(1, dict(NEW_CASE))
        self.assignments: list[DerivedRow] = []
        self.waits: list[DerivedRow] = []
        self._routable_since: datetime | None = None
        self._planned_pauses: dict[str, object] = {}  # of the latest wait, as it began
        self.ratings: list[DerivedRow] = []

    def apply(self, event: RecordedEvent) -> None:
        """Follow one event. Raises KeyError for data that its kind always has."""
        if event.to_status:
            self.case.say(event, status=event.to_status, is_merged=event.to_status == Status.MERGED)
        if "ended_by" in event.data.get("wait", {}):
            self._end_wait(event, event.data["wait"])
        follow = _FOLLOW.get(event.kind)
        if follow is not None:
            follow(self, event)

    # -- assignments -------------------------------------------------------------------------------

    def _lead(self) -> DerivedRow | None:
        return next((one for one in self._open() if one["part"] == AssignmentPart.LEAD), None)

    def _open(self) -> list[DerivedRow]:
        return [one for one in self.assignments if one["ended_at"] is None]

    def _open_of(self, department: str | None) -> DerivedRow | None:
        return next((one for one in self._open() if one["department"] == department), None)

    def _start(self, event: RecordedEvent, department: str, part: AssignmentPart, since: object = None) -> DerivedRow:
        gives = event.actor if event.actor in (ActorKind.DISPATCHER, ActorKind.DEPARTMENT) else ActorKind.SYSTEM
        row = DerivedRow(event.seq)
        row.say(event, **NEW_ASSIGNMENT, category=self.case["category"])
        row.say(
            event, department=department, part=part, added_by=gives, given_at=event.at, started_at=since or event.at
        )
        self.assignments.append(row)
        if part == AssignmentPart.LEAD and self.case["first_department"] is None:
            self.case.say(event, first_department=department)
        return row

    def _give(self, event: RecordedEvent, department: str, since: object = None) -> None:
        """A department leads from now on; it goes on with what it passed on, if it did."""
        if (helper := self._open_of(department)) is not None:
            self._end(event, helper, Outcome.REASSIGNED)
        leads = [one for one in self.assignments if one["part"] == AssignmentPart.LEAD]
        earlier = next((one for one in reversed(leads) if one["department"] == department), None)
        row = self._start(event, department, AssignmentPart.LEAD, since)
        if earlier is not None and earlier["outcome"] in PASSED_ON:
            earlier.say(event, came_back=True)
            row.say(event, **{name: earlier[name] for name in KEPT})

    def _end(self, event: RecordedEvent, row: DerivedRow | None, outcome: Outcome) -> None:
        if row is not None:
            row.say(event, ended_at=event.at, outcome=outcome, ended_by=event.actor)

    def _end_all(self, event: RecordedEvent, outcome: Outcome, lead: Outcome | None = None) -> None:
        for row in self._open():
            self._end(event, row, lead if lead and row["part"] == AssignmentPart.LEAD else outcome)

    def _say_word(self, event: RecordedEvent, row: DerivedRow | None) -> None:
        """A public word, by the department of this assignment, or of nobody who has one."""
        for one in (self.case, row):
            if one is not None and one["first_word_at"] is None:
                one.say(event, first_word_at=event.at)

    # -- one method for each kind of event that changes rows ----------------------------------------

    def received(self, event: RecordedEvent) -> None:
        self.case.say(event, received_at=event.at, category=event.data["category"])

    def checked(self, event: RecordedEvent) -> None:
        self._routable_since = event.at

    def assigned(self, event: RecordedEvent) -> None:
        if event.data["misrouted"]:
            passed = [one for one in self.assignments if one["outcome"] in PASSED_ON]
            if passed:
                passed[-1].say(event, misrouted=True)
        self._end(event, self._lead(), Outcome.REASSIGNED)
        # What the router gives counts from the receipt, or from a moderator's look at a report that was held.
        since = (self._routable_since or self.case["received_at"]) if event.actor == ActorKind.SYSTEM else None
        self._give(event, event.data["department"], since)
        for helper in event.data["support"]:
            if self._open_of(helper) is None:
                self._start(event, helper, AssignmentPart.SUPPORT, since)

    def accepted(self, event: RecordedEvent) -> None:
        if event.has_text:
            self._say_word(event, self._lead())

    def replied(self, event: RecordedEvent) -> None:
        self._say_word(event, self._open_of(event.department))

    def asked(self, event: RecordedEvent) -> None:
        lead = self._lead()
        self._say_word(event, lead)
        if lead is not None and lead["asked_at"] is None:
            lead.say(event, asked_at=event.at)
        wait = DerivedRow(event.seq)
        wait.say(event, started_at=event.at, ended_at=None, ended_by=None, counts=None)
        self._planned_pauses = _pauses(event.data["wait"])
        wait.say(event, ends_at=_instant(event.data["wait"]["until"]), **self._planned_pauses)
        self.waits.append(wait)

    def _end_wait(self, event: RecordedEvent, said: Row) -> None:
        wait, lead = self.waits[-1], self._lead()
        wait.say(event, ended_at=event.at, ended_by=said["ended_by"], counts=said["counts"], **_pauses(said))
        if said["ended_by"] == WaitEnd.LIMIT and lead is not None and lead["unanswered_at"] is None:
            lead.say(event, unanswered_at=wait["started_at"])

    def handed_over(self, event: RecordedEvent) -> None:
        self._end(event, self._lead(), Outcome.HANDED_OVER)
        if not event.data.get("dispatcher"):
            self._give(event, event.data["department"])

    def returned(self, event: RecordedEvent) -> None:
        self._end(event, self._lead(), Outcome.RETURNED)

    def support_added(self, event: RecordedEvent) -> None:
        self._start(event, event.data["department"], AssignmentPart.SUPPORT)

    def support_done(self, event: RecordedEvent) -> None:
        row = self._open_of(event.department)
        if event.has_text:
            self._say_word(event, row)
        self._end(event, row, Outcome.DONE)

    def resolved(self, event: RecordedEvent) -> None:
        lead = self._lead()
        self._say_word(event, lead)
        if lead is not None:
            lead.say(event, standing=True)
        self._end_all(event, Outcome.CLOSED, Outcome.RESOLVED)
        self.case.say(event, resolved_at=event.at, **NO_APPEAL)

    def declined(self, event: RecordedEvent) -> None:
        own = event.actor == ActorKind.DEPARTMENT
        self._say_word(event, self._lead() if own else None)
        self._end_all(event, Outcome.CLOSED, Outcome.DECLINED if own else None)
        self.case.say(event, decline_overturned=False, **NO_APPEAL)

    def appealed(self, event: RecordedEvent) -> None:
        due_at = datetime.fromisoformat(event.data["due"])
        self.case.say(event, appealed_at=event.at, appeal_due_at=due_at, appeal_outcome="")

    def rejected(self, event: RecordedEvent) -> None:
        self.case.say(event, appeal_outcome="rejected")

    def confirmed(self, event: RecordedEvent) -> None:
        self.case.say(event, confirmed_by="reporter")

    def closed(self, event: RecordedEvent) -> None:
        self.case.say(event, confirmed_by="time")

    def _reopen(self, event: RecordedEvent) -> None:
        """An appeal that was open has reached what it asked for."""
        self._uphold_appeal(event)
        self.case.say(event, confirmed_by="", reopened=int(str(self.case["reopened"])) + 1)

    def _uphold_appeal(self, event: RecordedEvent) -> None:
        if self.case["appealed_at"] is not None and not self.case["appeal_outcome"]:
            self.case.say(event, appeal_outcome="upheld")

    def reopened(self, event: RecordedEvent) -> None:
        self._reopen(event)
        self._end_resolution(event)
        leads = [one for one in self.assignments if one["part"] == AssignmentPart.LEAD]
        self._start(event, str(leads[-1]["department"]), AssignmentPart.LEAD)

    def _end_resolution(self, event: RecordedEvent) -> None:
        for row in self.assignments:
            if row["standing"]:
                row.say(event, standing=False)
        self.case.say(event, resolved_at=None)

    def upheld(self, event: RecordedEvent) -> None:
        self._reopen(event)
        if event.data["against"] == "resolution":
            self._end_resolution(event)
        else:
            for row in self.assignments:
                if row["outcome"] == Outcome.DECLINED:
                    row.say(event, overturned=True)
            self.case.say(event, decline_overturned=True)
        self._start(event, event.data["department"], AssignmentPart.LEAD)

    def absorbed(self, event: RecordedEvent) -> None:
        self._take_instants(event)

    def _take_instants(self, event: RecordedEvent) -> None:
        """A merge, or its undoing, gives the case and its lead assignment other starts."""
        self.case.say(event, received_at=datetime.fromisoformat(event.data["received_at"]))
        said = event.data["lead"]
        if said is not None:
            given_at = datetime.fromisoformat(said["given_at"])
            for row in self.assignments:
                if row["given_at"] == given_at and row["department"] == said["department"]:
                    row.say(event, started_at=datetime.fromisoformat(said["started_at"]))

    def unmerged(self, event: RecordedEvent) -> None:
        for row in self.assignments:
            if row["outcome"] == Outcome.MERGED:
                row.say(event, ended_at=None, outcome=None, ended_by="")
        if event.to_status == Status.WAITING:
            self._resume_wait(event)

    def released(self, event: RecordedEvent) -> None:
        if event.to_status == Status.WAITING:
            self._resume_wait(event)
        self._take_instants(event)

    def _resume_wait(self, event: RecordedEvent) -> None:
        self.waits[-1].say(event, ended_at=None, ended_by=None, counts=None, **self._planned_pauses)

    def merged(self, event: RecordedEvent) -> None:
        self._end_all(event, Outcome.MERGED)

    def marked_misrouted(self, event: RecordedEvent) -> None:
        given_at = datetime.fromisoformat(event.data["given_at"])
        for row in self.assignments:
            if row["given_at"] == given_at and row["department"] == event.data["department"]:
                row.say(event, misrouted=event.data["misrouted"])

    def recategorised(self, event: RecordedEvent) -> None:
        """An assignment keeps the category of its start, unless a dispatcher says otherwise."""
        for row in (self.case, *self.assignments) if event.actor == ActorKind.DISPATCHER else (self.case,):
            row.say(event, category=event.data["category"])

    def excluded(self, event: RecordedEvent) -> None:
        self.case.say(event, counted=False)

    def included(self, event: RecordedEvent) -> None:
        self.case.say(event, counted=True)

    def rated(self, event: RecordedEvent) -> None:
        rating = DerivedRow(event.seq)
        rating.say(event, given_at=event.at, stars=event.data["stars"], confirmed=event.data["email_confirmed"])
        self.ratings.append(rating)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _pauses(said: Row) -> dict[str, object]:
    """Until when the clocks pause or paused, as the event says."""
    names = ("assignment_paused_until", "case_paused_until")
    return {name: _instant(said[name]) if said[name] else None for name in names}


_FOLLOW: Mapping[str, Callable[[CaseDerivation, RecordedEvent], None]] = {
    EventKind.RECEIVED: CaseDerivation.received,
    EventKind.CHECKED: CaseDerivation.checked,
    EventKind.ASSIGNED: CaseDerivation.assigned,
    EventKind.ACCEPTED: CaseDerivation.accepted,
    EventKind.REPLIED: CaseDerivation.replied,
    EventKind.ASKED: CaseDerivation.asked,
    EventKind.HANDED_OVER: CaseDerivation.handed_over,
    EventKind.RETURNED: CaseDerivation.returned,
    EventKind.SUPPORT_ADDED: CaseDerivation.support_added,
    EventKind.SUPPORT_DONE: CaseDerivation.support_done,
    EventKind.RESOLVED: CaseDerivation.resolved,
    EventKind.DECLINED: CaseDerivation.declined,
    EventKind.CONFIRMED: CaseDerivation.confirmed,
    EventKind.CLOSED: CaseDerivation.closed,
    EventKind.REOPENED: CaseDerivation.reopened,
    EventKind.UPHELD: CaseDerivation.upheld,
    EventKind.APPEALED: CaseDerivation.appealed,
    EventKind.REJECTED: CaseDerivation.rejected,
    EventKind.MERGED: CaseDerivation.merged,
    EventKind.ABSORBED: CaseDerivation.absorbed,
    EventKind.UNMERGED: CaseDerivation.unmerged,
    EventKind.RELEASED: CaseDerivation.released,
    EventKind.MISROUTED: CaseDerivation.marked_misrouted,
    EventKind.RECATEGORISED: CaseDerivation.recategorised,
    EventKind.EXCLUDED: CaseDerivation.excluded,
    EventKind.INCLUDED: CaseDerivation.included,
    EventKind.RATED: CaseDerivation.rated,
}
