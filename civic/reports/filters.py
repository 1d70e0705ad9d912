"""The filters of the public list and map: query parameters, so that every view can be linked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from civic import timing
from civic.cases.status import OPEN, Status, StatusGroup
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.filters import describe_unknown, read_city_filters
from civic.city.queries import CityView
from civic.geo.areas import Areas
from civic.geo.near import Near, parse_near
from civic.i18n import gettext as _

OVERDUE = "overdue"
# What the filter by status takes: a group, "overdue", or one status. Merged cases are in no list.
STATUS_FILTERS: dict[str, frozenset[Status]] = {
    **{group: frozenset(one for one in Status if one.group is group) for group in StatusGroup},
    OVERDUE: OPEN,
    **{status: frozenset({status}) for status in Status},
}
STATUS_FILTERS.pop(Status.MERGED)
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
        options = [("", _("All")), *((one.value, str(one.label)) for one in offered)]
        options.insert(2, (OVERDUE, _("Overdue")))
        return options

    @property
    def any(self) -> bool:
        """Something narrows the list."""
        return bool(self.raw)


def read_report_filters(
    query: Mapping[str, str], city: CityView, catalogue: Catalogue, areas: Areas, near: Near | None = None
) -> ReportFilters:
    """Filters from query parameters: category (or its group), area, department, status, q, near, since, until, sort.

    `near` is what `near` means, where it was looked up; else it is read as coordinates.
    """
    chosen = read_city_filters(query, catalogue, areas)
    status, sort = query.get("status", ""), query.get("sort", "new")
    near = near or parse_near(query.get("near", ""))
    since, until = _day(query.get("since", ""), city), _day(query.get("until", ""), city, after=1)
    unreadable = {
        "status": (status in STATUS_FILTERS, _("There is no status “%(value)s”.")),
        "near": (near, _("We do not know the place “%(value)s”.")),
        "since": (since, _("“%(value)s” is no day, such as 2026-11-30.")),
        "until": (until, _("“%(value)s” is no day, such as 2026-11-30.")),
    }
    unknown = chosen.unknown | {
        name: describe_unknown(message, query[name])
        for name, (found, message) in unreadable.items()
        if query.get(name) and not found
    }
    names = ("category", "area", "department", "status", "q", "near", "since", "until")
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
        since=since,
        until=until,
        sort=sort if sort in SORTS else "new",
        finds_nothing=bool(unknown),
        unknown=unknown,
        raw={name: query[name] for name in names if query.get(name)},
    )


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
    if filters.status:
        add("c.status = ANY({})", list(STATUS_FILTERS[filters.status]))
    if filters.status == OVERDUE or filters.sort == "overdue":
        add("c.due_at < {}", timing.now())
    if filters.since:
        add("c.received_at >= {}", filters.since)
    if filters.until:
        add("c.received_at < {}", filters.until)
    return " AND ".join(clauses), args
