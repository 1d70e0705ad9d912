"""What the filters offer, as the options of their selects (templates/reports/_options.html).

A city has hundreds of them, and they are the same for everybody: a list names the chosen ones, and the browser fetches
the others once (static/js/filters.js), from an address that changes with them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cachetools import TTLCache
from markupsafe import Markup

from civic.cache import timed_cache
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import language, pick
from civic.templates import get_template

ADDRESS = "/reports/filters"  # and the language: it is a part of the address, as caches know an answer by that


@dataclass(frozen=True, slots=True)
class Options:
    """The <option> elements of a select. `gone`: names of what is no longer in use, by code: offered when chosen."""

    every: Markup
    gone: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, code: str) -> Markup:
        """All of them, the one for `code` selected."""
        if code in self.gone:
            return self.chosen(code) + self.every
        return self.every.replace(_start(code), _start(code, " selected"), 1) if code else self.every

    def chosen(self, code: str) -> Markup:
        """The one for `code` alone, selected; nothing for ""."""
        if code in self.gone:
            return _start(code, " selected") + self.gone[code] + Markup("</option>")
        _before, start, after = self.every.partition(_start(code))
        name, end, _rest = after.partition(Markup("</option>"))
        return _start(code, " selected") + name + end if code and start else Markup("")


def _start(code: str, selected: str = "") -> Markup:
    return Markup('<option value="{}"{}>').format(code, selected)


@dataclass(frozen=True, slots=True)
class Choices:
    """Those of a filter offer what left the pack when it is chosen; those of a form (`only_…`) never.

    `address` is where the browser fetches the options of the filters.
    """

    categories: Options  # categories and their groups
    only_categories: Options
    areas: Options
    departments: Options
    only_departments: Options
    address: str

    @property
    def filters(self) -> dict[str, Options]:
        """The long filters, by the names of their selects."""
        return {"category": self.categories, "area": self.areas, "department": self.departments}


_kept: TTLCache[tuple[object, str], Choices] = timed_cache(seconds=600, max_entries=50)


async def choices() -> Choices:
    """In the reader's language; rendered once for each pack and language."""
    key = (await city_version(), language())
    kept = _kept.get(key)
    if kept is None:
        kept = _kept[key] = await _make_choices()
    return kept


async def _make_choices() -> Choices:
    known, places = await catalogue(), await areas()
    options: Any = get_template("reports/_options.html").module  # its macros
    departments = options.departments(known.departments)
    offered = options.categories(known.groups, whole_groups=True), options.areas(places), departments
    return Choices(
        categories=Options(offered[0], _gone(known.retired_names())),
        only_categories=Options(options.categories(known.groups)),
        areas=Options(offered[1], _gone({slug: one.names for slug, one in places.retired.items()})),
        departments=Options(departments, _gone({one.slug: one.names for one in known.every_department if one.retired})),
        only_departments=Options(departments),
        address=f"{ADDRESS}/{language()}?v={hashlib.sha256(''.join(offered).encode()).hexdigest()[:12]}",
    )


def _gone(names: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {code: _("%(name)s (no longer in use)", name=pick(dict(texts))) for code, texts in names.items()}
