"""Any path, any user; and what is said when it cannot work."""

import asyncio
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from civic.db import connect, fetch
from civic.errors import CannotWrite
from civic.postgres import programs
from civic.postgres.folders import SHARED, PostgresUnusable
from civic.postgres.server import DatabaseUnavailable, acquire

from .conftest import ROOT, Program, home, kill_supervisor, nothing_runs, postmaster, wait_for

Run = Callable[..., Program]
Move = Callable[[Path], Path]
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="root's case: needs another account to run the server as")


def socket_of(program: Program) -> Path:
    return Path(parse_qs(urlsplit(program.url).query)["host"][0])


@pytest.mark.parametrize("name", ["with space", "城市 Zürich", "a,b'c%20d&e=f"])
def test_any_path(run: Run, move_to: Move, folder: Path, name: str) -> None:
    var = move_to(folder / name)
    program = run(var)
    assert program.ask("SELECT n FROM kept") == 7
    assert asyncio.run(by_tortoise(program.url)) == [{"n": 7}]


async def by_tortoise(url: str) -> list[dict[str, object]]:
    async with connect(url):
        return await fetch("SELECT n FROM kept")


def test_a_path_too_long_for_a_socket(run: Run, move_to: Move, folder: Path) -> None:
    var = move_to(folder / ("long" * 30) / "var")
    program = run(var)
    assert program.ask("SELECT n FROM kept") == 7
    short = socket_of(program)
    assert not short.is_relative_to(folder)
    assert short.stat().st_mode & 0o777 == 0o700
    kill_supervisor(var)
    program.ensure()
    program.end()
    wait_for(lambda: nothing_runs(var), "the server to end")
    assert not short.exists()


def test_a_short_socket_folder_that_others_can_enter_is_not_used_again(run: Run, move_to: Move, folder: Path) -> None:
    var = move_to(folder / ("long" * 30) / "var")
    first = run(var)
    trap = socket_of(first)
    kill_supervisor(var)
    first.end()
    wait_for(lambda: nothing_runs(var), "the server to end")
    trap.chmod(0o777)
    assert socket_of(run(var)) != trap
    shutil.rmtree(trap)


@root_only
def test_root_runs_the_server_as_another_user_and_opens_nothing(var: Path, folder: Path) -> None:
    modes = [p.stat().st_mode for p in (folder, var, var / "postgres")]
    handle = acquire(var, durable=False)
    owner = Path(f"/proc/{postmaster(var)}").stat().st_uid
    handle.release(wait=True)
    assert pwd.getpwuid(owner).pw_name == "nobody"
    assert [p.stat().st_mode for p in (folder, var, var / "postgres")] == modes
    for closed in (var / "postgres" / "data", var / "postgres" / "socket"):
        assert (closed.stat().st_uid, closed.stat().st_mode & 0o777) == (owner, 0o700)


@pytest.fixture
def closed(folder: Path) -> Iterator[Path]:
    """A folder that root alone can enter, with the wheel in it; what was made elsewhere for it is removed."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    package = programs.newest().parents[1]
    for part in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(part), closed / "site" / part, ignore=shutil.ignore_patterns("pginstall"))
    yield closed
    for mark in SHARED.glob("*/belongs-to"):
        if mark.read_text().startswith(str(closed)):
            shutil.rmtree(mark.parent)
    with suppress(OSError):  # others' are there
        SHARED.rmdir()


@root_only
def test_root_in_a_folder_that_only_root_can_enter(run: Run, closed: Path) -> None:
    var, path = closed / "var", f"{closed / 'site'}:{ROOT}"
    first = run(var, path=path)
    first.ask("CREATE TABLE kept AS SELECT 7 AS n")
    there = home(var)
    assert there.is_relative_to(SHARED)
    assert Path(f"/proc/{postmaster(var)}/exe").readlink().is_relative_to(there)
    assert Path(f"/proc/{postmaster(var)}/cwd").readlink() == there / "data"
    assert closed.stat().st_mode & 0o777 == 0o700
    first.end()
    second = run(var, path=path)
    assert second.ask("SELECT n FROM kept") == 7
    second.end()
    wait_for(lambda: nothing_runs(var), "the server to end")

    moved = var.rename(closed / "moved")
    shutil.copytree(moved, closed / "copy")
    assert run(moved, path=path).ask("SELECT n FROM kept") == 7
    with pytest.raises(DatabaseUnavailable, match="is a copy of"):
        acquire(closed / "copy", durable=False)

    fresh = run(var, path=path)
    assert fresh.ask("SELECT to_regclass('kept')") is None
    assert home(var) not in (there, var / "postgres")


@pytest.fixture
def ordinary(folder: Path) -> dict[str, object]:
    """How to run a program as an ordinary user: as we are, or for root as `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    path = f"{ROOT}:{programs.newest().parents[2]}"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        with suppress(OSError):  # not there, or not for nobody
            command = [python, "-c", "import babel"]
            if subprocess.run(command, env={"PYTHONPATH": path}, check=False, **account).returncode == 0:  # type: ignore[call-overload]
                return account | {"python": python, "path": path}
    pytest.skip(f"the user nobody can run no Python {version} with this environment")


def test_an_ordinary_user(run: Run, folder: Path, ordinary: dict[str, object]) -> None:
    var = folder / "somebody's var"
    program = run(var, **ordinary)
    program.ask("CREATE TABLE kept AS SELECT 7 AS n")
    assert (var / "postgres").stat().st_mode & 0o777 == 0o700
    kill_supervisor(var)
    program.end()
    again = run(var, **ordinary)
    assert again.ask("SELECT n FROM kept") == 7
    again.end()
    wait_for(lambda: nothing_runs(var), "the server to end")
    if os.geteuid() == 0:  # root joins in, and leaves nothing that the user could not write
        assert run(var).ask("SELECT n FROM kept") == 7
        assert {p.stat().st_uid for p in var.rglob("*")} == {folder.stat().st_uid}


def test_a_folder_that_one_may_not_write(folder: Path, ordinary: dict[str, object]) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    if os.geteuid() == 0:
        program = Program(closed / "var", **ordinary)  # type: ignore[arg-type]
        assert "Run it as the user to whom" in program.end()[1]
    else:
        with pytest.raises(CannotWrite, match="Run it as the user to whom"):
            acquire(closed / "var")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("PG_VERSION", b"9\n", "was made by PostgreSQL 9; installed: 16, 18"),
        ("global/pg_control", b"x" * 8192, "are damaged"),
        ("postgresql.conf", b"port = nonsense\n", "invalid value for parameter"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(var: Path, file: str, content: bytes, said: str) -> None:
    path = var / "postgres" / "data" / file
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        with pytest.raises(DatabaseUnavailable, match=re.escape(said)):
            acquire(var, durable=False)
    finally:
        path.write_bytes(before)


def test_data_that_others_can_read_is_refused(var: Path) -> None:
    data = var / "postgres" / "data"
    data.chmod(0o777)
    try:
        with pytest.raises(DatabaseUnavailable, match="has to belong to the user"):
            acquire(var, durable=False)
    finally:
        data.chmod(0o700)


def test_a_wheel_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_wheel")
    with pytest.raises(PostgresUnusable, match=r"database\.url"):
        programs.installed()
