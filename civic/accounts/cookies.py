"""The cookies of this site: the session's, and how any is set."""

import hashlib
import secrets

from starlette.responses import Response

from civic.config import Config

SESSION = "session"


def new_token() -> str:
    """A session's token, 256 random bits: it stands in the cookie and nowhere else."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """SHA-256 in hex: what the database keeps. No salt, as the token is random."""
    return hashlib.sha256(token.encode()).hexdigest()


def set_cookie(
    response: Response, name: str, value: str, config: Config, seconds: int, *, http_only: bool = True
) -> None:
    """Set a cookie of the whole site that other sites' forms do not send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=config.sign_in.secure_cookies,
        httponly=http_only,
        samesite="lax",
    )


def delete_cookie(response: Response, name: str, config: Config) -> None:
    response.delete_cookie(name, path="/", secure=config.sign_in.secure_cookies, httponly=True, samesite="lax")
