"""Running `civic backup` and `civic restore` as an operator does, and looking at what comes of them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from civic.backups.sql import TABLES
from tests import live
from tests.live import environment, prepare

T = TypeVar("T")


def start(var: Path, database: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """`civic …` in a process of its own; without `database` the embedded one."""
    prepare(var)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "civic", *arguments],
        env=environment(var, database),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def run(var: Path, database: str, *arguments: str) -> tuple[int, str, str]:
    """`civic …` to its end: the exit code, what it printed, and what it said on stderr."""
    done = live.run(var, database, *arguments)
    return done.returncode, done.stdout, done.stderr


def count_rows(url: str) -> dict[str, int]:
    """The rows of every table."""

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            names = [row["name"] for row in await connection.fetch(TABLES)]
            return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
        finally:
            await connection.close()

    return _in_a_thread(count())


def fetch_value(url: str, sql: str) -> Any:
    async def fetch() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return _in_a_thread(fetch())


def _in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """A test that is a coroutine itself may ask, too."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def kill_when(process: subprocess.Popen[str], reached: Callable[[], object]) -> None:
    """Kill the process at once, without a word to it, when it has come so far."""
    while not reached():
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.kill()
    process.communicate()
