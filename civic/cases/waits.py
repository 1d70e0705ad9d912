"""Waits for the reporter's answer, and the pauses of the resolution clocks that go with them (CLOCK-AND-SCORES 2).

A wait pauses the resolution clocks of the lead assignment and of the case. One that has used more than 80 % of its
allowance does not pause, and no pause lasts longer than one waiting limit after the assignment's first question. A wait
that ends at its limit, or because the department closes the case or passes it on, counts as if it had not been: the due
instants of before it stand again.
"""

from datetime import datetime

from civic.cases import targets
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment, Outcome, Wait, WaitEnd
from civic.sla import actions as sla
from civic.sla.models import Clock

# What ends the wait when the lead's assignment ends.
ENDS = {
    Outcome.HANDED_OVER: WaitEnd.PASSED_ON,
    Outcome.RETURNED: WaitEnd.PASSED_ON,
    Outcome.REASSIGNED: WaitEnd.REASSIGNED,
    Outcome.RESOLVED: WaitEnd.RESOLVED,
    Outcome.DECLINED: WaitEnd.DECLINED,
    Outcome.CLOSED: WaitEnd.DECLINED,  # by a dispatcher
    Outcome.MERGED: WaitEnd.MERGED,
}


def does_count(ended_by: WaitEnd, by: Actor) -> bool:
    """Whether the pauses of a wait that ends this way count: only what the department or the limit ends does not."""
    return ended_by is not WaitEnd.LIMIT and by.kind is not ActorKind.DEPARTMENT


async def begin_wait(lead: Assignment, case_clock: Clock, at: datetime) -> Wait:
    """Begin a wait, with the first or a later question of the lead's assignment, and pause the clocks that may."""
    ends_at = await targets.compute_wait_end(lead.department_id, at)
    lead.asked_at = lead.asked_at or at
    latest = await targets.compute_wait_end(lead.department_id, lead.asked_at)
    wait = Wait(case_id=lead.case_id, assignment_id=lead.id, started_at=at, ends_at=ends_at)
    own_clock = lead.resolution_clock
    if at < latest:
        if own_clock is not None:
            wait.assignment_due_at = own_clock.due_at
            wait.assignment_paused_until = latest if await sla.pause_clock(own_clock, at) else None
        wait.case_due_at = case_clock.due_at
        wait.case_paused_until = latest if await sla.pause_clock(case_clock, at) else None
    pauses = wait.assignment_paused_until is not None or wait.case_paused_until is not None
    wait.resume_at = latest if pauses and latest < ends_at else None
    await wait.save()
    return wait


async def get_wait(case_id: int) -> Wait:
    """The wait of the case that goes on."""
    return await Wait.get(case_id=case_id, ended_at=None)


async def end_wait(
    wait: Wait, lead: Assignment, case_clock: Clock, ended_by: WaitEnd, at: datetime, *, counts: bool
) -> None:
    """End the wait: its clocks run on with what was left or, if it does not count, as if it had not been."""
    wait.ended_at, wait.ended_by, wait.counts, wait.resume_at = at, ended_by, counts, None
    if ended_by is WaitEnd.LIMIT:
        lead.unanswered_at = lead.unanswered_at or wait.started_at
        await lead.save(update_fields=["unanswered_at"])
    if wait.assignment_paused_until is not None and lead.resolution_clock is not None:
        wait.assignment_paused_until = min(at, wait.assignment_paused_until)
        await _end_pause(lead.resolution_clock, wait.assignment_paused_until, wait.assignment_due_at, at, counts)
    if wait.case_paused_until is not None:
        wait.case_paused_until = min(at, wait.case_paused_until)
        await _end_pause(case_clock, wait.case_paused_until, wait.case_due_at, at, counts)
    await wait.save()


async def _end_pause(clock: Clock, until: datetime, due_before: datetime | None, at: datetime, counts: bool) -> None:
    if counts or due_before is None:
        await sla.resume_clock(clock, until)
    else:
        await sla.undo_pause(clock, due_before, at)


async def resume_pauses(wait: Wait, lead: Assignment, case_clock: Clock) -> None:
    """Let the clocks run on while the wait goes on: the pauses have lasted as long as they may."""
    for clock, until in ((lead.resolution_clock, wait.assignment_paused_until), (case_clock, wait.case_paused_until)):
        if clock is not None and until is not None:
            await sla.resume_clock(clock, until)
    wait.resume_at = None
    await wait.save(update_fields=["resume_at"])
