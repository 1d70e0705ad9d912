"""Clients that are slow, that break off, and that speak HTTP as no browser does; over real connections."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from civic import connections
from civic.app import create_app
from civic.config import Config
from civic.connections import BoundedProtocol, drop_unread_answers
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

HOST = b"Host: localhost\r\n"
GOOD = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"


class Impatient(BoundedProtocol):
    """Waits a moment where the program waits ten seconds."""

    head_seconds = 0.3


@asynccontextmanager
async def serving(app: ASGIApp, protocol: type[BoundedProtocol] = BoundedProtocol) -> AsyncIterator[int]:
    """The program on a free port of this machine, in this process; its port."""
    settings = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        drop_unread_answers(listener)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # it has no event to wait for
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


@pytest.fixture
async def port(config: Config) -> AsyncIterator[int]:
    async with serving(create_app(config)) as port:
        yield port


@pytest.fixture
async def impatient(config: Config) -> AsyncIterator[int]:
    async with serving(create_app(config), Impatient) as port:
        yield port


async def ask(port: int, *pieces: bytes) -> bytes:
    """Send this, and read until the other side ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


# --- slow ones ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "piece", [b"G", b"GET / HTTP/1.1\r\n", GOOD[:-2] + b"A: b\r\n", b"POST / HTTP/1.1\r\nContent-"]
)
async def test_a_head_that_does_not_come_to_its_end(impatient: int, piece: bytes) -> None:
    assert (await ask(impatient, piece)).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_on_which_nothing_comes(impatient: int) -> None:
    """No word is said, as a browser that opened it ahead would take that for the answer to its next request."""
    assert await ask(impatient) == b""
    assert await ask(impatient, b"\r\n\r\n") == b""


async def test_nothing_comes_after_an_answer(impatient: int) -> None:
    assert (await ask(impatient, GOOD)).startswith(b"HTTP/1.1 200 ")
    assert (await ask(impatient, GOOD, b"\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_a_head_by_drops_after_an_answer(impatient: int) -> None:
    answer = await ask(impatient, GOOD + b"GET /healthz HT")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


async def test_a_body_that_nobody_reads_is_not_waited_for(impatient: int) -> None:
    """The answer comes at once; the connection ends though the body does not."""
    head = b"POST /posts/1/vote HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n"
    assert (await ask(impatient, head + b"x")).startswith(b"HTTP/1.1 303 ")


async def test_a_body_too_long_for_its_route_is_answered_before_it_comes(impatient: int) -> None:
    head = b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 6000000\r\n\r\n"
    assert (await ask(impatient, head)).startswith(b"HTTP/1.1 413 ")


async def test_a_head_without_end(port: int) -> None:
    lines = [b"X-%d: %s\r\n" % (n, b"x" * 8000) for n in range(20)]
    answer = await ask(port, b"GET / HTTP/1.1\r\n", *lines)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""  # it may be sent into the rest that still arrives


async def test_two_requests_at_once_are_both_answered(port: int) -> None:
    answer = await ask(port, GOOD + GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200 ") == 2


async def test_half_open_connections_make_room_for_others(impatient: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that has waited longest goes; who sends a whole request is answered."""
    monkeypatch.setattr(Impatient, "head_seconds", 60.0)
    monkeypatch.setattr(Impatient, "places", staticmethod(lambda: 8))
    opened = [await asyncio.open_connection("127.0.0.1", impatient) for _ in range(20)]
    for _reader, writer in opened:
        writer.write(b"GET / HT")
    assert (await ask(impatient, GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))).startswith(
        b"HTTP/1.1 200"
    )
    assert len(BoundedProtocol.waiting) <= 8
    for reader, writer in opened[:10]:
        with pytest.raises(ConnectionError):
            await _read(reader)
        writer.close()
    for _reader, writer in opened[10:]:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> None:
    if await reader.read() == b"":
        raise ConnectionError


def test_places_are_fewer_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, places in ((256, 128), (1024, 896), (65536, connections.MAX_CONNECTIONS), (100, 16)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda _kind, limit=limit: (limit, limit))
        assert BoundedProtocol.places() == places


# --- odd ones -------------------------------------------------------------------------------------------------------

CHUNKED = b"POST /receipt HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nConnection: close\r\n"
ODD = {
    "two lengths": b"POST /receipt HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": CHUNKED + b"Content-Length: 3\r\n\r\n0\r\n\r\n",
    "a broken chunk": CHUNKED + b"\r\nxyz\r\n",
    "a negative chunk": CHUNKED + b"\r\n-1\r\n\r\n",
    "a huge chunk": CHUNKED + b"\r\nfffffffffffffffff\r\n",
    "a strange coding": CHUNKED.replace(b"chunked", b"chunked, identity") + b"\r\n0\r\n\r\n",
    "a signed length": b"POST /receipt HTTP/1.1\r\n" + HOST + b"Content-Length: +5\r\n\r\nhello",
    "a length in hex": b"POST /receipt HTTP/1.1\r\n" + HOST + b"Content-Length: 0x5\r\n\r\nhello",
    "a huge length": b"POST /receipt HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"A: \x00\r\n\r\n",
    "a lone line feed": b"GET / HTTP/1.1\nHost: localhost\nA: b\n\n",
    "a folded header": b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    "a blank before the colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a version to come": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "HTTP/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "a strange method": b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    "a proxy's request": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
}
HARMLESS = {
    "the absolute form": (
        b"GET http://evil.example/healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
        b"200",
    ),
    "an upgrade": (
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: upgrade, close\r\n\r\n",
        b"200",
    ),
    "TRACE": (b"TRACE / HTTP/1.1\r\n" + HOST + b"Cookie: session=secret\r\nConnection: close\r\n\r\n", b"405"),
    "a method to override": (
        b"GET /sign-out HTTP/1.1\r\n" + HOST + b"X-HTTP-Method-Override: POST\r\nConnection: close\r\n\r\n",
        b"405",
    ),
    "an old version": (b"GET /healthz HTTP/1.0\r\n\r\n", b"200"),
    "no version": (b"GET /healthz\r\n\r\n", b"200"),
}


@pytest.mark.parametrize("name", ODD)
async def test_http_that_is_none_is_refused(impatient: int, name: str) -> None:
    answer = await ask(impatient, ODD[name])
    status = answer.partition(b" ")[2][:3]
    assert status in (b"", b"400", b"403", b"405", b"408", b"413", b"421", b"422", b"404"), answer[:200]
    assert answer.count(b"HTTP/1.1 ") <= 1, "one request became two"


@pytest.mark.parametrize("name", HARMLESS)
async def test_http_that_is_odd_is_harmless(impatient: int, name: str) -> None:
    request, status = HARMLESS[name]
    answer = await ask(impatient, request)
    assert answer.split(b" ")[1] == status
    assert b"evil" not in answer
    assert b"secret" not in answer
    assert (await ask(impatient, GOOD)).startswith(b"HTTP/1.1 200 ")


async def test_clients_that_break_off_in_mid_body(port: int, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Each at another place: no traceback, no 500, and the others are served."""
    form = b"POST /sign-in HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
    request = form + b"Content-Length: 5000\r\n\r\n" + b"email=a" * 50
    for end in range(10, len(request), 25):
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request[:end])
        await writer.drain()
        writer.transport.abort()
    assert (await ask(port, GOOD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))).startswith(b"HTTP/1.1 200 ")
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
