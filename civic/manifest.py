"""What makes the site an application on a phone's home screen: its manifest, and icons in the city's colour."""

import re
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from civic.errors import NotFound
from civic.i18n import language, pick
from civic.web import Who, route

ACCENT, PAPER = "#0b6b5d", "#fbfaf7"
SIZES = (180, 192, 512)  # pixels; 180: Apple's
SAFE_SHARE = 0.6  # of a maskable icon: what no mask cuts
FINER = 4


async def show_manifest(request: Request) -> Response:
    """GET /manifest.webmanifest, in the reader's language."""
    city = request.state.city
    icons = [{"src": f"/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in SIZES[1:]]
    icons.append({"src": "/icons/maskable.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"})
    about = {
        "id": "/",
        "name": pick(city.names),
        "short_name": pick(city.names)[:12],
        "lang": language(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": _accent(request),
        "background_color": PAPER,
        "icons": icons,
    }
    headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language, Cookie"}
    return JSONResponse(about, media_type="application/manifest+json", headers=headers)


async def icon(request: Request) -> Response:
    """GET /icons/SIZE.png or /icons/maskable.png: the pin of the site in the city's colour."""
    name = request.path_params["name"]
    if name not in {*map(str, SIZES), "maskable"}:
        raise NotFound()
    data = (
        draw_icon(_accent(request), 512, 1 - SAFE_SHARE)
        if name == "maskable"
        else draw_icon(_accent(request), int(name), 0.16)
    )
    return Response(data, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


def _accent(request: Request) -> str:
    accent: str = request.state.city.accent
    return accent if re.fullmatch(r"#[0-9a-fA-F]{6}", accent) else ACCENT


@lru_cache(maxsize=16)
def draw_icon(accent: str, size: int, border: float) -> bytes:
    """A pin with a tick (static/favicon.svg) on the city's colour, as PNG; `border`: the share that stays free."""
    edge = size * FINER
    image = Image.new("RGB", (edge, edge), accent)
    draw = ImageDraw.Draw(image)
    scale = edge * (1 - border) / 32
    left = edge * border / 2

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * scale, left + y * scale

    draw.ellipse((*at(5, 1), *at(27, 23)), fill="white")
    draw.polygon([at(6.5, 17), at(16, 30), at(25.5, 17)], fill="white")
    draw.line([at(11, 12), at(15, 16), at(22, 9)], fill=accent, width=round(3 * scale), joint="curve")
    file = BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


routes: list[BaseRoute] = [
    route("/manifest.webmanifest", show_manifest, who=Who.ANYONE),
    route("/icons/{name:str}.png", icon, who=Who.ANYONE),
]
