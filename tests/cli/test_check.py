"""`civic check` of a city whose workers, mail server or disk are missing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from civic.cli.database_settings import advise_on_speed
from tests.live import command

SEEN = (
    "INSERT INTO worker_heartbeat (worker, seen_at) VALUES ('route', now() - $1::interval) "
    "ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at"
)

ABOUT = b'{"vector_layers": [{"id": "roads"}]}'


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


def test_a_server_with_too_few_connections_is_a_warning(city: tuple[Path, str]) -> None:
    assert not check(city)["settings"]["warning"]
    found = check(city, "[server]\nprocesses = 64\n[database]\npool = 100\n")["settings"]
    assert (found["ok"], found["warning"]) == (True, True)
    assert "max_connections should allow 6501" in found["text"]


def test_what_a_large_database_should_have_is_said() -> None:
    settings = {"shared_buffers": 2**27, "work_mem": 2**22, "max_wal_size": 2**30, "random_page_cost": 4.0, "jit": True}
    as_made = settings | {"connections": 97, "size": 5 * 2**30}
    names = [advice.split()[0] for advice in advise_on_speed(as_made)]
    assert names == list(settings)
    assert not advise_on_speed(as_made | {"size": 2**20})
    chosen = {"shared_buffers": 2**31, "work_mem": 2**24, "max_wal_size": 2**32, "random_page_cost": 1.1, "jit": False}
    assert not advise_on_speed(as_made | chosen)


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


def test_a_base_map_of_another_place_is_wrong(city: tuple[Path, str], tmp_path: Path) -> None:
    header = bytearray(127)
    header[:8] = b"PMTiles\x03"
    header[24:40] = (127).to_bytes(8, "little") + (len(ABOUT)).to_bytes(8, "little")
    header[97:100] = b"\x01\x01\x01"  # nothing is compressed; vector tiles
    header[102:118] = b"".join(degrees.to_bytes(4, "little") for degrees in (240_000_000, 600_000_000) * 2)
    path = tmp_path / "helsinki.pmtiles"
    path.write_bytes(bytes(header) + ABOUT)
    found = check(city, f'[map]\nbasemap = "{path}"\n')["base map"]
    assert not found["ok"]
    assert "helsinki.pmtiles covers 24.0000, 60.0000" in found["text"]
    assert "please name a file that covers the city" in found["text"]
