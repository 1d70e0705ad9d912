"""What every request passes on its way in and out, outermost first.

Plain ASGI, as each costs every request: *RequestLog* gives it an id, logs and counts it; *SecurityHeaders* sets the
headers that protect the reader; *ErrorResponses* turns what was raised into an answer; *RequestContext* finds out who
reads, in which language, of which city; *RequestGuards* refuses forms of other sites, other hosts' names, and addresses
that nothing can have. How much of a body is read is the route's to say (`civic/bodies.py`).
"""

import re
import secrets
import time
from collections.abc import MutableMapping
from contextlib import nullcontext
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware, GZipResponder, IdentityResponder
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from civic import cookies, formats, i18n, logs, metrics
from civic.accounts.actions import note_visit
from civic.accounts.people import NOBODY, Person
from civic.catalogue.members import find_person
from civic.city.queries import CityView, city, pin_version
from civic.config import Config
from civic.error_responses import make_error_response
from civic.errors import BadRequest, NotAllowed, NotFound, WrongHost
from civic.i18n import lazy as _
from civic.posts import receipts
from civic.site import is_https, is_own_host, read_header, request_origin
from civic.web import Who

log = logs.get_logger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
COUNTED_METHODS = SAFE_METHODS | {"POST"}
# Nobody reads these in a language or as a person, so they cost no look-up.
PATHS_FOR_MACHINES = ("/healthz", "/readyz", "/metrics")
PATHS_WITHOUT_READER = ("/static/", *PATHS_FOR_MACHINES)
YEAR = 365 * 86400
FILE_LEVEL = 9  # of gzip: a browser asks for each version of a file once
CLIENT_LEFT = 499  # the status in the log of a request whose client went away before its end; nobody reads it


def _template(scope: Scope) -> str:
    """The route as its template: labels and logs never carry what somebody put into an address."""
    return getattr(scope.get("route"), "path", None) or "(none)"


class RequestLog:
    """An id for the request, one line in the log, and the figures."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = read_header(scope, b"x-request-id")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        status, start = 0, time.perf_counter()
        header = b"x-request-id", request_id.encode()

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self.app(scope, receive, observed)
        finally:
            self._note(scope, status, time.perf_counter() - start)

    @staticmethod
    def _note(scope: Scope, status: int, seconds: float) -> None:
        route, method = _template(scope), scope["method"] if scope["method"] in COUNTED_METHODS else "other"
        metrics.request_count.labels(method, route, status).inc()
        metrics.request_seconds.labels(route).observe(seconds)
        if not scope["path"].startswith(PATHS_WITHOUT_READER):
            log.info("answered", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def security_headers(config: Config) -> dict[str, str]:
    """No script, style or frame but our own; pictures also from the map's tile server."""
    tiles = urlsplit(config.map.tiles.replace("{s}", "*"))
    pictures = f" {tiles.scheme}://{tiles.netloc}" if tiles.netloc else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' data: blob:{pictures}",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        # What says nothing of its own is for one reader, in one language and form: no cache gives it to another.
        "Cache-Control": "private, no-cache",
    }


def _is_private(scope: Scope) -> bool:
    """Whether the route is not for everybody: its pages are kept by no browser either."""
    about = getattr(scope.get("route"), "about", None)
    return about is not None and about.who is not Who.ANYONE


class SecurityHeaders:
    """Headers that protect the reader, on every answer there is."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.config = config
        headers = {name.lower().encode(): value.encode() for name, value in security_headers(config).items()}
        https = {b"strict-transport-security": f"max-age={YEAR}".encode()}
        private = {b"cache-control": b"no-store"}
        # By whether the reader is at an https address, and whether the route is not for everybody.
        self.headers = {
            (is_https, is_private): (https if is_https else {}) | headers | (private if is_private else {})
            for is_https in (False, True)
            for is_private in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = self.headers[is_https(scope, self.config), _is_private(scope)]
                given = dict(message["headers"])
                message["headers"] = [*message["headers"], *(one for one in ours.items() if one[0] not in given)]
            await send(message)

        await self.app(scope, receive, guarded)


class Compression(GZipMiddleware):
    """Packs answers for who takes that; small ones, and those whose makers saw to it themselves, go as they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start: Message = {}
        onward: Send | None = None

        async def packed(message: Message) -> None:
            nonlocal start, onward
            if onward is not None:
                await onward(message)
            elif message["type"] == "http.response.start":
                start = message
            else:
                onward = send if self._is_ready(start, message) else self._responder(scope, send)
                await onward(start)
                await onward(message)

        await self.app(scope, receive, packed)

    def _is_ready(self, start: Message, message: Message) -> bool:
        """Whether the answer, of which this is the first part, goes as it is."""
        if len(message.get("body", b"")) < self.minimum_size and not message.get("more_body"):
            return bool(message["type"] == "http.response.body")
        return any(name == b"vary" and b"accept-encoding" in value.lower() for name, value in start["headers"])

    def _responder(self, scope: Scope, send: Send) -> Send:
        """Starlette's, for the rest."""
        packs = "gzip" in read_header(scope, b"accept-encoding")
        level = FILE_LEVEL if scope["path"].startswith("/static/") else self.compresslevel
        responder = (
            GZipResponder(self.app, self.minimum_size, level)
            if packs
            else IdentityResponder(self.app, self.minimum_size)
        )
        responder.send = send
        return responder.send_with_compression


class ErrorResponses:
    """Whatever was raised further in becomes an answer; unless one has begun, then the connection breaks.

    A client that went away gets none, and that is no failure.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        state = scope.setdefault("state", {})
        state.update(person=NOBODY, city=CityView(), receipts=[])
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            if not begun:
                await Response(status_code=CLIENT_LEFT)(scope, receive, watched)
        except Exception as error:
            if begun:
                raise
            response = await make_error_response(Request(scope, receive), error)
            await response(scope, receive, watched)


class RequestGuards:
    """Refuses forms that another site sent, other hosts' names where `site.url` is set, and NUL in an address.

    PostgreSQL holds no NUL, so nothing that an address could name has one.
    """

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] not in PATHS_FOR_MACHINES and not is_own_host(scope, self.config):
            raise WrongHost()
        if "\x00" in scope["path"]:
            raise NotFound()
        if b"%00" in scope["query_string"]:
            raise BadRequest()
        if scope["method"] not in SAFE_METHODS and not is_same_origin(scope, self.config):
            raise NotAllowed(_("This form came from another site, so it was not accepted."))
        redirect = redirect_without_slash(scope)
        await (redirect or self.app)(scope, receive, send)


def redirect_without_slash(scope: Scope) -> RedirectResponse | None:
    """`/reports/` is `/reports`. By path alone: a `Host` that somebody made up leads nowhere."""
    path = "/" + scope["path"].strip("/\\")  # "//elsewhere" would lead away
    if not scope["path"].endswith("/") or scope["path"] == "/":
        return None
    query = scope["query_string"].decode("latin-1")
    return RedirectResponse(quote(path) + (f"?{query}" if query else ""), 307)


def is_same_origin(scope: Scope, config: Config) -> bool:
    """Whether a request that changes something comes from a page of this site, or from a program without cookies.

    Browsers that send neither header on a form are older than 2020; without a cookie nothing is done in anybody's
    name, so programs need no header.
    """
    headers = Headers(scope=scope)
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    if origin := headers.get("origin"):
        return origin.lower() == request_origin(scope, config)
    return "cookie" not in headers


class RequestContext:
    """Who reads, in which language, of which city."""

    def __init__(self, app: ASGIApp, config: Config) -> None:
        self.app = app
        self.config = config
        self.view = CityView()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PATHS_WITHOUT_READER):
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        try:
            view = self.view = await city()
            person = await self._person(request)
        except Exception:
            # The page that says that the database is away is in the reader's language too.
            self._set(request, self.view, NOBODY)
            raise
        self._set(request, view, person)
        redirect = self._switched(request, view)
        with pin_version(view.version) if request.method in SAFE_METHODS else nullcontext():
            await (redirect or self.app)(scope, receive, send)

    def _set(self, request: Request, view: CityView, person: Person) -> None:
        state: MutableMapping[str, Any] = request.scope["state"]
        state.update(city=view, person=person, receipts=receipts.read_codes(request))
        i18n.set_language(choose_language(request, view, person))
        formats.set_zone(view.zone)

    async def _person(self, request: Request) -> Person:
        token = cookies.read_cookie(request, cookies.SESSION)
        if not token:
            return NOBODY
        person, seen_at = await find_person(cookies.token_digest(token), self.config.sign_in.session_days)
        if seen_at is not None:
            await note_visit(person.session_id, seen_at)
        return person

    def _switched(self, request: Request, view: CityView) -> RedirectResponse | None:
        """`?lang=zh` is remembered and leaves the address."""
        if b"lang" not in request.scope["query_string"] or request.method not in ("GET", "HEAD"):
            return None
        if (wanted := request.query_params.get("lang")) is None:
            return None
        pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
        path = "/" + request.url.path.lstrip("/\\")  # "//elsewhere" would lead away
        response = RedirectResponse(path + ("?" + urlencode(pairs) if pairs else ""), 303)
        if wanted in view.languages:
            cookies.set_cookie(request, response, cookies.LANGUAGE, wanted, YEAR, http_only=False)
        return response


def choose_language(request: Request, view: CityView, person: Person) -> str:
    """The language of the answer: chosen (cookie), the account's, the browser's, the city's first."""
    for code in (cookies.read_cookie(request, cookies.LANGUAGE), person.language):
        if code in view.languages:
            return code
    for code in parse_accept_language(request.headers.get("accept-language", "")[:200]):
        for known in view.languages:
            if code == known or code.split("-")[0] == known.split("-")[0]:
                return known
    return view.languages[0]


@lru_cache(maxsize=1000)
def parse_accept_language(header: str) -> tuple[str, ...]:
    """Language codes of an Accept-Language header, most wanted first; what cannot be read is left out."""
    weighed = []
    for part in header.split(","):
        code, _semicolon, weight = part.strip().partition(";q=")
        try:
            weighed.append((float(weight or 1), code.strip().lower()))
        except ValueError:
            continue
    return tuple(code for weight, code in sorted(weighed, key=lambda one: -one[0]) if weight > 0 and code)
