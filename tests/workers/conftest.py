"""Workers as they run: in a process of their own, against this test's database."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from civic import db
from civic.config import Config
from tests.live import ROOT, environment, prepare

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(config: Config, database: str, tmp_path: Path) -> Iterator[Start]:
    """Start `python -m tests.workers.process` (the workers of workers/, and `trial`); killed at the end."""
    started = []

    def begin(*names: str, **settings: str) -> subprocess.Popen[bytes]:
        prepare(config.paths.var)
        with (tmp_path / f"log{len(started)}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.workers.process", *names],
                env=environment(config.paths.var, database) | {"TRIAL": str(tmp_path)} | settings,
                stderr=log,
                cwd=ROOT,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


async def until(what: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    """Wait until `what` gives something true. The bound only ends a test that would never end."""
    for _ in range(int(seconds / 0.02)):
        if await what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never happened")


async def statuses() -> dict[str, int]:
    """How many jobs there are, by status."""
    rows = await db.fetch("SELECT status::text AS status, count(*) AS n FROM pgqueuer GROUP BY 1")
    return {row["status"]: row["n"] for row in rows}
