"""What every view needs and that knows no domain: routes that say who may call them, rendering, paging, forms.

One address gives the page, the fragment when htmx asks, or JSON when a program asks.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from civic import i18n, templates
from civic.bodies import MAX_FIELD_BYTES, MAX_FIELDS, limit_body, read_json_form
from civic.conditional import answer_conditionally
from civic.cookies import LARGE_PRINT, TAKEN, read_cookie, set_cookie
from civic.errors import CivicError, NotAllowed, NotFound, SignInNeeded
from civic.rates import network_of
from civic.schemas import AnswerType, to_json
from civic.shared_answers import SharedAnswers, is_for_everybody

KEPT_FORMS = "/kept/"  # where forms wait for their senders to sign in
KEPT_FORM = re.compile(rf"{KEPT_FORMS}[\w-]{{22,64}}", re.ASCII)
NO_STORE = {"Cache-Control": "no-store"}  # of an answer for one reader: not even their own browser keeps it
CLIENT_KEY = re.compile(r"[\w.:-]{1,64}", re.ASCII)  # under which a form is sent: random, made with the form
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
TAKEN_SECONDS = 300  # in which a page of ours is open and its script learns that the form was taken
View = Callable[[Request], Awaitable[Response]]
RefusedView = Callable[[Request, CivicError], Awaitable[Response]]


class Who(StrEnum):
    """Who may call a route. Finer rules are in the action or query that it calls."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    STAFF = "staff"  # agent, lead, dispatcher, admin
    DISPATCHER = "dispatcher"  # dispatcher, admin
    ADMIN = "admin"


class Caller(Protocol):
    """What this module needs to know of accounts.people.Person."""

    @property
    def id(self) -> int: ...
    @property
    def signed_in(self) -> bool: ...
    @property
    def is_staff(self) -> bool: ...
    @property
    def is_dispatcher(self) -> bool: ...
    @property
    def is_admin(self) -> bool: ...


def may_call(caller: Caller, who: Who) -> bool:
    if who is Who.ANYONE:
        return True
    return {
        Who.SIGNED_IN: caller.signed_in,
        Who.STAFF: caller.is_staff,
        Who.DISPATCHER: caller.is_dispatcher,
        Who.ADMIN: caller.is_admin,
    }[who]


def caller_key(request: Request) -> str:
    """Whose reads are counted together: a person's, or those of an address."""
    person: Caller = request.state.person
    address = request.client.host if request.client else ""
    return f"user {person.id}" if person.signed_in else network_of(address)


@dataclass(frozen=True)
class RouteDescription:
    """What a route says about itself: who may call it, and its models for the OpenAPI description.

    `answers`: what it answers as JSON, with `status`; None for a route that answers no JSON. `takes`: the form of a
    POST, or the query parameters of a GET. `refused` answers people who may not call the route, in place of the error
    page: it gives back the form with what they typed. `photos`: it takes photos, as multipart; other bodies are small.
    `counted`: it is dear to answer, or asked while one types or drags, so `limits.reads_per_minute` holds. `shared`:
    who reads it without a cookie gets what all of them get (`civic/shared_answers.py`).
    """

    who: Who
    view: View
    answers: AnswerType | None = None
    takes: type[BaseModel] | None = None
    status: int = 200
    refused: RefusedView | None = None
    photos: bool = False
    counted: bool = False
    shared: bool = False


class GuardedRoute(Route):
    """A route that refuses a caller who may not use it, before the view runs."""

    def __init__(self, path: str, about: RouteDescription, methods: Collection[str], name: str) -> None:
        self.about = about
        super().__init__(path, self.guard, methods=list(methods), name=name)
        self.app = self._answer  # what is raised there the program's own handlers turn into an answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.guard(Request(scope, receive, send))
        await response(scope, receive, send)

    async def guard(self, request: Request) -> Response:
        refusal = self._refusal(request.state.person)
        if refusal and self.about.refused is None:
            raise refusal
        if any(isinstance(value, int) and value >= 2**63 for value in request.path_params.values()):
            raise NotFound()  # larger than any id that the database has
        if self.about.counted:
            request.app.state.reads.count(caller_key(request))
        request = limit_body(request, request.app.state.config.limits, photos=self.about.photos)
        try:
            if refusal and self.about.refused:
                return await self.about.refused(request, refusal)
            if self.about.shared and is_for_everybody(request):
                form = is_htmx(request), wants_json(request)
                answers: SharedAnswers = request.app.state.shared_answers
                return await answers.find_or_make(request, form, self._view)
            response = await self._view(request)
        finally:
            await request.close()  # the files of its form
        if key := getattr(request.state, "taken_key", ""):
            set_cookie(request, response, TAKEN, key, TAKEN_SECONDS, http_only=False)
        return answer_conditionally(request, response) if self.about.who is Who.ANYONE else response

    async def _view(self, request: Request) -> Response:
        response: Response = await self.about.view(request)
        if isinstance(response, JsonAnswer) and not isinstance(response.model, self.about.answers or ()):
            raise TypeError(f"{self.name} answers {type(response.model).__name__}, which its route does not name")
        return response

    def _refusal(self, caller: Caller) -> CivicError | None:
        """Why the caller may not use the route."""
        if may_call(caller, self.about.who):
            return None
        return NotAllowed() if caller.signed_in else SignInNeeded()

    def under(self, prefix: str, name: str) -> "GuardedRoute":
        """The same route below `prefix`."""
        return GuardedRoute(prefix + self.path, self.about, self.methods or (), name)


def route(
    path: str,
    view: View,
    *,
    who: Who,
    methods: tuple[str, ...] = ("GET",),
    name: str | None = None,
    answers: AnswerType | None = None,
    takes: type[BaseModel] | None = None,
    status: int = 200,
    refused: RefusedView | None = None,
    photos: bool = False,
    counted: bool = False,
    shared: bool = False,
) -> GuardedRoute:
    """A route that says who may call it, and which models it answers and takes (see RouteDescription)."""
    about = RouteDescription(who, view, answers, takes, status, refused, photos, counted, shared)
    return GuardedRoute(path, about, methods, name or f"{view.__module__}.{view.__name__}")


def wants_json(request: Request) -> bool:
    """A program asks: the address is under /api/, JSON is what it accepts, or the view answers nothing else."""
    if request.scope["path"].startswith("/api/") or getattr(request.state, "json_only", False):
        return True
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def is_htmx(request: Request) -> bool:
    """htmx asks for a fragment (not for a whole page that it will swap in)."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-request-type", "partial") == "partial"


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page; or `fragment` alone (the template that the page includes) when htmx asks."""
    name = fragment if fragment and is_htmx(request) else template
    html = templates.get_template(name).render({**page_context(request), **(context or {})})
    return Response(html, status, {"Vary": "HX-Request, Accept-Language, Cookie", **(headers or {})}, "text/html")


def page_context(request: Request) -> dict[str, Any]:
    """What every template has: request, person, city (a city.queries.CityView), lang, path, large_print."""
    state = request.state
    return {
        "request": request,
        "person": state.person,
        "city": state.city,
        "lang": i18n.language(),
        "path": request.url.path,
        "large_print": read_cookie(request, LARGE_PRINT) == "large",
        "with_query": lambda **changes: with_query(request, **changes),
        "query_of": lambda **changes: changed_query(request, **changes),
    }


def with_query(request: Request, **changes: object) -> str:
    """This address with some query parameters changed (None drops one); paging starts anew."""
    query = changed_query(request, **changes)
    return request.url.path + ("?" + query if query else "")


def changed_query(request: Request, **changes: object) -> str:
    """The query of `with_query`."""
    pairs = [(k, v) for k, v in parse_qsl(request.url.query) if k not in changes and k != "page"]
    pairs += [(k, str(v)) for k, v in changes.items() if v is not None]
    return urlencode(pairs)


class JsonAnswer(Response):
    """A model as JSON."""

    media_type = "application/json"

    def __init__(self, model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.model = model
        super().__init__(to_json(model), status, headers)


def json_answer(model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> JsonAnswer:
    """Answer a model of a domain's `schemas.py` as JSON. The route names it: `route(…, answers=Model)`."""
    return JsonAnswer(model, status, headers)


def parse_id(text: object) -> int | None:
    """The id of a row, as a form or an address names it; None for what is none."""
    written = str(text or "")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else None


def see_other(url: str) -> RedirectResponse:
    """303: after a form was taken, look there."""
    return RedirectResponse(url, 303)


def go_to(request: Request, url: str) -> Response:
    """As `see_other`, also where htmx sent the form: the whole page goes there, not the part that was to be swapped."""
    return Response(status_code=200, headers={"HX-Redirect": url}) if is_htmx(request) else see_other(url)


def local_path(url: str | None, default: str = "/") -> str:
    """`url` if it is a path of this site, else `default`: never redirect elsewhere. Browsers leave tabs out."""
    if url and url.startswith("/") and not url.startswith(("//", "/\\")) and not CONTROLS.search(url):
        return url
    return default


def is_kept_form(path: str) -> bool:
    """Whether this is the address of a form that waits, and of nothing else.

    A POST is led there. One that only begins so, such as /kept/../posts/7/vote, would do something else in the name of
    whoever signs in: a link can name it.
    """
    return KEPT_FORM.fullmatch(path) is not None


async def read_form(request: Request, *, max_files: int = 10) -> FormData:
    """A form (urlencoded or multipart), or a JSON object read as one. NUL characters are left out of its texts.

    Raises BadRequest, TooLarge and TooSlow.
    """
    if request.headers.get("content-type", "").startswith("application/json"):
        form = read_json_form(await request.body())
    else:
        form = await request.form(max_files=max_files, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    read = FormData([(name, v.replace("\x00", "") if isinstance(v, str) else v) for name, v in form.multi_items()])
    request.state.form = read
    return read


def text_items(form: FormData) -> list[tuple[str, str]]:
    """The texts of a form by name, each as often as it was sent; files are left out."""
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def note_taken(request: Request, client_key: object) -> None:
    """The form with this key was carried out: the page's script can drop its draft, and knows the key as used."""
    if isinstance(client_key, str) and CLIENT_KEY.fullmatch(client_key):
        request.state.taken_key = client_key


def text_fields(form: FormData) -> dict[str, str]:
    """The fields of a form that are texts. Of a JSON body also its numbers; true is "1", false and null are nothing."""
    found = {}
    for name, value in form.items():
        if isinstance(value, bool) or value is None:
            found[name] = "1" if value else ""
        elif isinstance(value, str | int | float):
            found[name] = str(value)
    return found
