"""The route of an address is the one that Starlette's router would find among all."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Message

from civic.app import routes
from civic.router import PathRouter

ODD = (
    "",
    "/",
    "//",
    "/nowhere",
    "/reports/",
    "/reports/x",
    "/reports//",
    "//reports",
    "/static",
    "/static/",
    "/REPORTS",
)
METHODS = ("GET", "HEAD", "POST", "DELETE")


@asynccontextmanager
async def nothing(_app: Starlette) -> AsyncIterator[None]:
    yield


def naming(number: int, one: BaseRoute) -> BaseRoute:
    """A route like `one` that answers its number and what it read from the path."""

    async def name(request: Request) -> Response:
        return PlainTextResponse(f"{number} {request.path_params}")

    if isinstance(one, Mount):
        return Mount(one.path, PlainTextResponse(f"{number}"))
    assert isinstance(one, Route)
    return Route(one.path, name, methods=list(one.methods or ()))


async def ask(app: ASGIApp, method: str, path: str) -> tuple[int, bytes]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_the_same_route_is_found_as_among_all() -> None:
    named = [naming(number, one) for number, one in enumerate(routes())]
    plain, quick = Router(named, redirect_slashes=False), PathRouter(named, nothing)
    paths = {re.sub(r"\{\w+:int\}", "17", getattr(one, "path", "")) for one in named}
    paths |= {re.sub(r"\{.*?\}", word, path) for path in paths for word in ("x", "new", "17")}
    statuses = set()
    for path in [*paths, *ODD, *(f"{path}/x" for path in paths)]:
        for method in METHODS:
            found = await ask(quick, method, path)
            assert found == await ask(plain, method, path), f"{method} {path}"
            statuses.add(found[0])
    assert statuses == {200, 404, 405}


async def test_a_route_that_is_added_later_is_found() -> None:
    quick = PathRouter([naming(0, Route("/first", nothing, methods=["GET"]))], nothing)
    assert (await ask(quick, "GET", "/second/5"))[0] == 404
    quick.routes.insert(0, naming(1, Route("/second/{id:int}", nothing, methods=["GET"])))
    assert await ask(quick, "GET", "/second/5") == (200, b"1 {'id': 5}")
