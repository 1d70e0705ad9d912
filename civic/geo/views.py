"""The base map, and names of positions."""

import gzip

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import i18n
from civic.city.queries import CityView
from civic.errors import BadRequest, NotFound
from civic.geo import queries
from civic.geo.base_map import BaseMaps
from civic.geo.positions import parse_degrees
from civic.geo.schemas import OutlinesAnswer, PlaceAnswer, PlacesAnswer, PositionAnswer
from civic.static import FOR_EVER
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


async def tile(request: Request) -> Response:
    """A vector tile of the base map; nothing (204) where the map has none. Its version is in its address."""
    version, zoom, x, y = (request.path_params[name] for name in ("version", "zoom", "x", "y"))
    maps: BaseMaps = request.app.state.base_maps
    city: CityView = request.state.city
    base = maps.by_version(version, city.base_map, city.bbox)
    if base is None:
        raise NotFound()
    try:
        found = base.tiles.find(zoom, x, y)
    except ValueError:
        raise NotFound() from None
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if not found:
        return Response(status_code=204, headers=headers)
    if base.tiles.is_gzip:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            found = gzip.decompress(found)
    headers["ETag"] = f'W/"{version}-{zoom}-{x}-{y}"'
    return Response(found, headers=headers, media_type="application/vnd.mapbox-vector-tile")


routes: list[BaseRoute] = [
    route("/map/areas.json", outlines, who=Who.ANYONE, answers=OutlinesAnswer),
    route("/tiles/{version}/{zoom:int}/{x:int}/{y:int}", tile, who=Who.ANYONE),
    route("/places", places, who=Who.ANYONE, answers=PlacesAnswer, counted=True),
    route("/places/at", position, who=Who.ANYONE, answers=PositionAnswer, counted=True),
]
