"""The board of what is on the road now, posting to it, and an update's page."""

import secrets
from collections.abc import Awaitable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import CivicError, Invalid
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.media.models import Photo
from civic.posts import receipts
from civic.posts.uploads import Uploads, geocode_address, photo_links, read_uploads, spend_post_limit
from civic.posts.views import viewer
from civic.reports.maps import Window
from civic.traffic import actions, forms, queries
from civic.traffic.kinds import LIFETIMES, NAMES
from civic.traffic.models import TrafficUpdate
from civic.web import Who, answer_json, is_htmx, read_form, render, route, see_other, wants_json


async def board(request: Request) -> Response:
    found = await areas()
    filters = queries.read_traffic_filters(request.query_params, found)
    size, page = request.app.state.config.limits.page, request.query_params.get("page", "")
    shown = await queries.read_board(filters, request.state.person, size=size, page=page)
    if wants_json(request):
        body = {"count": shown.total, "updates": [one.as_json() for one in shown.updates], "next": shown.next or None}
        return answer_json(body, headers={"Cache-Control": "no-store"})
    context = {"board": shown, "filters": filters, "areas": found.all, "kinds": NAMES, "first": not page}
    return render(request, "traffic/board.html", context, fragment="traffic/_board.html")


async def points(request: Request) -> Response:
    window = Window.read(request.query_params.get("bbox", ""), request.query_params.get("zoom", ""))
    return answer_json(
        await queries.map_points(queries.read_traffic_filters(request.query_params, await areas()), window)
    )


async def new(request: Request) -> Response:
    """The empty form; `kind`, `lat` and `lon` may be given in the address."""
    return await _form(request, dict(request.query_params), Uploads(), {})


async def _form(request: Request, typed: dict[str, Any], taken: Uploads, errors: dict[str, object]) -> Response:
    """The form with everything that was typed and every photo that was taken."""
    if taken.position and not (typed.get("lat") and typed.get("lon")):
        typed["lat"], typed["lon"], typed["located_by"] = map(str, taken.position)
    context = {
        "typed": typed,
        "kinds": NAMES,
        "lives": LIFETIMES,
        "photos": taken.photos,
        "errors": errors,
        "client_key": typed.get("client_key") or secrets.token_urlsafe(18),
        "limits": request.app.state.config.limits,
        "longest": forms.MAX_TEXT_CHARS,
        **photo_links(request),
    }
    return render(request, "traffic/new.html", context, status=422 if errors else 200)


async def post(request: Request) -> Response:
    """POST /traffic: 303 to the update's page, or 201 and the update for a program; 422 with the fields by name."""
    form = await read_form(request, max_files=request.app.state.config.limits.photos + 5)
    taken = await read_uploads(request, form)
    try:
        posted = await _post(request, form, taken)
    except Invalid as error:
        if wants_json(request):
            raise
        typed: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        return await _form(request, typed, taken, {**error.fields} or {"kind": error.message})
    if wants_json(request):
        more = {"receipt": posted.receipt, "again": posted.again}
        response = await _page(request, posted.update.id, 201, **more)
    else:
        response = see_other(f"/traffic/{posted.update.id}")
    if posted.receipt:
        secure = request.app.state.config.sign_in.secure_cookies
        receipts.remember_code(request, response, posted.receipt, secure=secure)
    return response


async def _post(request: Request, form: Any, taken: Uploads) -> actions.Posted:
    found = taken.position or await geocode_address(request, form)
    try:
        data = forms.read_update(form, found=found, longest=request.app.state.config.limits.text)
    except Invalid as error:
        raise Invalid(fields={**error.fields, **taken.errors}) from None
    if taken.errors:
        raise Invalid(fields=taken.errors)
    await spend_post_limit(request, taken)
    return await actions.post_update(
        data,
        request.state.person,
        photos=taken.photos,
        channel="api" if wants_json(request) else "web",
        receipt=receipts.code_for(request.app.state.secret, data.client_key) if data.client_key else None,
    )


async def detail(request: Request) -> Response:
    return await _page(request, request.path_params["id"])


async def _page(request: Request, update_id: int, status: int = 200, **more: object) -> Response:
    """An update's page; as JSON with its photos and `more`."""
    page = await queries.update_page(update_id, viewer(request))
    links = photo_links(request)
    if wants_json(request):
        photos = [_photo_json(one, links["photo_url"]) for one in page.photos]
        return answer_json({**page.update.as_json(), "photos": photos, **more}, status)
    context = {"page": page, "update": page.update, "error": None, **links, **more}
    return render(request, "traffic/detail.html", context, status=status)


def _photo_json(photo: Photo, url: Any) -> dict[str, Any]:
    return {"name": photo.name, "urls": {size: url(photo, int(size)) for size in photo.sizes}}


async def still(request: Request) -> Response:
    return await _do(request, actions.opine(request.path_params["id"], request.state.person, still=True))


async def gone(request: Request) -> Response:
    return await _do(request, actions.opine(request.path_params["id"], request.state.person, still=False))


async def end(request: Request) -> Response:
    return await _do(request, actions.end_update(request.path_params["id"], viewer(request)))


async def _do(request: Request, deed: Awaitable[TrafficUpdate]) -> Response:
    """Carry out what somebody said of an update; show how it stands now, with what was wrong if it was."""
    try:
        await deed
    except CivicError as error:
        if wants_json(request) or error.status != 409:
            raise
        return await _standing(request, error.status, error=error.message)
    if wants_json(request) or is_htmx(request):
        return await _standing(request)
    return see_other(f"/traffic/{request.path_params['id']}")


async def _standing(request: Request, status: int = 200, **more: object) -> Response:
    if not is_htmx(request):
        return await _page(request, request.path_params["id"], status, **more)
    page = await queries.update_page(request.path_params["id"], viewer(request))
    context = {"update": page.update, "author": page.author, "error": None, "said": _("Thank you."), **more}
    return render(request, "traffic/_standing.html", context, status=status)


routes: list[BaseRoute] = [
    route("/traffic", board, who=Who.ANYONE),
    route("/traffic", post, who=Who.ANYONE, methods=("POST",)),
    route("/traffic/new", new, who=Who.ANYONE),
    route("/traffic/points", points, who=Who.ANYONE),
    route("/traffic/{id:int}", detail, who=Who.ANYONE),
    route("/traffic/{id:int}/still", still, who=Who.SIGNED_IN, methods=("POST",)),
    route("/traffic/{id:int}/gone", gone, who=Who.SIGNED_IN, methods=("POST",)),
    # Who may: the update's author (signed in, or holding its receipt); actions.end decides.
    route("/traffic/{id:int}/end", end, who=Who.ANYONE, methods=("POST",)),
]
