"""The public side of reports: home, list, map, and a report's page with what its author can do there."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.catalogue.queries import catalogue
from civic.errors import Conflict, Invalid, NotFound
from civic.geo import queries as geo
from civic.i18n import gettext as _
from civic.posts import receipts
from civic.posts.models import Post
from civic.posts.uploads import photo_links, read_uploads, spend_limit
from civic.posts.views import viewer
from civic.reports import actions, maps, pages, queries, submission
from civic.reports.choices import choices
from civic.reports.filters import ReportFilters, read_report_filters
from civic.web import Who, answer_json, read_form, render, route, see_other, wants_json

MAX_HOME_CARDS = 8


async def _filters(request: Request) -> ReportFilters:
    return read_report_filters(request.query_params, request.state.city, await catalogue(), await geo.areas())


async def _names() -> dict[str, Any]:
    """What cards and filters are named by."""
    return {"catalogue": await catalogue(), "by_area": await geo.areas(), "choices": await choices()}


async def home(request: Request) -> Response:
    page = await queries.list_reports(ReportFilters(), size=MAX_HOME_CARDS)
    context = {"page": page, "counts": await queries.home_counts(), "filters": ReportFilters(), **await _names()}
    return render(request, "reports/home.html", context)


async def listing(request: Request) -> Response:
    filters = await _filters(request)
    size = request.app.state.config.limits.page
    page = await queries.list_reports(filters, size=size, cursor=request.query_params.get("page", ""))
    if wants_json(request):
        return answer_json(
            {
                "count": page.count,
                "reports": [await queries.card_json(one) for one in page.cards],
                "next": page.next or None,
            }
        )
    context = {"page": page, "filters": filters, "counted": queries.MAX_COUNT, **await _names()}
    return render(request, "reports/list.html", context, fragment="reports/_list.html")


async def map_page(request: Request) -> Response:
    filters = await _filters(request)
    context = {"filters": filters, **await _names()}
    return render(request, "reports/map.html", context)


async def map_points(request: Request) -> Response:
    window = maps.Window.read(request.query_params.get("bbox", ""), request.query_params.get("zoom", ""))
    return answer_json(await maps.map_points(await _filters(request), window))


async def detail(request: Request) -> Response:
    return await _detail(request)


async def _detail(request: Request, status: int = 200, **more: object) -> Response:
    page = await pages.report_page(request.path_params["id"], viewer(request))
    if wants_json(request):
        return answer_json(pages.as_json(page, photo_links(request)["photo_url"]), status)
    context = {"page": page, "errors": {}, "typed": {}, **photo_links(request), **more}
    return render(request, "reports/detail.html", context, status=status)


async def _do(request: Request, deed: Callable[[Any], Awaitable[object]]) -> Response:
    """Carry out what somebody asked on a report's page; show the page anew, with what was wrong if it was.

    Counted like posts: each deed is a public line of the case's history, and tells its department.
    """
    form = await read_form(request)
    await spend_limit(request, "deed", 2)
    try:
        await deed(form)
    except (Invalid, Conflict) as error:
        if wants_json(request):
            raise
        typed = {k: v for k, v in form.items() if isinstance(v, str)}
        return await _detail(request, error.status, errors=error.fields or {"text": error.message}, typed=typed)
    if wants_json(request):
        return await _detail(request)
    return see_other(f"/reports/{request.path_params['id']}")


def _stars(form: Any) -> int | None:
    value = str(form.get("stars") or "")
    return int(value) if value in ("1", "2", "3", "4", "5") else None


def _text(form: Any) -> str:
    return str(form.get("text") or "").strip()


async def answer(request: Request) -> Response:
    async def deed(form: Any) -> None:
        await actions.authored(request.path_params["id"], viewer(request))
        taken = await read_uploads(request, form)
        if taken.errors:
            raise Invalid(fields=taken.errors)
        await actions.answer_question(request.path_params["id"], viewer(request), _text(form), taken.photos)

    return await _do(request, deed)


async def confirm(request: Request) -> Response:
    return await _do(
        request,
        lambda form: actions.confirm_resolution(request.path_params["id"], viewer(request), _stars(form), _text(form)),
    )


async def dispute(request: Request) -> Response:
    async def deed(form: Any) -> None:
        if not _text(form):
            raise Invalid(fields={"text": _("Please say what is still wrong.")})
        await actions.dispute_resolution(request.path_params["id"], viewer(request), _text(form), _stars(form))

    return await _do(request, deed)


async def doubt(request: Request) -> Response:
    return await _do(
        request, lambda form: actions.doubt_resolution(request.path_params["id"], request.state.person, _text(form))
    )


async def rate(request: Request) -> Response:
    async def deed(form: Any) -> None:
        stars = _stars(form)
        if stars is None:
            raise Invalid(fields={"stars": _("Please choose one to five stars.")})
        await actions.rate_handling(request.path_params["id"], viewer(request), stars, _text(form))

    return await _do(request, deed)


async def receipt_form(request: Request) -> Response:
    return render(request, "reports/receipt.html", {"errors": {}, "code": ""})


async def receipt(request: Request) -> Response:
    code = str((await read_form(request)).get("code") or "")
    if await _by_code(code) is None:
        errors = {"code": _("We do not know this code. It has twelve letters and digits.")}
        return render(request, "reports/receipt.html", {"errors": errors, "code": code}, status=422)
    return await _opened(request, code)


async def follow(request: Request) -> Response:
    """/r/CODE: the link of a mail or receipt; this browser is the author's from here on."""
    return await _opened(request, request.path_params["code"])


async def _by_code(code: str) -> Post | None:
    return await Post.get_or_none(receipt_hash=receipts.code_digest(code))


async def _opened(request: Request, code: str) -> Response:
    post = await _by_code(code)
    if post is None:
        raise NotFound()
    response = see_other(post.path)
    written = receipts.format_code(code)
    receipts.remember_code(request, response, written, secure=request.app.state.config.sign_in.secure_cookies)
    return response


routes: list[BaseRoute] = [
    route("/", home, who=Who.ANYONE),
    route("/reports", listing, who=Who.ANYONE),
    route("/reports", submission.submit_report, who=Who.ANYONE, methods=("POST",)),
    route("/reports/new", submission.new_report, who=Who.ANYONE),
    route("/reports/new/questions", submission.category_questions, who=Who.ANYONE),
    route("/reports/new/similar", submission.similar_reports, who=Who.ANYONE),
    route("/reports/photos", submission.upload_photos, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}", detail, who=Who.ANYONE),
    # Who may: the report's author (signed in, or holding its receipt); actions.authored decides.
    route("/reports/{id:int}/answer", answer, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}/confirm", confirm, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}/dispute", dispute, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}/rate", rate, who=Who.ANYONE, methods=("POST",)),
    route("/reports/{id:int}/doubt", doubt, who=Who.SIGNED_IN, methods=("POST",)),
    route("/map", map_page, who=Who.ANYONE),
    route("/map/points", map_points, who=Who.ANYONE),
    route("/receipt", receipt_form, who=Who.ANYONE),
    route("/receipt", receipt, who=Who.ANYONE, methods=("POST",)),
    route("/r/{code:str}", follow, who=Who.ANYONE),
]
