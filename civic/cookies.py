"""The cookies of this site, of the whole of it and for it alone, and the token in the session's.

Over HTTPS a cookie is Secure, and its name begins with `__Host-`: browsers then take it from this host only, so that
no other host of the city's domain can plant one.
"""

import hashlib
import secrets

from starlette.requests import Request
from starlette.responses import Response

from civic.site import is_secure

SESSION, LANGUAGE, LARGE_PRINT = "session", "lang", "print"
HOST_PREFIX = "__Host-"


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
    return request.cookies.get(cookie_name(request, name), "")


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
