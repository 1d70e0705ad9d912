"""The cookies of this site, of the whole of it and for it alone, and the token in the session's.

Over HTTPS a cookie is Secure, and its name begins with `__Host-`: browsers then take it from this host only, so that
no other host of the city's domain can plant one.
"""

import hashlib
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from civic.site import is_secure

SESSION, LANGUAGE, LARGE_PRINT, BROWSER, TAKEN = "session", "lang", "print", "browser", "taken"
HOST_PREFIX = "__Host-"
MARK = re.compile(r"[\w-]{22,64}", re.ASCII)
MARK_SECONDS = 30 * 86400  # a form that was not answered is sent again long before


def new_token() -> str:
    """A session's token, 256 random bits: it stands in the cookie and nowhere else."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """SHA-256 in hex: what the database keeps. No salt, as the token is random."""
    return hashlib.sha256(token.encode()).hexdigest()


def cookie_name(request: Request, name: str) -> str:
    """What the browser knows the cookie by."""
    return HOST_PREFIX + name if is_secure(request) else name


def read_cookie(request: Request, name: str) -> str:
    """The cookie's value, or ""."""
    return request.cookies.get(cookie_name(request, name), "") if request.cookies else ""


def set_cookie(
    request: Request, response: Response, name: str, value: str, seconds: int, *, http_only: bool = True
) -> None:
    """Set a cookie of the whole site that other sites' forms do not send."""
    response.set_cookie(
        cookie_name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(request),
        httponly=http_only,
        samesite="lax",
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


def read_mark(request: Request) -> str:
    """The mark of the browser; "" for one that has none, or that takes no cookies."""
    mark = read_cookie(request, BROWSER)
    return mark if MARK.fullmatch(mark) else ""


def browser_mark(request: Request) -> str:
    """By what a browser is known when it sends a form again: random, in a cookie that came with the form.

    One that has none is given one with the answer (`mark_browser`). The database keeps digests of it only, so that no
    two things are told to be of one browser.
    """
    if mark := read_mark(request):
        return mark
    request.state.new_mark = getattr(request.state, "new_mark", "") or secrets.token_urlsafe(16)
    return str(request.state.new_mark)


def mark_browser(request: Request, response: Response) -> None:
    """Give a browser its mark, unless it has one."""
    if not read_mark(request):
        set_cookie(request, response, BROWSER, browser_mark(request), MARK_SECONDS)
