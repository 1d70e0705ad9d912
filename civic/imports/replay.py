"""Replaying an imported report: the rows that the actions of civic.cases would have written at those times.

Clocks run by the functions that run every clock (sla.running), hashes are made as every event's (cases.events), and a
test does the same by the actions themselves and compares every column. Two things differ, on purpose: nobody is told
of what is history, and its due instants are computed afterwards, by today's targets: for figures only. They promise
nothing, so nothing is reminded of and nothing is shown as due.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from civic.cases import life
from civic.cases.actions.creation import make_case_number
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.event_kinds import EventKind
from civic.cases.events import append_event
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, Outcome
from civic.cases.status import Status
from civic.cases.targets import find_next_due
from civic.city.queries import CityView
from civic.imports.parser import ImportedReport
from civic.imports.rows import row_class
from civic.sla import clocks
from civic.sla.calendars import WorkingCalendar
from civic.sla.models import Clock, ClockKind

CHANNEL, LOCATED_BY = "import", "import"


@dataclass(frozen=True)
class ReplayRules:
    """What a replay needs: targets by category id (None: no category), and calendar ids by department id.

    `calendars` has the compiled calendars by id; `categories` and `departments` give codes and slugs by id.
    """

    city: CityView
    city_calendar: int
    targets: Mapping[int | None, tuple[str, str]]
    department_calendar: Mapping[int, int]
    calendars: Mapping[int, WorkingCalendar]
    categories: Mapping[int, str]
    departments: Mapping[int, str]
    now: datetime
    routed_by: str


@dataclass
class CaseRows:
    """A case with all its rows. Clocks, assignment and events have no ids yet."""

    report: ImportedReport
    case: Case
    clocks: list[Clock]  # the case's response and resolution, then each assignment's
    assignments: list[Assignment] = field(default_factory=list)  # only the last can be open
    events: list[CaseEvent] = field(default_factory=list)


def replay(
    report: ImportedReport,
    rules: ReplayRules,
    case_id: int,
    *,
    category_id: int | None,
    department_id: int | None,
    area_id: int | None,
) -> CaseRows:
    """The whole history that a report supports, until `rules.now`."""
    calendar = rules.city_calendar if department_id is None else rules.department_calendar[department_id]
    replayed = CaseReplay(report, rules, case_id, category_id, area_id, calendar)
    source = report.source.partition(":")[0]
    if department_id is None:
        replayed.triage({"step": "import", "source": source})
    else:
        replayed.assign(department_id, {"step": rules.routed_by, "source": source})
        if report.answered_at is not None:
            replayed.reply(report.answered_at)
        if (reopening := report.reopening) is not None:
            replayed.resolve(reopening.resolved_at, reopening.resolution_text)
            replayed.close_by_time(reopening.at)
            replayed.reopen(reopening.at, reopening.text)
        if report.ended_at is not None and report.meaning.reason is not None:
            replayed.decline(report.ended_at, report.meaning.reason.value)
        elif report.ended_at is not None:
            replayed.resolve(report.ended_at, report.end_text)
            replayed.close_by_time(rules.now)
    return replayed.rows


class CaseReplay:
    """One method for each action that an imported history can hold; each ends with its event, as the action does."""

    def __init__(
        self,
        report: ImportedReport,
        rules: ReplayRules,
        case_id: int,
        category_id: int | None,
        area_id: int | None,
        calendar_id: int,
    ) -> None:
        self.report, self.rules, at = report, rules, report.received_at
        self.case = row_class(Case)(
            id=case_id,
            number=make_case_number(case_id, rules.city.local(at)),
            status=Status.RECEIVED,
            category_id=category_id,
            area_id=area_id,
            received_at=at,
        )
        self.rows = CaseRows(report, self.case, self._start_clocks(calendar_id, at))
        code = rules.categories[category_id] if category_id is not None else None
        data = {"category": code, "channel": CHANNEL, "priority": self.case.priority}
        self._event(EventKind.RECEIVED, at, Actor(ActorKind.REPORTER), data, new=True)

    def triage(self, reason: dict[str, str]) -> None:
        """No department is known: the case waits for a dispatcher."""
        self._event(EventKind.TRIAGED, self.report.received_at, SYSTEM, {"reason": reason})

    def assign(self, department_id: int, reason: dict[str, str]) -> None:
        """Assign it to its department at the instant of receipt."""
        at = self.report.received_at
        before = self._change_status(Status.ASSIGNED, SYSTEM)
        self._start_assignment(department_id, at)
        self.case.department_id = self.case.first_department_id = department_id
        data: dict[str, object] = {"from": None, "department": self.rules.departments[department_id], "reason": reason}
        data |= {"support": [], "priority": self.case.priority, "misrouted": False}
        self._event(EventKind.ASSIGNED, at, SYSTEM, data, before=before)

    def reply(self, at: datetime) -> None:
        """The department's first public word, which also starts the work."""
        before = self._change_status(Status.IN_PROGRESS, self._department)
        self._record_first_response(at)
        self._event(EventKind.REPLIED, at, self._department, text=self.report.answer_text, before=before)

    def resolve(self, at: datetime, text: str) -> None:
        before = self._change_status(Status.RESOLVED, self._department)
        self._record_first_response(at)
        self._end_assignment(at, Outcome.RESOLVED)
        self._stop_clock(self.rows.clocks[1], at)
        self.case.resolved_at = at
        self.case.confirm_until = at + timedelta(days=self.rules.city.settings.confirm_days)
        self._event(EventKind.RESOLVED, at, self._department, text=text, before=before)

    def decline(self, at: datetime, reason: str) -> None:
        before = self._change_status(Status.DECLINED, self._department)
        self._record_first_response(at)
        self._end_assignment(at, Outcome.DECLINED)
        for clock in self.rows.clocks[:2]:
            clocks.end(clock, at, self._calendar(clock))
        self.case.declined_reason = reason
        self._event(
            EventKind.DECLINED, at, self._department, {"reason": reason}, text=self.report.end_text, before=before
        )

    def close_by_time(self, until: datetime) -> None:
        """Confirm the resolution if nobody had disputed it in time, as far as is known at `until`."""
        at = self.case.confirm_until
        if at is None or at > until:
            return
        before = self._change_status(Status.CONFIRMED, SYSTEM)
        self.case.confirmed_by, self.case.confirm_until = "time", None
        self.case.dispute_until = at + timedelta(days=self.rules.city.settings.reopen_days)
        self._event(EventKind.CLOSED, at, SYSTEM, before=before)

    def reopen(self, at: datetime, text: str) -> None:
        """The resolution did not last: the department has the case again, with fresh targets.

        The reporter is who reopens a case here; how long after a resolution they may is not asked of history.
        """
        by = Actor(ActorKind.REPORTER)
        before = self._change_status(Status.IN_PROGRESS, by)
        self.case.reopened += 1
        self.case.resolved_at = self.case.confirm_until = self.case.dispute_until = None
        self.case.confirmed_by = ""
        self._assignment.standing = False
        resolution = self.rows.clocks[1]
        clocks.restart(resolution, at, self._calendar(resolution))
        self._start_assignment(self._assignment.department_id, at)
        self._event(EventKind.REOPENED, at, by, text=text, before=before)

    @property
    def _department(self) -> Actor:
        return Actor(ActorKind.DEPARTMENT, None, self.case.department_id)

    @property
    def _assignment(self) -> Assignment:
        return self.rows.assignments[-1]

    def _change_status(self, to: Status, by: Actor) -> str:
        life.check_step(self.case.status, to, by)
        before: str = self.case.status.value
        self.case.status = to
        return before

    def _start_assignment(self, department_id: int, at: datetime) -> None:
        """The department leads the case; the last two clocks are this assignment's."""
        self.rows.clocks += self._start_clocks(self.rules.department_calendar[department_id], at)
        assignment = row_class(Assignment)(
            case_id=self.case.id,
            department_id=department_id,
            part=AssignmentPart.LEAD,
            category_id=self.case.category_id,
            started_at=at,
            given_at=at,
        )
        self.rows.assignments.append(assignment)

    def _start_clocks(self, calendar_id: int, at: datetime) -> list[Clock]:
        calendar = self.rules.calendars[calendar_id]
        targets = self.rules.targets[self.case.category_id]
        kinds = (ClockKind.RESPONSE, ClockKind.RESOLUTION)
        return [
            clocks.start(kind, target, calendar_id, at, calendar, row_class(Clock), computed=True)
            for kind, target in zip(kinds, targets, strict=True)
        ]

    def _calendar(self, clock: Clock) -> WorkingCalendar:
        return self.rules.calendars[clock.calendar_id]

    def _stop_clock(self, clock: Clock, at: datetime) -> None:
        clocks.stop(clock, at, self._calendar(clock))

    def _record_first_response(self, at: datetime) -> None:
        """The first public word stops the case's response clock, and that of the assignment."""
        self.case.first_word_at = self.case.first_word_at or at
        self._stop_clock(self.rows.clocks[0], at)
        if self._assignment.first_word_at is None:
            self._assignment.first_word_at = at
            self._stop_clock(self.rows.clocks[-2], at)

    def _end_assignment(self, at: datetime, outcome: Outcome) -> None:
        self._assignment.ended_at, self._assignment.outcome = at, outcome
        self._assignment.ended_by = ActorKind.DEPARTMENT.value
        self._assignment.standing = outcome == Outcome.RESOLVED
        self._stop_clock(self.rows.clocks[-1], at)

    def _event(
        self,
        kind: EventKind,
        at: datetime,
        by: Actor,
        data: Mapping[str, Any] | None = None,
        *,
        text: str = "",
        before: str = "",
        new: bool = False,
    ) -> None:
        self._update_due()
        slug = self.rules.departments[by.department_id] if by.department_id else None
        make = row_class(CaseEvent)
        event = append_event(
            self.case, kind, by=by, at=at, department=slug, before=before, text=text, data=data, new=new, make=make
        )
        self.rows.events.append(event)

    def _update_due(self) -> None:
        clocks = self.rows.clocks
        self.case.due_at = find_next_due(clocks[0], clocks[1]) if self.case.status.is_open else None
        if self.rows.assignments:
            self._assignment.due_at = (
                find_next_due(clocks[-2], clocks[-1]) if self._assignment.ended_at is None else None
            )
