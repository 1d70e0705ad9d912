"""Real programs on real servers, killed for real; each test has a folder of its own and leaves nothing running."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from civic.postgres import locks

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("program.py")


class Program:
    """tests/postgres/program.py, running."""

    def __init__(
        self,
        var: Path,
        *,
        durable: bool = False,
        python: str = sys.executable,
        path: str = str(ROOT),
        **options: object,
    ) -> None:
        self.var = var
        self.ended = False
        self.process = subprocess.Popen(
            [python, str(PROGRAM), str(var), str(durable)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": _path(path), "PYTHONWARNINGS": "default", "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
            **options,  # type: ignore[call-overload]
        )
        self._url = ""

    @property
    def url(self) -> str:
        """The address that it was given; waits for it."""
        self._url = self._url or self._line()
        return self._url

    def ask(self, statement: str) -> object:
        """What its database answers: one value."""
        return asyncio.run(_value(self.url, statement))

    def ensure(self) -> None:
        """Let the program make sure of its database, which may have another address then."""
        assert self.url
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self._url = self._line()

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline().strip()
        if not line:
            assert self.process.stderr
            pytest.fail(f"the program ended: {self.process.stderr.read()}")
        return line

    def end(self, how: signal.Signals | None = None) -> tuple[str, str]:
        """End it: by the end of its input, or by a signal. Its last output and errors."""
        self.ended = True
        if how:
            self.process.send_signal(how)
        return self.process.communicate()


def _path(first: str) -> str:
    return os.pathsep.join(filter(None, [first, os.environ.get("PYTHONPATH")]))


async def _value(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account can enter, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="civic-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def run(folder: Path, move_to: object) -> Iterator[Callable[..., Program]]:
    """Start programs; those that run at the end are ended, and no process of a database may stay.

    It stands on the fixtures of the folders, so that it is done before they are removed or moved back.
    """
    started: list[Program] = []

    def start(var: Path, **options: object) -> Program:
        started.append(Program(var, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for program in started:
        if not program.ended:
            program.end()
    for var in {program.var for program in started}:
        wait_for(lambda var=var: nothing_runs(var), f"all processes of {var} to end")


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A var with a database in it, as making one takes a second. In it, the table `kept` has one row, 7."""
    folder = Path(tempfile.mkdtemp(prefix="civic-test-"))
    folder.chmod(0o755)
    program = Program(folder / "var")
    try:
        program.ask("CREATE TABLE kept AS SELECT 7 AS n")
        program.end()
        wait_for(lambda: nothing_runs(folder / "var"), "the server to end")
        yield folder / "var"
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def var(made: Path) -> Path:
    """That var, with an empty log; the test may kill what it likes, but leaves the table as it is."""
    (made / "postgres" / "log" / "postgres.log").unlink(missing_ok=True)
    return made


@pytest.fixture
def move_to(made: Path) -> Iterator[Callable[[Path], Path]]:
    """Move that var to a path, until the test ends."""
    moved: list[Path] = []

    def move(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        moved.append(made.rename(path))
        return path

    yield move
    for path in moved:
        path.rename(made)


def wait_for(true: Callable[[], object], what: str) -> None:
    """Until it is true; a minute says that it never will be."""
    until = time.monotonic() + 60
    while not true():
        if time.monotonic() > until:
            pytest.fail(f"waited in vain for {what}")
        time.sleep(0.01)


def home(var: Path) -> Path:
    """Where the data is."""
    location = var / "postgres" / "location"
    return Path(location.read_text()) if location.exists() else var / "postgres"


def nothing_runs(var: Path) -> bool:
    """No user, no supervisor and no process of a server: each of them holds a lock for as long as it lives."""
    files = [var / "postgres" / locks.USERS, var / "postgres" / locks.SUPERVISOR, home(var) / "server.lock"]
    return all(free(file) for file in files if file.exists())


def free(file: Path) -> bool:
    fd = os.open(file, os.O_RDWR)
    try:
        return locks.try_lock(fd, exclusive=True)
    finally:
        os.close(fd)


def postmaster(var: Path) -> int:
    return int((home(var) / "data" / "postmaster.pid").read_text().split()[0])


def supervisor(var: Path) -> int:
    status = locks.read(var / "postgres")
    assert status
    return status.pid


def kill_supervisor(var: Path) -> None:
    os.kill(supervisor(var), signal.SIGKILL)
    wait_for(lambda: free(var / "postgres" / locks.SUPERVISOR), "the supervisor to be gone")


def log(var: Path) -> str:
    return (var / "postgres" / "log" / "postgres.log").read_text()
