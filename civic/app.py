"""The composition root: every domain's routes, the middleware, and what lives as long as the program."""

import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from civic import config as configuration
from civic import db, logs, static, switches
from civic.config import Config
from civic.errors import CivicError
from civic.failures import HTTPException, answer
from civic.health import routes as health_routes
from civic.middleware import Answer, Check, Guard, Observe, Read


def routes() -> list[BaseRoute]:
    """Every domain's, in the order of the listing."""
    found: list[BaseRoute] = [*health_routes, *switches.routes]
    for domain in db.DOMAINS:
        if importlib.util.find_spec(f"civic.{domain}.views"):
            found += getattr(import_module(f"civic.{domain}.views"), "routes", [])
    return [*found, Mount("/static", static.Files(directory=static.FOLDER), name="static")]


async def failed(request: Request, error: Exception) -> Response:
    return await answer(request, error)


def create_app(config: Config, url: str | None = None) -> Starlette:
    """The web program for a configuration.

    While it lives it is connected to the database at `url`, else to the one that the configuration names. Where the
    caller is connected already (tests), do not run its lifespan.
    """
    app = Starlette(
        routes=routes(),
        middleware=[
            Middleware(Observe),
            Middleware(Guard, config=config),
            Middleware(Answer),
            Middleware(Check, most=config.limits.body_bytes),
            Middleware(Read, config=config),
        ],
        exception_handlers={HTTPException: failed, CivicError: failed},
        lifespan=_living(config, url),
    )
    app.state.config = config
    return app


def _living(config: Config, url: str | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if url is not None:
            async with db.connected(url, config.database.pool):
                yield
        else:
            with db.database_url(config) as found:
                async with db.connected(found, config.database.pool):
                    yield

    return lifespan


def serve() -> Starlette:
    """What each web process runs: the configuration is read anew, as a process shares nothing with another."""
    config = configuration.load()
    logs.set_up(config.server.log)
    return create_app(config)
