"""Requests as no well-behaved client sends them: straight to the program, message by message."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import httpx2
from starlette.applications import Starlette
from starlette.types import Message

from civic.reports.models import Report
from tests.builders.riverside import BELL_TOWER, HOLE
from tests.clients import ADDRESS, Client
from tests.media.pictures import encoded, scene

HeaderPairs = Iterable[tuple[str, str]]
Receive = Callable[[], Awaitable[Message]]


@dataclass
class Heard:
    """What the program answered."""

    status: int
    headers: dict[str, str]
    text: str


async def never() -> Message:
    """A body of which nothing may be read."""
    raise AssertionError("the body was read")


async def silent() -> Message:
    """A client that sends nothing more, and stays."""
    await asyncio.Event().wait()
    raise AssertionError


async def send(
    app: Starlette, method: str, path: str, headers: HeaderPairs = (), receive: Receive = silent, scheme: str = "http"
) -> Heard:
    """One request by its parts; what came back."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ADDRESS,
        "server": ("testserver", 80),
        "state": {},
    }
    heard = Heard(0, {}, "")
    body = bytearray()

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        body.extend(message.get("body", b""))

    await app(scope, receive, take)
    heard.text = body.decode("utf-8", "replace")
    return heard


def parts(*bodies: bytes) -> Receive:
    """A body that comes in these parts."""
    left = list(bodies)

    async def receive() -> Message:
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    return receive


async def post_report(
    client: Client, *, photo: bool = False, accept: str = "text/html", **fields: str
) -> httpx2.Response:
    """Send a report's form, with a photo; the answer."""
    files = [("photos", ("hole.jpg", encoded(scene()), "image/jpeg"))] if photo else None
    entry = {"text": HOLE, "category": "pothole", **BELL_TOWER, **fields}
    answer = await client.post("/reports", data=entry, files=files, headers={"Accept": accept})
    assert answer.status_code in (201, 303), answer.text
    return answer


async def get_post_id(report_id: int) -> int:
    """The post of a report, which has another number as soon as there are posts of other kinds."""
    return int((await Report.get(id=report_id)).post_id)
