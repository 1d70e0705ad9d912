"""What a merge changes, kept so that it can be undone for a day as if it had not been.

The rows of both cases are kept as they were: the case, its open assignments, their clocks and its wait. The case that
was merged gets all of them back: nothing happens to it meanwhile. The case that goes on gets them back too, if nothing
has happened since; otherwise what happened stays, and only receipt, start and due instants are as they would have been.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tortoise.models import Model

from civic.cases.event_kinds import QUIET_KINDS
from civic.cases.models import Assignment, Case, CaseEvent, Wait
from civic.cases.sql import CAPTURE_CASE, READ_ROW, RESTORE_ROW, TAKE_BACK_STARTS
from civic.db import Row, execute, fetch_one, make_from_row, table_columns, table_name
from civic.errors import NotFound
from civic.sla import terms
from civic.sla.models import Clock

# What stays as it is when a row is restored: what may be changed while a case is merged, and what history keeps.
_STAYS: Mapping[type[Model], frozenset[str]] = {
    Case: frozenset({"id", "number", "status", "counted", "unreleased", "events_count", "head"}),
    Assignment: frozenset({"id", "case_id", "misrouted", "assignee_id"}),
    Clock: frozenset({"id", "kind"}),
    Wait: frozenset({"id", "case_id", "assignment_id"}),
}
_KEPT = {"assignments": Assignment, "clocks": Clock, "waits": Wait}


async def capture_case(case_id: int) -> Row:
    """The rows of a case, as plain data: `case`, and its `assignments` that are open, `clocks` and `waits`.

    Raises NotFound.
    """
    row = await fetch_one(CAPTURE_CASE, case_id)
    if row is None:
        raise NotFound()
    return row


def list_due_instants(clocks: Sequence[Clock | None]) -> dict[str, str | None]:
    """When each clock falls due, by its id, as plain data."""
    return {str(one.id): one.due_at.isoformat() if one.due_at else None for one in clocks if one is not None}


async def restore_case(before: Row) -> None:
    """Give a case and what belongs to it the rows that it had."""
    await _restore(Case, before["case"])
    for name, model in _KEPT.items():
        for row in before[name]:
            await _restore(model, row)


async def _restore(model: type[Model], row: Row) -> None:
    columns = [column for column in table_columns(model).values() if column not in _STAYS[model]]
    named, read = ", ".join(columns), ", ".join(f"s.{column}" for column in columns)
    await execute(RESTORE_ROW.format(table=table_name(model), columns=named, read=read), dict(row))


async def is_untouched(case_id: int, seq: int) -> bool:
    """Whether nothing but quiet events, such as notes and reminders, followed the event number `seq`."""
    return not await CaseEvent.filter(case_id=case_id, seq__gt=seq).exclude(kind__in=QUIET_KINDS).exists()


async def restore_dates(before: Row) -> None:
    """Give a case that has gone on since its receipt and due instants of before.

    Each clock runs by its own terms again, and is due as it was before the merge (`due_before`), later by as much as it
    was put off since it had the earlier one of the two (`due_after`). So is what its wait would restore.
    """
    await execute(TAKE_BACK_STARTS, before["case"], before["assignments"])
    wait = await Wait.get_or_none(case_id=before["case"]["id"], ended_at=None).select_related("assignment")
    waiting = _find_waiting_clocks(before, wait)
    for row in before["clocks"]:
        due_before, due_after = (_read(before[name].get(str(row["id"]))) for name in ("due_before", "due_after"))
        if due_before is None or due_after is None:
            continue
        clock, own = await Clock.get(id=row["id"]), make_from_row(Clock, await _read_row(Clock, row))
        taken, name = terms.TakenTerms(own, due_before, due_after), waiting.get(clock.id)
        due_at = getattr(wait, name) if name else None
        if name and due_at is not None:
            setattr(wait, name, await taken.own_due(clock, due_at))
        await taken.take_back(clock, due_at)
    if wait is not None:
        await wait.save()


def _find_waiting_clocks(before: Row, wait: Wait | None) -> dict[int | None, str]:
    """The clocks that a wait concerns, each with the column that has its due instant of before the wait."""
    if wait is None:
        return {}
    return {
        before["case"]["resolution_clock_id"]: "case_due_at",
        wait.assignment.resolution_clock_id: "assignment_due_at",
    }


async def _read_row(model: type[Model], row: Row) -> Row:
    found = await fetch_one(READ_ROW.format(table=table_name(model)), dict(row))
    assert found is not None
    return found


def _read(instant: str | None) -> datetime | None:
    return datetime.fromisoformat(instant) if instant else None


async def settle_steps(before: Row, since: datetime, at: datetime) -> None:
    """Take back the reminders that clocks reached since only because of the merge, so that they fire in their time."""
    for row in before["clocks"]:
        await terms.settle_steps(await Clock.get(id=row["id"]), row["step"], since, at)
