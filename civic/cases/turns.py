"""Taking a case in hand: locked, as it is now, with who acts and when."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.transactions import in_transaction

from civic import timing
from civic.cases import events, life, promises
from civic.cases.actors import Actor, ActorKind
from civic.cases.conflicts import check_seen
from civic.cases.models import Assignment, Case, CaseEvent, Outcome, Part, Status
from civic.db import fetch, fetch_one
from civic.errors import Invalid, NotAllowed, NotFound
from civic.i18n import lazy as _
from civic.media.actions import attach_photos
from civic.media.models import Photo
from civic.sla import actions as sla
from civic.sla.models import Clock

LONGEST_TEXT = 10_000
SAVED = ("ended_at", "outcome", "standing", "due_at")
# Ends by which the department gave its last word, or the case went elsewhere: its promise to resolve stops.
_STOPS = frozenset({Outcome.RESOLVED, Outcome.DECLINED, Outcome.HANDED_OVER, Outcome.RETURNED, Outcome.REASSIGNED})


@dataclass
class Turn:
    """One change of one case. The case's row is locked; `finish` writes all of it, with its event."""

    case: Case
    by: Actor
    at: datetime
    _before: Status | None = None
    _clocks: tuple[Clock, Clock] | None = None
    _stints: list[Assignment] | None = None

    async def clocks(self) -> tuple[Clock, Clock]:
        """The case's own response and resolution clocks."""
        if self._clocks is None:
            ids = [self.case.response_clock_id, self.case.resolution_clock_id]
            found = await Clock.in_bulk(ids, "id")
            self._clocks = found[ids[0]], found[ids[1]]
        return self._clocks

    async def stints(self) -> list[Assignment]:
        """The open stints, each with its clocks; the lead's first."""
        if self._stints is None and self.case.events_count == 1:
            self._stints = []  # it has only been received
        if self._stints is None:
            rows = Assignment.filter(case_id=self.case.id, ended_at=None).order_by("part", "id")
            self._stints = await rows.select_related("response_clock", "resolution_clock")
        return self._stints

    async def lead(self) -> Assignment | None:
        """The open stint of the department that leads the case."""
        return next((one for one in await self.stints() if one.part == Part.LEAD), None)

    async def leading(self) -> Assignment:
        """The actor's own lead stint; raises NotAllowed if another department leads the case."""
        lead = await self.lead()
        if lead is None or lead.department_id != self.by.department_id:
            raise NotAllowed()
        return lead

    async def own(self) -> Assignment:
        """The actor's own stint, as lead or support; raises NotAllowed without one."""
        for stint in await self.stints():
            if stint.department_id == self.by.department_id:
                return stint
        raise NotAllowed()

    def move(self, to: Status) -> None:
        """The next status. Raises Conflict or NotAllowed as `life.check` does."""
        life.check(self.case.status, to, self.by)
        self._before, self.case.status = self.case.status, to

    async def start(self, department_id: int, part: Part) -> Assignment:
        """A new stint, from now."""
        stint = await insert_stint(self.case, department_id, part, self.at)
        if part == Part.LEAD:
            self.case.department_id = department_id
        if self._stints is not None:
            self._stints.append(stint)
        return stint

    async def end(self, stint: Assignment, outcome: Outcome) -> None:
        """The stint is over. A promise that was not kept keeps its due instant, for the scores."""
        stint.ended_at, stint.outcome = self.at, outcome
        await sla.end_clock(stint.response_clock, self.at)
        if stint.resolution_clock is not None:
            change = sla.stop_clock if outcome in _STOPS else sla.end_clock
            await change(stint.resolution_clock, self.at)
        stint.due_at = None
        await stint.save(update_fields=SAVED)

    async def end_all(self, outcome: Outcome, lead: Outcome | None = None) -> None:
        """Every open stint is over; the lead's with an outcome of its own."""
        for stint in await self.stints():
            if stint.ended_at is None:
                await self.end(stint, lead if lead and stint.part == Part.LEAD else outcome)

    async def word(self, stint: Assignment | None) -> None:
        """A public word was given, by the department of this stint: it stops the response clocks, once."""
        response, _resolution = await self.clocks()
        await sla.stop_clock(response, self.at)
        self.case.first_word_at = self.case.first_word_at or self.at
        if stint is not None and stint.first_word_at is None:
            stint.first_word_at = self.at
            await sla.stop_clock(stint.response_clock, self.at)
            await stint.save(update_fields=["first_word_at"])

    async def pause(self, lead: Assignment) -> None:
        """The resolution waits for the reporter."""
        _response, resolution = await self.clocks()
        await sla.pause_clock(resolution, self.at)
        if lead.resolution_clock is not None:
            await sla.pause_clock(lead.resolution_clock, self.at)
        self.case.waiting_until = await promises.wait_ends(lead.department_id, self.at)

    async def unpause(self) -> None:
        """The wait is over, whatever ended it; a case that does not wait is left alone."""
        if self.case.waiting_until is None:
            return
        self.case.waiting_until = None
        _response, resolution = await self.clocks()
        await sla.resume_clock(resolution, self.at)
        lead = await self.lead()
        if lead is not None and lead.ended_at is None and lead.resolution_clock is not None:
            await sla.resume_clock(lead.resolution_clock, self.at)

    async def finish(
        self,
        kind: str,
        text: str = "",
        *,
        internal: bool = False,
        data: Mapping[str, Any] | None = None,
        photos: Sequence[Photo] = (),
    ) -> CaseEvent:
        """Save the case, its stints and what falls due next, with the event that says why."""
        await self._settle()
        said = dict(data or {})
        if photos:
            said["photos"] = [photo.name for photo in photos]
        event = await events.write(
            self.case,
            kind,
            by=self.by,
            at=self.at,
            before=self._before or "",
            text=text,
            internal=internal,
            data=said,
        )
        self._before = None
        if photos:
            await self._attach(event, photos, internal)
        return event

    async def _settle(self) -> None:
        """`due_at` of the case and of its stints, from their clocks: here and nowhere else."""
        if self.case.status not in life.OPEN:
            self.case.due_at = None
        elif self._clocks is not None:
            self.case.due_at = promises.next_due(*self._clocks)
        for stint in self._stints or ():
            due_at = promises.next_due(stint.response_clock, stint.resolution_clock)
            if stint.ended_at is None and due_at != stint.due_at:
                stint.due_at = due_at
                await stint.save(update_fields=SAVED)

    async def _attach(self, event: CaseEvent, photos: Sequence[Photo], internal: bool) -> None:
        found = await promises.category(self.case.category_id) if self.case.category_id else None
        await attach_photos(photos, public=not internal and (found is None or found.public))
        await event.photos.add(*photos)


INSERT_STINT = f"""
WITH made AS ({sla.INSERT_CLOCKS})
INSERT INTO assignment (case_id, department_id, part, started_at, due_at, misrouted, standing, overturned,
                        response_clock_id, resolution_clock_id)
SELECT $10, $11, $12, $13, $14, false, false, false,
       (SELECT id FROM made WHERE kind = 'response'), (SELECT id FROM made WHERE kind = 'resolution')
RETURNING id, response_clock_id, resolution_clock_id
"""


async def insert_stint(case: Case, department_id: int, part: Part, at: datetime) -> Assignment:
    """A stint that starts at `at`, with its clocks, in one statement."""
    response, resolution = await promises.stint_clocks(case.category_id, department_id, part, at)
    clocks = [response] if resolution is None else [response, resolution]
    stint = Assignment(
        case_id=case.id,
        department_id=department_id,
        part=part,
        started_at=at,
        due_at=promises.next_due(response, resolution),
    )
    values = [case.id, department_id, part.value, at, stint.due_at]
    [row] = await fetch(INSERT_STINT, *sla.clock_values(*clocks), *values)
    sla.saved(response, row["response_clock_id"])
    if resolution is not None:
        sla.saved(resolution, row["resolution_clock_id"])
    stint.id, stint._saved_in_db = row["id"], True
    stint.response_clock = response
    stint.resolution_clock = resolution
    return stint


@asynccontextmanager
async def turn(case_id: int, by: Actor, seen: int | None = None) -> AsyncIterator[Turn]:
    """One transaction on one case, its row locked first.

    `seen` is the seq of the event after which the actor's form was made (None: whatever happened since). Raises
    NotFound, Conflict with what happened since, and NotAllowed for a department that never had the case.
    """
    async with in_transaction():
        row = await fetch_one("SELECT * FROM case_file WHERE id = $1 FOR UPDATE", case_id)
        if row is None:
            raise NotFound()
        case = Case._init_from_db(**row)  # by hand it costs a third of what the query builder takes
        if by.kind == ActorKind.DEPARTMENT and not await _had_it(case, by.department_id):
            raise NotAllowed()
        await check_seen(case, by, seen)
        yield Turn(case, by, timing.now())


async def _had_it(case: Case, department_id: int | None) -> bool:
    if department_id is None:
        return False
    return case.department_id == department_id or await Assignment.exists(case_id=case.id, department_id=department_id)


def clean(text: str, *, required: bool = True) -> str:
    """A text as it is kept. Raises Invalid (field "text") where it is needed and missing, or far too long."""
    kept = text.replace("\x00", "").strip()
    if required and not kept:
        raise Invalid(fields={"text": _("Please write a text.")})
    if len(kept) > LONGEST_TEXT:
        raise Invalid(fields={"text": _("At most %(n)s characters, please.", n=LONGEST_TEXT)})
    return kept
