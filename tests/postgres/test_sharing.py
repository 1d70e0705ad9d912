"""Several programs on one var; and what can reach the server."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from civic.postgres.serve_lock import AlreadyServing, serve_lock
from civic.postgres.server import Handle, acquire

from .conftest import ROOT, Program, nothing_runs, postmaster, wait_for

Run = Callable[..., Program]


@pytest.fixture
def handle(var: Path) -> Iterator[Handle]:
    with acquire(var, durable=False) as handle:
        yield handle
        handle.release(wait=True)


def test_a_second_program_joins_and_the_last_one_ends_the_server(run: Run, var: Path) -> None:
    first, second = run(var), run(var)
    assert first.url == second.url
    server = postmaster(var)
    first.end()
    assert second.ask("SELECT n FROM kept") == 7
    assert postmaster(var) == server
    second.end()
    wait_for(lambda: nothing_runs(var), "the server to end")


def test_two_first_starts_at_once_make_one_database(run: Run, folder: Path) -> None:
    programs = [run(folder / "var"), run(folder / "var")]
    identities = {program.ask("SELECT system_identifier FROM pg_control_system()") for program in programs}
    assert len(identities) == 1


async def test_settings_and_locale(handle: Handle) -> None:
    expected = {
        "listen_addresses": "",
        "max_connections": "200",
        "jit": "off",
        "TimeZone": "UTC",
        "fsync": "off",
        "server_encoding": "UTF8",
    }
    connection = await asyncpg.connect(handle.url())
    try:
        shown = await connection.fetch("SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(expected))
        locale = await connection.fetchval("SELECT datlocale FROM pg_database WHERE datname = 'civic'")
        letters = await connection.fetchval("SELECT to_tsvector('simple', 'Straße，路灯坏了。')::text")
    finally:
        await connection.close()
    assert {row["name"]: row["setting"] for row in shown} == expected
    assert locale == "C.UTF-8"
    assert letters == "'straße':1 '路灯坏了':2"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nothing_on_tcp(var: Path, handle: Handle) -> None:
    opened = {os.readlink(fd) for fd in Path(f"/proc/{postmaster(var)}/fd").iterdir()}
    listening = set()
    for table in ("tcp", "tcp6", "unix"):
        text = Path(f"/proc/net/{table}").read_text()
        column = 6 if table == "unix" else 9
        inodes = {f"socket:[{line.split()[column]}]" for line in text.splitlines()[1:]}
        if inodes & opened:
            listening.add(table)
    assert listening == {"unix"}


def test_no_statement_and_no_value_in_the_log(run: Run, var: Path) -> None:
    program = run(var)
    program.ask("CREATE TABLE people (mail text PRIMARY KEY)")
    program.ask("INSERT INTO people VALUES ('someone@example.org')")
    program.ensure()
    with pytest.raises(asyncpg.UniqueViolationError, match=r"someone@example\.org"):
        program.ask("INSERT INTO people VALUES ('someone@example.org')")
    program.end()
    wait_for(lambda: nothing_runs(var), "the server to end")
    assert "example.org" not in (var / "postgres" / "log" / "postgres.log").read_text()


def test_release_can_wait_for_the_end_and_does_not_if_others_use_it(var: Path) -> None:
    first, second = acquire(var, durable=False), acquire(var, durable=False)
    first.release(wait=True)
    assert not nothing_runs(var)
    second.release(wait=True)
    assert nothing_runs(var)
    second.release()  # twice is once


def test_a_second_serve_is_refused_by_name(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from civic.postgres.serve_lock import serve_lock\n"
        "with serve_lock(pathlib.Path(sys.argv[1]), 'http://127.0.0.1:8123'): print('up', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert first.stdout
    assert first.stdout.readline() == b"up\n"
    with pytest.raises(AlreadyServing, match=re.escape(f"process {first.pid}, at http://127.0.0.1:8123")) as refused:
        with serve_lock(tmp_path, "http://127.0.0.1:9000"):
            pytest.fail("two serve one var")
    assert refused.value.pid == first.pid
    first.kill()
    first.communicate()
    with serve_lock(tmp_path, "http://127.0.0.1:9000"):
        pass
