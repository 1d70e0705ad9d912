"""What a pack may say and probably does not mean. Needs no database: `civic load` and `civic pack check` warn of it."""

from collections.abc import Iterator

from civic import timing
from civic.accounts.forms import clean_email
from civic.geo.distance import measure_metres
from civic.i18n import gettext as _
from civic.packs.categories import PackCategory
from civic.packs.contents import Pack
from civic.packs.schemas import PackCalendar
from civic.sla.calendars import WorkingCalendar
from civic.sla.coverage import find_gap, reach, short_targets, sort_targets
from civic.sla.hours import CalendarSpec, OpeningHours, read_spec
from civic.sla.models import ClockKind
from civic.sla.targets import Target, Unit, parse_target

MAX_PLACES_NAMED = 3
FAR_METRES = 20_000  # from the city's box
# Roughly how much time of the clock one of a unit takes: to compare a target with another one.
ELAPSED_HOURS = {Unit.HOURS: 1.0, Unit.DAYS: 24.0, Unit.WORKING_HOURS: 24 / 8, Unit.WORKING_DAYS: 24 * 7 / 5}


def find_doubts(pack: Pack) -> list[str]:
    """Sentences about what the database need not be asked for."""
    weeks = {one.slug: read_week(one, pack) for one in pack.calendars}
    return [*_targets(pack), *_contacts(pack), *_far_places(pack), *_needless_workdays(pack, weeks)]


def find_promise_doubts(pack: Pack) -> list[str]:
    """What `civic load` asks the database for, of the pack alone: calendars without holidays, and short targets."""
    now, calendars = timing.now(), {one.slug: one for one in pack.calendars}
    texts = {text for one in pack.categories for text in _targets_of(one, pack).values()}
    targets = {target for target in map(parse_target, texts) if target.unit.works}
    gaps = []
    for slug, one in calendars.items():
        calendar = WorkingCalendar.build(one.spec(pack.city.zone))
        gaps += find_gap(slug, calendar, now, reach(targets, now, calendar))
    weeks = {one.slug: read_week(calendars[one.calendar], pack) for one in pack.departments}
    short = [
        doubt
        for one in pack.categories
        for slug in {one.department, *one.department_by_area.values()} - {""}
        for doubt in short_targets(one.code, _targets_of(one, pack), slug, weeks[slug])
    ]
    return [str(one) for one in [*gaps, *sort_targets(short)]]


def read_week(calendar: PackCalendar, pack: Pack) -> OpeningHours:
    """Its ordinary week."""
    return read_spec(CalendarSpec(calendar.zone or pack.city.zone, dict(calendar.weekly)))


def _targets_of(category: PackCategory, pack: Pack) -> dict[ClockKind, str]:
    city = pack.city.targets
    return {
        ClockKind.RESPONSE: category.response or city.response,
        ClockKind.RESOLUTION: category.resolution or city.resolution,
    }


def _targets(pack: Pack) -> Iterator[str]:
    for one in pack.categories:
        response, resolution = _targets_of(one, pack).values()
        if _hours(parse_target(response)) > _hours(parse_target(resolution)):
            yield _(
                "Category “%(category)s”: the answer is promised within %(response)s, later than the solution within "
                "%(resolution)s.",
                category=one.code,
                response=response,
                resolution=resolution,
            )


def _hours(target: Target) -> float:
    return float(target.amount) * ELAPSED_HOURS[target.unit]


def _contacts(pack: Pack) -> Iterator[str]:
    for one in pack.departments:
        if one.contacts.email:
            try:
                clean_email(one.contacts.email)
            except ValueError:
                email = one.contacts.email
                yield _("Department “%(slug)s”: “%(email)s” is no email address.", slug=one.slug, email=email)


def _far_places(pack: Pack) -> Iterator[str]:
    west, south, east, north = pack.bbox
    positions = [(next(iter(one.names.values())), one.lat, one.lon) for one in pack.places]
    positions += [(one.slug, one.place.lat, one.place.lon) for one in pack.services if one.place]
    far = [
        name
        for name, lat, lon in positions
        if measure_metres(lat, lon, min(max(lat, south), north), min(max(lon, west), east)) > FAR_METRES
    ]
    if far:
        named = ", ".join(far[:MAX_PLACES_NAMED])
        yield _(
            "%(n)s places lie more than %(km)s km outside the city: %(names)s …",
            n=len(far),
            km=FAR_METRES // 1000,
            names=named,
        )


def _needless_workdays(pack: Pack, weeks: dict[str, OpeningHours]) -> Iterator[str]:
    """A day of `workdays` on which the week is open anyway, is a slip of the pen."""
    for one in pack.calendars:
        if one.country:
            continue  # there it opens what the country closes
        for day in one.workdays:
            if weeks[one.slug].weekly[day.weekday()]:
                yield _(
                    "Calendar “%(calendar)s”: %(day)s of workdays is an ordinary working day.",
                    calendar=one.slug,
                    day=day.isoformat(),
                )
