"""The commands of an operator, in processes of their own: what they print, how they fail."""

import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.live import command, environment

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
    changed = json.loads(civic("user", "set", "cleo@example.org", "--role", "dispatcher", "--name", "Cleo B", "--json"))
    assert (changed["role"], changed["name"], changed["departments"]) == ("dispatcher", "Cleo B", ["water"])
    assert "is disabled and cannot sign in: civic user enable" in civic("user", "password", "cleo@example.org")
    civic("user", "enable", "cleo@example.org")
    civic("user", "add", "dora@example.org")
    with pytest.raises(RuntimeError, match="email: There is an account with this email already"):
        civic("user", "set", "dora@example.org", "--email", "cleo@example.org")
    with pytest.raises(RuntimeError, match="department: An agent or a lead needs at least one department"):
        civic("user", "set", "dora@example.org", "--role", "lead")
    with pytest.raises(RuntimeError, match="email: Please enter an email address"):
        civic("user", "set", "dora@example.org", "--email", "dora")
    with pytest.raises(RuntimeError, match="Say what to change"):
        civic("user", "set", "dora@example.org")
    civic("user", "set", "dora@example.org", "--role", "lead", "--department", "water", "--email", "D@Example.org")
    people = {one["email"]: one for one in json.loads(civic("user", "list", "--json"))}
    assert (people["d@example.org"]["departments"], people["cleo@example.org"]["disabled"]) == (["water"], False)
    citizen = json.loads(civic("user", "set", "d@example.org", "--role", "citizen", "--json"))
    assert (citizen["departments"], citizen["name"]) == ([], "")
    with pytest.raises(RuntimeError, match=r"no user with the email x@example\.org") as failed:
        civic("user", "password", "x@example.org")
    assert "Traceback" not in str(failed.value)


async def test_assets(tmp_path: Path, empty_database: str) -> None:
    connection = await asyncpg.connect(empty_database)
    await connection.execute(
        "INSERT INTO city (id, names, languages, zone, phone, accent, settings, bbox, contents, pack_hash, base_map,"
        " gazetteer, demo, version, loaded_at)"
        " VALUES (1, '{\"en\": \"Town\"}', '[\"en\"]', 'UTC', '', '', '{}', '[0, 0, 1, 1]', '{}',"
        " '', '', '', false, 1, now())"
    )
    await connection.execute(
        "INSERT INTO asset (kind, code, lat, lon, retired_at) VALUES"
        " ('lamp', 'L-1', 1, 2, NULL), ('lamp', 'L-2', 1, 2, now()), ('bin', 'B/7', 1.5, 2, NULL)"
    )
    await connection.close()
    assert command(tmp_path, empty_database, "assets", "list") == "bin\tB/7\t1.5\t2.0\nlamp\tL-1\t1.0\t2.0\n"
    assert [
        one["code"]
        for one in json.loads(command(tmp_path, empty_database, "assets", "list", "--kind", "bin", "--json"))
    ] == ["B/7"]
    page = tmp_path / "stickers.html"
    with pytest.raises(RuntimeError, match=r"site\.url is not set"):
        command(tmp_path, empty_database, "assets", "qr", "--out", str(page))
    (tmp_path / "config.toml").write_text('[site]\nurl = "https://town.example"\n')
    with pytest.raises(RuntimeError, match="There is nothing for unicorn"):
        command(tmp_path, empty_database, "assets", "qr", "--kind", "unicorn", "--out", str(page))
    with pytest.raises(RuntimeError, match="There is nothing for L-9"):
        command(tmp_path, empty_database, "assets", "qr", "--code", "L-1", "--code", "L-9", "--out", str(page))
    with pytest.raises(RuntimeError, match="cannot be written: Is a directory"):
        command(tmp_path, empty_database, "assets", "qr", "--out", str(tmp_path))
    assert "2 stickers in" in command(tmp_path, empty_database, "assets", "qr", "--out", str(page))
    assert page.read_text("utf-8").count("<svg") == 2


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


def test_a_change_of_an_account_is_in_the_log_without_names(tmp_path: Path, empty_database: str) -> None:
    command(tmp_path, empty_database, "user", "add", "cleo@example.org")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "civic", "user", "disable", "cleo@example.org"],
        env=environment(tmp_path, empty_database) | {"SUDO_USER": "olga"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "account changed" in done.stderr
    assert "by=olga" in done.stderr
    assert "cleo" not in done.stderr
