"""Which commands make a database, and what the others say where there is none, or one of a newer program."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from civic import database_schema, db
from tests.cli.program import Program, until
from tests.forked import run_forked
from tests.live import ROOT, command, environment

LOOKING = (
    ("user", "list"),
    ("user", "add", "a@example.org"),
    ("scores", "publish", "2025"),
    ("scores", "list"),
    ("search", "check"),
    ("search", "rebuild"),
    ("cases", "erase", "26-1", "1"),
    ("check",),
    ("work",),
)


def run(folder: Path, *arguments: str, var: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`civic …` in `folder`, of a program that was never started: beside a file of settings in `folder`/etc."""
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc" / "config.toml").write_text(f"[paths]\nvar = '{var}'\n" if var else "")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CIVIC_")}
    settings = {"CIVIC_CONFIG": str(folder / "etc" / "config.toml"), "PYTHONPATH": str(ROOT)}
    return run_forked(*arguments, environment=kept | settings, cwd=folder)


@pytest.mark.parametrize("arguments", LOOKING, ids=" ".join)
def test_a_command_that_looks_makes_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    var = tmp_path / "etc" / "var"
    assert done.returncode in (1, 2)
    assert f"There is no database in {var}. civic load PACK makes one" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in tmp_path.rglob("*")} == {"etc", "config.toml"}


def test_check_says_which_file_and_which_folder(tmp_path: Path) -> None:
    found = {one["name"]: one for one in json.loads(run(tmp_path, "check", "--json").stdout)}
    assert found["configuration"]["text"] == str(tmp_path / "etc" / "config.toml")
    assert not found["var"]["ok"]
    assert str(tmp_path / "etc" / "var") in found["var"]["text"]


def test_the_version_is_said(tmp_path: Path) -> None:
    said = run(tmp_path, "--version").stdout
    assert said.startswith("Civic ")
    assert f"schema {database_schema.migration_names()[-1]}, in {ROOT}" in said


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    """A file stands where the folder would be: root is refused there, too."""
    (tmp_path / "file").touch()
    for arguments in (("serve", "--as-root", "--port", "0"), ("load", "x"), ("migrate",)):
        done = run(tmp_path, *arguments, var=tmp_path / "file" / "var")
        assert done.returncode == 2
        assert f"Civic cannot write in {tmp_path / 'file' / 'var'}" in done.stderr
        assert "Traceback" not in done.stderr


def test_nothing_is_published_without_a_city_or_without_a_case(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(RuntimeError, match="No city is loaded"):
        command(tmp_path, empty_database, "scores", "publish", "2025")
    command(tmp_path, empty_database, "load", str(ROOT / "civic" / "demo" / "pack"))
    with pytest.raises(RuntimeError, match="There is no case in this period"):
        command(tmp_path, empty_database, "scores", "publish", "2025")


async def migrate_as_a_newer_program(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ($1, '9999_later', now())", db.APP_LABEL
    )
    await connection.close()


@pytest.fixture(scope="module")
def copied_database(make_database: Callable[..., str]) -> str:
    return make_database("newer")


@pytest.fixture(scope="module")
async def newer_database(copied_database: str) -> str:
    """A database that a newer program has migrated."""
    await migrate_as_a_newer_program(copied_database)
    return copied_database


@pytest.fixture
def moved_database(make_database: Callable[..., str]) -> str:
    return make_database("moved")


NEWER = "The database is of a newer Civic: this program does not know its 9999_later"


@pytest.mark.parametrize(
    "arguments",
    [("user", "list"), ("migrate",), ("check",), ("serve", "--as-root", "--port", "0"), ("work",)],
    ids=" ".join,
)
def test_an_old_program_refuses_a_newer_database(
    tmp_path: Path, newer_database: str, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(RuntimeError, match=NEWER):
        command(tmp_path, newer_database, *arguments)


async def test_programs_that_run_end_when_a_newer_one_migrates(tmp_path: Path, moved_database: str) -> None:
    """Workers stop with a sentence; the web is not ready, so that a balancer sends nobody there."""
    url = moved_database
    program = Program(tmp_path / "web", url, "--no-workers", "--port", "0")
    with (tmp_path / "log").open("w") as log:
        workers = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-P", "-m", "civic", "work", "tidy"], env=environment(tmp_path / "web", url), stderr=log
        )
    try:
        until(lambda: "workers start" in (tmp_path / "log").read_text())
        await migrate_as_a_newer_program(url)
        assert workers.wait(60) == 2
        assert NEWER in (tmp_path / "log").read_text()
        assert program.get("/readyz").json()["migrations"] == "NewerSchema"
    finally:
        workers.kill()
        workers.wait()
        program.end()
