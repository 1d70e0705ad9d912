"""Receipt codes: the person who has the code of a post without an account is its author.

A code has 60 random bits in an alphabet without look-alikes (Crockford's base 32), written in three groups of four.
The database holds only its SHA-256; the browser that posted holds the code in a cookie, the person on paper or in
the follow link of a mail.
"""

import hashlib
import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
COOKIE = "receipts"
MAX_CODES_IN_COOKIE = 20
_LOOKALIKES = str.maketrans("OIL", "011")


def new_code() -> str:
    """A new code, such as "7QF3-MWD9-XPA2"."""
    return _written(secrets.token_bytes(12))


def code_for(secret: bytes, client_key: str) -> str:
    """The code of the post sent under this key: the same code again, when a phone that got no answer sends again."""
    return _written(hmac.digest(secret, b"receipt " + client_key.encode(), hashlib.sha256))


def _written(random: bytes) -> str:
    letters = "".join(ALPHABET[byte % 32] for byte in random[:12])
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def format_code(code: str) -> str:
    """The code that somebody typed, as we write it: case, blanks and dashes do not matter, nor O for 0."""
    letters = "".join(c for c in code.upper().translate(_LOOKALIKES) if c in ALPHABET)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def code_digest(code: str) -> str:
    """SHA-256 (hex) of a code, however it was typed."""
    return hashlib.sha256(format_code(code).encode()).hexdigest()


def remember_code(request: Request, response: Response, code: str, *, secure: bool) -> None:
    """Keep `code` in this browser's cookie, with the newest of the other codes there."""
    codes = [c for c in request.state.receipts if c != code][: MAX_CODES_IN_COOKIE - 1]
    response.set_cookie(
        COOKIE,
        ".".join([code, *codes]),
        max_age=365 * 86400,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
