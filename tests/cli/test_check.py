"""`civic check` of a city whose workers, mail server or disk are missing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.live import command

SEEN = (
    "INSERT INTO worker_heartbeat (worker, seen_at) VALUES ('route', now() - $1::interval) "
    "ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at"
)


@pytest.fixture(scope="module")
def city(make_city: Callable[[str], tuple[Path, str]]) -> tuple[Path, str]:
    return make_city("check")


def check(city: tuple[Path, str], settings: str = "") -> dict[str, dict[str, Any]]:
    """What it found, by name."""
    var, url = city
    var.mkdir(exist_ok=True)
    (var / "config.toml").write_text(settings)
    try:
        said = command(var, url, "check", "--json")
    except RuntimeError as error:
        said = str(error).partition("\n")[2].splitlines()[0]
    return {one["name"]: one for one in json.loads(said)}


async def note(city: tuple[Path, str], age: str) -> None:
    connection = await asyncpg.connect(city[1])
    try:
        await connection.execute("DELETE FROM pgqueuer")
        await connection.execute(SEEN.replace("$1", f"'{age}'"))
    finally:
        await connection.close()


async def test_a_missing_worker_is_wrong(city: tuple[Path, str]) -> None:
    await note(city, "1 hour")
    found = check(city)["workers"]
    assert not found["ok"]
    assert "no worker was seen for 60 min" in found["text"]
    await note(city, "0 hours")
    assert check(city)["workers"]["ok"]


def test_little_space_is_a_warning(city: tuple[Path, str]) -> None:
    found = check(city, "[paths]\nmin_free_bytes = 1_000_000_000_000_000\n")["disk"]
    assert (found["ok"], found["warning"]) == (True, True)
    assert "GiB free under" in found["text"]


def test_a_mail_server_that_is_away_is_wrong(city: tuple[Path, str]) -> None:
    found = check(city, '[mail]\nurl = "smtp://user:secret@127.0.0.1:1"\n')["mail"]
    assert not found["ok"]
    assert "127.0.0.1 port 1 takes no mails" in found["text"]
    assert "secret" not in found["text"]


def test_a_mail_of_an_operator(city: tuple[Path, str]) -> None:
    var, url = city
    (var / "config.toml").write_text("")
    assert "mail.url names no server" in command(var, url, "mail", "test", "ana@example.org")
    assert "To: ana@example.org" in (var / "outbox" / "test.eml").read_text()
    with pytest.raises(RuntimeError, match="ended with 1") as failed:
        command(var, url, "mail", "test", "nobody")
    assert "no e-mail address" in str(failed.value)
