"""What is doubtful about a city's calendars and targets: no holidays for a time that promises reach, and targets that
can end while the office is closed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from civic import timing
from civic.cache import cached
from civic.catalogue.models import Calendar
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.db import fetch
from civic.i18n import gettext as _
from civic.sla.calendars import OutsideCalendar, WorkingCalendar
from civic.sla.hours import CalendarSpec, OpeningHours, read_spec
from civic.sla.models import ClockKind
from civic.sla.queries import LATEST_DUE, compile_calendar
from civic.sla.targets import Target, Unit, due, parse_target

WEEK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class HolidayGap:
    """A calendar that lists holidays has none in a year that running or new promises reach; or, `estimated`, has the
    days of the law alone, as which days are moved was not known when the pack was loaded."""

    calendar: str  # slug
    year: int
    estimated: bool = False

    def __str__(self) -> str:
        if self.estimated:
            return _(
                "The calendar “%(calendar)s” has only the days of the law for %(year)s: which days are moved was not "
                "known when the pack was loaded, and promises reach that year. List its holidays in the pack, or load "
                "it again with a newer version.",
                calendar=self.calendar,
                year=self.year,
            )
        return _(
            "The calendar “%(calendar)s” lists no holidays for %(year)s, and promises reach that year.",
            calendar=self.calendar,
            year=self.year,
        )


@dataclass(frozen=True, slots=True)
class ShortTarget:
    """An elapsed target that is shorter than the longest closing of an ordinary week of its department."""

    category: str  # code
    kind: ClockKind
    target: str
    department: str  # slug
    closed_hours: float

    def __str__(self) -> str:
        return _(
            "Category “%(category)s”: the %(kind)s target “%(target)s” can end while %(department)s is closed, which"
            " it is for up to %(hours)s hours in an ordinary week.",
            category=self.category,
            kind=self.kind.value,
            target=self.target,
            department=self.department,
            hours=f"{self.closed_hours:g}",
        )


async def find_holiday_gaps(now: datetime | None = None) -> list[HolidayGap]:
    """The first year of each calendar that has a gap. A calendar that lists no holidays at all has none."""
    now = now or timing.now()
    targets = await _working_targets()
    latest = {row["calendar_id"]: row["due_at"] for row in await fetch(LATEST_DUE)}
    gaps = []
    for row in await Calendar.filter(retired_at=None).order_by("slug"):
        calendar = compile_calendar(row.zone, row.spec)
        until = max([reach(targets, now, calendar), latest.get(row.id, now)])
        gaps += find_gap(row.slug, calendar, now, until)
    return gaps


def find_gap(slug: str, calendar: WorkingCalendar, now: datetime, until: datetime) -> list[HolidayGap]:
    """The first year from now until then for which a calendar that lists holidays lacks some; empty if none."""
    listed = {year_of(one) for one in calendar.spec.holidays}
    years = range(now.astimezone(calendar.zone).year, until.astimezone(calendar.zone).year + 1)
    estimated = calendar.spec.estimated_from or years.stop
    missing = [year for year in years if listed and (year not in listed or year >= estimated)]
    return [HolidayGap(slug, year, estimated=year in listed) for year in missing[:1]]


holiday_gaps = cached(60)(find_holiday_gaps)  # for the desk's list, which is read all day


def year_of(day: date | str) -> int:
    return date.fromisoformat(day).year if isinstance(day, str) else day.year


async def _working_targets() -> set[Target]:
    """Every target of working time that a new case can get."""
    settings = (await city()).settings
    texts = {settings.response, settings.resolution, settings.waiting_limit}
    for category in (await catalogue()).categories:
        texts |= {category.response_target, category.resolution_target}
    return {target for target in map(parse_target, texts - {""}) if target.unit.works}


def reach(targets: Iterable[Target], now: datetime, calendar: WorkingCalendar) -> datetime:
    """Until when a promise of now reaches at most."""
    try:
        return max([now, *(due(target, now, calendar) for target in targets)])
    except OutsideCalendar:
        return now


async def find_short_targets() -> list[ShortTarget]:
    """The elapsed targets of categories that are shorter than an ordinary closing of a department that gets them."""
    known, settings = await catalogue(), (await city()).settings
    specs = {row.id: (row.zone, row.spec) for row in await Calendar.all()}
    found: set[ShortTarget] = set()
    for (category_id, _area), department_id in known.default_departments.items():
        category, department = known.category_by_id[category_id], known.department_by_id[department_id]
        if category.retired:
            continue
        zone, spec = specs[department.calendar_id]
        week = read_spec(CalendarSpec(zone=zone, weekly=spec["weekly"]))  # type: ignore[arg-type]
        targets = {
            ClockKind.RESPONSE: category.response_target or settings.response,
            ClockKind.RESOLUTION: category.resolution_target or settings.resolution,
        }
        found |= set(short_targets(category.code, targets, department.slug, week))
    return sort_targets(found)


def short_targets(
    category: str, targets: Mapping[ClockKind, str], department: str, week: OpeningHours
) -> Iterator[ShortTarget]:
    """Which of a category's targets are shorter than the longest closing of a department's ordinary week."""
    closed = longest_closing(week) / 60
    for kind, text in targets.items():
        if _elapsed_hours(parse_target(text)) < closed:
            yield ShortTarget(category, kind, text, department, closed)


def sort_targets(found: Iterable[ShortTarget]) -> list[ShortTarget]:
    return sorted(found, key=lambda one: (one.category, one.kind, one.department))


def _elapsed_hours(target: Target) -> float:
    """The length of an elapsed target; one of working time is never too short."""
    if target.unit.works:
        return float("inf")
    return float(target.amount) * (24 if target.unit is Unit.DAYS else 1)


def longest_closing(hours: OpeningHours) -> int:
    """The minutes of the longest time in an ordinary week for which the calendar is closed; 0 if it never closes."""
    intervals = list(_week(hours))
    if not intervals:
        return WEEK_MINUTES
    opens = [opens for opens, _closes in intervals[1:]] + [intervals[0][0] + WEEK_MINUTES]
    return max(after - closes for after, (_opens, closes) in zip(opens, intervals, strict=True))


def _week(hours: OpeningHours) -> Iterator[tuple[int, int]]:
    """The open intervals of a week in minutes after its beginning."""
    for day, intervals in enumerate(hours.weekly):
        for opens, closes in intervals:
            yield day * 24 * 60 + opens, day * 24 * 60 + closes
