"""Saving clocks that start, pause, stop and escalate, each in the transaction of the change that causes it.

clocks.py says what each change makes of a clock; here it is saved.
"""

from datetime import datetime
from typing import Any

from tortoise.transactions import in_transaction

from civic.catalogue.models import Calendar
from civic.db import execute, fetch_one
from civic.sla import clocks
from civic.sla.models import Clock, ClockKind, ClockStep
from civic.sla.queries import compile_calendar, working_calendar


async def new_clock(kind: ClockKind, target: str, calendar_id: int, at: datetime) -> Clock:
    """A clock started at `at`, not saved yet: INSERT_CLOCKS does that. Raises ValueError for no target."""
    return clocks.start(kind, target, calendar_id, at, await working_calendar(calendar_id))


# Its parameters are `clock_values`. It returns the ids in the order of the clocks.
INSERT_CLOCKS = """
INSERT INTO clock (kind, target, calendar_id, started_at, allowance, due_at, promised_at, half_at, moved_at, stopped_at,
                   computed, step, step_at)
SELECT * FROM unnest($1::varchar[], $2::varchar[], $3::bigint[], $4::timestamptz[], $5::float8[], $6::timestamptz[],
                     $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::boolean[],
                     $12::smallint[], $13::timestamptz[])
RETURNING id, kind
"""


def clock_values(*clocks: Clock) -> list[list[Any]]:
    """New clocks as the parameters $1 to $13 of INSERT_CLOCKS."""
    return [
        [one.kind.value for one in clocks],
        [one.target for one in clocks],
        [one.calendar_id for one in clocks],
        [one.started_at for one in clocks],
        [one.allowance for one in clocks],
        [one.due_at for one in clocks],
        [one.promised_at for one in clocks],
        [one.half_at for one in clocks],
        [one.moved_at for one in clocks],
        [one.stopped_at for one in clocks],
        [one.computed for one in clocks],
        [one.step for one in clocks],
        [one.step_at for one in clocks],
    ]


async def pause_clock(clock: Clock, at: datetime) -> None:
    """Keep what is left at `at`; no due instant until it resumes. Twice is once; a stopped one stays."""
    if clocks.pause(clock, at, await working_calendar(clock.calendar_id)):
        await _save(clock)


async def resume_clock(clock: Clock, at: datetime) -> None:
    """Go on with what was left: due = `at` + remaining. A clock that is not paused is left alone."""
    if clocks.resume(clock, at, await working_calendar(clock.calendar_id)):
        await _save(clock)


async def stop_clock(clock: Clock, at: datetime) -> None:
    """Stop the clock: the target was reached at `at`, early or late. Only the first stop counts."""
    if clocks.stop(clock, at, await working_calendar(clock.calendar_id)):
        await _save(clock)


async def end_clock(clock: Clock, at: datetime) -> None:
    """End the clock: there are no further steps, but the scores still need its due instant."""
    if clocks.end(clock, at, await working_calendar(clock.calendar_id)):
        await _save(clock)


async def restart_clock(clock: Clock, at: datetime) -> None:
    """Let a stopped or ended clock run on, with the due instant that it had."""
    clocks.restart(clock, at, await working_calendar(clock.calendar_id))
    await _save(clock)


async def escalate_clock(clock: Clock, at: datetime) -> int | None:
    """Record the latest step that `at` has reached and set the next; None if there is none to fire.

    The caller holds the row's lock, or that of the case which every change of the clock holds.
    """
    if clock.step_at is None or clock.step_at > at or clock.due_at is None:
        return None
    step = clocks.escalate(clock, at, await working_calendar(clock.calendar_id))
    await _save(clock)
    if step is not None:
        await ClockStep.create(clock_id=clock.id, step=step, fired_at=at)
    return step


INSERT_INTERVALS = """
INSERT INTO calendar_interval (calendar_id, opens_at, closes_at, before_seconds, local_date)
SELECT $1, * FROM unnest($2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::date[])
"""
DELETE_INTERVALS = "DELETE FROM calendar_interval WHERE calendar_id = $1"
LAST_INTERVAL = "SELECT max(local_date) AS last FROM calendar_interval WHERE calendar_id = $1"


async def store_intervals(calendar_id: int) -> int:
    """Replace the calendar's look-up rows for SQL; return their number. Call it after each edit of a calendar."""
    row = await Calendar.get(id=calendar_id)
    columns = [list(column) for column in zip(*compile_calendar(row.zone, row.spec).table(), strict=True)]
    async with in_transaction():
        await execute(DELETE_INTERVALS, calendar_id)
        return await execute(INSERT_INTERVALS, calendar_id, *columns)


async def extend_intervals(calendar_id: int) -> None:
    """Replace the look-up rows of a calendar that was not edited if they end before the calendar's last year."""
    row = await Calendar.get(id=calendar_id)
    stored = await fetch_one(LAST_INTERVAL, calendar_id)
    # The last row is a mark on the day after the calendar.
    if stored is None or stored["last"] is None or stored["last"] <= compile_calendar(row.zone, row.spec).until:
        await store_intervals(calendar_id)


async def _save(clock: Clock) -> None:
    await execute(
        "UPDATE clock SET due_at = $2, paused_at = $3, remaining = $4, stopped_at = $5, step = $6, step_at = $7"
        " WHERE id = $1",
        clock.id,
        clock.due_at,
        clock.paused_at,
        clock.remaining,
        clock.stopped_at,
        clock.step,
        clock.step_at,
    )
