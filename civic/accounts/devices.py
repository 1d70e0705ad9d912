"""Browsers that were signed in before: a signed cookie names the accounts.

Wrong passwords from such a browser are counted apart, so that strangers who try passwords do not keep the owner out.
"""

import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from civic import signing
from civic.cookies import read_cookie, set_cookie

KNOWN = "known"  # the cookie
MAX_ACCOUNTS = 5  # that one browser is known for, the latest
YEAR_SECONDS = 365 * 86400
PURPOSE = "browser that was signed in"

Known = Mapping[int, str]
"""The accounts that a browser was signed in to, by id, each with a random name of this browser."""


def read_known(request: Request) -> Known:
    """The accounts that this browser was signed in to, the latest first."""
    text = signing.read_signed(PURPOSE, read_cookie(request, KNOWN))
    pairs = [part.split("-") for part in text.split("~")] if text else []
    return {int(user_id): name for user_id, name in pairs}


def remember_browser(request: Request, response: Response, user_id: int) -> None:
    """This browser is known for the account from now on."""
    known = dict(read_known(request))
    name = known.pop(user_id, secrets.token_hex(8))
    pairs = [(user_id, name), *known.items()][:MAX_ACCOUNTS]
    token = signing.sign(PURPOSE, "~".join(f"{one}-{name}" for one, name in pairs))
    set_cookie(request, response, KNOWN, token, YEAR_SECONDS)
