"""Lines of the desk's list as HTML, kept with the line: fifty of them would be most of the page's cost."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from starlette.requests import Request

from civic import timing
from civic.desk.queue import QueueRow
from civic.i18n import language
from civic.templates import get_template
from civic.web import page_context


def render_lines(request: Request, rows: Sequence[QueueRow], context: Mapping[str, object]) -> Markup:
    """The lines of these rows; those that are not kept are made, with what a page shares as `context`."""
    city = request.state.city
    # Names come from what is loaded, and words such as "tomorrow" from the day.
    page = language(), city.version, city.local(timing.now()).date()
    if missing := [row for row in rows if page not in row.fragments]:
        macros = vars(get_template("desk/_row.html").make_module({**page_context(request), **context}))
        for row in missing:
            row.fragments[page] = macros["case"](row)
    return Markup("").join(row.fragments[page] for row in rows)
