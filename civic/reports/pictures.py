"""Pictures of reports: the map for browsers without a script, where a report is, and its card for sharing."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.accounts.people import NOBODY
from civic.cache import SharedWork, timed_cache
from civic.cases.status import OVERDUE_LOOK, StatusGroup
from civic.city.queries import CityView
from civic.errors import Busy, NotFound
from civic.geo.base_map import BaseMap
from civic.geo.cells import CellWindow
from civic.geo.maps import MapWindow
from civic.geo.pictures import Pin, View, as_png, draw_map
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.i18n import pick, use_language
from civic.media.store import Store
from civic.posts.queries import Viewer
from civic.reports import pages
from civic.reports.cards import CardFacts, draw_card
from civic.reports.filters import read_filters
from civic.reports.maps.queries import map_points
from civic.reports.maps.view import format_window, neighbours, read_view
from civic.web import Who, changed_query, route

T = TypeVar("T")
REPORT_ZOOM, REPORT_SIZE = 16, (720, 320)
AT_ONCE, MAX_WAITING, PATIENCE_SECONDS = 2, 40, 10.0
KEPT_SECONDS, KEPT_CARDS = 3600.0, 200  # cards, of 100 kB or so
CARD_EDGE = 800
NOT_KEPT = {"Cache-Control": "private, no-cache"}  # what may be hidden in a moment is kept by nobody

_places = asyncio.Semaphore(AT_ONCE)
_waiting = 0
_cards: TTLCache[tuple[CardFacts, str], bytes] = timed_cache(KEPT_SECONDS, KEPT_CARDS)
_work = SharedWork[bytes]()


def ways_on(request: Request) -> dict[str, object]:
    """What the map's page has without a script: the query of its picture, and the addresses of the views beside it."""
    view = read_view(request.query_params, request.state.city.bbox)
    words = {
        "in": _("Zoom in"), "out": _("Zoom out"), "west": _("West"), "east": _("East"), "north": _("North"),
        "south": _("South"),
    }  # fmt: skip

    def query(one: View) -> str:
        return changed_query(request, window=format_window(one.box), zoom=one.zoom)

    ways = [(words[name], f"/map?{query(one)}") for name, one in neighbours(view).items()]
    return {"picture_query": query(view), "picture_ways": ways}


async def map_picture(request: Request) -> Response:
    """GET /map.png: what the map shows of a window and filters, for browsers without a script."""
    filters = await read_filters(request, status=StatusGroup.OPEN)
    view = read_view(request.query_params, request.state.city.bbox)
    west, south, east, north = view.box
    cells = CellWindow.around(MapWindow(west, south, east, north, view.zoom))
    found = await map_points(filters, cells, view.zoom)
    pins = [Pin(one.lat, one.lon, one.look) for one in found.pins]
    pins += [Pin(one.lat, one.lon, "late" if one.overdue else "", one.count) for one in found.clusters]
    base, known = _base_map(request), await areas()
    data = await _draw(lambda: as_png(draw_map(view, pins, base, known)))
    return Response(data, media_type="image/png", headers=NOT_KEPT)


async def report_map(request: Request) -> Response:
    """GET /reports/ID/map.png: where a public report is."""
    page = await pages.report_page(request.path_params["id"], Viewer(NOBODY))
    view = View(page.report.lat, page.report.lon, REPORT_ZOOM, *REPORT_SIZE)
    base, known = _base_map(request), await areas()
    pin = Pin(page.report.lat, page.report.lon, OVERDUE_LOOK if page.overdue else page.case.status.look)
    data = await _draw(lambda: as_png(draw_map(view, [pin], base, known)))
    return Response(data, media_type="image/png", headers=NOT_KEPT)


async def report_card(request: Request) -> Response:
    """GET /reports/ID/card/LANGUAGE.jpg: the card of a public report; none of any other."""
    code = request.path_params["language"]
    if code not in request.state.city.languages:
        raise NotFound()
    with use_language(code):
        page = await pages.report_page(request.path_params["id"], Viewer(NOBODY))
        facts = _card_facts(page, request)
    key = facts, code
    data = _cards.get(key) or await _work.do(key, lambda: _make_card(request, key, page))
    return Response(data, media_type="image/jpeg", headers=NOT_KEPT)


def _card_facts(page: pages.ReportPage, request: Request) -> CardFacts:
    report, status, city = page.report, page.case.status, request.state.city
    area = pick(page.areas[0].names) if page.areas else ""
    where = report.address or pick(report.place_names)
    return CardFacts(
        city=pick(city.names),
        title=page.heading or (pick(page.category.names) if page.category else _("Report")),
        status=_("Overdue") if page.overdue else str(status.label),
        look=OVERDUE_LOOK if page.overdue else status.look,
        place=" · ".join(filter(None, (where, area))),
        lat=report.lat,
        lon=report.lon,
        photo=page.photos[0].name if page.photos else "",
        base=city.base_map,
    )


async def _make_card(request: Request, key: tuple[CardFacts, str], page: pages.ReportPage) -> bytes:
    facts, _language = key
    store: Store = request.app.state.store
    photo = await store.get(str(page.photos[0].sizes[str(CARD_EDGE)][3])) if page.photos else None
    base, known = _base_map(request), await areas()
    made = await _draw(lambda: draw_card(facts, photo, base, known))
    _cards[key] = made
    return made


def _base_map(request: Request) -> BaseMap | None:
    city: CityView = request.state.city
    found: BaseMap | None = request.app.state.base_maps.find(city.base_map, city.bbox)
    return found


async def _draw(work: Callable[[], T]) -> T:
    """Draw in a thread, few at once. Raises Busy where too many wait already."""
    global _waiting
    if _waiting >= MAX_WAITING:
        raise Busy()
    _waiting += 1
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _places.acquire()
    except TimeoutError:
        raise Busy() from None
    finally:
        _waiting -= 1
    drawing = asyncio.create_task(asyncio.to_thread(work))
    drawing.add_done_callback(lambda _task: _places.release())  # a thread goes on when nobody waits for it any more
    return await asyncio.shield(drawing)


routes: list[BaseRoute] = [
    route("/map.png", map_picture, who=Who.ANYONE, counted=True),
    route("/reports/{id:int}/map.png", report_map, who=Who.ANYONE, counted=True),
    route("/reports/{id:int}/card/{language:str}.jpg", report_card, who=Who.ANYONE, counted=True),
]
