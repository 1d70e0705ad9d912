"""The commands of an operator, in processes of their own: what they print, how they fail."""

import json
from pathlib import Path

import asyncpg
import pytest

from tests.live import command

PASSWORD = "a sentence is good"


async def test_migrate_twice(tmp_path: Path, empty_database: str) -> None:
    assert json.loads(command(tmp_path, empty_database, "migrate", "--json")) == {"applied": []}


async def test_users(tmp_path: Path, empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "WITH c AS (INSERT INTO calendar (slug, zone, spec) VALUES ('c', 'UTC', '{}') RETURNING id) "
        "INSERT INTO department (slug, names, calendar_id, contacts, position) "
        "SELECT 'water', '{}', id, '{}', 0 FROM c"
    )
    await connection.close()

    def civic(*arguments: str) -> str:
        return command(tmp_path, empty_database, *arguments)

    added = json.loads(civic("user", "add", "Cleo@Example.org", "--role", "agent", "--department", "water", "--json"))
    assert added["email"] == "cleo@example.org"
    assert len(added["password"]) >= 10
    with pytest.raises(RuntimeError, match="department: An agent or a lead needs at least one department"):
        civic("user", "add", "d@example.org", "--role", "agent")
    with pytest.raises(RuntimeError, match="department: There is no department roads"):
        civic("user", "add", "d@example.org", "--role", "lead", "--department", "roads")
    civic("user", "disable", "cleo@example.org")
    (one,) = json.loads(civic("user", "list", "--json"))
    assert (one["role"], one["departments"], one["disabled"]) == ("agent", ["water"], True)
    with pytest.raises(RuntimeError, match=r"no user with the email x@example\.org") as failed:
        civic("user", "password", "x@example.org")
    assert "Traceback" not in str(failed.value)


async def test_check(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(RuntimeError, match="ended with 1") as failed:
        command(tmp_path, empty_database, "check")
    said = str(failed.value)
    for line in ("ok     database", "ok     migrations", "WRONG  pack", "ok     jobs", "ok     photos"):
        assert line in said


async def test_check_shows_held_jobs(tmp_path: Path, empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "INSERT INTO pgqueuer (priority, status, entrypoint, attempts) VALUES (0, 'failed', 'route', 4)"
    )
    await connection.close()
    with pytest.raises(RuntimeError, match=r"WRONG  jobs +1 held after 5 tries: route"):
        command(tmp_path, empty_database, "check")


def test_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ended with 2.*sign_in"):
        prepared = tmp_path / "config.toml"
        prepared.write_text("[signin]\nsession_days = 3\n")
        command(tmp_path, "postgres://nobody@127.0.0.1:1/x", "check")


def test_an_unknown_worker(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(RuntimeError, match="There is no worker 'rout'"):
        command(tmp_path, empty_database, "work", "rout")


async def test_histories_are_checked_where_one_asks(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(RuntimeError, match="ok     history        0 histories"):
        command(tmp_path, empty_database, "check", "--history")


async def test_a_text_that_is_not_there_cannot_be_erased(tmp_path: Path, empty_database: str) -> None:
    with pytest.raises(RuntimeError, match="There is no such event with a text"):
        command(tmp_path, empty_database, "cases", "erase", "26-1", "1")
