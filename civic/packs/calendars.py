"""calendars.toml: working hours, holidays and adjusted working days."""

from datetime import date, datetime, time, timedelta
from typing import Any

from civic.i18n import gettext as _
from civic.packs.contents import CalendarPart
from civic.packs.files import TomlFile
from civic.packs.tables import Table
from civic.sla.hours import CalendarError, CalendarSpec, read_spec

MAX_RANGE_DAYS = 400  # days of holidays in one line


def read_calendars(source: TomlFile, zone: str) -> list[CalendarPart]:
    """The calendars; `zone` is the city's, for those that name none."""
    top = Table(source, source.data)
    found = [_calendar(table, zone) for table in top.tables("calendar")]
    top.close()
    if not found and not source.broken:
        top.problem("", _("There is no [[calendar]] here; a city needs at least one."))
    return found


def _calendar(table: Table, zone: str) -> CalendarPart:
    slug = table.slug("slug")
    spec: dict[str, Any] = {
        "zone": table.text("zone", zone),
        "weekly": {day: _plain(hours) for day, hours in table.table("weekly", required=True).data.items()},
        "holidays": sorted(one.isoformat() for one in _dates(table, "holidays")),
        "workdays": {one.isoformat(): None for one in _dates(table, "workdays")},
    }
    for day, hours in table.table("workday_hours").data.items():
        spec["workdays"][day] = _plain(hours)
    table.close()
    _check(table, spec)
    return CalendarPart(slug=slug, zone=spec["zone"], spec=spec, at=table)


def _check(table: Table, spec: dict[str, Any]) -> None:
    """Say what sla.hours would refuse, each at the calendar's own line."""
    if not isinstance(table.data.get("weekly"), dict):
        return
    try:
        read_spec(CalendarSpec(**spec))
    except CalendarError as error:
        for problem in error.problems:
            table.problem("", problem)
    except (TypeError, ValueError, AttributeError):
        table.problem("weekly", _('Hours are written like [["09:00", "12:00"], ["13:30", "17:30"]].'))


def _plain(hours: Any) -> Any:
    """Intervals with their times as text, so that the database keeps what the file says."""
    if isinstance(hours, list):
        return [_plain(one) for one in hours]
    return hours.strftime("%H:%M") if isinstance(hours, time) else hours


def _dates(table: Table, name: str) -> list[date]:
    """Dates of a list: `2026-10-01`, or `"2026-10-01/2026-10-07"` for all from the first to the last."""
    found: list[date] = []
    for one in table.list(name):
        days = _range(one)
        if days is None:
            message = _('“%(date)s” is no date (2026-10-01) and no range ("2026-10-01/2026-10-07").', date=one)
            table.problem(name, message)
        else:
            found.extend(days)
    if len(set(found)) < len(found):
        table.problem(name, _("A date is given twice."))
    return list(dict.fromkeys(found))


def _range(value: Any) -> list[date] | None:
    if isinstance(value, date):
        return [value.date() if isinstance(value, datetime) else value]
    try:
        first, _slash, last = str(value).partition("/")
        start = date.fromisoformat(first)
        length = (date.fromisoformat(last) - start).days if last else 0
    except ValueError:
        return None
    return [start + timedelta(days=n) for n in range(length + 1)] if 0 <= length <= MAX_RANGE_DAYS else None
