"""Numbered things near a place."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.catalogue.queries import catalogue, nearest_assets
from civic.catalogue.schemas import AssetAnswer, AssetsAnswer
from civic.errors import BadRequest, NotFound
from civic.geo.positions import parse_degrees
from civic.web import Who, json_answer, route


async def assets(request: Request) -> Response:
    """The things that reports of `category` may name around `lat`, `lon`, the nearest first."""
    category = (await catalogue()).category_by_code.get(request.query_params.get("category", ""))
    if category is None:
        raise NotFound()
    try:
        lat, lon = parse_degrees(request.query_params["lat"], 90), parse_degrees(request.query_params["lon"], 180)
    except (KeyError, ValueError):
        raise BadRequest() from None
    found = await nearest_assets(category, lat, lon)
    return json_answer(AssetsAnswer([AssetAnswer.model_validate(one) for one in found]))


routes: list[BaseRoute] = [route("/assets", assets, who=Who.ANYONE, answers=AssetsAnswer, counted=True)]
