"""Random calendars and instants, with a liking for the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from civic.sla.calendars import WorkingCalendar
from civic.sla.hours import CalendarSpec
from tests.sla.plain import PlainCalendar

ZONES = [
    "Asia/Shanghai",
    "Europe/Budapest",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # 2011-12-30 never was
    "America/St_Johns",  # until 2011 clocks were put back at 00:01, into the day before
    "America/Sao_Paulo",  # until 2019 midnight itself was skipped
    "America/Havana",  # midnight comes twice
    "Antarctica/Troll",  # two hours
    "Africa/Casablanca",  # around Ramadan
    "Asia/Kathmandu",
]


@cache
def changes(zone: str) -> list[date]:
    """The dates from 2000 to 2036 on which the offset of a zone changes."""
    info, found = ZoneInfo(zone), []
    noon = datetime(2000, 1, 1, 12, tzinfo=UTC)
    while noon.year < 2037:
        if noon.astimezone(info).utcoffset() != (noon + timedelta(days=1)).astimezone(info).utcoffset():
            found.append(noon.date())
        noon += timedelta(days=1)
    return found or [date(2026, 11, 13)]


@st.composite
def hours(draw: st.DrawFn, *, some: bool = False) -> list[tuple[int, int]]:
    """A day's intervals, which may touch and may reach from midnight to midnight."""
    minute = st.one_of(st.integers(0, 24 * 4).map(lambda quarter: quarter * 15), st.integers(0, 24 * 60))
    pairs = draw(st.integers(1 if some else 0, 3))
    ends = sorted(draw(st.lists(minute, min_size=2 * pairs, max_size=2 * pairs, unique=True)))
    day = list(zip(ends[::2], ends[1::2], strict=True))
    if len(day) == 2 and draw(st.booleans()):
        day[1] = (day[0][1], day[1][1])
    return day


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def written(day: list[tuple[int, int]]) -> list[tuple[str, str]]:
    return [(clock(opens), clock(closes)) for opens, closes in day]


@st.composite
def cases(draw: st.DrawFn) -> tuple[PlainCalendar, WorkingCalendar, datetime]:
    """The same calendar plainly and as built, and an instant in its years near which things happen."""
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.one_of(st.sampled_from(changes(zone)), st.dates(date(2000, 1, 10), date(2036, 11, 1))))
    near = st.integers(-4, 12).map(lambda n: day + timedelta(days=n))
    weekly = draw(st.dictionaries(st.integers(1, 6), hours())) | {0: draw(hours(some=True))}
    holidays = draw(st.sets(near, max_size=3))
    workdays = draw(st.dictionaries(near, st.one_of(st.none(), hours(some=True)), max_size=3))
    workdays = {date_: own for date_, own in workdays.items() if date_ not in holidays}
    plain = PlainCalendar(zone, weekly, holidays, workdays)
    return plain, build(plain, day + timedelta(days=90)), draw(instants(day))


def build(plain: PlainCalendar, until: date) -> WorkingCalendar:
    spec = CalendarSpec(
        zone=plain.zone,
        weekly={weekday: written(day) for weekday, day in plain.weekly.items()},
        holidays=plain.holidays,
        workdays={day: None if own is None else written(own) for day, own in plain.workdays.items()},
    )
    return WorkingCalendar.build(spec, until)


def instants(day: date) -> st.SearchStrategy[datetime]:
    """Instants of about that day; half of them on a whole minute, where the edges are."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = st.integers(-36 * 60, 36 * 60).map(lambda n: midnight + timedelta(minutes=n))
    exact = st.integers(-36 * 3600 * 10**6, 36 * 3600 * 10**6)
    return st.one_of(minutes, exact.map(lambda n: midnight + timedelta(microseconds=n)))
