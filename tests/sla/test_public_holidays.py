"""Public holidays of a country beside a calendar's own dates."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from civic import timing
from civic.catalogue.models import Calendar
from civic.packs.actions import load_pack
from civic.packs.problems import PackError
from civic.packs.reader import read_pack
from civic.sla import coverage
from civic.sla.calendars import WorkingCalendar
from civic.sla.hours import CalendarSpec
from civic.sla.public_holidays import add_public_holidays
from tests.packs.conftest import WritePack, added, write_pack  # noqa: F401  # a fixture

WEEK = {day: [["09:00", "17:00"]] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}


def calendar(country: str, region: str = "", **own: object) -> tuple[CalendarSpec, WorkingCalendar]:
    spec = add_public_holidays(
        CalendarSpec("Asia/Shanghai", WEEK, **own),  # type: ignore[arg-type]
        country,
        region,
        2026,
    )
    return spec, WorkingCalendar.build(spec, date(2030, 12, 31))


def test_moved_working_days_are_worked_and_days_off_are_not() -> None:
    _, china = calendar("CN")
    assert not china.is_working_day(date(2026, 10, 7))
    assert china.is_working_day(date(2026, 10, 10))  # a Saturday
    _, hungary = calendar("HU")
    assert not hungary.is_working_day(date(2026, 1, 2))
    assert hungary.is_working_day(date(2026, 1, 10))


def test_a_region_has_days_of_its_own() -> None:
    assert calendar("DE")[1].is_working_day(date(2026, 1, 6))
    assert not calendar("DE", "BY")[1].is_working_day(date(2026, 1, 6))


def test_own_dates_win() -> None:
    own = {
        "holidays": ["2026-03-12", "2026-10-10"],
        "workdays": {"2026-10-07": None, "2026-10-06": [["10:00", "11:00"]]},
    }
    _, china = calendar("CN", **own)
    open_days = [day for day in (6, 7, 10) if china.is_working_day(date(2026, 10, day))]
    assert (open_days, china.is_working_day(date(2026, 3, 12))) == ([6, 7], False)
    begin, end = datetime(2026, 10, 5, 16, tzinfo=UTC), datetime(2026, 10, 6, 16, tzinfo=UTC)  # a day in Shanghai
    assert china.working_seconds(begin, end) == 3600


def test_a_year_whose_moved_days_are_not_known_is_estimated_unless_its_days_are_listed() -> None:
    spec, china = calendar("CN")
    first = spec.estimated_from
    assert first >= 2027
    assert not china.is_working_day(date(2027, 10, 1))
    listed, _ = calendar("CN", holidays=[f"{first}-10-01"])
    assert listed.estimated_from == first + 1
    assert [day for day in listed.holidays if str(day).startswith(str(first))] == [f"{first}-10-01"]
    assert calendar("US")[0].estimated_from == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('country = "HUN"\n', "There is no “HUN”"),
        ('country = "DE"\nregion = "XX"\n', "There is no “XX”"),
        ('region = "BY"\n', "A region needs its country."),
    ],
)
def test_a_wrong_country_is_a_problem_of_the_pack(write_pack: WritePack, lines: str, said: str) -> None:  # noqa: F811
    text = f'[[calendar]]\nslug = "office"\n{lines}[calendar.weekly]\nmonday = [["09:00", "17:00"]]\n'
    with pytest.raises(PackError, match=said):
        read_pack(write_pack({"calendars.toml": text}))


async def test_dates_are_stored_when_the_pack_is_loaded(database: str, write_pack: WritePack) -> None:  # noqa: F811
    text = '[[calendar]]\nslug = "office"\ncountry = "CN"\n[calendar.weekly]\nmonday = [["09:00", "17:00"]]\n'
    folder: Path = write_pack({"calendars.toml": text})
    with timing.at(datetime(2026, 11, 28, tzinfo=UTC)):
        summary = await load_pack(folder)
        assert summary.public_holidays["office"].source.startswith("CN, holidays ")
        assert "2026-10-01" in summary.public_holidays["office"].holidays
        assert not (await load_pack(folder)).changed
        spec = (await Calendar.get(slug="office")).spec
        assert spec["holidays"][0] < "2001" < "2036" < spec["holidays"][-1]  # type: ignore[index]
        gaps = await coverage.find_holiday_gaps()
    assert [(one.year, one.estimated) for one in gaps] == [(2027, True)]  # ten working days are ten Mondays here
    assert any("has only the days of the law for 2027" in warning for warning in summary.warnings)
