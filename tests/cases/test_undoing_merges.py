"""A merge that is undone has never been: every row of both cases is what it was, whatever both were."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from civic import timing
from civic.cases import actions
from civic.cases.history import check_history
from civic.cases.models import Assignment, Case
from civic.cases.status import OPEN, Status
from civic.cases.undo import _STAYS
from civic.db import Row, fetch, table_columns
from civic.errors import Conflict, NotAllowed
from civic.sla.models import ClockStep
from tests.builders.town import (
    REASON,
    REPORTER,
    Town,
    at,
    list_event_kinds,
    local_time,
    make_case_in,
    receive_assigned_case,
    receive_case,
    reload_case,
)

ROWS = {
    "case_file": "SELECT to_jsonb(t) - 'events_count' - 'head' AS row FROM case_file t ORDER BY id",
    "assignment": "SELECT to_jsonb(t) AS row FROM assignment t ORDER BY id",
    "clock": "SELECT to_jsonb(t) AS row FROM clock t ORDER BY id",
    "clock_step": "SELECT to_jsonb(t) AS row FROM clock_step t ORDER BY id",
    "case_wait": "SELECT to_jsonb(t) AS row FROM case_wait t ORDER BY id",
}


async def snapshot() -> dict[str, list[Row]]:
    return {name: [one["row"] for one in await fetch(sql)] for name, sql in ROWS.items()}


@pytest.mark.parametrize(("status", "other"), list(product(sorted(OPEN), sorted(set(Status) - {Status.MERGED}))))
async def test_all_rows_are_what_they_were(town: Town, status: Status, other: Status) -> None:
    into, case = await make_case_in(town, other), await make_case_in(town, status)
    before = await snapshot()
    with at("2026-11-11 10:00"):
        await actions.merge(case.id, into.id, by=town.desk, text="It is the same one.")
    with at("2026-11-12 09:59"):
        await actions.unmerge(case.id, by=town.desk, text="It is another one.")
    assert await snapshot() == before
    assert (await list_event_kinds(case))[-2:] == ["merged", "unmerged"]
    assert (await list_event_kinds(into))[-2:] == ["absorbed", "released"]
    for one in (case, into):
        assert await check_history(one.id) == []
    with pytest.raises(Conflict):
        await actions.unmerge(case.id, by=town.desk)
    with at("2026-11-12 10:00"):
        await actions.merge(case.id, into.id, by=town.desk)  # and once more
        assert await check_history(into.id) == []


async def test_what_was_merged_into_it_before_comes_back_too(town: Town) -> None:
    first, second, third = [await receive_assigned_case(town) for _ in range(3)]
    with at("2026-11-10 10:00"):
        await actions.merge(third.id, second.id, by=town.desk)
        before = await snapshot()
        await actions.merge(second.id, first.id, by=town.desk)
        with pytest.raises(Conflict, match=second.number):  # the later merge first
            await actions.unmerge(third.id, by=town.desk)
        await actions.unmerge(second.id, by=town.desk)
        assert await snapshot() == before
        await actions.unmerge(third.id, by=town.desk)
    assert await Case.filter(merged_into_id=None).count() == 3


async def test_of_several_merges_into_one_the_latest_goes_first(town: Town) -> None:
    first, second, third = [await receive_assigned_case(town) for _ in range(3)]
    before = await snapshot()
    with at("2026-11-10 10:00"):
        await actions.merge(second.id, first.id, by=town.desk)
        await actions.merge(third.id, first.id, by=town.desk)
        with pytest.raises(Conflict, match=third.number):
            await actions.unmerge(second.id, by=town.desk)
        await actions.unmerge(third.id, by=town.desk)
        await actions.unmerge(second.id, by=town.desk)
    assert await snapshot() == before


async def test_who_may_undo_and_for_how_long(town: Town) -> None:
    """The department that merged, and dispatchers; a dispatcher's merge is undone by dispatchers alone."""
    into, case = await receive_assigned_case(town), await receive_assigned_case(town)
    with at("2026-11-10 10:00"):
        await actions.merge(case.id, into.id, by=town.desk)
    for by in (town.of(town.roads), town.of(town.parks), REPORTER):
        with at("2026-11-10 11:00"), pytest.raises(NotAllowed):
            await actions.unmerge(case.id, by=by)
    with at("2026-11-11 10:01"), pytest.raises(Conflict, match="for a day"):
        await actions.unmerge(case.id, by=town.desk)
    with at("2026-11-11 10:00"):
        await actions.unmerge(case.id, by=town.desk)
        await actions.merge(case.id, into.id, by=town.of(town.roads))
        await actions.unmerge(case.id, by=town.of(town.roads))
        assert (await Case.get(id=case.id)).status == Status.ASSIGNED


# --- what the case that goes on takes -----------------------------------------------------------------------------


async def due_instants(case: Case) -> list[datetime | None]:
    loaded = await reload_case(case)
    lead = await Assignment.get(case_id=case.id).select_related("response_clock", "resolution_clock")
    assert lead.resolution_clock is not None
    clocks = [loaded.response_clock, loaded.resolution_clock, lead.response_clock, lead.resolution_clock]
    return [clock.due_at for clock in clocks]


async def test_the_earlier_dates_stand(town: Town) -> None:
    """Whichever way a dispatcher merges: the case that goes on has the earlier receipt, start and due instants."""
    late = await receive_assigned_case(town, "2026-11-10 09:00")
    fresh = await receive_assigned_case(town, "2026-11-12 09:00")
    promised = await due_instants(late)
    with at("2026-11-16 09:00"):
        await actions.merge(late.id, fresh.id, by=town.desk, text="It is the same one.")
        assert await due_instants(fresh) == promised
        loaded, lead = await reload_case(fresh), await Assignment.get(case_id=fresh.id)
        assert loaded.received_at == lead.started_at == local_time("2026-11-10 09:00")
        assert loaded.due_at == lead.due_at == promised[0]
        assert loaded.response_clock.moved_at == timing.now()
        while await actions.escalate_next_clock():
            pass
        assert "overdue" in await list_event_kinds(fresh)
        assert await check_history(fresh.id) == []


async def test_the_other_way_round_nothing_is_gained(town: Town) -> None:
    early = await receive_assigned_case(town, "2026-11-10 09:00")
    fresh = await receive_assigned_case(town, "2026-11-12 09:00")
    promised = await due_instants(early)
    with at("2026-11-12 10:00"):
        await actions.merge(fresh.id, early.id, by=town.of(town.roads))
    assert await due_instants(early) == promised
    assert (await reload_case(early)).response_clock.moved_at is None


async def test_a_wait_ends_as_by_an_answer(town: Town) -> None:
    """Asked at 10:00 of a case due on Friday at 17:30; merged at 12:00: two working hours later, on Monday at 11:00."""
    waiting, fresh = await make_case_in(town, Status.WAITING), await receive_assigned_case(town, "2026-11-10 11:00")
    with at("2026-11-10 12:00"):
        into = await actions.merge(fresh.id, waiting.id, by=town.of(town.roads))
    assert (into.status, into.waiting_until) == (Status.IN_PROGRESS, None)
    resolution = (await reload_case(waiting)).resolution_clock
    # The other's is due on Friday, the earlier of the two.
    assert resolution.due_at == (await reload_case(fresh)).resolution_clock.due_at == local_time("2026-11-13 17:30")


# --- undone after the case that went on has gone on ----------------------------------------------------------------


async def overdue_merged_into_fresh(town: Town) -> tuple[Case, Case, list[Any]]:
    late = await receive_assigned_case(town, "2026-11-10 09:00")
    fresh = await receive_assigned_case(town, "2026-11-16 09:00")
    own = await due_instants(fresh)
    with at("2026-11-16 10:00"):
        await actions.merge(late.id, fresh.id, by=town.desk)
    return late, fresh, own


async def test_what_happened_since_stays(town: Town) -> None:
    late, fresh, own = await overdue_merged_into_fresh(town)
    with at("2026-11-16 11:00"):
        await actions.resolve(fresh.id, by=town.of(town.roads), text="We filled it in.")
    with at("2026-11-16 12:00"):
        await actions.unmerge(late.id, by=town.desk)
    assert (await Case.get(id=late.id)).status == Status.ASSIGNED
    case = await reload_case(fresh)
    assert (case.status, case.received_at) == (Status.RESOLVED, local_time("2026-11-16 09:00"))
    assert await due_instants(fresh) == own
    assert case.resolution_clock.stopped_at == local_time("2026-11-16 11:00")
    assert (await Assignment.get(case_id=fresh.id)).started_at == local_time("2026-11-16 09:00")
    for one in (late, fresh):
        assert await check_history(one.id) == []


async def test_a_pause_since_puts_off_the_own_dates(town: Town) -> None:
    """As if it had not been merged: what a wait since has given, it has given to the case's own due instant."""
    late, fresh, _own = await overdue_merged_into_fresh(town)
    alone = await receive_assigned_case(town, "2026-11-16 09:00")
    for case in (fresh, alone):
        with at("2026-11-16 10:30"):
            await actions.reply(case.id, by=town.of(town.roads), text="We come and look.")
    with at("2026-11-16 11:00"):
        await actions.unmerge(late.id, by=town.desk)
    for case in (fresh, alone):
        with at("2026-11-16 11:30"):
            await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
        with at("2026-11-16 15:00"):
            await actions.answer(case.id, by=REPORTER, text="There.")
    assert await due_instants(fresh) == await due_instants(alone)


async def test_a_wait_between_merge_and_undoing_puts_off_the_own_dates(town: Town) -> None:
    """Asked and answered while it was merged, by the terms of the other: the pause was as long."""
    early = await receive_assigned_case(town, "2026-11-13 17:00")
    fresh, alone = [await receive_assigned_case(town, "2026-11-16 09:00") for _ in range(2)]
    with at("2026-11-16 09:30"):
        await actions.merge(early.id, fresh.id, by=town.desk)
    assert (await due_instants(fresh))[1] == (await due_instants(early))[1]
    for case in (fresh, alone):
        with at("2026-11-16 10:00"):
            await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
        with at("2026-11-16 11:00"):
            await actions.answer(case.id, by=REPORTER, text="There.")
    assert await due_instants(fresh) != await due_instants(alone)
    with at("2026-11-16 11:30"):
        await actions.unmerge(early.id, by=town.desk)
    assert await due_instants(fresh) == await due_instants(alone)
    for one in (early, fresh):
        assert await check_history(one.id) == []


async def test_undone_while_it_waits(town: Town) -> None:
    """What is left while the reporter is asked is what would be left without the merge."""
    early = await receive_assigned_case(town, "2026-11-13 17:00")
    fresh, alone = [await receive_assigned_case(town, "2026-11-16 09:00") for _ in range(2)]
    with at("2026-11-16 09:30"):
        await actions.merge(early.id, fresh.id, by=town.desk)
    for case in (fresh, alone):
        with at("2026-11-16 10:00"):
            await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at("2026-11-16 10:30"):
        await actions.unmerge(early.id, by=town.desk)
    for case in (fresh, alone):
        with at("2026-11-16 11:00"):
            await actions.answer(case.id, by=REPORTER, text="There.")
    assert await due_instants(fresh) == await due_instants(alone)


@pytest.mark.parametrize("ends", ["limit", "resolved"])
async def test_a_wait_that_does_not_count_gives_nothing_after_undoing(town: Town, ends: str) -> None:
    """The due instant of before the wait stands again: that without the merge."""
    early = await receive_assigned_case(town, "2026-11-13 17:00")
    fresh, alone = [await receive_assigned_case(town, "2026-11-16 09:00") for _ in range(2)]
    with at("2026-11-16 09:30"):
        await actions.merge(early.id, fresh.id, by=town.desk)
    for case in (fresh, alone):
        with at("2026-11-16 10:00"):
            await actions.ask(case.id, by=town.of(town.roads), text="Where exactly?")
    with at("2026-11-16 10:30"):
        await actions.unmerge(early.id, by=town.desk)
    if ends == "resolved":
        for case in (fresh, alone):
            with at("2026-11-16 11:00"):
                await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    else:
        with at("2026-12-16 11:00"):
            while await actions.end_next_wait():
                pass
    assert await due_instants(fresh) == await due_instants(alone)


async def test_reminders_that_only_the_merge_caused_come_in_their_time(town: Town) -> None:
    late, fresh, _own = await overdue_merged_into_fresh(town)
    with at("2026-11-16 10:10"):
        while await actions.escalate_next_clock():
            pass
    fired = await ClockStep.filter(clock_id=(await reload_case(fresh)).response_clock.id).values_list("step", flat=True)
    assert max(fired) >= 100  # type: ignore[type-var]
    with at("2026-11-16 10:20"):
        await actions.unmerge(late.id, by=town.desk)
    clock = (await reload_case(fresh)).response_clock
    assert clock.step == 0
    assert not await ClockStep.filter(clock_id=clock.id).exists()
    assert clock.due_at is not None
    assert clock.due_at - timedelta(hours=4) <= (clock.step_at or clock.due_at) < clock.due_at


def test_what_a_merge_may_change_is_restored() -> None:
    """A column that somebody adds is restored, unless it is named here."""
    for model, stays in _STAYS.items():
        assert stays <= set(table_columns(model).values())


async def test_a_case_in_triage(town: Town) -> None:
    case, into = await receive_case(town), await receive_assigned_case(town)
    await actions.send_to_triage(case.id, reason=REASON)
    before = await snapshot()
    with at("2026-11-10 10:00"):
        await actions.merge(case.id, into.id, by=town.desk)
        await actions.unmerge(case.id, by=town.desk)
    assert await snapshot() == before
