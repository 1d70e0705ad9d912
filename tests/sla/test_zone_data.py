"""Every machine reads the same time zone data; newer data moves hours, says so, and no promise."""

import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
import tzdata

from civic.catalogue.models import Calendar
from civic.cli.check import _time_zones
from civic.config import Config
from civic.db import execute, fetch
from civic.sla.actions import extend_calendars
from civic.sla.models import Clock
from civic.sla.zone_data import VERSION, find_moved_hours
from tests.builders.town import Town, at, database_dsn, empty, make_town, receive_assigned_case  # noqa: F401  # fixtures

ZONES = Path(str(tzdata.__file__)).parent / "zoneinfo"
SAID = """
import civic
from datetime import datetime
from zoneinfo import ZoneInfo
print(datetime(2024, 7, 1, tzinfo=ZoneInfo("Asia/Shanghai")).utcoffset())
"""


def test_the_files_of_the_operating_system_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "Asia").mkdir()
    shutil.copy(ZONES / "America/New_York", tmp_path / "Asia/Shanghai")
    env = {**os.environ, "PYTHONTZPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", SAID], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "8:00:00"


@pytest.fixture
async def town(database: str) -> Town:
    return await make_town()


async def test_hours_that_other_data_moved_are_said_and_stored_and_promises_stay(town: Town, config: Config) -> None:
    with at("2026-11-10 09:00"):
        await receive_assigned_case(town)
        assert await find_moved_hours() == []
        due = {clock.id: clock.due_at for clock in await Clock.all()}
        # As if the hours had been stored by data that knew of no summer time from a day on.
        since, moved = date(2026, 11, 11), timedelta(hours=1)
        calendar = await Calendar.get(slug="city")
        rows = "SELECT opens_at FROM calendar_interval WHERE calendar_id = $1 AND local_date = $2"
        before = await fetch(rows, calendar.id, since)
        await execute(
            "UPDATE calendar_interval SET opens_at = opens_at + $3, closes_at = closes_at + $3"
            " WHERE calendar_id = $1 AND local_date >= $2 AND opens_at < closes_at",
            calendar.id,
            since,
            moved,
        )
        [found] = await find_moved_hours()
        assert (found.calendar, found.day) == ("city", since)
        assert (
            found.running == await Clock.filter(calendar_id=calendar.id, due_at__gte=before[0]["opens_at"]).count() > 0
        )
        said = await _time_zones(config)
        assert said.warned
        assert VERSION in said.text
        assert "2026-11-11" in said.text
        await extend_calendars()
        assert await find_moved_hours() == []
        assert await fetch(rows, calendar.id, since) == before
        assert {clock.id: clock.due_at for clock in await Clock.all()} == due
        assert not (await _time_zones(config)).warned
