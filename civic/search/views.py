"""The search: a page, the hits while one types, and the same for programs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.errors import Invalid
from civic.geo.near import find_near
from civic.geo.queries import areas
from civic.i18n import pick
from civic.search import pages, queries
from civic.search.analytics import record_search
from civic.search.documents import Query, SearchResult
from civic.search.forms import SearchForm, clean_line, read_search_form
from civic.search.lag import count_waiting_changes
from civic.search.schemas import SearchAnswer
from civic.search.subjects import by_kind
from civic.web import Who, is_htmx, json_answer, render, route, wants_json

SUGGESTED_HITS = 6  # hits while one types
MAX_EXAMPLES = 6


@dataclass(frozen=True)
class SearchScope:
    """What a page searches. `readers`: the departments whose cases the reader may see (None: all of them)."""

    path: str
    find: Callable[[Query], Awaitable[SearchResult]]
    desk: bool = False
    readers: tuple[int, ...] | None = None


async def search(request: Request) -> Response:
    return await answer_search(request, SearchScope("/search", partial(queries.find, meili=request.app.state.meili)))


async def answer_search(request: Request, place: SearchScope) -> Response:
    """The page with the results; while somebody types the first hits only (htmx, `typing`); JSON for a program."""
    typing = is_htmx(request) and "typing" in request.query_params
    size = SUGGESTED_HITS * 2 if typing else request.app.state.config.limits.page
    pack, city = await catalogue(), await areas()
    where = clean_line(request.query_params.get("near", ""))
    near = await find_near(where, request.app.state.config.geocoder)
    asked = read_search_form(request.query_params, pack, city, path=place.path, near=near, size=size, desk=place.desk)
    query = asked.build_query(size=size, facets=not typing, readers=place.readers)
    if asked.unknown and wants_json(request):
        raise Invalid(fields=asked.unknown)
    found = SearchResult([], 0) if asked.empty or asked.unknown else await place.find(query)
    if typing:  # kinds that weigh less do not crowd out the others
        ordered = sorted(found.hits, key=lambda hit: by_kind(hit.document.kind).weight < 1)
        found = replace(found, hits=ordered)
    page = await pages.build_search_page(asked, found, pack, city, size=size)
    catching_up = 0 if typing or asked.empty else await count_waiting_changes()
    if wants_json(request):
        return json_answer(SearchAnswer.of(page, pack, city, catching_up))
    context = {
        "page": page,
        "catching_up": catching_up,
        "groups": page.groups[:SUGGESTED_HITS] if typing else page.groups,
        "asked": asked,
        "desk": place.desk,
        "unknown_place": where if where and not near else "",
        "distances": pages.distance_choices(asked),
        "distance": pages.format_distance,
        "examples": _examples(pack) if asked.empty else ([], []),
    }
    fragment = "search/_typing.html" if typing else "search/_results.html"
    response = render(request, "search/search.html", context, fragment=fragment)
    if asked.q and asked.page == 1 and not typing and not place.desk:
        response.background = _noted(request, asked, found)
    return response


def _noted(request: Request, asked: SearchForm, found: SearchResult) -> BackgroundTask:
    """Counts the search once it is answered."""
    return BackgroundTask(
        record_search,
        asked.q,
        found.total,
        address=request.client.host if request.client else "",
        browser=request.headers.get("user-agent", ""),
        area_id=asked.area.id if asked.area else None,
    )


def _examples(pack: Catalogue) -> tuple[list[str], list[str]]:
    """What one might look for: a category of each group, and services."""
    categories = [pick(group.categories[0].names) for group in pack.groups[:MAX_EXAMPLES]]
    return categories, [pick(service.names) for service in pack.services[: MAX_EXAMPLES // 2]]


routes: list[BaseRoute] = [
    route("/search", search, who=Who.ANYONE, answers=SearchAnswer, counted=True),
]
