"""The targets of a case and its assignments, by category, and the clocks and calendars that go with them."""

from datetime import datetime, timedelta

from civic.cases.models import AssignmentPart
from civic.catalogue.catalogue import CategoryView, DepartmentView
from civic.catalogue.queries import catalogue
from civic.city.queries import city
from civic.errors import SetupError
from civic.i18n import lazy as _
from civic.sla.actions import new_clock
from civic.sla.escalation import find_opening
from civic.sla.models import Clock, ClockKind
from civic.sla.queries import working_calendar
from civic.sla.targets import due, parse_target


async def get_department(department_id: int) -> DepartmentView:
    """Return a department, retired or not, even one that is newer than the catalogue in memory. Raises KeyError."""
    department = (await catalogue()).department_by_id.get(department_id)
    if department is None:
        catalogue.clear()
        department = (await catalogue()).department_by_id[department_id]
    return department


async def get_category(category_id: int) -> CategoryView:
    """Return a category, as `get_department` returns a department."""
    category = (await catalogue()).category_by_id.get(category_id)
    if category is None:
        catalogue.clear()
        category = (await catalogue()).category_by_id[category_id]
    return category


async def new_case_clocks(category_id: int | None, at: datetime) -> tuple[Clock, Clock]:
    """Make the response and resolution clocks of a case received at `at`, on the city's calendar. Saves nothing.

    Nothing is promised yet: the router's department gives the dates, or triage makes these the promise. They are kept
    from the receipt on, so that a router that fails loses no promise.
    """
    return await _clocks(category_id, await get_city_calendar(), at, promised=False)


async def new_assignment_clocks(
    category_id: int | None, department_id: int, part: AssignmentPart, at: datetime
) -> tuple[Clock, Clock | None]:
    """Make the clocks of an assignment that starts at `at`, on its department's calendar; support has no resolution."""
    calendar_id = (await get_department(department_id)).calendar_id
    response, resolution = await _clocks(category_id, calendar_id, at)
    return response, resolution if part == AssignmentPart.LEAD else None


async def _clocks(
    category_id: int | None, calendar_id: int, at: datetime, *, promised: bool = True
) -> tuple[Clock, Clock]:
    response_target, resolution_target = await get_targets(category_id)
    response = await new_clock(ClockKind.RESPONSE, response_target, calendar_id, at, promised=promised)
    resolution = await new_clock(ClockKind.RESOLUTION, resolution_target, calendar_id, at, promised=promised)
    return response, resolution


async def get_targets(category_id: int | None) -> tuple[str, str]:
    """Return the response and the resolution target: the category's, else the city's."""
    settings = (await city()).settings
    if category_id is None:
        return settings.response, settings.resolution
    category = await get_category(category_id)
    return category.response_target or settings.response, category.resolution_target or settings.resolution


async def get_city_calendar() -> int:
    """Return the id of the calendar for the city's own targets. Raises SetupError if there is no calendar."""
    calendars = (await catalogue()).calendars
    if not calendars:
        catalogue.clear()
        calendars = (await catalogue()).calendars
    chosen = calendars.get((await city()).settings.calendar) or min(calendars.values(), default=None)
    if chosen is None:
        raise SetupError(_("There is no working calendar: load a pack first."))
    return chosen


async def compute_wait_end(department_id: int, at: datetime) -> datetime:
    """Return when a wait for the reporter that began at `at` ends automatically."""
    calendar = await working_calendar((await get_department(department_id)).calendar_id)
    return due(parse_target((await city()).settings.waiting_limit), at, calendar)


async def compute_appeal_due(at: datetime) -> datetime:
    """Return until when a dispatcher decides an appeal made at `at`, on the city's calendar."""
    calendar = await working_calendar(await get_city_calendar())
    return due(parse_target((await city()).settings.appeal), at, calendar)


async def compute_next_reminder(at: datetime) -> datetime:
    """Return when the city's calendar opens on the next working day after that of `at`."""
    calendar = await working_calendar(await get_city_calendar())
    return find_opening(at.astimezone(calendar.zone).date() + timedelta(days=1), calendar)


def find_next_due(response: Clock, resolution: Clock | None) -> datetime | None:
    """Return when the next target falls due: the response until the first word, then the resolution.

    None: it is paused, it is not promised yet, or it was computed afterwards.
    """
    clock = response if response.stopped_at is None else resolution
    if clock is None or clock.stopped_at is not None or clock.promised_at is None or clock.computed:
        return None
    return clock.due_at
