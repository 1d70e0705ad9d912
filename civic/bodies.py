"""How much of a request's body is read, how many things may be in it, and how long it may take to arrive.

Before anything is read: a body that says that it is too long is refused, and one that does not say is cut where it
is. JSON and forms have `limits.form_bytes` on every route; only a route of photos reads `limits.body_bytes`, and
only as multipart.
"""

import asyncio
import json

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.types import Message, Receive

from civic.config import LimitsConfig
from civic.errors import BadRequest, TooLarge, TooSlow
from civic.i18n import lazy as _

MAX_FIELDS = 200  # fields of a form, or of a JSON object with the values of its lists
MAX_JSON_VALUES = 2000  # all that a JSON body holds, however deep
MAX_FIELD_BYTES = 256_000  # of a field: as much as a form without photos, so that a text that is too long comes back
# A body has so many seconds, and for every thousand bytes that came one more: a slow line is served, a stalled one not.
BODY_SECONDS = 20.0
BYTES_PER_SECOND = 1000


def limit_body(request: Request, limits: LimitsConfig, *, photos: bool) -> Request:
    """The same request, of whose body no more is read than its route and its type may have. Raises TooLarge."""
    multipart = request.headers.get("content-type", "").startswith("multipart/form-data")
    most = limits.body_bytes if photos and multipart else limits.form_bytes
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > most):
        raise _too_large(photos)
    return Request(request.scope, LimitedBody(request.receive, most, photos).receive)


def _too_large(photos: bool) -> TooLarge:
    return TooLarge() if photos else TooLarge(_("This is too large to be sent at once. Please shorten it."))


class LimitedBody:
    """The body of one request as it arrives, within its limits. Only the time of waiting for it counts."""

    def __init__(self, receive: Receive, most: int, photos: bool) -> None:
        self._receive = receive
        self._most, self._photos = most, photos
        self._taken, self._waited, self._ended = 0, 0.0, False

    async def receive(self) -> Message:
        """The next part. Raises TooLarge and TooSlow."""
        if self._ended:
            return await self._receive()  # whoever asks now waits for the client to go away
        message = await self._wait()
        self._taken += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._taken > self._most:
            raise _too_large(self._photos)
        return message

    async def _wait(self) -> Message:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(BODY_SECONDS + self._taken / BYTES_PER_SECOND - self._waited):
                return await self._receive()
        except TimeoutError:
            raise TooSlow() from None
        finally:
            self._waited += clock() - began


def read_json_form(text: bytes) -> FormData:
    """A JSON object as the fields of a form; a list is a field several times. Raises BadRequest."""
    try:
        body = json.loads(text or b"{}")
        _check_values(body)
    except (ValueError, RecursionError) as error:  # UnicodeError is a ValueError
        raise BadRequest() from error
    if not isinstance(body, dict):
        raise BadRequest()
    pairs = [(k, v) for k, values in body.items() for v in (values if isinstance(values, list) else [values])]
    if len(pairs) > MAX_FIELDS:
        raise BadRequest()
    return FormData(pairs)


def _check_values(body: object) -> None:
    """Raises ValueError for more values than any form has, and for half a surrogate pair: no text that can be kept."""
    waiting, met = [body], 0
    while waiting:
        one = waiting.pop()
        met += 1
        if isinstance(one, str):
            one.encode()
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
        if met + len(waiting) > MAX_JSON_VALUES:
            raise ValueError("too many values")
