"""What holds of jobs and of those who do them, whatever ends at whatever instant."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import asyncpg
import pytest

from civic import db
from civic.config import Config
from civic.db import in_transaction
from civic.errors import SetupError
from civic.jobs.actions import Job, enqueue, register_workers, requeue
from civic.jobs.queries import count_waiting, list_held, read_worker_health
from tests.live import environment, prepare
from tests.workers.conftest import Start, statuses, until
from workers import __main__ as program
from workers import runner


async def ask(do: str) -> None:
    async with in_transaction():
        await enqueue(Job.DELIVER, {"do": do})


@pytest.fixture
def lines(tmp_path: Path) -> Callable[[], list[str]]:
    """What the trial worker has done: "began wait 4711"."""
    return lambda: (tmp_path / "done").read_text().splitlines() if (tmp_path / "done").exists() else []


async def test_a_job_is_done_and_gone(start: Start, lines: Callable[[], list[str]]) -> None:
    start("trial")
    await ask("note")

    async def gone() -> bool:
        return bool(lines()) and await statuses() == {}

    await until(gone)
    assert [line.split()[0] for line in lines()] == ["began", "ended"]


async def test_a_job_of_a_killed_worker_is_done_by_another(
    start: Start, lines: Callable[[], list[str]], tmp_path: Path
) -> None:
    first = start("trial")
    await ask("wait")

    async def begun() -> bool:
        return bool(lines())

    await until(begun)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert await statuses() == {"picked": 1}
    (tmp_path / "go").touch()
    second = start("trial")

    async def ended() -> bool:
        return len(lines()) == 3

    await until(ended)
    assert lines() == [f"began wait {first.pid}", f"began wait {second.pid}", f"ended wait {second.pid}"]

    async def gone() -> bool:
        return await statuses() == {}

    await until(gone)


async def test_sigterm_finishes_the_job_in_hand(start: Start, lines: Callable[[], list[str]], tmp_path: Path) -> None:
    process = start("trial")
    await ask("wait")

    async def begun() -> bool:
        return bool(lines())

    await until(begun)
    process.terminate()
    (tmp_path / "go").touch()
    assert process.wait(60) == 0
    assert lines()[-1] == f"ended wait {process.pid}"
    assert await statuses() == {}


async def test_a_failing_job_is_tried_again_then_held_then_asked_for_again(
    start: Start, lines: Callable[[], list[str]], tmp_path: Path
) -> None:
    start("trial", CIVIC_WORKERS__ATTEMPTS="2")
    await ask("fail")

    async def is_held() -> bool:
        return await statuses() == {"failed": 1}

    await until(is_held)
    assert len(lines()) == 2
    (one,) = await list_held()
    assert (one.job, one.payload, one.attempts, await count_waiting()) == ("deliver", {"do": "fail"}, 2, 0)
    assert "told to fail" in one.reason
    assert "someone@example.org" not in (tmp_path / "log0").read_text()
    await requeue(one.id)

    async def failed_again() -> bool:
        return len(lines()) == 4 and await is_held()

    await until(failed_again)


async def test_a_job_asked_for_again_while_one_is_held_is_one(database: str) -> None:
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 1}, key="route:1")
    await db.execute("UPDATE pgqueuer SET status = 'failed'")
    async with in_transaction():
        await enqueue(Job.ROUTE, {"case": 1}, key="route:1")
    (one,) = await list_held()
    await requeue(one.id)
    assert await statuses() == {"queued": 1}


async def test_work_goes_on_when_the_database_comes_back(start: Start, lines: Callable[[], list[str]]) -> None:
    others = [row["pid"] for row in await db.fetch("SELECT pid FROM pg_stat_activity")]
    start("trial")
    await ask("note")

    async def done(n: int) -> bool:
        return len(lines()) == n and await statuses() == {}

    await until(lambda: done(2))
    await db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND NOT pid = ANY($1)",
        others,
    )
    await ask("note")
    await until(lambda: done(4))


async def test_workers_say_that_they_are_alive_and_who_they_are(start: Start) -> None:
    start("clocks", "trial")

    async def seen() -> set[str]:
        return {name for name, age in (await read_worker_health()).seen.items() if age is not None}

    async def both() -> bool:
        return await seen() == {"clocks", "trial"}

    await until(both)
    assert set(runner.worker_names()) <= set((await read_worker_health()).seen)  # others would be missed
    names = await db.fetch("SELECT DISTINCT application_name AS name FROM pg_stat_activity")
    assert "civic worker" in {row["name"] for row in names}


async def test_a_poll_that_hangs_is_not_called_alive(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await register_workers(["clocks", "route"])
    monkeypatch.setitem(runner._busy_since, "clocks", time.monotonic() - runner.STUCK_SECONDS - 1)
    stop = runner.Stop()
    task = asyncio.create_task(runner._say_alive(["clocks", "route"], stop))

    async def said() -> bool:
        return (await read_worker_health()).seen["route"] is not None

    await until(said)
    stop.set()
    await task
    assert (await read_worker_health()).seen["clocks"] is None


async def test_a_poll_that_meets_a_full_disk_ends_nobody_elses_work(config: Config) -> None:
    tries, stop = [], runner.Stop()

    async def handle_one() -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise PermissionError("the folder of the photos")
        stop.set()
        return False

    await runner._poll(poll(handle_one), config, stop)
    assert len(tries) == 2


async def test_a_poll_without_a_database_lets_the_runner_start_anew(config: Config) -> None:
    async def handle_one() -> bool:
        await asyncpg.connect("postgres://nobody@127.0.0.1:1/none")
        return False

    with pytest.raises(ConnectionRefusedError):
        await runner._poll(poll(handle_one), config, runner.Stop())


def poll(handle_one: Callable[[], Awaitable[bool]]) -> ModuleType:
    made = ModuleType("workers.poll")
    made.handle_one, made.EVERY = handle_one, 0.001  # type: ignore[attr-defined]
    return made


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-P", "-m", "workers", "--while-stdin"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
child.wait()
"""


def orphan(environment: dict[str, str]) -> int:
    """Workers whose parent was killed, by their id."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    return child


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet seen to by its new parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def test_it_ends_with_whoever_started_it(config: Config, database: str) -> None:
    """`civic serve` holds the other end of its workers' stdin, which closes however it ends."""
    prepare(config.paths.var)
    child = orphan(environment(config.paths.var, database))

    async def gone() -> bool:
        return ended(child)

    await until(gone)


def test_an_unknown_worker_is_named() -> None:
    with pytest.raises(SetupError, match=r"no worker 'rout'.*route"):
        program.main(["rout"])


def test_every_worker_says_what_it_does() -> None:
    assert all((runner.load_worker(name).__doc__ or "").strip() for name in runner.worker_names())
