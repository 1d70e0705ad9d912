"""The JSON side: /api/v1/… serves the same views as the pages, and says what a client needs to start."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.api.openapi import PREFIX, describe_api
from civic.api.schemas import (
    CategoryAnswer,
    CategoryGroupAnswer,
    CategoryQuestionAnswer,
    CityAnswer,
    HelperAnswer,
    PointAnswer,
    SlugAnswer,
)
from civic.catalogue.catalogue import CategoryView
from civic.catalogue.queries import catalogue
from civic.desk import views as desk
from civic.posts import views as posts
from civic.ratings import views as ratings
from civic.reports import views as reports
from civic.schemas import JsonDocument
from civic.scores import views as scores
from civic.search import views as search
from civic.traffic import views as traffic
from civic.web import GuardedRoute, Who, json_answer, route

# What is left out makes sense only in a browser.
PAGES_AND_FILES = (
    "/desk/next",
    "/",
    "/kept/{token:str}",
    "/kept/{token:str}/forget",
    "/map",
    "/map.png",
    "/receipt",
    "/r/{code:str}",
    "/me",
    "/me/forget",
    "/offline/form",
    "/offline/questions",
    "/reports/{id:int}/card/{language:str}.jpg",
    "/reports/{id:int}/confirm-mail",
    "/reports/{id:int}/map.png",
    "/reports/filters",
    "/reports/filters/{language:str}",
    "/reports/new",
    "/a/{kind:str}/{code:path}",
    "/reports/new/assets",
    "/reports/new/categories",
    "/reports/new/questions",
    "/reports/new/similar",
    "/scores/departments/{slug:str}/history.csv",
    "/scores/method",
    "/scores/table.csv",
    "/scores/verify.py",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap/{part:int}.xml",
    "/switch",
    "/traffic/new",
)


async def show_city(request: Request) -> Response:
    """Name, languages, zone, box, centre, categories and departments of this city."""
    view = request.state.city
    current = await catalogue()
    lat, lon = view.centre
    return json_answer(
        CityAnswer(
            name=view.names,
            languages=list(view.languages),
            zone=str(view.zone),
            phone=view.phone,
            emergency_phone=view.settings.emergency_phone or view.phone,
            danger_words=view.settings.danger_words,
            bbox=view.bbox,
            centre=PointAnswer(lat=lat, lon=lon),
            categories=[_describe_category(category) for category in current.categories],
            departments=[SlugAnswer.model_validate(department) for department in current.departments],
            services=[SlugAnswer.model_validate(service) for service in current.services],
        )
    )


def _describe_category(category: CategoryView) -> CategoryAnswer:
    return CategoryAnswer(
        code=category.code,
        names=category.names,
        group=CategoryGroupAnswer(code=category.group_code, names=category.group),
        descriptions=category.descriptions,
        photo_required=category.photo_required,
        public=category.public,
        response=category.response_target,
        resolution=category.resolution_target,
        questions=[CategoryQuestionAnswer.model_validate(question) for question in category.questions],
        shape=category.shape,
        instead=HelperAnswer.model_validate(category.instead) if category.instead else None,
    )


async def show_openapi(request: Request) -> Response:
    """This description: every address that answers JSON, with its models (OpenAPI 3.1)."""
    return json_answer(JsonDocument(describe_api(request.app.routes)), headers={"Cache-Control": "no-cache"})


def mirror_routes(pages: list[BaseRoute]) -> list[BaseRoute]:
    """The same views under /api/v1, where they answer JSON whatever the request accepts."""
    return [
        page.under(PREFIX, f"api:{page.name}")
        for page in pages
        if isinstance(page, GuardedRoute) and page.path not in PAGES_AND_FILES
    ]


routes: list[BaseRoute] = [
    route(PREFIX + "/city", show_city, who=Who.ANYONE, answers=CityAnswer),
    route(PREFIX + "/openapi.json", show_openapi, who=Who.ANYONE, answers=JsonDocument),
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
