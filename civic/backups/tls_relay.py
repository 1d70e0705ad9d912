"""A private socket, from which what pg_dump and psql say goes on to the database over TLS.

Those that come with Civic are built without TLS, which managed services ask for, and where they only offer it would
send everything in the clear. Server and certificate are checked as for every other connection of Civic's.
"""

import asyncio
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from civic.database_errors import describe_database_error
from civic.database_url import DatabaseAddress

TLS_REQUEST = struct.pack(">ii", 8, 80877103)  # as PostgreSQL's protocol has it
TLS_OFFERED = b"S"
PIECE_BYTES = 65536


@asynccontextmanager
async def relay_tls(address: DatabaseAddress) -> AsyncIterator[DatabaseAddress]:
    """The address by which a program without TLS reaches the same database within the block."""
    if not address.host or address.host.startswith("/") or address.ssl_mode == "disable":
        yield address
        return
    context = address.tls_context()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            try:
                from_server, to_server = await _connect(address, context)
            except (OSError, asyncio.IncompleteReadError) as error:
                writer.write(_failure(describe_database_error(error, address)))
                writer.close()
                return
            await asyncio.gather(_pass_on(reader, to_server), _pass_on(from_server, writer))

    with tempfile.TemporaryDirectory(prefix="civic-", ignore_cleanup_errors=True) as folder:  # for our account alone
        server = await asyncio.start_unix_server(talk, f"{folder}/.s.PGSQL.{address.port}")
        try:
            yield replace(address, host=folder, ssl_mode="", root_certificate="", certificate=None)
        finally:
            server.close()


async def _connect(
    address: DatabaseAddress, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises OSError, of which ssl.SSLError is one."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(TLS_REQUEST)
        if await reader.readexactly(1) == TLS_OFFERED:
            await writer.start_tls(context, server_hostname=address.host)
        elif address.asks_for_tls:
            raise ConnectionError("rejected SSL upgrade")  # the driver's words
    except BaseException:
        writer.close()
        raise
    return reader, writer


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(PIECE_BYTES):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def _failure(text: str) -> bytes:
    """An error as a server sends it before anybody has signed in."""
    fields = b"".join(kind + said.encode() + b"\0" for kind, said in ((b"S", "FATAL"), (b"C", "08006"), (b"M", text)))
    return b"E" + struct.pack(">i", 4 + len(fields) + 1) + fields + b"\0"
