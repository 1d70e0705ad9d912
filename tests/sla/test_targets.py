"""Targets: how they are written, when they fall due, what a pause keeps, when a share of them is used."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.i18n import use_language
from civic.sla.calendars import WorkingCalendar
from civic.sla.hours import CalendarSpec
from civic.sla.targets import (
    Target,
    Unit,
    allowance,
    due,
    instant_at_share,
    parse_target,
    remaining,
    resume,
    used_share,
)
from tests.sla.strategies import cases
from tests.sla.test_calendars import HOUR, SHANGHAI, WEEK, Case, local

SPRING = {date(2026, 2, day) for day in range(15, 24)}
MADE_UP = {date(2026, 2, 14): None, date(2026, 2, 28): None}


@pytest.fixture(scope="module")
def office() -> WorkingCalendar:
    return WorkingCalendar.build(CalendarSpec("Asia/Shanghai", WEEK, SPRING, MADE_UP), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        ("Fri 2026-11-13 16:30", "4 working hours", "Mon 2026-11-16 12:00"),
        ("Fri 2026-11-13 20:00", "4 working hours", "Mon 2026-11-16 14:30"),
        ("Sat 2026-11-14 10:00", "3 working days", "Wed 2026-11-18 17:30"),
        ("Fri 2026-11-13 08:00", "1 working days", "Mon 2026-11-16 17:30"),
        ("Wed 2026-11-11 13:00", "7 working hours", "Thu 2026-11-12 12:00"),
        ("Tue 2026-11-10 09:00", "7 working hours", "Tue 2026-11-10 17:30"),
        ("Wed 2026-02-11 10:00", "5 working days", "Wed 2026-02-25 17:30"),
        ("Fri 2026-11-13 16:30", "48 hours", "Sun 2026-11-15 16:30"),
        ("Fri 2026-11-13 16:30", "5 days", "Wed 2026-11-18 16:30"),
    ],
)
def test_worked_examples(office: WorkingCalendar, start: str, target: str, expected: str) -> None:
    form = "%a %Y-%m-%d %H:%M"
    received = datetime.strptime(start, form).replace(tzinfo=SHANGHAI)
    assert due(parse_target(target), received, office).astimezone(SHANGHAI).strftime(form) == expected


@pytest.mark.parametrize(
    ("text", "amount", "unit", "written"),
    [
        ("4 working hours", "4", Unit.WORKING_HOURS, "4 working hours"),
        ("1 working hour", "1", Unit.WORKING_HOURS, "1 working hour"),
        ("  1.50 Working  Hours ", "1.5", Unit.WORKING_HOURS, "1.5 working hours"),
        ("3 working days", "3", Unit.WORKING_DAYS, "3 working days"),
        ("1 working days", "1", Unit.WORKING_DAYS, "1 working day"),
        ("48 hours", "48", Unit.HOURS, "48 hours"),
        ("0.5 hours", "0.5", Unit.HOURS, "0.5 hours"),
        ("100 days", "100", Unit.DAYS, "100 days"),
        ("1 day", "1", Unit.DAYS, "1 day"),
    ],
)
def test_reading_and_writing(text: str, amount: str, unit: Unit, written: str) -> None:
    target = parse_target(text)
    assert target == Target(Decimal(amount), unit)
    assert str(target) == written
    assert parse_target(str(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "working days",
        "-1 days",
        "3 weeks",
        "30 minutes",
        "3 work days",
        "3working days",
        "3 working days or so",
        "1,5 hours",
        "1e3 hours",
        "٣ days",
        "0 hours",
        "0.0 working hours",
        "0 days",
        "1.5 days",
        "2.5 working days",
        "1001 days",
        "999999999 hours",
    ],
)
def test_what_is_no_target_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(ValueError, match=r"a target is|at most|only hours"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("4 working hours", "4 working hours", "4 个工作小时"),
        ("1 working days", "1 working day", "1 个工作日"),
        ("1.5 hours", "1.5 hours", "1.5 小时"),
        ("5 days", "5 days", "5 天"),
    ],
)
def test_description_in_the_readers_language(text: str, english: str, chinese: str) -> None:
    assert parse_target(text).describe() == english
    with use_language("zh"):
        assert parse_target(text).describe() == chinese


@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        ("2026-03-07 02:30", "1 days", "2026-03-08 03:00"),  # skipped: when the clocks skip it
        ("2026-03-07 12:00", "1 days", "2026-03-08 12:00"),  # 23 hours later
        ("2026-03-07 12:00", "24 hours", "2026-03-08 13:00"),
        ("2026-10-31 01:30:00.25", "1 days", "2026-11-01 01:30:00.25"),  # shown twice: the first
    ],
)
def test_elapsed_days_keep_the_local_time(start: str, target: str, expected: str) -> None:
    zone = "America/New_York"
    calendar = WorkingCalendar.build(CalendarSpec(zone, WEEK), date(2027, 12, 31))
    assert due(parse_target(target), local(start, zone), calendar) == local(expected, zone)


@pytest.mark.parametrize(
    ("target", "seconds"),
    [
        ("4 working hours", 4 * HOUR),
        ("1.5 hours", 1.5 * HOUR),
        ("2 working days", 15 * HOUR),
        ("5 days", 120 * HOUR),
    ],
)
def test_allowance(office: WorkingCalendar, target: str, seconds: float) -> None:
    assert allowance(parse_target(target), local("2026-11-13 16:30"), office) == seconds


def test_a_pause_keeps_working_time_of_working_days(office: WorkingCalendar) -> None:
    target = parse_target("2 working days")
    promised = due(target, local("2026-11-13 16:30"), office)
    left = remaining(target, local("2026-11-16 10:00"), promised, office)
    assert left == 13 * HOUR
    assert resume(target, local("2026-11-18 09:00"), left, office) == local("2026-11-19 16:30")


def test_a_pause_keeps_elapsed_time_of_elapsed_targets(office: WorkingCalendar) -> None:
    target = parse_target("5 days")
    promised = due(target, local("2026-11-13 16:30"), office)
    left = remaining(target, local("2026-11-14 16:30"), promised, office)
    assert left == 96 * HOUR
    assert resume(target, local("2026-11-20 12:00"), left, office) == local("2026-11-24 12:00")


@pytest.mark.parametrize("text", ["4 working hours", "3 hours"])
def test_a_pause_does_not_undo_a_delay(office: WorkingCalendar, text: str) -> None:
    target = parse_target(text)
    promised = due(target, local("2026-11-16 09:00"), office)
    asked = promised + timedelta(hours=1)
    left = remaining(target, asked, promised, office)
    assert left == -HOUR
    answered = local("2026-11-18 11:00")
    assert resume(target, answered, left, office) == local("2026-11-18 10:00")


@pytest.mark.parametrize(
    ("target", "share", "expected"),
    [
        ("14 working hours", 0.5, "2026-11-16 17:30"),  # a day used up: its closing instant
        ("14 working hours", 0.8, "2026-11-17 14:42"),
        ("14 working hours", 1, "2026-11-17 17:30"),
        ("1 working days", 0.5, "2026-11-16 17:30"),  # 7 of 14 hours: what is left of the first day is given
        ("10 hours", 0.8, "2026-11-16 17:00"),
        ("4 days", 0.5, "2026-11-18 09:00"),
    ],
)
def test_when_a_share_is_used(office: WorkingCalendar, target: str, share: float, expected: str) -> None:
    kept, start = parse_target(target), local("2026-11-16 09:00")
    at = instant_at_share(kept, start, due(kept, start, office), share, office)
    assert at == local(expected)


def test_shares_after_a_pause_are_of_the_whole_allowance(office: WorkingCalendar) -> None:
    target, start = parse_target("10 working hours"), local("2026-11-16 09:00")
    whole = allowance(target, start, office)
    left = remaining(target, local("2026-11-16 15:30"), due(target, start, office), office)
    promised = resume(target, local("2026-11-18 09:00"), left, office)
    assert used_share(target, start, promised, local("2026-11-18 09:00"), office) == 0.5
    assert instant_at_share(target, start, promised, 0.8, office) == local("2026-11-18 12:00")
    assert instant_at_share(target, start, promised, 0.8, office, allowance=whole) == local("2026-11-18 12:00")


def test_used_share_goes_on_past_the_due_instant(office: WorkingCalendar) -> None:
    target, start = parse_target("4 working hours"), local("2026-11-16 09:00")
    promised = due(target, start, office)
    shares = [
        used_share(target, start, promised, local(f"2026-11-16 {at}"), office)
        for at in ("08:00", "10:00", "14:30", "16:30")
    ]
    assert shares == [0, 0.25, 1, 1.5]


def test_a_time_without_zone_is_refused(office: WorkingCalendar) -> None:
    for text in ("1 hour", "1 day", "1 working hour", "1 working day"):
        with pytest.raises(ValueError, match="has no time zone"):
            due(parse_target(text), datetime(2026, 11, 16), office)  # noqa: DTZ001


targets = st.one_of(
    st.integers(1, 12).map(lambda n: Target(Decimal(n) / 4, Unit.WORKING_HOURS)),
    st.integers(1, 4).map(lambda n: Target(Decimal(n), Unit.WORKING_DAYS)),
    st.integers(1, 96).map(lambda n: Target(Decimal(n), Unit.HOURS)),
    st.integers(1, 9).map(lambda n: Target(Decimal(n), Unit.DAYS)),
)


def reaches(case: Case, target: Target) -> bool:
    """Whether the random calendar opens often enough to work so long within its years."""
    _, calendar, start = case
    return target.unit is not Unit.WORKING_HOURS or (
        calendar.working_seconds(start, start + timedelta(days=40)) >= float(target.amount) * HOUR
    )


@settings(deadline=None, max_examples=80)
@given(cases(), targets, st.floats(0, 1))
def test_pausing_for_no_time_changes_nothing(case: Case, target: Target, part: float) -> None:
    _, calendar, start = case
    if not reaches(case, target):
        return
    promised = due(target, start, calendar)
    now = start + part * (promised - start)
    again = resume(target, now, remaining(target, now, promised, calendar), calendar)
    assert again == promised


@settings(deadline=None, max_examples=80)
@given(cases(), targets, st.sampled_from([0.5, 0.8, 1.0]))
def test_the_share_is_used_at_its_instant_and_not_before(case: Case, target: Target, share: float) -> None:
    _, calendar, start = case
    if not reaches(case, target):
        return
    promised = due(target, start, calendar)
    at = instant_at_share(target, start, promised, share, calendar)
    before = at - timedelta(milliseconds=1)
    assert start <= at <= promised
    assert used_share(target, start, promised, at, calendar) == pytest.approx(share, abs=1e-9)
    assert used_share(target, start, promised, before, calendar) < share or at == start
    assert at.tzinfo is UTC
