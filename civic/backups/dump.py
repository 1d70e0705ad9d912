"""The database as SQL: from pg_dump, and back through psql, in pieces of some megabytes.

Plain SQL, compressed: it can be read without Civic, and goes into a PostgreSQL older than the one it came from. Of a
file that somebody made up psql runs the SQL, as any restore does, but none of its own commands: \\! is a shell.
"""

import asyncio
import os
import re
import secrets
import signal
import tempfile
import zlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import IO

from civic.backups.tls_relay import relay_tls
from civic.database_url import DatabaseAddress, read_database_url
from civic.errors import SetupError
from civic.postgres.folders import PostgresUnusable
from civic.postgres.programs import newest

CHUNK_BYTES = 4 * 2**20
SQL_BYTES = 2**20
GZIP = 31  # zlib's window for the form of gzip
# What another server may lack: accounts and their rights, extensions and schemas of the operator's, statistics.
DUMP_OPTIONS = ("--no-owner", "--no-privileges", "--no-statistics", "--schema=public", "--compress=gzip:6")
# Before the first rows, what is there already, and what another server may not know: a setting of PostgreSQL 17 and
# newer, and options that a vendor's server gives to columns. No column of ours has one.
NOT_WANTED = re.compile(
    rb"^(CREATE SCHEMA public;|COMMENT ON SCHEMA public IS .*;|SET transaction_timeout = 0;"
    rb"|\\restrict [A-Za-z0-9]+|ALTER TABLE ONLY public\.\S+ ALTER COLUMN \S+ SET \(.*\);)$",
    re.MULTILINE,
)
FIRST_ROWS = b"\nCOPY "
# The last line of a dump, which would open psql's commands again: they are closed under a key of ours.
UNRESTRICT = re.compile(rb"\n\\unrestrict [A-Za-z0-9]+\s*\Z")
LAST_BYTES = 500  # of a dump, in which that line stands
BEGIN = b"SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout';\nBEGIN;\n"
FAILED = re.compile(r"(?:(?:ERROR|FATAL|error):\s+|(?=invalid command|backslash commands are|\\unrestrict))(.*)")


def libpq_environment(address: DatabaseAddress) -> dict[str, str]:
    """Our environment, in which libpq's programs find a database. No password stands in their arguments."""
    certificate, key = address.certificate or ("", "")
    named = {
        "PGHOST": address.host,
        "PGPORT": str(address.port),
        "PGUSER": address.user,
        "PGPASSWORD": address.password,
        "PGDATABASE": address.database,
        "PGSSLMODE": address.ssl_mode,
        "PGSSLROOTCERT": address.root_certificate,
        "PGSSLCERT": certificate,
        "PGSSLKEY": key,
        "PGOPTIONS": address.options.get("options", ""),
        "PGAPPNAME": "civic backup",
    }
    kept = {name: value for name, value in os.environ.items() if name not in ("PGOPTIONS", "PGSERVICE")}
    return kept | {name: value for name, value in named.items() if value} | {"LC_ALL": "C"}


async def read_dump(url: str, snapshot: str) -> AsyncIterator[bytes]:
    """The database as it is in an exported snapshot, compressed, in pieces of CHUNK_BYTES. Raises SetupError."""
    with tempfile.TemporaryFile() as errors:
        async with _run("pg_dump", url, errors, *DUMP_OPTIONS, f"--snapshot={snapshot}", stdout=PIPE) as process:
            assert process.stdout
            while chunk := await _read_chunk(process.stdout):
                yield chunk
            if await process.wait():
                raise SetupError(f"The database could not be read: {_reason(errors)}")


async def _read_chunk(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readexactly(CHUNK_BYTES)
    except asyncio.IncompleteReadError as end:
        return end.partial


async def load_dump(url: str, chunks: Iterable[bytes], last: str) -> None:
    """Run a dump, and the statements `last`, in one transaction. Raises SetupError, and nothing of it is there then.

    The end of what psql reads is no end of the transaction: one that is cut off is rolled back.
    """
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse")
    key = secrets.token_hex(32)
    first, end = f"\\restrict {key}\n".encode(), f"\n\\unrestrict {key}\n{last}\nCOMMIT;\n".encode()
    with tempfile.TemporaryFile() as errors:
        async with _run("psql", url, errors, *options, stdin=PIPE) as process:
            assert process.stdin
            try:
                for sql in chain([BEGIN, first], read_sql(chunks), [end]):
                    process.stdin.write(sql)
                    await process.stdin.drain()
                process.stdin.close()
            except ConnectionError:
                pass  # it gave up, and says why below
            if await process.wait():
                raise SetupError(f"The database did not take the backup: {_reason(errors)}. It is as empty as before.")


def read_sql(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The SQL of a compressed dump, in pieces, without what is not wanted."""
    pieces = _without_last_line(_unpack(chunks))
    head = b""
    for piece in pieces:
        head += piece
        tables, rows, rest = head.partition(FIRST_ROWS)
        if rows:
            yield NOT_WANTED.sub(b"", tables) + rows + rest
            yield from pieces
            return
    yield NOT_WANTED.sub(b"", head)


def _without_last_line(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for piece in pieces:
        held += piece
        yield held[:-LAST_BYTES]
        held = held[-LAST_BYTES:]
    yield UNRESTRICT.sub(b"\n", held)


def _unpack(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unpack = zlib.decompressobj(GZIP)
    for chunk in chunks:
        while chunk:
            yield unpack.decompress(chunk, SQL_BYTES)
            chunk = unpack.unconsumed_tail
    yield unpack.flush()


@asynccontextmanager
async def _run(
    program: str, url: str, errors: IO[bytes], *options: str, stdin: int = DEVNULL, stdout: int = DEVNULL
) -> AsyncIterator[Process]:
    """One of PostgreSQL's programs; it does not outlive the block."""
    try:
        path = newest() / program
    except PostgresUnusable as error:
        raise SetupError(str(error)) from error
    async with relay_tls(read_database_url(url)) as address:
        process = await asyncio.create_subprocess_exec(
            path, *options, stdin=stdin, stdout=stdout, stderr=errors, env=libpq_environment(address)
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                # Not `process.kill()`: that looks whether it has ended, and takes its end from the loop's watcher.
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                await process.wait()


def _reason(errors: IO[bytes]) -> str:
    """The first error that the program told, without rows of people's data."""
    errors.seek(0)
    found = FAILED.search(errors.read(100_000).decode("utf-8", "replace"))
    return found[1].strip() if found else "it was ended"
