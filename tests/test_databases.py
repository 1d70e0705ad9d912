"""The databases that tests get: made once, made again when what they are made of changes, gone with their run."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests import digests
from tests.databases import Databases, Template


@pytest.fixture
def other_run(databases: Databases, tmp_path: Path) -> Callable[[str], Databases]:
    """A function that gives what another run would make on the same server; nothing is kept."""
    return lambda run: replace(databases, folder=tmp_path, run=f"{run}_{databases.run}", keep=False, made=[])


async def _exists(databases: Databases, url: str) -> bool:
    connection = await asyncpg.connect(databases.admin_url)
    name = url.partition("?")[0].rpartition("/")[2]
    try:
        return bool(await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name))
    finally:
        await connection.close()


def test_a_template_is_filled_once(other_run: Callable[[str], Databases]) -> None:
    filled = list[str]()
    template = Template("once", lambda url, folder: filled.append(url))
    with other_run("a") as run:
        assert run.copy("x", template)[0] != run.copy("y", template)[0]
        assert len(filled) == 1
        run.copy("z", replace(template, seconds=0))
        assert len(filled) == 2


def test_a_template_that_failed_is_no_template(other_run: Callable[[str], Databases]) -> None:
    with other_run("b") as run:
        with pytest.raises(ZeroDivisionError):
            run.copy("x", Template("fails", lambda url, folder: 1 / 0))
        run.copy("x", Template("fails", lambda url, folder: None))


async def test_a_run_takes_its_databases_with_it(databases: Databases, other_run: Callable[[str], Databases]) -> None:
    template, urls = Template("mine", lambda url, folder: None), list[str]()

    def use() -> None:
        with other_run("c") as run:
            urls.extend((run.make("x"), run.copy("y", template)[0]))

    await asyncio.to_thread(use)
    assert [await _exists(databases, url) for url in urls] == [False, False]


async def test_what_a_killed_run_left_goes_with_the_next_one(
    databases: Databases, other_run: Callable[[str], Databases]
) -> None:
    def be_killed() -> str:
        with other_run("dead") as run:
            url = run.make("x")
            run.made.clear()  # it does not come to drop it
            return url

    def run_beside(url: str) -> bool:
        with other_run("e"):
            return asyncio.run(_exists(databases, url))

    dead, alive = await asyncio.to_thread(be_killed), await asyncio.to_thread(databases.make, "alive")
    assert await _exists(databases, dead)
    assert not await asyncio.to_thread(run_beside, dead)
    assert await _exists(databases, alive)


def test_a_digest_changes_with_every_file_that_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    package = tmp_path / "civic" / "digested"
    package.mkdir(parents=True)
    (package / "near.py").write_text("def later():\n    from civic.digested import (\n        far,\n    )\n")
    (package / "far.py").write_text("A = 1\n")
    (package / "elsewhere.py").write_text("A = 1\n")
    before = digests.digest(["civic.digested.near"])
    (package / "elsewhere.py").write_text("A = 2\n")
    assert digests.digest(["civic.digested.near"]) == before
    (package / "far.py").write_text("A = 2\n")
    assert digests.digest(["civic.digested.near"]) != before
    with pytest.raises(FileNotFoundError):
        digests.digest(["civic.digested.none"])
