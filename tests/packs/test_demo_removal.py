"""A real city after the demo: nothing of what was made up is left, and nothing is removed unasked."""

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.live import command
from tests.packs.conftest import WritePack

LEFT = """
SELECT (SELECT count(*) FROM user_account) + (SELECT count(*) FROM post) + (SELECT count(*) FROM case_event)
     + (SELECT count(*) FROM release) + (SELECT count(*) FROM message) + (SELECT count(*) FROM photo)
     + (SELECT count(*) FROM search_document) + (SELECT count(*) FROM department WHERE slug <> 'roads') AS n
"""


@pytest.fixture
def demo(make_city: Callable[[str], tuple[Path, str]]) -> tuple[Path, str]:
    return make_city("replaced")


async def read(url: str, sql: str) -> asyncpg.Record:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchrow(sql)
    finally:
        await connection.close()


async def test_a_pack_is_not_loaded_over_the_demo_unless_it_replaces_it(
    demo: tuple[Path, str], write_pack: WritePack
) -> None:
    var, url = demo
    pack, before = str(write_pack()), await read(url, LEFT)
    version = (await read(url, "SELECT version FROM city"))["version"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 1.*holds the demo city \(71 people, .*--replace-demo"):
        command(var, url, "load", pack)
    assert await read(url, LEFT) == before
    assert any((var / "media").rglob("*.webp"))

    said = command(var, url, "load", pack, "--replace-demo")
    assert "Removed the demo city: 71 people, " in said
    assert "2 releases" in said
    assert (await read(url, LEFT))["n"] == 0
    city = await read(url, "SELECT names, demo, version FROM city")
    assert ("小城" in city["names"], city["demo"]) == (True, False)
    assert city["version"] > version  # what processes keep of the demo is out of date
    assert not (var / "media").exists()
    assert not (var / "outbox").exists()
    assert "Nobody yet." in command(var, url, "user", "list")
    assert "loaded already" in command(var, url, "load", pack, "--replace-demo")


async def test_the_demo_is_not_made_over_a_city(empty_database: str, tmp_path: Path, write_pack: WritePack) -> None:
    command(tmp_path, empty_database, "load", str(write_pack()))
    with pytest.raises(RuntimeError, match="A city is loaded"):
        command(tmp_path, empty_database, "demo")
