"""The filters of the public list and map: query parameters, so that every view can be linked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.requests import Request

from civic import timing
from civic.cases.status import OPEN, Status, StatusGroup
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.filters import describe_unknown, read_city_filters
from civic.catalogue.queries import catalogue
from civic.city.queries import CityView
from civic.errors import Invalid
from civic.geo.areas import Areas
from civic.geo.maps import Box, parse_box
from civic.geo.near import Near, find_near, parse_near
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick
from civic.web import wants_json

ALL, OVERDUE = "all", "overdue"
# What the filter by status takes: "all", a group, "overdue", or one status. Merged cases are in no list.
STATUS_FILTERS: dict[str, frozenset[Status]] = {
    **{group: frozenset(one for one in Status if one.group is group) for group in StatusGroup},
    OVERDUE: OPEN,
    **{status: frozenset({status}) for status in Status},
}
STATUS_FILTERS.pop(Status.MERGED)
STATUS_FILTERS[ALL] = frozenset(Status) - {Status.MERGED}
SORTS = ("new", "supported", "overdue")


@dataclass(frozen=True)
class ReportFilters:
    """Checked filters; ids are of the pack in force or of an earlier one.

    `unknown` says what could not be read, by parameter; with anything unknown the list is empty (`finds_nothing`).
    """

    category: str = ""
    category_ids: tuple[int, ...] = ()
    area: str = ""
    area_ids: tuple[int, ...] = ()
    department: str = ""
    department_id: int | None = None
    status: str = ""
    q: str = ""
    near: Near | None = None
    window: Box | None = None
    since: datetime | None = None
    until: datetime | None = None
    sort: str = "new"
    finds_nothing: bool = False
    unknown: Mapping[str, str] = field(default_factory=dict, compare=False)
    raw: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def status_options(self) -> list[tuple[str, str]]:
        """What the form offers, as code and label: not every status, as few people tell them all apart."""
        offered = (StatusGroup.OPEN, Status.RECEIVED, Status.WAITING, StatusGroup.SOLVED, StatusGroup.DECLINED)
        options = [(ALL, _("All")), *((one.value, str(one.label)) for one in offered)]
        options.insert(2, (OVERDUE, _("Overdue")))
        return options

    @property
    def status_label(self) -> str:
        """The words for the chosen status; "" for all."""
        if self.status in ("", ALL):
            return ""
        if self.status == OVERDUE:
            return _("Overdue")
        return str((StatusGroup if self.status in set(StatusGroup) else Status)(self.status).label)

    @property
    def any(self) -> bool:
        """Something narrows the list."""
        return bool(self.raw)


async def read_filters(request: Request, status: str = "") -> ReportFilters:
    """The filters of the address, with `status` where it names none.

    Raises Invalid for a program that asks for what there is not; a page says so, and shows nothing."""
    query = request.query_params
    near = await find_near(query.get("near", ""), request.app.state.config.geocoder)
    filters = read_report_filters(query, request.state.city, await catalogue(), await areas(), near, status)
    if filters.unknown and wants_json(request):
        raise Invalid(fields=filters.unknown)
    return filters


def read_report_filters(
    query: Mapping[str, str],
    city: CityView,
    catalogue: Catalogue,
    areas: Areas,
    near: Near | None = None,
    status: str = "",
) -> ReportFilters:
    """Filters from query parameters: category (or its group), area, department, status, q, near, window, since, until,
    sort.

    `near` is what `near` means, where it was looked up; else it is read as coordinates. `status`: the one that is meant
    where none is named.
    """
    chosen = read_city_filters(query, catalogue, areas)
    status, sort = query.get("status") or status, query.get("sort", "new")
    near = near or parse_near(query.get("near", ""))
    window = parse_box(query.get("window", ""))
    since, until = _day(query.get("since", ""), city), _day(query.get("until", ""), city, after=1)
    unreadable = {
        "status": (status in STATUS_FILTERS, _("There is no status “%(value)s”.")),
        "near": (near, _("We do not know the place “%(value)s”.")),
        "window": (window, _("“%(value)s” is no part of the map: west,south,east,north in degrees.")),
        "since": (since, _("“%(value)s” is no day, such as 2026-11-30.")),
        "until": (until, _("“%(value)s” is no day, such as 2026-11-30.")),
    }
    unknown = chosen.unknown | {
        name: describe_unknown(message, query[name])
        for name, (found, message) in unreadable.items()
        if query.get(name) and not found
    }
    names = ("category", "area", "department", "status", "q", "near", "window", "since", "until")
    return ReportFilters(
        category=chosen.category,
        category_ids=chosen.category_ids,
        area=chosen.area.slug if chosen.area else "",
        area_ids=chosen.area_ids,
        department=chosen.department.slug if chosen.department else "",
        department_id=chosen.department.id if chosen.department else None,
        status=status if status in STATUS_FILTERS else "",
        q=query.get("q", "").strip()[:200],
        near=near,
        window=window,
        since=since,
        until=until,
        sort=sort if sort in SORTS else "new",
        finds_nothing=bool(unknown),
        unknown=unknown,
        raw={name: query[name] for name in names if query.get(name) not in (None, "", ALL)},
    )


def describe_filters(filters: ReportFilters, catalogue: Catalogue, areas: Areas) -> dict[str, str]:
    """What narrows a list, as short words by query parameter; the words that were typed as they are."""
    department = catalogue.find_department(filters.department)
    area = areas.find(filters.area)
    words = {
        "q": f"“{filters.q}”" if filters.q else "",
        "category": _category_name(filters.category, catalogue),
        "area": pick(area.names) if area else "",
        "department": pick(department.names) if department else "",
        "near": filters.raw.get("near", "") if parse_near(filters.raw.get("near", "")) is None else _("Near a place"),
        "since": _("From %(day)s", day=filters.raw["since"]) if filters.since else "",
        "until": _("Until %(day)s", day=filters.raw["until"]) if filters.until else "",
    }
    return {name: text for name, text in words.items() if text}


def _category_name(code: str, catalogue: Catalogue) -> str:
    """The name of a category, or of a group of them."""
    for one in catalogue.every_category:
        if one.code == code:
            return pick(one.names)
    return next((pick(group.names) for group in catalogue.form_groups if group.code == code), "")


def _day(text: str, city: CityView, after: int = 0) -> datetime | None:
    try:
        day = date.fromisoformat(text) + timedelta(days=after)
        return datetime.combine(day, time(), city.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def filter_conditions(filters: ReportFilters, *, start: int = 1) -> tuple[str, list[Any]]:
    """SQL over case_file c, report r, post p (public ones only), and its arguments from $start on."""
    clauses = ["p.visibility = 'public' AND p.kind = 'report'"]  # as the index of "most supported" says it
    args: list[Any] = []

    def add(clause: str, *values: Any) -> None:
        numbers = [f"${start + len(args) + i}" for i in range(len(values))]
        args.extend(values)
        clauses.append(clause.format(*numbers))

    if filters.finds_nothing:
        clauses.append("false")
    if filters.category:
        add("c.category_id = ANY({})", list(filters.category_ids))
    if filters.area:
        add("c.area_id = ANY({})", list(filters.area_ids))
    if filters.department_id:
        add("c.department_id = {}", filters.department_id)
    if filters.status not in ("", ALL):
        add("c.status = ANY({})", list(STATUS_FILTERS[filters.status]))
    if filters.status == OVERDUE or filters.sort == "overdue":
        add("c.due_at < {}", timing.now())
    if filters.window:
        west, south, east, north = filters.window
        add("r.lat BETWEEN {} AND {}", south, north)
        add("r.lon BETWEEN {} AND {}", west, east)
    if filters.since:
        add("c.received_at >= {}", filters.since)
    if filters.until:
        add("c.received_at < {}", filters.until)
    return " AND ".join(clauses), args
