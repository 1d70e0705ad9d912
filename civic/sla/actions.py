"""Saving clocks that start, pause, stop and escalate, each in the transaction of the change that causes it.

clocks.py says what each change makes of a clock; here it is saved.
"""

from datetime import datetime
from typing import Any

from civic import logs
from civic.catalogue.models import Calendar
from civic.db import advisory_lock, execute, fetch, fetch_one, in_transaction, retry_transaction
from civic.sla import clocks
from civic.sla.models import Clock, ClockKind, ClockStep
from civic.sla.queries import compile_calendar, working_calendar
from civic.sla.zone_data import VERSION, compare_hours
from civic.writes import Writes

log = logs.get_logger(__name__)


async def new_clock(kind: ClockKind, target: str, calendar_id: int, at: datetime, *, promised: bool = True) -> Clock:
    """A clock started at `at`, not saved yet: INSERT_CLOCKS does that. Raises ValueError for no target."""
    calendar = await working_calendar(calendar_id)
    return clocks.start(kind, target, calendar_id, at, calendar, promised=promised)


async def take_up_clock(earlier: Clock, at: datetime, first_word_at: datetime | None) -> Clock:
    """A clock that goes on with an earlier one of the same department, not saved yet."""
    return clocks.take_up(earlier, at, await working_calendar(earlier.calendar_id), first_word_at=first_word_at)


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


async def pause_clock(clock: Clock, at: datetime) -> bool:
    """Keep what is left at `at`, unless more than 80 % of the allowance is used; whether the clock pauses now."""
    calendar = await working_calendar(clock.calendar_id)
    if not clocks.may_pause(clock, at, calendar) or not clocks.pause(clock, at, calendar):
        return False
    await save_clocks(clock)
    return True


async def resume_clock(clock: Clock, at: datetime) -> None:
    """Go on with what was left: due = `at` + remaining. A clock that is not paused is left alone."""
    if clocks.resume(clock, at, await working_calendar(clock.calendar_id)):
        await save_clocks(clock)


async def undo_pause(clock: Clock, due_at: datetime, at: datetime) -> None:
    """Run on as if there had been no pause, with the due instant of before it."""
    clocks.undo_pause(clock, due_at, at, await working_calendar(clock.calendar_id))
    await save_clocks(clock)


async def promise_clocks(*changed: Clock, writes: Writes | None = None) -> None:
    """Let the due instants be the public promise, where nothing is promised yet."""
    await save_clocks(*[one for one in changed if clocks.promise(one)], writes=writes)


async def take_terms(clock: Clock, other: Clock, at: datetime) -> None:
    """Run on by the target, the calendar and the due instant of another clock."""
    clocks.take_terms(clock, other, at, await working_calendar(other.calendar_id))


async def stop_clock(clock: Clock, at: datetime) -> None:
    """Stop the clock: the target was reached at `at`, early or late. Only the first stop counts."""
    if clocks.stop(clock, at, await working_calendar(clock.calendar_id)):
        await save_clocks(clock)


async def end_clock(clock: Clock, at: datetime) -> None:
    """End the clock: there are no further steps, but the scores still need its due instant."""
    if clocks.end(clock, at, await working_calendar(clock.calendar_id)):
        await save_clocks(clock)


async def restart_clock(clock: Clock, at: datetime) -> None:
    """Let a stopped or ended clock run on, with the due instant that it had."""
    clocks.restart(clock, at, await working_calendar(clock.calendar_id))
    await save_clocks(clock)


async def escalate_clock(clock: Clock, at: datetime) -> int | None:
    """Record the latest step that `at` has reached and set the next; None if there is none to fire.

    The caller holds the row's lock, or that of the case which every change of the clock holds.
    """
    if clock.step_at is None or clock.step_at > at or clock.due_at is None:
        return None
    step = clocks.escalate(clock, at, await working_calendar(clock.calendar_id))
    await save_clocks(clock)
    if step is not None:
        await ClockStep.create(clock_id=clock.id, step=step, fired_at=at)
    return step


SAVED_COLUMNS = {
    "target": "varchar",
    "calendar_id": "bigint",
    "started_at": "timestamptz",
    "allowance": "float8",
    "due_at": "timestamptz",
    "promised_at": "timestamptz",
    "half_at": "timestamptz",
    "moved_at": "timestamptz",
    "paused_at": "timestamptz",
    "remaining": "float8",
    "stopped_at": "timestamptz",
    "step": "smallint",
    "step_at": "timestamptz",
}
SAVE_CLOCKS = "UPDATE clock SET {} FROM unnest($1::bigint[], {}) AS saved (id, {}) WHERE clock.id = saved.id".format(
    ", ".join(f"{name} = saved.{name}" for name in SAVED_COLUMNS),
    ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(SAVED_COLUMNS.values(), 2)),
    ", ".join(SAVED_COLUMNS),
)


async def save_clocks(*changed: Clock, writes: Writes | None = None) -> None:
    """Save clocks that have rows, in one statement; with `writes`, when these are run."""
    if not changed:
        return
    columns = [[one.id for one in changed], *([getattr(one, name) for one in changed] for name in SAVED_COLUMNS)]
    if writes is None:
        await execute(SAVE_CLOCKS, *columns)
    else:
        writes.add_rows(SAVE_CLOCKS, *columns)


INSERT_INTERVALS = """
INSERT INTO calendar_interval (calendar_id, opens_at, closes_at, before_seconds, local_date)
SELECT $1, * FROM unnest($2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::date[])
"""
DELETE_INTERVALS = "DELETE FROM calendar_interval WHERE calendar_id = $1"
ALL_CALENDARS = "SELECT id FROM calendar ORDER BY id"
LAST_INTERVAL = "SELECT max(local_date) AS last FROM calendar_interval WHERE calendar_id = $1"


@retry_transaction
async def store_intervals(calendar_id: int) -> int:
    """Replace the calendar's look-up rows for SQL; return their number. Call it after each edit of a calendar."""
    row = await Calendar.get(id=calendar_id)
    columns = [list(column) for column in zip(*compile_calendar(row.zone, row.spec).table(), strict=True)]
    async with in_transaction():
        await execute(DELETE_INTERVALS, calendar_id)
        return await execute(INSERT_INTERVALS, calendar_id, *columns)


async def extend_intervals(calendar_id: int) -> None:
    """Replace the look-up rows of a calendar that was not edited if they end before the calendar does, or are not its.

    So they are lengthened by a year in each new year, and reach at least nine years ahead. They are not the calendar's
    where newer time zone data moves its hours.
    """
    row = await Calendar.get(id=calendar_id)
    stored = await fetch_one(LAST_INTERVAL, calendar_id)
    moved = await compare_hours(row)
    if moved:
        log.warning("hours moved", calendar=moved.calendar, since=moved.day, running=moved.running, data=VERSION)
    # The last row is a mark on the day after the calendar.
    ended = stored is None or stored["last"] is None or stored["last"] <= compile_calendar(row.zone, row.spec).until
    if moved or ended:
        await store_intervals(calendar_id)


@retry_transaction
async def extend_calendars() -> None:
    """Lengthen the look-up rows of every calendar that are laid out for an earlier year."""
    for row in await fetch(ALL_CALENDARS):
        async with in_transaction():
            await advisory_lock(f"civic.sla.calendar: {row['id']}")  # two workers do it once
            await extend_intervals(row["id"])
