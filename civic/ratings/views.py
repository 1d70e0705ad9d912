"""The list of services, a service's page, and rating it."""

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.catalogue.catalogue import Catalogue
from civic.catalogue.queries import catalogue
from civic.errors import Invalid
from civic.posts.uploads import Uploads, photo_links, read_uploads, spend_post_limit
from civic.posts.views import viewer
from civic.ratings import actions, forms, queries
from civic.ratings.queries import ServiceLine, ServicePage
from civic.web import Who, answer_json, read_form, render, route, see_other, wants_json


async def listing(request: Request) -> Response:
    query = request.query_params.get("q", "").strip()
    department = request.query_params.get("department", "")
    lines = await queries.list_services(query, department)
    size, page = request.app.state.config.limits.page, _number(request.query_params.get("page", ""))
    shown, more = lines[page * size : (page + 1) * size], len(lines) > (page + 1) * size
    if wants_json(request):
        body = {"count": len(lines), "services": [one.as_json() for one in shown], "next": page + 1 if more else None}
        return answer_json(body)
    known = await catalogue()
    context = {
        "lines": shown,
        "count": len(lines),
        "q": query,
        "department": department if department in known.department_by_slug else "",
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
    return await _page(request, {}, Uploads(), {})


async def _page(request: Request, typed: dict[str, Any], taken: Uploads, errors: dict[str, object]) -> Response:
    """A service's page, with what was typed into its form and what was wrong with that."""
    page = await queries.service_page(
        request.path_params["slug"],
        viewer(request),
        size=request.app.state.config.limits.page,
        page=request.query_params.get("page", ""),
        opened=_number(request.query_params.get("rating", "")),
    )
    if wants_json(request):
        return answer_json(_as_json(page))
    context = {
        "page": page,
        "typed": typed,
        "photos": taken.photos,
        "errors": errors,
        "client_key": typed.get("client_key") or secrets.token_urlsafe(18),
        "limits": request.app.state.config.limits,
        **photo_links(request),
    }
    return render(request, "ratings/service.html", context, status=422 if errors else 200)


def _as_json(page: ServicePage) -> dict[str, Any]:
    ratings = [*([page.opened] if page.opened else []), *page.ratings]
    return {
        **ServiceLine(page.service, page.department, page.stars).as_json(),
        "guide": page.service.guide,
        "ratings": [one.as_json() for one in ratings],
        "next": page.next or None,
    }


async def rate(request: Request) -> Response:
    """POST /services/SLUG/ratings: 303 to the service's page, or 201 and the rating; 422 with the fields by name."""
    form = await read_form(request, max_files=request.app.state.config.limits.photos + 5)
    service = await queries.get_service(request.path_params["slug"])
    taken = await read_uploads(request, form)
    try:
        data = _read(request, form, taken)
    except Invalid as error:
        if wants_json(request):
            raise
        typed: dict[str, Any] = {name: value for name, value in form.items() if isinstance(value, str)}
        return await _page(request, typed, taken, error.fields)
    await spend_post_limit(request, taken)
    channel = "api" if wants_json(request) else "web"
    rated = await actions.rate_service(service, data, request.state.person, photos=taken.photos, channel=channel)
    if wants_json(request):
        body = {**await queries.rating_json(rated.rating.id), "replaced": rated.replaced, "again": rated.again}
        return answer_json({"url": actions.rating_path(service.slug, rated.rating.id), **body}, 201)
    return see_other(actions.rating_path(service.slug, rated.rating.id))


def _read(request: Request, form: Any, taken: Uploads) -> forms.RatingInput:
    try:
        data = forms.read_rating(form, longest=request.app.state.config.limits.text)
    except Invalid as error:
        raise Invalid(fields={**error.fields, **taken.errors}) from None
    if taken.errors:
        raise Invalid(fields=taken.errors)
    return data


routes: list[BaseRoute] = [
    route("/services", listing, who=Who.ANYONE),
    route("/services/{slug:str}", detail, who=Who.ANYONE),
    route("/services/{slug:str}/ratings", rate, who=Who.SIGNED_IN, methods=("POST",)),
]
