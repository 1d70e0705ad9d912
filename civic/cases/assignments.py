"""The rows of assignments with their clocks, and the promise that the first of them gives its case."""

from collections.abc import Sequence
from datetime import datetime

from civic.cases import targets
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment, AssignmentPart, Case
from civic.cases.sql import INSERT_ASSIGNMENT
from civic.db import fetch, mark_saved
from civic.sla import actions as sla
from civic.sla import clocks
from civic.sla.models import Clock
from civic.writes import Writes

NEW_COLUMNS = (
    "case_id",
    "department_id",
    "part",
    "category_id",
    "added_by",
    "started_at",
    "given_at",
    "first_word_at",
    "asked_at",
    "unanswered_at",
    "due_at",
)
# What a department that gets back what it passed on goes on with.
_KEPT = ("started_at", "category_id", "first_word_at", "asked_at", "unanswered_at")
_GIVES = frozenset({ActorKind.DISPATCHER, ActorKind.DEPARTMENT})  # what anybody else causes, the system does


async def insert_assignment(
    case: Case,
    department_id: int,
    part: AssignmentPart,
    since: datetime,
    at: datetime,
    by: Actor,
    earlier: Assignment | None = None,
    writes: Writes | None = None,
) -> Assignment:
    """Insert an assignment that is given at `at`, with its clocks, in one statement; with `writes`, when these are run.

    Its clocks count from `since`, or go on with those of an `earlier` assignment of the department.
    """
    assignment = Assignment(
        case_id=case.id,
        department_id=department_id,
        part=part,
        category_id=case.category_id,
        added_by=by.kind.value if by.kind in _GIVES else ActorKind.SYSTEM.value,
        started_at=since,
        given_at=at,
    )
    if earlier is None:
        response, resolution = await targets.new_assignment_clocks(case.category_id, department_id, part, since)
    else:
        for name in _KEPT:
            setattr(assignment, name, getattr(earlier, name))
        response, resolution = await _take_up(earlier, at)
    assignment.due_at = targets.find_next_due(response, resolution)
    if writes is not None:
        _add_assignment(writes, assignment, response, resolution)
        return assignment
    both = [response] if resolution is None else [response, resolution]
    values = [getattr(assignment, name) for name in NEW_COLUMNS]
    [row] = await fetch(INSERT_ASSIGNMENT, *sla.clock_values(*both), *values)
    mark_saved(response, row["response_clock_id"])
    if resolution is not None:
        mark_saved(resolution, row["resolution_clock_id"])
    mark_saved(assignment, row["id"])
    assignment.response_clock = response
    assignment.resolution_clock = resolution
    return assignment


def _add_assignment(writes: Writes, assignment: Assignment, response: Clock, resolution: Clock | None) -> None:
    """Let `writes`, which has reserved their ids, insert a new assignment and its clocks."""
    for clock in (response, resolution):
        if clock is not None:
            clock.id = writes.take_id(Clock)
            writes.insert(clock)
    assignment.id = writes.take_id(Assignment)
    assignment.response_clock = response
    assignment.resolution_clock = resolution
    writes.insert(assignment)


async def _take_up(earlier: Assignment, at: datetime) -> tuple[Clock, Clock | None]:
    response = await sla.take_up_clock(earlier.response_clock, at, earlier.first_word_at)
    if earlier.resolution_clock is None:
        return response, None
    return response, await sla.take_up_clock(earlier.resolution_clock, at, None)


async def set_first_promise(
    case_clocks: Sequence[Clock], first: Assignment, at: datetime, by: Actor, writes: Writes | None = None
) -> None:
    """Set the case's promise when it is first given to a department, and save its clocks (CLOCK-AND-SCORES 2).

    The router's choice makes it: the dates of the assignment. Where the city's calendar was promised before, a
    dispatcher gives the case, or its report was held, the earlier of both stands, clock by clock.
    """
    routed = by.kind == ActorKind.SYSTEM and first.started_at == case_clocks[0].started_at
    for clock, own in zip(case_clocks, (first.response_clock, first.resolution_clock), strict=True):
        if own is None or clock.stopped_at is not None:
            continue
        if routed and clock.promised_at is None:
            await sla.take_terms(clock, own, at)
            continue
        offered = await sla.new_clock(clock.kind, clock.target, own.calendar_id, clock.started_at)
        clocks.promise(clock)
        if clock.due_at is not None and offered.due_at is not None and offered.due_at < clock.due_at:
            await sla.take_terms(clock, offered, at)
    for clock in case_clocks:
        clocks.promise(clock)
    await sla.save_clocks(*case_clocks, writes=writes)
