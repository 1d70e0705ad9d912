"""Forms that wait on the server, so that nothing typed is lost on the way to another page.

Somebody who is not signed in sends a comment: it waits while they sign in, or make an account, and is then carried out
in their name. Somebody switches the language or the print while writing: the form waits for its page. What waits
belongs to one browser (its mark), for a day, and is carried out by a POST alone, in the name of one account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from civic import cookies, signing, timing
from civic.accounts.limits import spend
from civic.accounts.sql import CLAIM_KEPT_FORM, DELETE_KEPT_FORM, DELETE_OLD_KEPT_FORMS, FIND_KEPT_FORM, KEEP_FORM
from civic.db import Row, execute, fetch_one
from civic.errors import TooLarge
from civic.web import KEPT_FORMS

KEPT_FOR = timedelta(days=1)
MAX_KEPT_BYTES = 64_000
MAX_KEPT_PER_HOUR = 300  # from one address
# Nothing of these is ever kept: secrets, and what belongs to one sending.
SECRETS = frozenset({"password", "current"})
NEVER_KEPT = SECRETS | {"switch", "kept-form"}
UNSEEN = frozenset({"client_key", "form_name", "page", "located_by"})  # fields that nobody types


@dataclass(frozen=True)
class UnsentForm:
    """A form that waits for this browser. `fields` are its texts by name, as often as they were sent."""

    token: str
    address: str
    page: str
    fields: Sequence[tuple[str, str]]

    @property
    def path(self) -> str:
        """Where it is sent, once its sender is signed in."""
        return KEPT_FORMS + self.token

    @property
    def text(self) -> str:
        """What was written, to be shown on the way."""
        return next((value for name, value in self.fields if name == "text" and value.strip()), "")


def kept_fields(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The fields of a form that may be kept."""
    return [(name, value) for name, value in fields if name not in NEVER_KEPT]


def is_filled_in(fields: Sequence[tuple[str, str]]) -> bool:
    """Whether somebody typed or chose anything."""
    return any(value.strip() for name, value in kept_fields(fields) if name not in UNSEEN)


async def keep_form(request: Request, address: str, page: str, fields: Sequence[tuple[str, str]]) -> UnsentForm:
    """Keep a form for this browser; the answer is to carry its mark (`cookies.mark_browser`).

    With an `address` it is sent there once somebody has signed in. What somebody writes who is signed in is theirs:
    the next person at the same computer is not shown it. Raises TooMany, and TooLarge.
    """
    kept = UnsentForm(cookies.new_token(), address, page, kept_fields(fields))
    content = urlencode(kept.fields)
    if len(content) > MAX_KEPT_BYTES:
        raise TooLarge()
    await spend("kept form", request.client.host if request.client else "", MAX_KEPT_PER_HOUR)
    until = timing.now() + KEPT_FOR
    digest = cookies.token_digest(kept.token)
    person_id = request.state.person.id or None
    await execute(KEEP_FORM, digest, _browser(request), address[:300], page[:600], content, person_id, until)
    return kept


def _browser(request: Request) -> str:
    return signing.digest("browser of a kept form", cookies.browser_mark(request))


async def find_kept_form(request: Request, token: str) -> UnsentForm | None:
    """The form that waits under a token, if this browser sent it and nobody else has used it."""
    row = await fetch_one(FIND_KEPT_FORM, cookies.token_digest(token), _browser(request), timing.now())
    return _read(token, row) if row and row["user_id"] in (None, request.state.person.id) else None


async def claim_kept_form(request: Request, token: str) -> UnsentForm | None:
    """The same, to be sent in the name of the person who is signed in; from now on of nobody else.

    Somebody without an account sends it by a receipt, which the browser holds by now.
    """
    digest = cookies.token_digest(token)
    row = await fetch_one(CLAIM_KEPT_FORM, digest, _browser(request), timing.now(), request.state.person.id)
    return _read(token, row) if row else None


def _read(token: str, row: Row) -> UnsentForm:
    return UnsentForm(token, row["address"], row["page"], parse_qsl(row["content"], keep_blank_values=True))


async def forget_kept_form(request: Request, token: str) -> None:
    """It was carried out, or is not wanted any more."""
    await execute(DELETE_KEPT_FORM, cookies.token_digest(token), _browser(request))


async def delete_old_kept_forms() -> None:
    """Drop what nobody came back for."""
    await execute(DELETE_OLD_KEPT_FORMS, timing.now())
