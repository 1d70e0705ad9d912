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
from civic.db import connect
from tests.clients import Client


class Wire:
    """A socket through which a database is reached, and which can be cut."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path, self.parts = folder / ".s.PGSQL.5432", urlsplit(url)
        self.url = self.parts._replace(
            netloc=f"{self.parts.username}:{self.parts.password or ''}@", query=f"host={quote(str(folder), safe='')}"
        ).geturl()
        self.open: set[asyncio.StreamWriter] = set()
        self.server: asyncio.Server | None = None

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
        await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))
        self.open -= {writer, there[1]}


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
        async with connect(one.url, pool=3):
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
