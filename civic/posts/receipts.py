"""Receipt codes: the person who has the code of a post without an account is its author.

A code has 60 random bits in an alphabet without look-alikes (Crockford's base 32), written in three groups of four.
The database holds only a digest under the secret key; the browser that posted holds the code in a signed cookie, the
person on paper or in the follow link of a mail.

A phone that got no answer sends its form again. The code of a post is made of its key and of the browser's *mark*, a
cookie that came with the form: so the same browser makes the same code again, and a stranger who knows the key another.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from civic import signing
from civic.cookies import read_cookie, read_mark, set_cookie

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
COOKIE = "receipts"
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", re.ASCII)
MAX_CODES_IN_COOKIE = 20
YEAR_SECONDS = 365 * 86400
_LOOKALIKES = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class SenderCodes:
    """What a browser without an account can show of the posts that it sent."""

    new: str | None = None  # for a post under the key in hand: the same for the same browser; None: a random one
    held: Sequence[str] = ()  # in its cookie

    def code_of(self, receipt_hash: str | None) -> str | None:
        """The code of the post with this digest; None if this browser did not send it."""
        mine = filter(None, (self.new, *self.held))
        return next((code for code in mine if code_digest(code) == receipt_hash), None)


NO_CODES = SenderCodes()


def sender_codes(request: Request, client_key: str | None) -> SenderCodes:
    """The codes of the browser that sends a form under this key."""
    mark = read_mark(request)
    known = client_key and mark
    return SenderCodes(
        _written(signing.digest("receipt of", f"{mark} {client_key}")) if known else None, request.state.receipts
    )


def new_code() -> str:
    """A new code, such as "7QF3-MWD9-XPA2"."""
    return _written(secrets.token_hex(12))


def _written(hexadecimal: str) -> str:
    letters = "".join(ALPHABET[byte % 32] for byte in bytes.fromhex(hexadecimal)[:12])
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def format_code(code: str) -> str:
    """The code that somebody typed, as we write it: case, blanks and dashes do not matter, nor O for 0."""
    letters = "".join(c for c in code.upper().translate(_LOOKALIKES) if c in ALPHABET)
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def code_digest(code: str) -> str:
    """What the database keeps of a code, however it was typed: who has a copy of it cannot try codes."""
    return signing.digest("receipt", format_code(code))


def read_codes(request: Request) -> list[str]:
    """The codes in a browser's cookie; none if we did not write it, so that nobody tries codes by it."""
    codes, _, signature = read_cookie(request, COOKIE).rpartition(".")
    return codes.split(".") if codes and signature == _signature(codes) else []


def _signature(codes: str) -> str:
    return signing.digest("receipts of a browser", codes)[:32]


def remember_code(request: Request, response: Response, code: str) -> None:
    """Keep `code` in this browser's cookie, with the newest of the other codes there."""
    codes = ".".join([code, *(c for c in request.state.receipts if c != code)][:MAX_CODES_IN_COOKIE])
    set_cookie(request, response, COOKIE, f"{codes}.{_signature(codes)}", YEAR_SECONDS)
