"""What the filters offer, as the options of their selects (templates/reports/_options.html)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cachetools import TTLCache
from markupsafe import Markup

from civic.cache import timed_cache
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import language, pick
from civic.web import environment

Selected = Callable[[str], Markup]


@dataclass(frozen=True, slots=True)
class Choices:
    """Functions that give the <option> elements, with the one for a code selected.

    Those of a filter offer what left the pack when it is chosen; those of a form (`only_…`) never.
    """

    categories: Selected  # of categories and of their groups
    only_categories: Selected
    areas: Selected
    departments: Selected
    only_departments: Selected


_kept: TTLCache[tuple[object, str], Choices] = timed_cache(seconds=600, max_entries=50)


async def choices() -> Choices:
    """In the reader's language; rendered once for each pack and language, as a city has hundreds."""
    key = (await city_version(), language())
    kept = _kept.get(key)
    if kept is None:
        known, places = await catalogue(), await areas()
        gone = {one.slug: one.names for one in known.every_department if one.retired}
        options: Any = environment.get_template("reports/_options.html").module  # its macros
        kept = Choices(
            categories=_selecting(options.categories(known.groups, whole_groups=True), known.retired_names()),
            only_categories=_selecting(options.categories(known.groups)),
            areas=_selecting(options.areas(places), {slug: one.names for slug, one in places.retired.items()}),
            departments=_selecting(options.departments(known.departments), gone),
            only_departments=_selecting(options.departments(known.departments)),
        )
        _kept[key] = kept
    return kept


def _selecting(options: Markup, gone: Mapping[str, dict[str, str]] = MappingProxyType({})) -> Selected:
    """`gone`: the names of what is no longer in use, by code."""
    retired = {code: _("%(name)s (no longer in use)", name=pick(names)) for code, names in gone.items()}

    def selecting(code: str) -> Markup:
        if code in retired:
            return Markup('<option value="{}" selected>{}</option>').format(code, retired[code]) + options
        plain = Markup('<option value="{}">').format(code)
        chosen = Markup('<option value="{}" selected>').format(code)
        return options.replace(plain, chosen, 1) if code else options

    return selecting
