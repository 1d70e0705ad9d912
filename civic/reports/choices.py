"""What the filters offer, as the options of their selects (templates/reports/_options.html)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache
from markupsafe import Markup

from civic.cache import timed_cache
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.geo.queries import areas
from civic.i18n import language
from civic.web import environment

Selected = Callable[[str], Markup]


@dataclass(frozen=True, slots=True)
class Choices:
    """Functions that give the <option> elements, with the one for a code selected."""

    categories: Selected  # of categories and of their groups
    only_categories: Selected
    areas: Selected
    departments: Selected


_kept: TTLCache[tuple[object, str], Choices] = timed_cache(seconds=600, max_entries=50)


async def choices() -> Choices:
    """In the reader's language; rendered once for each pack and language, as a city has hundreds."""
    key = (await city_version(), language())
    kept = _kept.get(key)
    if kept is None:
        known = await catalogue()
        options: Any = environment.get_template("reports/_options.html").module  # its macros
        kept = Choices(
            categories=_selecting(options.categories(known.groups, whole_groups=True)),
            only_categories=_selecting(options.categories(known.groups)),
            areas=_selecting(options.areas(await areas())),
            departments=_selecting(options.departments(known.departments)),
        )
        _kept[key] = kept
    return kept


def _selecting(options: Markup) -> Selected:
    def selecting(code: str) -> Markup:
        plain = Markup('<option value="{}">').format(code)
        chosen = Markup('<option value="{}" selected>').format(code)
        return options.replace(plain, chosen, 1) if code else options

    return selecting
