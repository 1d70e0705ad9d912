"""The databases that the measurements of the web use: real reports, imported once and kept for further runs.

They lie in a PostgreSQL of their own under CIVIC_BENCH_FOLDER (the folder `bench` of the temporary files, if it says
nothing). Checkouts whose tables differ have different ones; each is named by a digest of the checkout's migrations.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from civic.postgres.server import acquire

ROOT = Path(__file__).parents[1]
FOLDER = Path(os.environ.get("CIVIC_BENCH_FOLDER", Path(tempfile.gettempdir()) / "bench"))
DATA = Path(os.environ.get("CIVIC_TEST_DATA", ROOT.parent / "shared" / "data"))
SMALL, WHOLE = "small", "whole"
SETS = {
    SMALL: (("jarokelo-budapest/issues.jsonl.gz", "jarokelo.toml"),),
    WHOLE: tuple((f"boston-open311/{name}.jsonl.gz", "boston.toml") for name in (
        "abandoned_vehicle", "other-to-2016", "unsafe_dangerous",
    )),
}  # fmt: skip

MARKED = "SELECT EXISTS (TABLE search_dirty) OR EXISTS (TABLE report_cell_change)"  # whether index or map lag behind


class Server:
    """The PostgreSQL of the measurements."""

    def __init__(self, address: str) -> None:
        self.address = address  # with %s for the database

    def url(self, database: str) -> str:
        return self.address % database

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Run statements one after another, each by itself."""
        asyncio.run(self._run(statements, database))

    async def _run(self, statements: tuple[str, ...], database: str) -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def run_together(self, statements: Iterable[str], database: str) -> None:
        """Run statements in one transaction."""
        every = list(statements)  # they may ask the database themselves

        async def run() -> None:
            connection = await asyncpg.connect(self.url(database))
            try:
                async with connection.transaction():
                    for statement in every:
                        await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(run())

    def value(self, statement: str, *args: object, database: str = "postgres") -> object:
        """The first value of the first row."""

        async def ask() -> object:
            connection = await asyncpg.connect(self.url(database))
            try:
                return await connection.fetchval(statement, *args)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def has(self, database: str) -> bool:
        return bool(self.value("SELECT 1 FROM pg_database WHERE datname = $1", database))

    def copy(self, source: str, target: str) -> None:
        """Make the database `target` as `source` is, instead of one of that name."""
        self.drop(target)
        self.run(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY file_copy')

    def drop(self, database: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def running_server() -> Iterator[Server]:
    """The server, for as long as the block lasts."""
    FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    FOLDER.chmod(0o755)  # root's server runs as another account, which has to enter
    with acquire(FOLDER) as handle:
        server = Server(handle.url("%s").replace("%2F", "%%2F"))
        # Else the log says nothing of a statement's parameters, which its plan needs.
        server.run("ALTER ROLE civic SET log_error_verbosity = 'default'")
        yield server
        handle.release(wait=True)


def digest(checkout: Path) -> str:
    """Which tables a checkout has."""
    files = sorted((checkout / "civic" / "migrations").rglob("*.[ps][yq]*"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files if "pycache" not in str(path))).hexdigest()[:10]


def civic(checkout: Path, url: str, *arguments: str, given: str | None = None) -> str:
    """What `civic …` of a checkout prints. Raises SystemExit."""
    command = [sys.executable, "-P", "-m", "civic", *arguments]
    environment = _environment(checkout, url)
    done = subprocess.run(command, cwd=checkout, env=environment, input=given, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"civic {' '.join(arguments)} fails:\n{done.stderr}")
    return done.stdout


def _environment(checkout: Path, url: str) -> dict[str, str]:
    var = FOLDER / f"var-{digest(checkout)}"
    return os.environ | {"CIVIC_PATHS__VAR": str(var), "CIVIC_DATABASE__URL": url, "PYTHONPATH": str(checkout)}


def work_off(server: Server, checkout: Path, database: str) -> None:
    """Run the workers of index and map until nothing waits for them: else they compete with what is measured."""
    command = [sys.executable, "-P", "-m", "workers", "index", "map"]
    process = subprocess.Popen(command, cwd=checkout, env=_environment(checkout, server.url(database)))
    try:
        while server.value(
            "SELECT EXISTS (TABLE search_dirty) OR EXISTS (TABLE report_cell_change)", database=database
        ):
            if process.poll() is not None:
                raise SystemExit("The workers ended early.")
            time.sleep(1)
    finally:
        process.terminate()
        process.wait(60)


def prepare(server: Server, checkout: Path, size: str = WHOLE) -> str:
    """The name of the database of this size for a checkout; imports it if it is not there."""
    name = f"kept_{digest(checkout)}_{size}"
    if server.has(name):
        return name
    half_made = f"{name}_half"
    if size == SMALL:
        server.drop(half_made)
        server.run(f'CREATE DATABASE "{half_made}"')
        civic(checkout, server.url(half_made), "migrate")
    else:
        server.copy(prepare(server, checkout, SMALL), half_made)
    for file, mapping in SETS[size]:
        _tell(f"importing {file}")
        path = str(checkout / "docs" / "imports" / mapping)
        civic(checkout, server.url(half_made), "import", str(DATA / file), "--mapping", path)
    _tell("working off what the imports marked")
    work_off(server, checkout, half_made)
    _tell("building the index")
    civic(checkout, server.url(half_made), "search", "rebuild")
    server.run("VACUUM ANALYZE", database=half_made)
    server.run(f'ALTER DATABASE "{half_made}" RENAME TO "{name}"')
    return name


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Make both databases for the checkouts that the arguments name, this one if none is."""
    with running_server() as server:
        for checkout in [Path(argument).resolve() for argument in sys.argv[1:]] or [ROOT]:
            print(prepare(server, checkout, WHOLE))


if __name__ == "__main__":
    main()
