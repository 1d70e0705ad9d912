"""The base map, and names of positions."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import i18n
from civic.errors import BadRequest
from civic.geo import queries
from civic.geo.positions import parse_degrees
from civic.geo.schemas import OutlinesAnswer, PlaceAnswer, PlacesAnswer, PositionAnswer
from civic.web import Who, json_answer, route


async def outlines(request: Request) -> Response:
    """GeoJSON of the city's areas: the base map where no tiles are set."""
    shown = (await queries.areas()).outlines
    return json_answer(
        OutlinesAnswer.model_construct(shown),
        headers={"Cache-Control": "public, max-age=600"},
    )


async def places(request: Request) -> Response:
    """Positions for an address: `q`; [{name, lat, lon, area, sure}], best first."""
    query = request.query_params.get("q", "").strip()
    hits = await queries.geocode(query, request.app.state.config.geocoder) if query else []
    known = await queries.areas()
    return json_answer(PlacesAnswer([PlaceAnswer.of(hit, known.at(hit.lat, hit.lon)) for hit in hits]))


async def position(request: Request) -> Response:
    """What is at `lat`, `lon`: {area, place, inside}; the names are in the reader's language."""
    try:
        lat, lon = parse_degrees(request.query_params["lat"], 90), parse_degrees(request.query_params["lon"], 180)
    except (KeyError, ValueError):
        raise BadRequest() from None
    areas = await queries.areas()
    area = areas.at(lat, lon)
    place = await queries.nearest_place(lat, lon)
    return json_answer(
        PositionAnswer(
            inside=area is not None or not len(areas),
            area=i18n.pick(area.names) if area else "",
            place=i18n.pick(place.names) if place else "",
        )
    )


routes: list[BaseRoute] = [
    route("/map/areas.json", outlines, who=Who.ANYONE, answers=OutlinesAnswer),
    route("/places", places, who=Who.ANYONE, answers=PlacesAnswer, counted=True),
    route("/places/at", position, who=Who.ANYONE, answers=PositionAnswer, counted=True),
]
