"""Whatever ends, and however: no orphan, no damage, and the next start works."""

import os
import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from civic.postgres.server import acquire

from .conftest import Program, free, kill_supervisor, log, nothing_runs, postmaster, supervisor, wait_for

Run = Callable[..., Program]
KILL = signal.SIGKILL


@pytest.fixture
def table() -> str:
    """The name of a table of this test's own."""
    return f"t_{secrets.token_hex(4)}"


@pytest.mark.parametrize("how", [None, signal.SIGINT, signal.SIGTERM, KILL], ids=["exit", "int", "term", "kill"])
def test_the_server_ends_with_the_program_and_the_next_start_is_clean(
    run: Run, var: Path, table: str, how: signal.Signals
) -> None:
    first = run(var)
    first.ask(f"CREATE TABLE {table} AS SELECT 8 AS n")
    first.end(how)
    second = run(var)  # at once, while the server may still be ending
    assert second.ask(f"SELECT n FROM {table}") == 8
    second.end()
    wait_for(lambda: nothing_runs(var), "the server to end")
    assert "not properly shut down" not in log(var)
    assert not list((var / "postgres" / "socket").iterdir())


def test_ctrl_c_leaves_the_program_its_database(run: Run, var: Path) -> None:
    program = run(var)
    assert program.url
    os.killpg(program.process.pid, signal.SIGINT)
    assert program.end()[0] == "last words\n"


@pytest.mark.parametrize("at_once", [True, False])
def test_a_killed_supervisor_orphans_nothing(run: Run, var: Path, table: str, at_once: bool) -> None:
    first = run(var)
    first.ask(f"CREATE TABLE {table} AS SELECT 8 AS n")
    kill_supervisor(var)
    if not at_once and sys.platform.startswith("linux"):
        wait_for(lambda: free(var / "postgres" / "server.lock"), "the server to end by itself")
    assert run(var).ask(f"SELECT n FROM {table}") == 8
    first.ensure()
    assert "not properly shut down" not in log(var)


def test_a_program_can_have_a_killed_supervisor_replaced(run: Run, var: Path) -> None:
    program = run(var)
    assert program.url
    kill_supervisor(var)
    program.ensure()
    assert program.ask("SELECT n FROM kept") == 7


def test_service_managers_and_terminals_do_not_end_a_supervisor_in_use(run: Run, var: Path) -> None:
    program = run(var)
    assert program.url
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(supervisor(var), number)
    assert program.ask("SELECT n FROM kept") == 7
    assert supervisor(var)


def test_a_killed_server_is_started_again(run: Run, var: Path, table: str) -> None:
    program = run(var, durable=True)
    program.ask(f"CREATE TABLE {table} AS SELECT 8 AS n")
    before, starts = postmaster(var), log(var).count("ready to accept")
    os.kill(before, KILL)
    wait_for(lambda: log(var).count("ready to accept") > starts, "the supervisor to start another")
    program.ensure()
    assert postmaster(var) != before
    assert program.ask(f"SELECT n FROM {table}") == 8


def test_everything_killed_at_once(run: Run, var: Path, table: str) -> None:
    program = run(var, durable=True)
    program.ask(f"CREATE TABLE {table} AS SELECT 8 AS n")
    pids = [supervisor(var), postmaster(var), program.process.pid]
    for pid in pids:
        os.kill(pid, KILL)
    program.end()
    assert run(var).ask(f"SELECT n FROM {table}") == 8


def test_a_first_start_that_is_killed_is_begun_again(run: Run, folder: Path) -> None:
    var = folder / "var"
    program = run(var)
    wait_for((var / "postgres" / "data.new" / "PG_VERSION").exists, "initdb to begin")
    os.kill(supervisor(var), KILL)
    assert program.ask("SELECT current_database()") == "civic"
    assert not (var / "postgres" / "data.new").exists()


def test_who_takes_var_away_has_an_empty_database(run: Run, var: Path, folder: Path) -> None:
    old = run(var)
    assert old.ask("SELECT n FROM kept") == 7
    away = var.rename(folder / "away")
    try:
        new = run(var)
        assert new.ask("SELECT to_regclass('kept')") is None
        wait_for(lambda: free(away / "postgres" / "server.lock"), "the old server to end")
        new.ensure()
        new.end()
        wait_for(lambda: nothing_runs(var), "the new server to end")
    finally:
        shutil.rmtree(var)
        away.rename(var)


def test_a_forked_child_is_no_user(var: Path) -> None:
    handle = acquire(var, durable=False)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"!")
        signal.pause()
        os._exit(0)
    try:
        assert os.read(reading, 1) == b"!"
        handle.release(wait=True)
        assert nothing_runs(var)
    finally:
        os.kill(child, KILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)


def test_an_old_pid_file_that_names_another_process_is_no_server(run: Run, var: Path) -> None:
    first = run(var)
    assert first.url
    os.kill(supervisor(var), signal.SIGSTOP)
    lines = (var / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), KILL)
    os.kill(supervisor(var), KILL)
    first.end(KILL)
    wait_for(lambda: nothing_runs(var), "the killed processes to be gone")
    (var / "postgres" / "data" / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert run(var).ask("SELECT n FROM kept") == 7
