"""`civic search`, as an operator types it."""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from civic.db import connect, execute, fetch
from civic.search.feed import step
from civic.search.postgres import rows
from tests.builders.documents import make_documents
from tests.live import command, environment, prepare


@pytest.fixture
async def city(empty_database: str) -> AsyncIterator[str]:
    """A service of a city, in the index, and things in the index that are of nothing in the database."""
    async with connect(empty_database, pool=2):
        await execute(
            "WITH c AS (INSERT INTO calendar (slug, zone, spec) VALUES ('c', 'UTC', '{}') RETURNING id),"
            " d AS (INSERT INTO department (slug, names, calendar_id, contacts, position)"
            """ SELECT 'water', '{"en": "Water"}', id, '{}', 0 FROM c RETURNING id)"""
            " INSERT INTO service (slug, names, department_id, guide, url, position)"
            """ SELECT 'meters', '{"en": "Reading a meter"}', id, '{}', '', 0 FROM d"""
        )
        await step()
        yield empty_database


async def services() -> list[dict[str, Any]]:
    return await fetch("SELECT kind, item_id FROM search_document WHERE kind = 'service'")


async def test_nothing_differs(city: str, tmp_path: Path) -> None:
    assert command(tmp_path, city, "search", "check") == "PostgreSQL: 1 compared, 0 differ.\n"
    said = json.loads(command(tmp_path, city, "search", "check", "--json"))
    nothing = {"compared": 1, "differ": 0, "missing": [], "extra": [], "different": [], "mended": False}
    nothing["on_their_way"] = 0
    assert said == {"PostgreSQL": nothing}


async def test_differences_are_named_and_mended(city: str, tmp_path: Path) -> None:
    [service] = await services()
    await rows.remove_documents([("service", service["item_id"])])
    await rows.write_documents([one for one in make_documents() if one.kind == "report"])
    with pytest.raises(RuntimeError, match="ended with 1") as failed:
        command(tmp_path, city, "search", "check")
    assert "PostgreSQL: 7 compared, 7 differ." in str(failed.value)
    assert f"missing: service:{service['item_id']}\n" in str(failed.value)
    assert "extra: report:1, report:2, report:3, report:4, report:5 and 1 more" in str(failed.value)
    with pytest.raises(RuntimeError) as failed:
        command(tmp_path, city, "search", "check", "--json")
    said = json.loads(str(failed.value).partition("\n")[2])["PostgreSQL"]
    assert (said["differ"], len(said["extra"]), said["mended"]) == (7, 6, False)
    assert "put into the index again by the workers" in command(tmp_path, city, "search", "check", "--mend")
    said = command(tmp_path, city, "search", "check")
    assert "0 differ.\n  7 changes are on their way" in said
    assert json.loads(command(tmp_path, city, "search", "check", "--json"))["PostgreSQL"]["on_their_way"] == 7
    while await step():
        pass
    assert "1 compared, 0 differ" in command(tmp_path, city, "search", "check")
    assert await services() == [service]


async def test_rebuilding(city: str, tmp_path: Path) -> None:
    [service] = await services()
    await execute("TRUNCATE search_document")
    await rows.write_documents(make_documents())
    assert command(tmp_path, city, "search", "rebuild") == "PostgreSQL: 1 rebuilt.\n"
    assert await fetch("SELECT kind, item_id FROM search_document") == [service]
    assert json.loads(command(tmp_path, city, "search", "rebuild", "--json")) == {"PostgreSQL": 1}


async def test_two_at_once(city: str, tmp_path: Path) -> None:
    other = await asyncpg.connect(city)
    await other.execute("SELECT pg_advisory_lock(hashtextextended('civic.search.rebuild', 0))")
    with pytest.raises(RuntimeError, match="The index is being rebuilt already") as failed:
        command(tmp_path, city, "search", "rebuild")
    assert "Traceback" not in str(failed.value)
    await other.close()
    command(tmp_path, city, "search", "rebuild")


async def test_stopped_by_hand(city: str, tmp_path: Path) -> None:
    """It waits for its turn with the index; Ctrl-C ends it, and says how it goes on."""
    other = await asyncpg.connect(city)
    await other.execute("SELECT pg_advisory_lock(hashtextextended('civic.index', 0))")
    running = _started(tmp_path, city, "search", "rebuild")
    try:
        for _ in range(600):
            waits = await other.fetchval(
                "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
                " WHERE d.datname = current_database() AND NOT l.granted AND l.locktype = 'advisory'"
            )
            if waits or running.poll() is not None:
                break
            await other.fetchval("SELECT pg_sleep(0.05)")
        running.send_signal(signal.SIGINT)
        _out, said = running.communicate(timeout=30)
    finally:
        running.kill()
        await other.close()
    assert running.returncode == 130
    assert "continues from there" in said
    assert "Traceback" not in said
    command(tmp_path, city, "search", "rebuild")


def _started(var: Path, database: str, *arguments: str) -> "subprocess.Popen[str]":
    prepare(var)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "civic", *arguments],
        env=environment(var, database),
        stderr=subprocess.PIPE,
        text=True,
    )


def test_without_a_database(tmp_path: Path) -> None:
    for what in ("rebuild", "check"):
        with pytest.raises(RuntimeError) as failed:
            command(tmp_path, "postgres://nobody@127.0.0.1:1/x", "search", what)
        assert "Traceback" not in str(failed.value)
