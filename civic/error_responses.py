"""The one place that turns an exception into an answer: a page, a fragment for htmx, or JSON."""

from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from civic import logs
from civic.accounts.kept_forms import SECRETS
from civic.bodies import limit_body
from civic.db import can_try_again, is_database_away
from civic.disk import is_storage_full
from civic.errors import (
    BadRequest,
    Busy,
    CivicError,
    NotAllowed,
    NotFound,
    SetupError,
    SignInNeeded,
    StorageFull,
    TooLarge,
    TooMany,
    WrongMethod,
    headers_of,
)
from civic.posts.submission import Submission, keep_until_signed_in
from civic.schemas import ErrorAnswer, ServerErrorAnswer
from civic.web import is_htmx, json_answer, read_form, render, text_items, wants_json

log = logs.get_logger(__name__)

# The router's and the form parser's refusals, as ours.
ERRORS_BY_STATUS: dict[int, type[CivicError]] = {
    400: BadRequest,
    403: NotAllowed,
    404: NotFound,
    405: WrongMethod,
    413: TooLarge,
    429: TooMany,
}


def to_civic_error(error: BaseException) -> CivicError:
    """`error` as one that can be told; what nobody expected is logged and becomes a plain 500."""
    if isinstance(error, CivicError):
        if isinstance(error, SetupError):
            log.error("not set up", why=str(error.message))
        return error
    if isinstance(error, HTTPException):
        return ERRORS_BY_STATUS.get(error.status_code, CivicError)()
    if is_storage_full(error):
        log.error("no space left", kind=type(error).__name__)
        return StorageFull()
    if is_database_away(error):
        log.error("database away", kind=type(error).__name__)
        return Busy()
    if can_try_again(error):
        log.warning("transaction given up", exc_info=error)
        return Busy()
    log.error("failed", exc_info=error)
    return CivicError()


async def make_error_response(request: Request, error: Exception) -> Response:
    """What the reader gets for `error`."""
    told = to_civic_error(error)
    headers = dict(getattr(error, "headers", None) or {})
    headers |= headers_of(told)
    if wants_json(request):
        return json_answer(_describe(request, told), told.status, headers)
    if isinstance(told, SignInNeeded) and request.method in ("GET", "HEAD") and not is_htmx(request):
        return RedirectResponse("/sign-in?next=" + quote(_here(request), safe="/"), 303)
    form = await _read_refused_form(request, told) if request.method == "POST" else None
    if form is not None and isinstance(told, SignInNeeded):
        try:
            return await keep_until_signed_in(Submission(request, form))
        except CivicError as refused:  # too many, too large
            told = refused
    context = {
        "typed": text_items(form) if form else [],
        "error": told,
        "title": HTTPStatus(told.status).phrase,
        "request_id": request.state.request_id if told.status >= 500 else "",
        "here": _here(request),
    }
    return render(
        request,
        "errors/error.html",
        context,
        fragment="errors/_error.html",
        status=told.status,
        headers={**headers, "Cache-Control": "no-store"},
    )


async def _read_refused_form(request: Request, told: CivicError) -> FormData | None:
    """A form that was refused, to be given back or kept; None where there is none, or a password in it.

    What was refused before its view read it is read for signing in alone: a form of another site is not.
    """
    form: FormData | None = getattr(request.state, "form", None)
    try:
        if form is None and isinstance(told, SignInNeeded):
            photos = getattr(getattr(request.scope.get("route"), "about", None), "photos", False)
            form = await read_form(limit_body(request, request.app.state.config.limits, photos=photos))
    except (CivicError, HTTPException, ClientDisconnect):
        return None
    return None if form is None or SECRETS & form.keys() else form


def _here(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _describe(request: Request, error: CivicError) -> ErrorAnswer:
    fields = {name: str(text) for name, text in error.fields.items()}
    kind, message = type(error).__name__, str(error.message)
    if error.status >= 500:
        return ServerErrorAnswer(error=kind, message=message, fields=fields, request=request.state.request_id)
    return ErrorAnswer(error=kind, message=message, fields=fields)
