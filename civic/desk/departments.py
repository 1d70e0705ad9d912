"""The departments that a desk offers to choose from, as options of a select."""

from collections.abc import Sequence

from cachetools import TTLCache
from markupsafe import Markup

from civic.cache import timed_cache
from civic.catalogue.catalogue import DepartmentView
from civic.i18n import language, pick

OPTION = Markup('<option value="{}"{}>{}</option>\n')
KEPT_SECONDS = 600
_made: TTLCache[tuple[int, str, tuple[int, ...], int], Markup] = timed_cache(KEPT_SECONDS, max_entries=200)


def list_options(version: int, departments: Sequence[DepartmentView], chosen: DepartmentView | None) -> Markup:
    """The options in the reader's language, made once while the city's version is `version`: they are hundreds."""
    key = version, language(), tuple(one.id for one in departments), chosen.id if chosen else 0
    made = _made.get(key)
    if made is None:
        made = _made[key] = Markup("").join(
            OPTION.format(one.slug, Markup(" selected") if one is chosen else "", pick(one.names))
            for one in departments
        )
    return made
