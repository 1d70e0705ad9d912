"""Public pages as bytes, made once for all who read without a cookie.

Nobody ever gets another's page: an answer is shared only between requests that carry no cookie at all, so that they
tell nothing of who reads, and that ask for the same address in the same language and form. What such an answer shows is
made without a form's key and without a mark for the browser; one that sets a cookie or forbids caches to keep it is
shared with nobody.

An answer is good for one state of the database. Each reader's request asks for that state first (one small statement,
shared by those who ask at once), so what was hidden, erased or changed by whatever process is gone with its commit. It
is good for some seconds at most, as a page also says how long ago something was.
"""

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from civic import i18n, timing
from civic.cache import SharedRead, share_reading
from civic.conditional import is_known, make_etag
from civic.db import read_snapshot
from civic.site import request_origin

KEPT = timedelta(seconds=10)
MAX_BYTES = 8_000_000  # of all that a process keeps
MAX_QUERY_BYTES = 500  # of an address whose answer is kept
MIN_GZIP_BYTES = 1000
GZIP_LEVEL = 5
# What an answer depends on beside its address, for caches on the way.
VARY = "Accept, Accept-Encoding, Accept-Language, Cookie, HX-Request, HX-Request-Type"

Make = Callable[[Request], Awaitable[Response]]
Key = tuple[object, ...]
State = tuple[str, int]
"""Of the database, and of the city as this process knows it."""


def is_for_everybody(request: Request) -> bool:
    """Whether nothing in the request tells who reads, so that its answer is everybody's.

    `kept-form` names a form that waits for one browser.
    """
    headers, query = request.headers, request.scope["query_string"]
    return (
        request.method == "GET"
        and "cookie" not in headers
        and "authorization" not in headers
        and not request.state.person.signed_in
        and len(query) <= MAX_QUERY_BYTES
        and b"kept-form" not in query
    )


def is_shared(request: Request) -> bool:
    """Whether the answer to this request goes to others too: it has no key of a form, and marks no browser."""
    return bool(getattr(request.state, "shared", False))


@dataclass(slots=True)
class SharedAnswer:
    """The bytes of an answer, and when they are good."""

    content: bytes
    headers: dict[str, str]
    state: State
    made_at: datetime
    compressed: bytes = b""

    @property
    def size(self) -> int:
        """Bytes that it takes at most, with its compressed form, its headers and its address."""
        return 2 * len(self.content) + 1000

    def is_good(self, state: State) -> bool:
        return self.state == state and abs(timing.now() - self.made_at) < KEPT

    def answer(self, request: Request) -> Response:
        """For this reader: as they can read it, or that they have it already."""
        if is_known(self.headers["etag"], request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers={k: v for k, v in self.headers.items() if k != "content-type"})
        if len(self.content) < MIN_GZIP_BYTES or "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.content, headers=self.headers)
        self.compressed = self.compressed or gzip.compress(self.content, GZIP_LEVEL, mtime=0)
        return Response(self.compressed, headers={**self.headers, "content-encoding": "gzip"})


@dataclass
class SharedAnswers:
    """Those that a process keeps, the latest read last. `seconds`: for which shared caches may keep them."""

    seconds: int = 0
    _kept: OrderedDict[Key, SharedAnswer] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _readings: dict[Key, "asyncio.Future[SharedAnswer | None]"] = field(default_factory=dict)
    _snapshot: SharedRead[str] = field(default_factory=lambda: SharedRead(read_snapshot))

    async def find_or_make(self, request: Request, form: tuple[bool, bool], make: Make) -> Response:
        """The answer that is kept, or the one that `make` makes, once for all who ask for it at once.

        `form` tells a fragment and JSON from the page.
        """
        state = (await self._snapshot(), request.state.city.version)
        origin = request_origin(request.scope, request.app.state.config)
        key = (origin, request.scope["path"], request.scope["query_string"], i18n.language(), form)
        kept = self._kept.get(key)
        if kept is not None and kept.is_good(state):
            self._kept.move_to_end(key)
            return kept.answer(request)
        own: Response | None = None

        async def make_and_keep() -> SharedAnswer | None:
            nonlocal own
            request.state.shared = True
            own = await make(request)
            return self._keep(key, state, own)

        made = await share_reading(self._readings, (*key, state), make_and_keep)
        if made is not None:
            return made.answer(request)
        request.state.shared = False
        return own or await make(request)  # one that may not be shared is made for each

    def _keep(self, key: Key, state: State, response: Response) -> SharedAnswer | None:
        """Keep what may be shared; None for what may not."""
        content, headers = bytes(response.body), response.headers
        if response.status_code != 200 or not content or "cache-control" in headers or "set-cookie" in headers:
            return None
        for_caches = f", s-maxage={self.seconds}" if self.seconds else ""
        said = {
            "content-type": headers["content-type"],
            "etag": make_etag(content),
            "cache-control": f"public, max-age=0{for_caches}, must-revalidate",
            "vary": VARY,
        }
        self._drop(key)
        answer = self._kept[key] = SharedAnswer(content, said, state, timing.now())
        self._bytes += answer.size
        while self._bytes > MAX_BYTES:
            self._drop(next(iter(self._kept)))
        return answer

    def _drop(self, key: Key) -> None:
        if (dropped := self._kept.pop(key, None)) is not None:
            self._bytes -= dropped.size
