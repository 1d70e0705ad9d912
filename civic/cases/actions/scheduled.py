"""What happens automatically when it falls due. Each call does one thing and returns whether there was one.

Many workers at once never do one thing twice: the case's row is claimed together with what is due, and both change in
one transaction. What fails is logged and put off for some minutes: else the first that fails would stop all after it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from civic import logs, timing
from civic.cases import escalation, targets
from civic.cases.actions.closing import close_confirmed
from civic.cases.actors import SYSTEM
from civic.cases.change import changing
from civic.cases.event_kinds import EventKind
from civic.cases.models import WaitEnd
from civic.cases.notices import notify_assignee, remind_of_appeal
from civic.cases.status import Status
from civic.db import execute, fetch_one, in_transaction, is_temporary, retry_transaction

log = logs.get_logger(__name__)

RETRY_DELAY = timedelta(minutes=10)

# Locks the case with its clock. Every other change locks the case first too, so that there is no deadlock.
DUE_CLOCK = """
SELECT f.id AS case_id, k.id AS clock_id
FROM clock k JOIN case_file f ON f.id = coalesce(
    (SELECT c.id FROM case_file c WHERE c.response_clock_id = k.id),
    (SELECT c.id FROM case_file c WHERE c.resolution_clock_id = k.id),
    (SELECT a.case_id FROM assignment a WHERE a.response_clock_id = k.id),
    (SELECT a.case_id FROM assignment a WHERE a.resolution_clock_id = k.id))
WHERE k.step_at <= $1 AND NOT f.unreleased ORDER BY k.step_at LIMIT 1 FOR UPDATE OF k, f SKIP LOCKED
"""
DUE_CASE = """
SELECT id FROM case_file WHERE status = '{status}' AND {column} <= $1 ORDER BY {column} LIMIT 1
FOR UPDATE SKIP LOCKED
"""

DUE_APPEAL = """
SELECT id FROM case_file WHERE appeal_remind_at <= $1 ORDER BY appeal_remind_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
DUE_PAUSE = """
SELECT w.id AS wait_id, w.case_id FROM case_wait w JOIN case_file f ON f.id = w.case_id
WHERE w.resume_at <= $1 ORDER BY w.resume_at LIMIT 1 FOR UPDATE OF w, f SKIP LOCKED
"""


@asynccontextmanager
async def _put_off(table: str, row_id: int, column: str) -> AsyncIterator[None]:
    """Do what is due for a row, in the transaction that claimed it; if that fails, put it off by RETRY_DELAY."""
    try:
        async with in_transaction():  # a savepoint: the claim stays
            yield
    except Exception as error:
        if is_temporary(error):
            raise
        log.error("put off", what=column, row=row_id, exc_info=error)
        await execute(f"UPDATE {table} SET {column} = $2 WHERE id = $1", row_id, timing.now() + RETRY_DELAY)


@retry_transaction
async def escalate_next_clock() -> bool:
    """Escalate one clock that has reached a step (CLOCK-AND-SCORES 2)."""
    async with in_transaction():
        due = await fetch_one(DUE_CLOCK, timing.now())
        if due is None:
            return False
        async with _put_off("clock", due["clock_id"], "step_at"), changing(due["case_id"], SYSTEM) as change:
            await escalation.escalate(change, due["clock_id"])
        return True


@retry_transaction
async def end_next_wait() -> bool:
    """End the wait of one case whose reporter did not answer in time, and tell the desk."""
    async with in_transaction():
        case_id = await _due_case(Status.WAITING, "waiting_until")
        if case_id is None:
            return False
        async with _put_off("case_file", case_id, "waiting_until"), changing(case_id, SYSTEM) as change:
            change.move_to(Status.IN_PROGRESS)
            await change.end_wait(WaitEnd.LIMIT)
            event = await change.record_event(EventKind.WAIT_ENDED)
            if (lead := await change.lead_assignment()) is not None:
                await notify_assignee(change.case, event, lead)
        return True


@retry_transaction
async def resume_next_pause() -> bool:
    """Let the clocks of one case run on that have paused as long as they may, while the reporter is still awaited."""
    async with in_transaction():
        due = await fetch_one(DUE_PAUSE, timing.now())
        if due is None:
            return False
        async with _put_off("case_wait", due["wait_id"], "resume_at"), changing(due["case_id"], SYSTEM) as change:
            await change.resume_pauses()
        return True


@retry_transaction
async def confirm_next_resolution() -> bool:
    """Close one resolved case that nobody confirmed or disputed in time; it is shown as unconfirmed."""
    async with in_transaction():
        case_id = await _due_case(Status.RESOLVED, "confirm_until")
        if case_id is None:
            return False
        async with _put_off("case_file", case_id, "confirm_until"), changing(case_id, SYSTEM) as change:
            change.move_to(Status.CONFIRMED)
            await close_confirmed(change, "time")
            await change.record_event(EventKind.CLOSED)
        return True


@retry_transaction
async def remind_next_appeal() -> bool:
    """Remind the dispatchers of one appeal that nobody has decided in time; then again each working day.

    The first time that is public, too.
    """
    async with in_transaction():
        row = await fetch_one(DUE_APPEAL, timing.now())
        if row is None:
            return False
        async with _put_off("case_file", row["id"], "appeal_remind_at"), changing(row["id"], SYSTEM) as change:
            case, due_at = change.case, change.case.appeal_due_at
            assert due_at is not None
            first = case.appeal_remind_at == due_at
            case.appeal_remind_at = await targets.compute_next_reminder(change.at)
            if first:
                await change.record_event(EventKind.APPEAL_OVERDUE, data={"due": due_at.isoformat()})
            else:
                await case.save(update_fields=["appeal_remind_at"])
            await remind_of_appeal(case, due_at, change.at)
        return True


async def _due_case(status: Status, column: str) -> int | None:
    row = await fetch_one(DUE_CASE.format(status=status.value, column=column), timing.now())
    return row["id"] if row else None
