"""Conditional GET: who has an answer already is told so, in place of the answer (RFC 9110, 13.1.2)."""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

# What an answer without its content still says.
KEPT_HEADERS = ("etag", "cache-control", "vary", "set-cookie", "content-location", "expires")


def make_etag(content: bytes) -> str:
    """A weak one: the same content, however it is compressed on its way."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether the reader has this version already: caches send several, or weak ones."""
    known = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return etag.removeprefix("W/") in known or known == ["*"]


def answer_conditionally(request: Request, response: Response) -> Response:
    """`response` with an ETag, or 304 where the reader has it; errors, files and what no browser keeps as they are."""
    content = bytes(getattr(response, "body", b""))
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or not content:
        return response
    if "no-store" in response.headers.get("cache-control", ""):
        return response
    etag = response.headers.setdefault("ETag", make_etag(content))
    if not is_known(etag, request.headers.get("if-none-match", "")):
        return response
    known = Response(status_code=304)
    known.raw_headers = [one for one in response.raw_headers if one[0].decode("latin-1") in KEPT_HEADERS]
    return known
