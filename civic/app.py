"""The composition root: every domain's routes, the middleware, and what lives as long as the program."""

import asyncio
import importlib.util
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from multiprocessing.connection import wait

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from civic import config as configuration
from civic import db, erasures, logs, manifest, offline, preferences, signing, static, templates
from civic.accounts.views import AccountSections
from civic.cases.metrics import measure_cases
from civic.cases.status import Status
from civic.composition import install_hooks
from civic.config import Config
from civic.error_responses import make_error_response
from civic.errors import CivicError
from civic.geo.base_map import BaseMaps
from civic.health import measure_program
from civic.health import routes as health_routes
from civic.jobs.metrics import measure_jobs, measure_workers
from civic.media.decoder import Decoder
from civic.media.store import Store
from civic.metrics import Gauges, keep_readings
from civic.middleware import Compression, ErrorResponses, RequestContext, RequestGuards, RequestLog, SecurityHeaders
from civic.notifications.metrics import measure_deliveries
from civic.notifications.views import messages
from civic.posts.my_posts import device_section, my_posts_section
from civic.rates import ReadCounts
from civic.router import PathRouter
from civic.search.meili.client import Meili
from civic.search.meili.queue import search_key
from civic.search.metrics import measure_index
from civic.shared_answers import SharedAnswers

templates.GLOBALS["statuses"] = {status.value: status for status in Status}  # for the macro in _parts.html


def routes() -> list[BaseRoute]:
    """Every domain's, in the order of the listing."""
    found: list[BaseRoute] = [*health_routes, *preferences.routes, *manifest.routes, *offline.routes]
    for domain in db.DOMAINS:
        if importlib.util.find_spec(f"civic.{domain}.views"):
            found += getattr(import_module(f"civic.{domain}.views"), "routes", [])
    return [*found, Mount("/static", static.VersionedFiles(directory=static.FOLDER), name="static")]


def account_sections() -> AccountSections:
    """What the account page shows beside the account: each from a domain that the accounts know nothing of."""
    return [messages, my_posts_section, device_section]


def gauges(config: Config) -> Gauges:
    """What the domains and the program measure for /metrics."""
    domains: list[Gauges] = [measure_jobs, measure_workers, measure_index, measure_cases, measure_deliveries]
    return keep_readings([*domains, partial(measure_program, config)])


async def handle_error(request: Request, error: Exception) -> Response:
    return await make_error_response(request, error)


def create_app(config: Config, url: str | None = None) -> Starlette:
    """The web program for a configuration.

    While it lives it is connected to the database at `url`, else to the one that the configuration names. Where the
    caller is connected already (tests), do not run its lifespan.
    """
    install_hooks()
    signing.set_key(config.secret)
    erasures.set_log(config.paths.var)
    app = Starlette(
        middleware=[
            Middleware(RequestLog),
            Middleware(SecurityHeaders, config=config),
            Middleware(Compression, minimum_size=1000, compresslevel=5),
            Middleware(ErrorResponses),
            Middleware(RequestContext, config=config),
            Middleware(RequestGuards, config=config),
        ],
        exception_handlers={HTTPException: handle_error, CivicError: handle_error},
    )
    # It redirects no slashes: Starlette would name the host that the request named. RequestGuards does it by path.
    app.router = PathRouter(routes(), _living(config, url))
    app.state.config = config
    app.state.account_sections = account_sections()
    app.state.gauges = gauges(config)
    app.state.secret = config.secret()
    app.state.shared_answers = SharedAnswers(config.server.shared_seconds)
    app.state.base_maps = BaseMaps(config)
    app.state.reads = ReadCounts(config.limits.reads_per_minute)
    app.state.meili = Meili(config.search, search_key) if config.search.url else None
    app.state.store = Store(config.media_folder)
    app.state.decoder = Decoder(
        processes=config.media.processes,
        seconds=config.media.seconds,
        max_bytes=config.media.max_bytes,
        max_pixels=config.media.max_pixels,
    )
    return app


def _living(config: Config, url: str | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with ExitStack() as stack:
            # In a thread, as it waits for a database that is starting.
            place = url or str(await asyncio.to_thread(stack.enter_context, db.database_url(config)))
            if app.state.meili:
                stack.callback(app.state.meili.close)
            async with db.connect(place, config.database.pool, "civic web"), app.state.decoder:
                app.state.decoder.start_ahead()
                yield

    return lifespan


def serve() -> Starlette:
    """What each web process runs: the configuration is read anew, as a process shares nothing with another."""
    config = configuration.load_config()
    logs.set_up_logging(config.server.log)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    return create_app(config)


def _end_with(sentinel: int) -> None:
    """A web process whose parent was killed would hold the port for ever."""
    wait([sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
