"""The board of what is on the road now, posting to it, and an update's page."""

from collections.abc import Awaitable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.errors import CivicError, Conflict, Invalid
from civic.geo.maps import MapWindow
from civic.geo.queries import areas
from civic.i18n import gettext as _
from civic.posts.queries import Viewer
from civic.posts.schemas import SentBeforeAnswer
from civic.posts.submission import Submission, submit
from civic.posts.uploads import photo_url_for, spend_limit
from civic.posts.views import viewer
from civic.traffic import actions, maps, queries
from civic.traffic.forms import MAX_TEXT_CHARS, UpdateForm
from civic.traffic.kinds import LIFETIMES, NAMES
from civic.traffic.models import TrafficUpdate
from civic.traffic.schemas import BoardAnswer, PostedUpdateAnswer, TrafficMapAnswer, UpdateAnswer, UpdatePageAnswer
from civic.web import NO_STORE, Who, is_htmx, json_answer, render, route, see_other, wants_json

OPINIONS_PER_POST = 4  # times as many as posts in an hour: still there, gone


async def board(request: Request) -> Response:
    known = await areas()
    filters = queries.read_traffic_filters(request.query_params, known)
    if filters.unknown and wants_json(request):
        raise Invalid(fields=filters.unknown)
    size, page = request.app.state.config.limits.page, request.query_params.get("page", "")
    shown = await queries.read_board(filters, request.state.person, size=size, page=page)
    if wants_json(request):
        updates = [UpdateAnswer.of(one) for one in shown.updates]
        body = BoardAnswer(count=shown.total, updates=updates, next=shown.next or None)
        return json_answer(body, headers={"Cache-Control": "no-store"})
    context = {"board": shown, "filters": filters, "areas": known.all, "kinds": NAMES, "first": not page}
    return render(request, "traffic/board.html", context, fragment="traffic/_board.html")


async def points(request: Request) -> Response:
    window = MapWindow.read(request.query_params.get("bbox", ""), request.query_params.get("zoom", ""))
    filters = queries.read_traffic_filters(request.query_params, await areas())
    if filters.unknown and wants_json(request):
        raise Invalid(fields=filters.unknown)
    return json_answer(await maps.map_points(filters, window))


async def new_update(request: Request) -> Response:
    """The empty form; `kind`, `lat` and `lon` may be given in the address."""
    return await _form_page(await Submission.of_page(request, fields=True))


async def _form_page(sent: Submission) -> Response:
    await sent.find_place(named=True)
    return sent.form_page("traffic/new.html", {"kinds": NAMES, "lives": LIFETIMES, "longest": MAX_TEXT_CHARS})


async def submit_update(request: Request) -> Response:
    """POST /traffic: 303 to the update's page, or 201 and the update for a program; 422 with the fields by name."""
    return await submit(request, _submit_update, _form_page)


async def _submit_update(sent: Submission) -> Response:
    await sent.take_photos()
    form = sent.read(UpdateForm, place=await sent.find_place())
    held, codes = await sent.spend_limit(), sent.codes(form.client_key)
    posted = await actions.post_update(
        form, sent.person, photos=sent.uploads.photos, channel=sent.channel, codes=codes, held=held
    )

    async def answer() -> PostedUpdateAnswer:
        author = Viewer.of(sent.person, filter(None, [posted.receipt]))
        return PostedUpdateAnswer.of_posted(await _update_answer(sent.request, posted.row.id, author), posted)

    return await sent.accepted(posted, answer)


async def detail(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, error: CivicError | None = None) -> Response:
    """An update's page; `error` is why what somebody asked there was refused."""
    if wants_json(request):
        return json_answer(await _update_answer(request, request.path_params["id"]))
    page = await queries.update_page(request.path_params["id"], viewer(request))
    context = {
        "page": page,
        "update": page.update,
        "error": error.message if error else None,
        "photo_url": photo_url_for(request),
        "sent": await Submission.of_page(request),
    }
    headers = NO_STORE if page.author else {}
    return render(request, "traffic/detail.html", context, status=error.status if error else 200, headers=headers)


async def _update_answer(request: Request, update_id: int, reader: Viewer | None = None) -> UpdatePageAnswer:
    page = await queries.update_page(update_id, reader or viewer(request))
    return UpdatePageAnswer.of_page(page, photo_url_for(request))


async def confirm(request: Request) -> Response:
    await spend_limit(request, "opinion", OPINIONS_PER_POST)
    return await _do(request, actions.confirm_update(request.path_params["id"], request.state.person))


async def contest(request: Request) -> Response:
    await spend_limit(request, "opinion", OPINIONS_PER_POST)
    return await _do(request, actions.contest_update(request.path_params["id"], request.state.person))


async def end(request: Request) -> Response:
    return await _do(request, actions.end_update(request.path_params["id"], viewer(request)))


async def _do(request: Request, action: Awaitable[TrafficUpdate]) -> Response:
    """Carry out what somebody said of an update, and show its state; a conflict is shown there too."""
    try:
        await action
    except Conflict as error:
        if wants_json(request):
            raise
        return await _state(request, error) if is_htmx(request) else await _page(request, error)
    if is_htmx(request) and not wants_json(request):
        return await _state(request)
    return await _page(request) if wants_json(request) else see_other(f"/traffic/{request.path_params['id']}")


async def _state(request: Request, error: CivicError | None = None) -> Response:
    """The part of the page that says how the update stands (htmx)."""
    page = await queries.update_page(request.path_params["id"], viewer(request))
    context = {
        "update": page.update,
        "author": page.author,
        "error": error.message if error else None,
        "said": _("Thank you."),
    }
    return render(request, "traffic/_standing.html", context, status=error.status if error else 200)


routes: list[BaseRoute] = [
    route("/traffic", board, who=Who.ANYONE, answers=BoardAnswer),
    route(
        "/traffic",
        submit_update,
        who=Who.ANYONE,
        methods=("POST",),
        takes=UpdateForm,
        answers=PostedUpdateAnswer | SentBeforeAnswer,
        status=201,
        photos=True,
    ),
    route("/traffic/new", new_update, who=Who.ANYONE),
    route("/traffic/points", points, who=Who.ANYONE, answers=TrafficMapAnswer, counted=True),
    route("/traffic/{id:int}", detail, who=Who.ANYONE, answers=UpdatePageAnswer),
    route("/traffic/{id:int}/still", confirm, who=Who.SIGNED_IN, methods=("POST",), answers=UpdatePageAnswer),
    route("/traffic/{id:int}/gone", contest, who=Who.SIGNED_IN, methods=("POST",), answers=UpdatePageAnswer),
    # Allowed to the update's author (signed in, or holding its receipt): actions.end_update decides.
    route("/traffic/{id:int}/end", end, who=Who.ANYONE, methods=("POST",), answers=UpdatePageAnswer),
]
