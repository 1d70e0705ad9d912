"""The database goes away and comes back: a kind page meanwhile, and nobody has to restart anything."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from civic.app import create_app
from civic.config import Config
from civic.db import connect, connect_driver, execute, fetch
from civic.error_responses import to_civic_error
from civic.errors import StorageFull, headers_of
from tests.clients import Client

END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'civic wire'
"""


class Wire:
    """A socket through which a database is reached, and which can be cut."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path, self.parts = folder / ".s.PGSQL.5432", urlsplit(url)
        self.url = self.parts._replace(
            netloc=f"{self.parts.username}:{self.parts.password or ''}@", query=f"host={quote(str(folder), safe='')}"
        ).geturl()
        self.open: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None
        self.holds_end, self.ended = False, asyncio.Event()  # what the server says arrives, its end does not

    async def mend(self) -> None:
        self.server = await asyncio.start_unix_server(self._relay, self.path)

    async def cut(self) -> None:
        assert self.server
        self.server.close()
        for one in list(self.open):
            one.transport.abort()
        self.path.unlink(missing_ok=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        folder = parse_qs(self.parts.query).get("host")
        if folder:
            there = await asyncio.open_unix_connection(f"{folder[0]}/.s.PGSQL.5432")
        else:
            there = await asyncio.open_connection(self.parts.hostname, self.parts.port or 5432)
        self.open |= {writer, there[1]}
        await asyncio.gather(_copy(reader, there[1]), self._answer(there[0], writer))
        self.open -= {writer, there[1]}

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        if self.holds_end:
            self.ended.set()
            with suppress(ConnectionError):
                await writer.wait_closed()
        else:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture
async def wire(empty_database: str) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="civic-", dir="/tmp") as folder:
        one = Wire(Path(folder), empty_database)
        await one.mend()
        async with connect(one.url, pool=3, name="civic wire"):
            yield one
            await one.cut()


@pytest.mark.parametrize(("language", "words"), [("en", "very busy"), ("zh", "非常繁忙")])
async def test_a_kind_page_and_well_again(wire: Wire, config: Config, language: str, words: str) -> None:
    async with Client(create_app(config)) as client:
        client.headers["Accept-Language"] = language
        client.cookies.set("session", "x" * 43)  # whoever has a session is looked up on every page
        assert (await client.get("/sign-in")).status_code == 200
        await wire.cut()
        for _ in range(3):
            page = await client.get("/sign-in")
            assert page.status_code == 503
            assert words in page.text
            assert page.headers["retry-after"] == "10"
        said = await client.get("/sign-in", headers={"Accept": "application/json"})
        assert (said.status_code, said.json()["error"]) == (503, "Busy")
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, "Busy")
        await wire.mend()
        assert (await client.get("/sign-in")).status_code == 200


async def test_a_statement_that_meets_the_end_of_its_connection(wire: Wire, config: Config) -> None:
    """The server's last word has come and the end has not: the driver calls that an error of its own."""
    async with Client(create_app(config)) as client:
        client.cookies.set("session", "x" * 43)
        assert (await client.get("/sign-in")).status_code == 200
        wire.holds_end = True
        other = await connect_driver(wire.parts.geturl())
        await other.execute(END_OTHERS)
        await other.close()
        await wire.ended.wait()
        page = await client.get("/sign-in")
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        await wire.cut()
        wire.holds_end = False
        await wire.mend()
        assert (await client.get("/sign-in")).status_code == 200


# As PostgreSQL raises them while it shuts down, crashes, starts, becomes a standby, or has nothing left to give.
@pytest.mark.parametrize("state", ["57P01", "57P02", "57P03", "53300", "53200", "25006", "08006", "53100"])
async def test_what_the_server_says_of_itself_is_no_fault_of_the_request(database: str, state: str) -> None:
    with pytest.raises(Exception, match="it is so") as caught:
        await execute(f"DO $$ BEGIN RAISE EXCEPTION 'it is so' USING ERRCODE = '{state}'; END $$")
    told = to_civic_error(caught.value)
    assert (told.status, headers_of(told)) == (503, {"Retry-After": "10"})
    assert isinstance(told, StorageFull) == (state == "53100")


NAMES = "SELECT DISTINCT application_name AS name FROM pg_stat_activity"


async def test_the_database_knows_who_is_who(database: str, empty_database: str) -> None:
    async def names() -> set[str]:
        rows = await fetch(f"{NAMES} WHERE datname = current_database()")
        return {row["name"] for row in rows}

    connection = await connect_driver(empty_database, "civic worker")
    try:
        assert {"civic", "civic worker"} <= await names()
    finally:
        await connection.close()
    named = await connect_driver(f"{empty_database}{'&' if '?' in empty_database else '?'}application_name=ours")
    try:
        assert "ours" in await names()
    finally:
        await named.close()
