"""Provisional figures: of what is due by now, without id and rank, and new within a minute of an event."""

import pytest

from civic import cache
from civic.cases import actions
from civic.db import execute
from civic.errors import Invalid
from civic.scores.periods import parse_span
from civic.scores.provisional import MAX_AGE_SECONDS, provisional_results
from tests.builders.histories import HISTORIES
from tests.builders.town import Town, at, database_dsn, empty, local_time, make_town, receive_assigned_case  # noqa: F401  # fixtures

NOVEMBER = parse_span("2026-11")


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def test_what_is_not_due_yet_is_not_late(town: Town) -> None:
    await receive_assigned_case(town, "2026-11-10 09:00")
    for moment, counted in (("2026-11-10 14:29", 0), ("2026-11-10 14:31", 1)):
        cache.clear_caches()
        with at(moment):
            found = await provisional_results(NOVEMBER)
        assert found.period == (local_time("2026-11-01 00:00"), local_time(moment))
        assert found.results["departments"]["roads"]["indicators"]["response"]["n"] == counted
        assert found.results["departments"]["roads"]["indicators"]["resolution"]["n"] == 0


async def test_it_has_no_ranks_and_counts_what_is_left_out(town: Town) -> None:
    for name in ("solved", "declined", "spam"):
        await HISTORIES[name](town)
    await execute(
        """UPDATE city SET settings = settings || '{"minimums": {"indicator": 1, "assignments": 1, "indicators": 1}}'"""
    )
    cache.clear_caches()
    with at("2026-12-03 08:00"):
        found = await provisional_results(NOVEMBER)
    assert found.period[1] == local_time("2026-12-01 00:00")
    assert found.left_out["cases"]["spam"] == 1
    assert all(line["rank"] is None for line in found.results["departments"].values())
    assert not hasattr(found, "release")


async def test_it_is_kept_for_less_than_a_minute(town: Town) -> None:
    case = await HISTORIES["solved"](town)
    assert MAX_AGE_SECONDS < 60
    with at("2026-12-03 08:00"):
        before = await provisional_results(NOVEMBER)
        await actions.exclude(case.id, by=town.desk)
        assert await provisional_results(NOVEMBER) is before
        cache.clear_caches()
        after = await provisional_results(NOVEMBER)
    assert before.results["departments"]["roads"]["counted"] == 1
    assert after.results["departments"] == {}


async def test_a_period_that_has_not_begun(town: Town) -> None:
    with at("2026-10-31 23:59"), pytest.raises(Invalid):
        await provisional_results(NOVEMBER)
