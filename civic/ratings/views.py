"""The list of services, a service's page, and rating it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.catalogue.catalogue import Catalogue
from civic.catalogue.filters import read_city_filters
from civic.catalogue.queries import catalogue
from civic.errors import CivicError, Invalid
from civic.geo.queries import areas
from civic.posts.schemas import SentBeforeAnswer
from civic.posts.submission import Submission, submit
from civic.posts.views import viewer
from civic.ratings import actions, queries
from civic.ratings.forms import RatingForm
from civic.ratings.schemas import GivenRatingAnswer, ServiceAnswer, ServiceListAnswer, ServicePageAnswer
from civic.web import Who, json_answer, render, route, wants_json


async def listing(request: Request) -> Response:
    query = request.query_params.get("q", "").strip()
    department = request.query_params.get("department", "")
    known = await catalogue()
    unknown = read_city_filters({"department": department}, known, await areas()).unknown
    if unknown and wants_json(request):
        raise Invalid(fields=unknown)
    lines = await queries.list_services(query, department, request.app.state.meili)
    size, page = request.app.state.config.limits.page, _number(request.query_params.get("page", ""))
    shown, more = lines[page * size : (page + 1) * size], len(lines) > (page + 1) * size
    if wants_json(request):
        services = [ServiceAnswer.of(one) for one in shown]
        return json_answer(ServiceListAnswer(count=len(lines), services=services, next=page + 1 if more else None))
    one = known.find_department(department)
    context = {
        "unknown": unknown,
        "retired": one if one and one.retired else None,
        "lines": shown,
        "count": len(lines),
        "q": query,
        "department": department if one else "",
        "departments": [one for one in known.departments if _serves(known.below(one.id), known)],
        "next": str(page + 1) if more else "",
    }
    return render(request, "ratings/list.html", context, fragment="ratings/_list.html")


def _serves(below: set[int], known: Catalogue) -> bool:
    """Somebody there offers a service: it is worth a line in the filter."""
    return any(one.department_id in below for one in known.services)


def _number(text: str) -> int:
    """A small natural number of the address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


async def detail(request: Request) -> Response:
    return await _page(await Submission.of_page(request))


async def _page(sent: Submission) -> Response:
    """A service's page, with what was typed into its form and what was wrong with that."""
    request = sent.request
    page = await queries.service_page(
        request.path_params["slug"],
        viewer(request),
        size=request.app.state.config.limits.page,
        page=request.query_params.get("page", ""),
        opened=_number(request.query_params.get("rating", "")),
    )
    if wants_json(request):
        return json_answer(ServicePageAnswer.of_page(page))
    return render(request, "ratings/service.html", {"page": page, **sent.context()}, status=sent.status)


async def rate(request: Request, refused: CivicError | None = None) -> Response:
    """POST /services/SLUG/ratings: 303 to the service's page, or 201 and the rating; 422 with the fields by name."""
    return await submit(request, _submit_rating, _page, refused=refused)


async def _submit_rating(sent: Submission) -> Response:
    service = await queries.get_service(sent.request.path_params["slug"])
    await sent.take_photos()
    form = sent.read(RatingForm)
    held = await sent.spend_limit()
    posted = await actions.rate_service(
        service, form, sent.person, photos=sent.uploads.photos, channel=sent.channel, held=held
    )

    async def answer() -> GivenRatingAnswer:
        return GivenRatingAnswer.of_given(await queries.load_rating(posted.row.rating.id), posted)

    return await sent.accepted(posted, answer)


routes: list[BaseRoute] = [
    route("/services", listing, who=Who.ANYONE, answers=ServiceListAnswer, counted=True),
    route("/services/{slug:str}", detail, who=Who.ANYONE, answers=ServicePageAnswer),
    route(
        "/services/{slug:str}/ratings",
        rate,
        who=Who.SIGNED_IN,
        methods=("POST",),
        takes=RatingForm,
        answers=GivenRatingAnswer | SentBeforeAnswer,
        status=201,
        refused=rate,
        photos=True,
    ),
]
