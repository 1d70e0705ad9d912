"""Working calendars: the definitions, the edges, and agreement with a plain walk over minutes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.local_time import first_instant
from civic.sla.calendars import OutsideCalendar, WorkingCalendar
from civic.sla.hours import CalendarError, CalendarSpec
from tests.sla.plain import PlainCalendar
from tests.sla.strategies import cases

OFFICE = [("09:00", "12:00"), ("13:30", "17:30")]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
ALWAYS = {day: [("00:00", "24:00")] for day in range(7)}
SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600


def local(text: str, zone: str = "Asia/Shanghai") -> datetime:
    # In UTC, because datetimes of two zones never compare equal at a time that a clock shows twice.
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.fixture(scope="module")
def office() -> WorkingCalendar:
    return WorkingCalendar.build(CalendarSpec("Asia/Shanghai", WEEK), date(2030, 12, 31))


def always(zone: str) -> WorkingCalendar:
    return WorkingCalendar.build(CalendarSpec(zone, ALWAYS), date(2030, 12, 31))


Case = tuple[PlainCalendar, WorkingCalendar, datetime]


@settings(deadline=None, max_examples=80)
@given(cases(), st.integers(-HOUR * 10**6, 5 * 24 * HOUR * 10**6))
def test_working_seconds_agree_with_a_walk_over_minutes(case: Case, microseconds: int) -> None:
    plain, calendar, a = case
    b = a + timedelta(microseconds=microseconds)
    assert calendar.working_seconds(a, b) == plain.working_time(a, b).total_seconds()


@settings(deadline=None, max_examples=80)
@given(cases(), st.integers(0, 5 * 24 * HOUR * 10**6))
def test_adding_agrees_with_a_walk_over_minutes(case: Case, microseconds: int) -> None:
    plain, calendar, a = case
    worked = plain.working_time(a, a + timedelta(microseconds=microseconds))
    assert calendar.add_working(a, worked.total_seconds()) == plain.add_working(a, worked)


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(1, 4))
def test_working_days_agree_with_a_walk_over_minutes(case: Case, n: int) -> None:
    plain, calendar, start = case
    assert calendar.nth_working_day_close(start, n) == plain.nth_working_day_close(start, n)


@settings(deadline=None, max_examples=60)
@given(cases(), st.floats(0, 1), st.integers(1, 10**6 * HOUR))
def test_time_added_is_time_worked_and_no_earlier_instant_will_do(case: Case, part: float, earlier: int) -> None:
    _, calendar, a = case
    seconds = round(part * calendar.working_seconds(a, a + timedelta(days=60)), 6)
    b = calendar.add_working(a, seconds)
    assert calendar.working_seconds(a, b) == seconds
    if seconds:
        assert calendar.working_seconds(a, b - timedelta(microseconds=earlier)) < seconds
        assert calendar.working_seconds(calendar.add_working(b, -seconds), b) == seconds


@settings(deadline=None, max_examples=25)
@given(cases())
def test_the_table_holds_every_interval_once(case: Case) -> None:
    _, calendar, _ = case
    rows = list(calendar.table())
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    worked = 0
    for (opens, closes, before, day), following in zip(rows, [*rows[1:], None], strict=True):
        assert before == worked
        worked += int((closes - opens).total_seconds())
        assert following is None or closes <= following[0]
        assert opens == closes or calendar.is_working_day(day)
    assert rows[-1][0] == rows[-1][1]
    assert rows[-1][3] == calendar.until + timedelta(days=1)


def test_a_day_used_up_ends_at_its_closing_instant(office: WorkingCalendar) -> None:
    monday = local("2026-11-16 09:00")
    assert office.add_working(monday, 7 * HOUR) == local("2026-11-16 17:30")
    assert office.add_working(monday, 3 * HOUR) == local("2026-11-16 12:00")
    assert office.add_working(monday, 7 * HOUR + 0.000001) == local("2026-11-17 09:00:00.000001")


def test_fractions_of_a_second_do_not_slip_into_the_next_day(office: WorkingCalendar) -> None:
    start = local("2026-11-16 09:00:00.123457")
    assert office.add_working(start, 7 * HOUR - 0.123457) == local("2026-11-16 17:30")


def test_nothing_added_is_the_same_instant_even_when_closed(office: WorkingCalendar) -> None:
    night = local("2026-11-14 03:00:00.5")
    assert office.add_working(night, 0) == night


def test_going_back_stops_at_the_earliest_instant(office: WorkingCalendar) -> None:
    assert office.add_working(local("2026-11-17 10:00"), -HOUR) == local("2026-11-16 17:30")
    assert office.add_working(local("2026-11-17 10:00"), -2 * HOUR) == local("2026-11-16 16:30")


def test_no_time_passes_backwards(office: WorkingCalendar) -> None:
    assert office.working_seconds(local("2026-11-17 10:00"), local("2026-11-16 10:00")) == 0


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2024-03-10", 23),
        ("America/New_York", "2024-11-03", 25),
        ("Australia/Lord_Howe", "2024-04-07", 24.5),
        ("Australia/Lord_Howe", "2024-10-06", 23.5),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Havana", "2024-11-03", 25),
        ("Antarctica/Troll", "2024-03-31", 22),
        ("Pacific/Apia", "2011-12-29", 24),
        ("Pacific/Apia", "2011-12-31", 24),
    ],
)
def test_a_day_has_the_hours_that_really_passed(zone: str, day: str, hours: float) -> None:
    calendar = always(zone)
    lengths = {row[3]: (row[1] - row[0]).total_seconds() for row in calendar.table() if row[0] != row[1]}
    assert lengths[date.fromisoformat(day)] == hours * HOUR


def test_a_date_that_never_was_is_no_working_day() -> None:
    apia = always("Pacific/Apia")
    assert not apia.is_working_day(date(2011, 12, 30))
    start = local("2011-12-29 10:00", "Pacific/Apia")
    assert apia.nth_working_day_close(start, 1) == local("2012-01-01 00:00", "Pacific/Apia")


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-03-08 02:30", "2026-03-08 07:00"),  # skipped: the instant of the skip
        ("2026-03-08 02:59:59.5", "2026-03-08 07:00"),
        ("2026-11-01 01:30", "2026-11-01 05:30"),  # shown twice: the first
        ("2026-11-01 02:00", "2026-11-01 07:00"),
    ],
)
def test_a_local_time_is_the_first_instant_that_shows_it(wall: str, instant: str) -> None:
    read = first_instant(ZoneInfo("America/New_York"), datetime.fromisoformat(wall))
    assert read == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_holidays_close_and_workdays_open() -> None:
    spec = CalendarSpec(
        "Asia/Shanghai",
        WEEK,
        holidays={date(2026, 2, 16)},
        workdays={date(2026, 2, 14): None, "2026-02-28": [(time(10), time(11))]},
    )
    calendar = WorkingCalendar.build(spec, date(2026, 12, 31))
    hours = [worked_on(calendar, day) for day in ("2026-02-14", "2026-02-15", "2026-02-16", "2026-02-28")]
    assert hours == [7, 0, 0, 1]
    assert calendar.is_working_day(date(2026, 2, 14))
    assert not calendar.is_working_day(date(2026, 2, 16))


def worked_on(calendar: WorkingCalendar, day: str) -> float:
    start = local(day)
    return calendar.working_seconds(start, start + timedelta(days=1)) / HOUR


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"zone": "Asia/Peking"}, "'Asia/Peking' is not an IANA time zone"),
        ({"zone": "../etc/passwd"}, "is not an IANA time zone"),
        ({"zone": "Asia"}, "is not an IANA time zone"),
        ({"weekly": {"montag": OFFICE}}, "'montag' is not a weekday"),
        ({"weekly": {7: OFFICE}}, "7 is not a weekday"),
        ({"weekly": {0: OFFICE, "Monday": OFFICE}}, "monday: given twice"),
        ({"weekly": {"tue": [("09:00", "12:00"), ("11:59", "13:00")]}}, "tuesday: two intervals overlap"),
        ({"weekly": {"wed": [("17:00", "09:00")]}}, "wednesday: 17:00-09:00 closes before it opens"),
        ({"weekly": {"thu": [("09:00", "09:00")]}}, "thursday: 09:00-09:00 is empty"),
        ({"weekly": {"fri": [("9", "25:00")]}}, "friday: 9-25:00 is not an interval"),
        ({"weekly": {"fri": [("24:00", "24:00")]}}, "friday: 24:00-24:00 is not an interval"),
        ({"weekly": {"fri": ["09:00"]}}, "friday: '09:00' is not an interval"),
        ({"weekly": {"fri": [("09:00:30", "12:00")]}}, "friday: 09:00:30-12:00 is not an interval"),
        ({"holidays": ["2026-02-30"]}, "holiday '2026-02-30': not a date"),
        (
            {"holidays": [date(2026, 2, 14)], "workdays": {"2026-02-14": None}},
            "2026-02-14: both a holiday and",
        ),
        ({"workdays": {"2026-02-14": []}}, "workday 2026-02-14: an empty list of hours"),
        (
            {"workdays": {"2026-02-14": None}, "weekly": {1: OFFICE}},
            "workday 2026-02-14: has no hours of its own",
        ),
        ({"weekly": {}}, "the calendar never opens"),
    ],
)
def test_what_is_wrong_is_said_with_its_day(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(CalendarError) as error:
        WorkingCalendar.build(CalendarSpec(**({"zone": "Asia/Shanghai", "weekly": WEEK} | changed)))  # type: ignore[arg-type]
    assert any(problem in each for each in error.value.problems)


def test_everything_wrong_is_said_at_once() -> None:
    spec = CalendarSpec("Nowhere", {0: [("12:00", "09:00")], "x": []}, holidays=["soon"])
    with pytest.raises(CalendarError) as error:
        WorkingCalendar.build(spec)
    assert len(error.value.problems) == 4


def test_outside_its_years_a_calendar_does_not_guess(office: WorkingCalendar) -> None:
    inside, before, after = local("2026-11-16 10:00"), local("1999-12-31 23:59"), local("2031-01-01 00:01")
    questions = [
        lambda: office.working_seconds(before, inside),
        lambda: office.working_seconds(inside, after),
        lambda: office.add_working(after, 0),
        lambda: office.add_working(inside, 100_000 * HOUR),
        lambda: office.add_working(inside, -100_000 * HOUR),
        lambda: office.nth_working_day_close(inside, 5_000),
        lambda: office.nth_working_day_close(after, 1),
        lambda: office.is_working_day(date(2031, 1, 1)),
        lambda: office.is_working_day(date(1999, 12, 31)),
    ]
    for question in questions:
        with pytest.raises(OutsideCalendar, match="outside this calendar, which covers 2000-01-01 to 2030-12-31"):
            question()


def test_its_first_and_last_instants_are_inside(office: WorkingCalendar) -> None:
    first, last = local("2000-01-01"), local("2031-01-01")
    rows = list(office.table())
    assert office.working_seconds(first, last) == rows[-1][2]
    assert (rows[0][0], rows[-1][0]) == (first, last)


def test_a_time_without_zone_is_refused(office: WorkingCalendar) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        office.add_working(datetime(2026, 11, 16, 10), 60)  # noqa: DTZ001


def test_working_days_are_counted_from_one(office: WorkingCalendar) -> None:
    with pytest.raises(ValueError, match="from 1, not 0"):
        office.nth_working_day_close(local("2026-11-16 10:00"), 0)


def test_a_calendar_reaches_ten_years_ahead_by_itself() -> None:
    calendar = WorkingCalendar.build(CalendarSpec("Asia/Shanghai", WEEK))
    assert calendar.until >= date(datetime.now(UTC).year + 10, 12, 31)
