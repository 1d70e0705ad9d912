"""The public holidays of a country or of a part of it, from the package `holidays`."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version

from civic.sla.calendars import FIRST_DAY, YEARS_AHEAD
from civic.sla.hours import CalendarSpec, read_spec
from civic.suggestions import unknown_name

REGULAR_YEARS = 3  # after so many years in a row with moved working days another one without is not announced yet


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """`workdays`: days of a weekend that are worked for a day off elsewhere, as China and Hungary move them.

    `estimated_from`: the first year whose moved days are not known yet, so that it has the days of the law alone; 0 if
    the country does not move days each year.
    """

    source: str  # "HU, holidays 0.109": what it is and which version says so
    holidays: frozenset[date]
    workdays: frozenset[date]
    estimated_from: int = 0


def check_country(country: str, region: str) -> None:
    """Raises ValueError with what there is instead."""
    from holidays import list_supported_countries  # a package of 14 MB, which few commands need

    known = list_supported_countries(include_aliases=False)
    if country not in known:
        raise ValueError(unknown_name(country, known))
    if region and region not in known[country]:
        raise ValueError(unknown_name(region, known[country]))


@cache
def read_public_holidays(country: str, region: str, first_year: int, last_year: int) -> PublicHolidays:
    """Those of these years, both included. The arguments were checked."""
    import holidays

    found = holidays.country_holidays(country, subdiv=region or None, years=range(first_year, last_year + 1))
    moved = frozenset(day for day in getattr(found, "weekend_workdays", ()) if first_year <= day.year <= last_year)
    return PublicHolidays(
        source=f"{country}{f'-{region}' if region else ''}, holidays {version('holidays')}",
        holidays=frozenset(day for day in found if first_year <= day.year <= last_year),
        workdays=moved,
        estimated_from=_first_estimated_year({day.year for day in moved}),
    )


def add_public_holidays(own: CalendarSpec, country: str, region: str, year: int) -> CalendarSpec:
    """A calendar with the holidays of its country from its first day to as far as it is laid out in `year`.

    Its own dates win. In a year whose moved days are not known, its own holidays stand instead of the law's. A moved
    working day opens only a day on which the week is closed, with Monday's hours.
    """
    week = read_spec(CalendarSpec(own.zone, own.weekly)).weekly if any(own.weekly.values()) else ((),) * 7
    found = read_public_holidays(country, region, FIRST_DAY.year, year + YEARS_AHEAD)
    holidays, workdays = {str(day) for day in own.holidays}, {str(day): hours for day, hours in own.workdays.items()}
    own_years, estimated = {int(day[:4]) for day in holidays}, found.estimated_from
    taken = {
        day.isoformat()
        for day in found.holidays
        if day.isoformat() not in workdays and not (estimated and day.year >= estimated and day.year in own_years)
    }
    moved = {day.isoformat() for day in found.workdays if week[0] and not week[day.weekday()]} - holidays
    while estimated in own_years:
        estimated += 1
    return CalendarSpec(
        zone=own.zone,
        weekly=own.weekly,
        holidays=sorted(holidays | (taken - moved)),
        workdays=dict.fromkeys(sorted(moved)) | workdays,
        source=found.source,
        estimated_from=estimated,
    )


def _first_estimated_year(years: set[int]) -> int:
    last = max(years, default=0)
    return last + 1 if last and years >= set(range(last - REGULAR_YEARS + 1, last + 1)) else 0
