"""`civic serve` as an operator sees it: where it is, how it ends, and what it leaves behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.program import Program, alive, until
from tests.live import environment, prepare

pytestmark = pytest.mark.slow


@pytest.fixture
def serve(tmp_path: Path, empty_database: str) -> Iterator[Callable[..., Program]]:
    """Start one on a free port; killed at the end if it still runs."""
    programs: list[Program] = []

    def start(*arguments: str) -> Program:
        programs.append(Program(tmp_path / "var", empty_database, "--port", "0", *arguments))
        return programs[-1]

    yield start
    for one in programs:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(serve: Callable[..., Program], number: int) -> None:
    program = serve()
    assert program.get("/healthz").json() == {"status": "alive"}
    until(program.children)
    children = program.children()
    assert program.end(number) == 0
    assert not any(alive(pid) for pid in children)
    assert "Traceback" not in program.log.read_text()


def test_several_processes_add_their_figures(serve: Callable[..., Program], tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "config.toml").write_text('[server]\nmetrics_addresses = "127.0.0.1"\n')
    program = serve("--processes", "2", "--no-workers")
    for _ in range(8):
        assert program.get("/sign-in").status_code == 200

    def all_counted() -> bool:
        return 'route="/sign-in",status="200"} 8.0' in program.get("/metrics").text

    until(all_counted)
    children = program.children()
    assert program.end() == 0
    assert not any(alive(pid) for pid in children)  # nor multiprocessing's own helper


@pytest.mark.parametrize("processes", ["1", "2"])
def test_killed_it_leaves_nothing_behind(serve: Callable[..., Program], processes: str) -> None:
    program = serve("--processes", processes)
    until(lambda: len(program.children()) >= int(processes))
    children = program.children()
    assert program.end(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not any(alive(pid) for pid in children))
    again = serve("--processes", processes)
    assert again.get("/healthz").status_code == 200


def test_killed_workers_come_back(serve: Callable[..., Program]) -> None:
    program = serve()
    until(program.workers)
    (first,) = program.workers()
    os.kill(first, signal.SIGKILL)
    until(lambda: program.workers() not in ([first], []))
    assert program.end() == 0


def test_a_second_one_on_the_same_folder(serve: Callable[..., Program]) -> None:
    first = serve("--no-workers")
    second = serve("--no-workers")
    assert second.process.wait(30) == 2
    said = second.log.read_text()
    assert "already serves" in said
    assert str(first.process.pid) in said
    assert "Traceback" not in said


@contextmanager
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken(serve: Callable[..., Program]) -> None:
    with taken() as port:
        program = serve("--port", str(port))
        assert program.process.wait(30) == 2
        assert f"Port {port} of 127.0.0.1 is in use" in program.log.read_text()


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    prepare(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "civic", "serve", "--as-root", "--port", "0"],
        env=environment(tmp_path, "postgres://x:secret@127.0.0.1:1/x"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "No PostgreSQL answers at 127.0.0.1:1" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr
