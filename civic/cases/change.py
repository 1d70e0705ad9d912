"""One change of one case: the case is locked, and its event, its assignments and its clocks are saved together."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from civic import timing
from civic.cases import assignments, events, life, targets, waits
from civic.cases.actors import Actor, ActorKind
from civic.cases.allowed_actions import CaseAction, CaseRole, require_allowed
from civic.cases.conflicts import require_unchanged
from civic.cases.event_kinds import EventKind
from civic.cases.models import Assignment, AssignmentPart, Case, CaseEvent, Outcome, WaitEnd
from civic.cases.status import Status
from civic.db import fetch, fetch_one, in_transaction, make_from_row
from civic.errors import Invalid, NotAllowed, NotFound
from civic.i18n import lazy as _
from civic.media.actions import attach_photos
from civic.media.models import Photo
from civic.sla import actions as sla
from civic.sla.models import Clock
from civic.text import clean_lines
from civic.writes import Writes, keep_plans

MAX_TEXT_CHARS = 10_000
# In one order, so that two workers do not wait for each other.
LOCK_RECEIVED = """
SELECT * FROM case_file
WHERE id = ANY($1) AND status = $2 AND events_count = 1 AND department_id IS NULL AND NOT unreleased
ORDER BY id FOR UPDATE
"""
ASSIGNMENT_COLUMNS = ("ended_at", "outcome", "ended_by", "standing", "due_at")
# Outcomes by which the department finished or passed the case on: its resolution clock counts as stopped.
PASSED_ON = frozenset({Outcome.HANDED_OVER, Outcome.RETURNED})
_STOPS = PASSED_ON | frozenset({Outcome.RESOLVED, Outcome.DECLINED, Outcome.REASSIGNED})


@dataclass
class CaseChange:
    """One change of one case, whose row is locked; `record_event` saves all of it, with its event.

    With `writes`, which `changing_received` gives, it is saved when these are run.
    """

    case: Case
    by: Actor
    at: datetime
    writes: Writes | None = None
    _before: Status | None = None
    _clocks: tuple[Clock, Clock] | None = None
    _assignments: list[Assignment] | None = None
    _wait: dict[str, object] = field(default_factory=dict)  # what the next event says of a wait

    async def clocks(self) -> tuple[Clock, Clock]:
        """The case's own response and resolution clocks."""
        if self._clocks is None:
            ids = [self.case.response_clock_id, self.case.resolution_clock_id]
            clocks = await Clock.in_bulk(ids, "id")
            self._clocks = clocks[ids[0]], clocks[ids[1]]
        return self._clocks

    async def assignments(self) -> list[Assignment]:
        """The open assignments, each with its clocks; the lead's first."""
        if self._assignments is None and self.case.events_count == 1:
            self._assignments = []  # it has only been received
        if self._assignments is None:
            rows = Assignment.filter(case_id=self.case.id, ended_at=None).order_by("part", "id")
            self._assignments = await rows.select_related("response_clock", "resolution_clock")
        return self._assignments

    async def lead_assignment(self) -> Assignment | None:
        """The open assignment of the department that leads the case."""
        return next((one for one in await self.assignments() if one.part == AssignmentPart.LEAD), None)

    async def require_lead(self) -> Assignment:
        """The actor's own lead assignment; raises NotAllowed if another department leads the case."""
        lead = await self.lead_assignment()
        if lead is None or lead.department_id != self.by.department_id:
            raise NotAllowed()
        return lead

    async def require_own_assignment(self) -> Assignment:
        """The actor's own assignment, as lead or support; raises NotAllowed without one."""
        for assignment in await self.assignments():
            if assignment.department_id == self.by.department_id:
                return assignment
        raise NotAllowed()

    async def require(self, action: CaseAction) -> None:
        """Raises Conflict or NotAllowed unless the actor may do this to the case (allowed_actions.py)."""
        require_allowed(action, self.case.status, await self._role(), appealed=self.case.appeal_is_open)

    async def _role(self) -> CaseRole:
        if self.by.kind != ActorKind.DEPARTMENT:
            return CaseRole(self.by.kind.value)
        parts = [one.part for one in await self.assignments() if one.department_id == self.by.department_id]
        return CaseRole(parts[0].value) if parts else CaseRole.FORMER

    def move_to(self, to: Status) -> None:
        """Give the case its next status. Raises Conflict or NotAllowed as `life.check_step` does."""
        life.check_step(self.case.status, to, self.by)
        self._before, self.case.status = self.case.status, to

    async def promise(self) -> None:
        """Let the dates of the case's clocks be the public promise, if nothing was promised yet."""
        await sla.promise_clocks(*await self.clocks(), writes=self.writes)

    async def give_case(self, department_id: int, *, since: datetime | None = None) -> Assignment:
        """Give the case to a department that leads it from now on; its clocks count from `since` (None: from now).

        A department that gets back what it passed on goes on with what it had then. One that was helping stops: what
        it still owed, the new assignment owes.
        """
        for assignment in await self.assignments():
            if assignment.department_id == department_id and assignment.ended_at is None:
                await self.end_assignment(assignment, Outcome.REASSIGNED)
        earlier = await self._find_passed_on(department_id) if self.case.first_department_id else None
        return await self.start_assignment(department_id, AssignmentPart.LEAD, since=since, earlier=earlier)

    async def _find_passed_on(self, department_id: int) -> Assignment | None:
        """The department's latest lead assignment, if it passed the case on with it."""
        rows = Assignment.filter(case_id=self.case.id, department_id=department_id, part=AssignmentPart.LEAD)
        latest = await rows.order_by("-id").select_related("response_clock", "resolution_clock").first()
        return latest if latest is not None and latest.outcome in PASSED_ON else None

    async def start_assignment(
        self,
        department_id: int,
        part: AssignmentPart,
        *,
        since: datetime | None = None,
        earlier: Assignment | None = None,
    ) -> Assignment:
        """Start an assignment with fresh targets from `since` (None: from now), or one that goes on with an `earlier`.

        The first department that leads the case gives it its promise.
        """
        assignment = await assignments.insert_assignment(
            self.case, department_id, part, since or self.at, self.at, self.by, earlier, self.writes
        )
        if earlier is not None:
            earlier.came_back = True
            await earlier.save(update_fields=["came_back"])
        if part == AssignmentPart.LEAD:
            self.case.department_id, self.case.unreleased = department_id, False
            if self.case.first_department_id is None:
                self.case.first_department_id = department_id
                await assignments.set_first_promise(await self.clocks(), assignment, self.at, self.by, self.writes)
        if self._assignments is not None:
            self._assignments.append(assignment)
        return assignment

    async def end_assignment(self, assignment: Assignment, outcome: Outcome) -> None:
        """End the assignment. A target that was missed keeps its due instant, for the scores."""
        if assignment.part == AssignmentPart.LEAD:
            await self.end_wait(waits.ENDS.get(outcome, WaitEnd.DECLINED))
        assignment.ended_at, assignment.outcome, assignment.ended_by = self.at, outcome, self.by.kind.value
        await sla.end_clock(assignment.response_clock, self.at)
        if assignment.resolution_clock is not None:
            finish = sla.stop_clock if outcome in _STOPS else sla.end_clock
            await finish(assignment.resolution_clock, self.at)
        assignment.due_at = None
        await assignment.save(update_fields=ASSIGNMENT_COLUMNS)

    async def end_all_assignments(self, outcome: Outcome, lead: Outcome | None = None) -> None:
        """End every open assignment, the lead's with an outcome of its own."""
        for assignment in await self.assignments():
            if assignment.ended_at is None:
                await self.end_assignment(
                    assignment, lead if lead and assignment.part == AssignmentPart.LEAD else outcome
                )

    async def record_public_word(self, assignment: Assignment | None) -> None:
        """Record the first public word, by the department of this assignment: it stops the response clocks, once."""
        response, _resolution = await self.clocks()
        await sla.stop_clock(response, self.at)
        self.case.first_word_at = self.case.first_word_at or self.at
        if assignment is not None and assignment.first_word_at is None:
            assignment.first_word_at = self.at
            await sla.stop_clock(assignment.response_clock, self.at)
            await assignment.save(update_fields=["first_word_at"])

    async def begin_wait(self, lead: Assignment) -> datetime:
        """Wait for the reporter, who is asked now: the resolution clocks pause if they may. Return the limit."""
        _response, resolution = await self.clocks()
        wait = await waits.begin_wait(lead, resolution, self.at)
        await lead.save(update_fields=["asked_at"])
        self.case.waiting_until = wait.ends_at
        self._wait = events.describe_wait(wait)
        return wait.ends_at

    async def end_wait(self, ended_by: WaitEnd, *, counts: bool | None = None) -> None:
        """End the wait for the reporter, if there is one; `counts` says whether its pauses do (None: waits.py)."""
        lead = await self.lead_assignment() if self.case.waiting_until is not None else None
        if lead is None:
            return
        self.case.waiting_until = None
        if counts is None:
            counts = waits.does_count(ended_by, self.by)
        wait, (_response, resolution) = await waits.get_wait(self.case.id), await self.clocks()
        await waits.end_wait(wait, lead, resolution, ended_by, self.at, counts=counts)
        self._wait = events.describe_wait(wait)

    async def resume_pauses(self) -> None:
        """Let the clocks run on that have paused as long as they may; the wait goes on, and nothing else happens."""
        lead = await self.lead_assignment()
        if lead is not None:
            _response, resolution = await self.clocks()
            await waits.resume_pauses(await waits.get_wait(self.case.id), lead, resolution)
            await self._settle()
            await self.case.save(update_fields=["due_at"])

    async def record_event(
        self,
        kind: EventKind,
        text: str = "",
        *,
        data: Mapping[str, Any] | None = None,
        photos: Sequence[Photo] = (),
    ) -> CaseEvent:
        """Save the case, its assignments and their next due instants, with the event that says why."""
        await self._settle()
        event_data = dict(data or {}) | ({"wait": self._wait} if self._wait else {})
        self._wait = {}
        if photos:
            event_data["photos"] = [photo.content for photo in photos]  # what they show; a name may change
        event = await events.write_event(
            self.case,
            kind,
            by=self.by,
            at=self.at,
            before=self._before or "",
            text=text,
            data=event_data,
            writes=self.writes,
        )
        self._before = None
        if photos:
            await self._attach(event, photos)
        return event

    async def _settle(self) -> None:
        """Set `due_at` of the case and of its assignments from their clocks. No other code sets it."""
        if not self.case.status.is_open:
            self.case.due_at = None
        elif self._clocks is not None:
            self.case.due_at = targets.find_next_due(*self._clocks)
        for assignment in self._assignments or ():
            due_at = targets.find_next_due(assignment.response_clock, assignment.resolution_clock)
            if assignment.ended_at is None and due_at != assignment.due_at:
                assignment.due_at = due_at
                await assignment.save(update_fields=ASSIGNMENT_COLUMNS)

    async def _attach(self, event: CaseEvent, photos: Sequence[Photo]) -> None:
        # Whether everybody may see them depends on the case's reports, which whoever acts on a case knows.
        await attach_photos(photos, public=False)
        await event.photos.add(*photos)


@asynccontextmanager
async def changing(case_id: int, by: Actor, seen: int | None = None) -> AsyncIterator[CaseChange]:
    """One transaction on one case, its row locked first.

    `seen` is the seq of the event after which the actor's form was made (None: whatever happened since). Raises
    NotFound, Conflict with what happened since, and NotAllowed for a department that never had the case.
    """
    async with in_transaction():
        row = await fetch_one("SELECT * FROM case_file WHERE id = $1 FOR UPDATE", case_id)
        if row is None:
            raise NotFound()
        case = make_from_row(Case, row)
        if by.kind == ActorKind.DEPARTMENT and not await _had_it(case, by.department_id):
            raise NotAllowed()
        await require_unchanged(case, by, seen)
        yield CaseChange(case, by, timing.now())


@asynccontextmanager
async def changing_received(departments: Mapping[int, int], by: Actor) -> AsyncIterator[list[CaseChange]]:
    """One transaction on many cases that were received, and nothing more; what changes is written in one statement.

    `departments` says of each id how many departments the case is given to, at most. Cases that are not there, or of
    which more is known, are left out. Each change records one event.
    """
    async with in_transaction():
        await keep_plans()
        rows = await fetch(LOCK_RECEIVED, sorted(departments), Status.RECEIVED)
        cases = [make_from_row(Case, row) for row in rows]
        clocks = await Clock.in_bulk(
            [id for one in cases for id in (one.response_clock_id, one.resolution_clock_id)], "id"
        )
        given, writes = sum(departments[case.id] for case in cases), Writes()
        await writes.reserve_ids({Assignment: given, Clock: 2 * given, CaseEvent: len(cases)})
        at = timing.now()
        yield [
            CaseChange(one, by, at, writes, None, (clocks[one.response_clock_id], clocks[one.resolution_clock_id]), [])
            for one in cases
        ]
        await writes.run()


async def _had_it(case: Case, department_id: int | None) -> bool:
    if department_id is None:
        return False
    return case.department_id == department_id or await Assignment.exists(case_id=case.id, department_id=department_id)


def clean_text(text: str, *, required: bool = True) -> str:
    """Return the text as it is kept. Raises Invalid (field "text") if it is required and missing, or too long.

    A text of which nothing can be seen is none.
    """
    kept = clean_lines(text)
    if required and not kept:
        raise Invalid(fields={"text": _("Please write a text.")})
    if len(kept) > MAX_TEXT_CHARS:
        raise Invalid(fields={"text": _("At most %(n)s characters, please.", n=MAX_TEXT_CHARS)})
    return kept
