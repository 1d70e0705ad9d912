"""What changes how every page looks: the reader's large print, the city's colour."""

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic import cookies
from civic.web import Who, local_path, read_form, render, route, see_other

YEAR = 365 * 86400


async def set_large_print(request: Request) -> Response:
    """`/print?size=large|normal&next=/where/to`: remembered in the cookie `print`."""
    given = request.query_params if request.method == "GET" else await read_form(request)
    response = see_other(local_path(str(given.get("next", "/"))))
    if given.get("size") == "large":
        cookies.set_cookie(request, response, cookies.LARGE_PRINT, "large", YEAR)
    else:
        cookies.delete_cookie(request, response, cookies.LARGE_PRINT)
    return response


async def easy(request: Request) -> Response:
    """GET /easy: the home of the large print, which this address turns on, so that it can be given to somebody."""
    response = render(request, "easy.html", {"large_print": True})
    cookies.set_cookie(request, response, cookies.LARGE_PRINT, "large", YEAR)
    return response


async def theme_css(request: Request) -> Response:
    """GET /theme.css: the city's accent colour; lighter on dark pages, where the same would be hard to read."""
    accent = request.state.city.accent
    css = ""
    if re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        css = (
            f":root {{ --accent: light-dark({accent}, color-mix(in srgb, {accent} 55%, white)); "
            f"--accent-wash: light-dark(color-mix(in srgb, {accent} 10%, white), "
            f"color-mix(in srgb, {accent} 22%, black)); }}\n"
        )
    return Response(css, media_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


routes: list[BaseRoute] = [
    route("/print", set_large_print, who=Who.ANYONE, methods=("GET", "POST")),
    route("/easy", easy, who=Who.ANYONE),
    route("/theme.css", theme_css, who=Who.ANYONE),
]
