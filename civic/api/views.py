"""The JSON side: /api/v1/… serves the same views as the pages, and says what a client needs to start."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import catalogue
from civic.desk import views as desk
from civic.posts import views as posts
from civic.ratings import views as ratings
from civic.reports import views as reports
from civic.scores import views as scores
from civic.search import views as search
from civic.traffic import views as traffic
from civic.web import Who, answer_json, route

PREFIX = "/api/v1"
# What is left out makes sense only in a browser.
PAGES_ONLY = (
    "/",
    "/map",
    "/receipt",
    "/r/{code:str}",
    "/reports/new",
    "/reports/new/questions",
    "/reports/new/similar",
    "/scores/method",
    "/services/new",
    "/traffic/new",
)


async def show_city(request: Request) -> Response:
    """Name, languages, zone, box, centre, categories and departments of this city."""
    view = request.state.city
    found = await catalogue()
    lat, lon = view.centre
    return answer_json(
        {
            "name": view.names,
            "languages": list(view.languages),
            "zone": str(view.zone),
            "phone": view.phone,
            "bbox": list(view.bbox),
            "centre": {"lat": lat, "lon": lon},
            "categories": [_category(one) for one in found.categories],
            "departments": [{"slug": one.slug, "names": one.names} for one in found.departments],
            "services": [{"slug": one.slug, "names": one.names} for one in found.services],
        }
    )


def _category(one: CategoryView) -> dict[str, object]:
    return {
        "code": one.code,
        "names": one.names,
        "group": {"code": one.group_code, "names": one.group},
        "descriptions": one.descriptions,
        "photo_required": one.photo_required,
        "public": one.public,
        "response": one.response_target,
        "resolution": one.resolution_target,
        "questions": [
            {
                "code": q.code,
                "names": q.names,
                "kind": q.kind,
                "required": q.required,
                "options": [{"code": o.code, "names": o.names} for o in q.options],
            }
            for q in one.questions
        ],
    }


def mirror_routes(pages: list[BaseRoute]) -> list[BaseRoute]:
    """The same views under /api/v1, where they answer JSON whatever is accepted."""
    made: list[BaseRoute] = []
    for one in pages:
        if isinstance(one, Route) and one.path not in PAGES_ONLY:
            copy = Route(PREFIX + one.path, one.endpoint, methods=list(one.methods or ()), name=f"api:{one.name}")
            copy.who = one.who  # type: ignore[attr-defined]  # as civic.web.route sets it
            made.append(copy)
    return made


routes: list[BaseRoute] = [
    route(PREFIX + "/city", show_city, who=Who.ANYONE),
    *mirror_routes(
        [
            *search.routes,
            *posts.routes,
            *reports.routes,
            *traffic.routes,
            *ratings.routes,
            *desk.routes,
            *scores.routes,
        ]
    ),
]
