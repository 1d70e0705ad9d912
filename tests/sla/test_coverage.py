"""What `civic load`, `civic check` and the desk warn of: missing holidays, and targets shorter than a closing."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from civic import cache, timing
from civic.cases import actions
from civic.catalogue.models import Calendar, CategoryDepartment
from civic.db import fetch
from civic.sla import coverage, queries
from civic.sla.actions import extend_calendars, store_intervals
from civic.sla.calendars import YEARS_AHEAD
from civic.sla.hours import CalendarSpec, read_spec
from tests.builders.town import (  # noqa: F401  # fixtures
    Town,
    at,
    database_dsn,
    empty,
    local_time,
    make_town,
    receive_assigned_case,
)


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def list_holidays(*days: str) -> None:
    calendar = await Calendar.get(slug="city")
    spec: dict[str, Any] = dict(calendar.spec) | {"holidays": list(days)}
    await Calendar.filter(slug="city").update(spec=spec)
    cache.clear_caches()


@pytest.fixture
async def holidays(town: Town) -> Any:
    before = (await Calendar.get(slug="city")).spec
    yield list_holidays
    await Calendar.filter(slug="city").update(spec=before)
    cache.clear_caches()


@pytest.mark.parametrize(
    ("listed", "now", "gap"),
    [
        ([], "2026-11-10 09:00", None),  # it lists none at all: that may be meant
        (["2026-10-01"], "2026-11-10 09:00", None),  # the longest target, 10 working days, ends in November
        (["2026-10-01"], "2026-12-21 09:00", 2027),
        (["2026-10-01", "2027-01-01"], "2026-12-21 09:00", None),
        (["2025-10-01"], "2026-11-10 09:00", 2026),
    ],
)
async def test_a_year_without_holidays_is_warned_of_once_promises_reach_it(
    holidays: Any, listed: list[str], now: str, gap: int | None
) -> None:
    await holidays(*listed)
    found = [(one.calendar, one.year) for one in await coverage.find_holiday_gaps(local_time(now))]
    assert found == ([("city", gap)] if gap else [])


async def test_what_runs_already_reaches_further(town: Town, holidays: Any) -> None:
    await holidays("2026-10-01")
    town.pothole.resolution_target = "60 working days"
    await town.pothole.save()
    cache.clear_caches()
    with at("2026-11-10 09:00"):
        case = await receive_assigned_case(town)
    town.pothole.resolution_target = "3 working days"
    await town.pothole.save()
    cache.clear_caches()
    assert [one.year for one in await coverage.find_holiday_gaps(local_time("2026-11-10 09:00"))] == [2027]
    with at("2026-11-10 10:00"):
        await actions.decline(case.id, by=town.desk, reason="not_public", text="This is private ground.")
    assert await coverage.find_holiday_gaps(local_time("2026-11-10 10:00")) == []


@pytest.mark.parametrize(
    ("response", "resolution", "short"),
    [
        ("48 hours", "5 days", ["response"]),  # closed from Friday 17:30 to Monday 9:00: 63.5 hours
        ("64 hours", "2 days", ["resolution"]),
        ("1 working hours", "1 working days", []),
        ("64 hours", "3 days", []),
    ],
)
async def test_an_elapsed_target_shorter_than_a_closing_is_warned_of(
    town: Town, response: str, resolution: str, short: list[str]
) -> None:
    town.lamp.response_target, town.lamp.resolution_target = response, resolution
    await town.lamp.save()
    await CategoryDepartment.create(category_id=town.lamp.id, area_id=None, department_id=town.roads.id)
    cache.clear_caches()
    found = await coverage.find_short_targets()
    assert [(one.category, one.kind.value, one.department, one.closed_hours) for one in found] == [
        ("lamp", kind, "roads", 63.5) for kind in short
    ]


@pytest.mark.parametrize(
    ("weekly", "hours"),
    [
        ({str(day): [["00:00", "24:00"]] for day in range(7)}, 0),
        ({"0": [["22:00", "24:00"]], "1": [["00:00", "06:00"]]}, 160),  # one night shift a week
        ({"2": [["09:00", "10:00"]]}, 167),
        ({str(day): [["08:00", "12:00"], ["13:00", "18:00"]] for day in range(7)}, 14),
    ],
)
def test_the_longest_closing_of_a_week(weekly: dict[str, Any], hours: float) -> None:
    assert coverage.longest_closing(read_spec(CalendarSpec(zone="Asia/Shanghai", weekly=weekly))) == hours * 60


async def test_a_worker_lengthens_the_tables_in_a_new_year(town: Town) -> None:
    async def ends() -> set[date]:
        rows = await fetch("SELECT max(local_date) AS last FROM calendar_interval GROUP BY calendar_id")
        return {row["last"] for row in rows}

    queries._laid_out.clear()  # by tests of another year
    await extend_calendars()
    before = await ends()
    years = {one.year for one in before}
    await extend_calendars()
    assert await ends() == before
    later = datetime(max(years) - YEARS_AHEAD + 2, 1, 1, 12, tzinfo=UTC)
    with timing.at(later):
        await extend_calendars()
    assert {one.year for one in await ends()} == {later.year + YEARS_AHEAD + 1}  # the mark on the day after the last
    # As it was, for the tests that share the calendars.
    queries._laid_out.clear()
    for row in await Calendar.all():
        await store_intervals(row.id)
    assert await ends() == before
