"""Lines of the desk's list as HTML, kept by all that they say.

Fifty lines are most of the page's cost, and from one look at the list to the next hardly one of them changes. What a
line says is its key, so who may not read a text never gets a line with it.
"""

from cachetools import TTLCache
from markupsafe import Markup

from civic import timing
from civic.cache import timed_cache
from civic.city.queries import CityView
from civic.desk.queue import QueueRow
from civic.i18n import language

KEPT_SECONDS, MAX_KEPT = 600, 5000  # of about a kilobyte
RowKey = tuple[object, ...]
_kept: TTLCache[RowKey, Markup] = timed_cache(KEPT_SECONDS, MAX_KEPT)


class RowFragments:
    """The kept lines for one reader's page."""

    def __init__(self, city: CityView) -> None:
        # Names come from what is loaded, and words such as "tomorrow" from the day.
        self._page = language(), city.version, city.local(timing.now()).date()

    def _key(self, row: QueueRow) -> RowKey:
        percent = None if row.used is None else round(row.used * 100)
        names = tuple(sorted(row.place_names.items()))
        said = {name: value for name, value in vars(row).items() if name not in ("used", "place_names")}
        return (*self._page, percent, row.overdue, names, *said.values())

    def find(self, row: QueueRow) -> Markup | None:
        return _kept.get(self._key(row))

    def keep(self, row: QueueRow, html: Markup) -> Markup:
        _kept[self._key(row)] = html
        return html
