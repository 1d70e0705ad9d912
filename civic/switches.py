"""The reader's own switches: large print."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from civic.accounts import cookies
from civic.web import Who, local_path, read_form, route, see_other

YEAR = 365 * 86400


async def large_print(request: Request) -> Response:
    """`/print?size=large|normal&next=/where/to`: remembered in the cookie `print`."""
    given = request.query_params if request.method == "GET" else await read_form(request)
    response = see_other(local_path(str(given.get("next", "/"))))
    config = request.app.state.config
    if given.get("size") == "large":
        cookies.keep(response, "print", "large", config, YEAR)
    else:
        cookies.drop(response, "print", config)
    return response


routes: list[BaseRoute] = [route("/print", large_print, who=Who.ANYONE, methods=("GET", "POST"))]
