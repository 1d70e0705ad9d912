"""What the filters offer, as the options of their selects: a city has hundreds, and every list shows them."""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup, escape

from civic.cache import TimedCache
from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.city.queries import city_version
from civic.geo.areas import Areas
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import language, pick

Selected = Callable[[str], Markup]


@dataclass(frozen=True, slots=True)
class Choices:
    """Functions that give the <option> elements, with the one for a code selected."""

    categories: Selected  # of categories and of their groups
    only_categories: Selected
    areas: Selected
    departments: Selected


_kept: TimedCache[tuple[object, str], Choices] = TimedCache(seconds=600, most=50)


async def choices() -> Choices:
    """In the reader's language; put together once for each pack and language."""
    asked = (await city_version(), language())
    found = _kept.get(asked)
    if found is None:
        offered = await catalogue()
        found = Choices(
            categories=_selecting(_categories(offered, groups=True)),
            only_categories=_selecting(_categories(offered)),
            areas=_selecting(_areas(await areas())),
            departments=_selecting("".join(_option(one.slug, pick(one.names)) for one in offered.departments)),
        )
        _kept.put(asked, found)
    return found


def _selecting(options: str) -> Selected:
    def selecting(code: str) -> Markup:
        if not code:
            return Markup(options)  # noqa: S704  # built below, of escaped parts
        start = f'<option value="{escape(code)}"'
        return Markup(options.replace(f"{start}>", f"{start} selected>", 1))  # noqa: S704

    return selecting


def _option(code: str, name: str) -> str:
    return f'<option value="{escape(code)}">{escape(name)}</option>'


def _categories(offered: Catalogue, groups: bool = False) -> str:
    parts = []
    for group in offered.groups:
        name = pick(group.names)
        parts.append(f'<optgroup label="{escape(name)}">')
        if groups:
            parts.append(_option(group.code, _("All of: %(group)s", group=name)))
        parts += [_option(one.code, pick(one.names)) for one in group.categories]
        parts.append("</optgroup>")
    return "".join(parts)


def _areas(found: Areas) -> str:
    return "".join(_option(one.slug, "– " * (one.level - 1) + pick(one.names)) for one in found if one.level)
