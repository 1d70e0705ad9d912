"""The filters that the lists have in common: category, area, department. What left the pack still filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from civic.catalogue.catalogue import Catalogue, DepartmentView
from civic.geo.areas import Areas, AreaView
from civic.i18n import gettext as _

MAX_QUOTED_CHARS = 60


@dataclass(frozen=True)
class CityFilters:
    """What was chosen, of the pack in force or of an earlier one.

    `unknown` has a message for each parameter whose value is none of them: a list then shows nothing, never everything.
    """

    category: str = ""  # code of a category, or of a group
    category_ids: tuple[int, ...] = ()
    area: AreaView | None = None
    area_ids: tuple[int, ...] = ()  # the area's and those of all below it
    department: DepartmentView | None = None
    unknown: dict[str, str] = field(default_factory=dict)


def read_city_filters(query: Mapping[str, str], catalogue: Catalogue, areas: Areas) -> CityFilters:
    """The parameters category (or its group), area and department."""
    asked = {name: query.get(name, "") for name in ("category", "area", "department")}
    category_ids = catalogue.category_ids(asked["category"])
    area, department = areas.find(asked["area"]), catalogue.find_department(asked["department"])
    messages = {
        "category": _("There is no category “%(value)s”."),
        "area": _("There is no area “%(value)s”."),
        "department": _("There is no department “%(value)s”."),
    }
    found = {"category": category_ids, "area": area, "department": department}
    return CityFilters(
        category=asked["category"] if category_ids else "",
        category_ids=category_ids,
        area=area,
        area_ids=tuple(sorted(areas.below(area.id))) if area else (),
        department=department,
        unknown={
            name: describe_unknown(messages[name], asked[name]) for name in asked if asked[name] and not found[name]
        },
    )


def describe_unknown(message: str, value: str) -> str:
    """`message` with the value that somebody asked for, which may be of any length."""
    return message % {"value": value[:MAX_QUOTED_CHARS]}
