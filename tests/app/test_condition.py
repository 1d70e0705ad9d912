"""How the running system says how it is: workers that are missing, jobs that wait, the disk, the figures."""

import re
from collections.abc import AsyncIterator

import pytest

from civic import cache, db
from civic.app import create_app
from civic.config import Config, PathsConfig, ServerConfig
from civic.jobs.actions import Job, enqueue, note_workers, register_workers
from civic.jobs.queries import read_worker_health
from tests.builders.riverside import database_dsn, empty, riverside
from tests.clients import Client

__all__ = ["database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("database", "riverside")

LATER = "UPDATE worker_heartbeat SET seen_at = seen_at - make_interval(secs => $1) WHERE worker = ANY($2)"
OLDER = "UPDATE pgqueuer SET execute_after = execute_after - make_interval(secs => $1)"
BOTH = ["clocks", "route"]


async def ask(config: Config, **paths: object) -> tuple[int, dict[str, str]]:
    """What /readyz answers now."""
    cache.clear_caches()
    given = config.model_copy(update={"paths": PathsConfig(var=config.paths.var, **paths)})  # type: ignore[arg-type]
    config.paths.var.mkdir(exist_ok=True)
    async with Client(create_app(given)) as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.json()


async def test_with_workers_that_were_seen_a_moment_ago_it_is_ready(config: Config) -> None:
    await register_workers(BOTH)
    await note_workers(BOTH)
    status, said = await ask(config, min_free_bytes=0)
    assert (status, said["status"], said["workers"], said["disk"]) == (200, "ready", "ok", "ok")


async def test_a_worker_that_is_missing_degrades_it_and_takes_nothing_away(config: Config) -> None:
    await register_workers(BOTH)
    await note_workers(BOTH)
    await db.execute(LATER, 400.0, ["clocks"])
    status, said = await ask(config, min_free_bytes=0)
    assert (status, said["status"]) == (200, "degraded")
    assert said["workers"] == "no worker clocks was seen for 7 min: civic serve or civic work runs them"
    await db.execute(LATER, 400.0, ["route"])
    assert "no worker was seen for" in (await ask(config))[1]["workers"]


async def test_a_worker_that_never_ran_is_missed_once_another_has(config: Config) -> None:
    await register_workers(BOTH)
    assert (await read_worker_health()).faults() == []  # a fresh installation: nothing runs yet
    await note_workers(["route"])
    assert (await read_worker_health()).faults() == [
        "no worker clocks was seen yet: civic serve or civic work runs them"
    ]


async def test_a_job_that_nobody_does_is_missed_though_no_worker_ever_ran(config: Config) -> None:
    async with db.in_transaction():
        await enqueue(Job.ROUTE, {"case": 1})
        await enqueue(Job.DELIVER, {"message": 1})
    await db.execute(OLDER, 130.0)
    assert (await read_worker_health()).faults() == ["a job to route has been due for 2 min"]


async def test_a_kind_of_worker_that_is_no_more_is_not_missed() -> None:
    await register_workers(["old", "route"])
    await note_workers(["old", "route"])
    await register_workers(BOTH)
    assert set((await read_worker_health()).seen) == set(BOTH)


async def test_little_space_degrades_it(config: Config) -> None:
    status, said = await ask(config, min_free_bytes=2**60)
    assert (status, said["status"]) == (200, "degraded")
    assert re.fullmatch(r"[0-9.]+ GiB free", said["disk"]), "everybody may ask: no folder is named"


@pytest.fixture
async def figures(config: Config) -> AsyncIterator[str]:
    await register_workers(BOTH)
    await note_workers(["route"])
    async with db.in_transaction():
        await enqueue(Job.ROUTE, {"case": 1})
    await db.execute(OLDER, 130.0)
    config.paths.var.mkdir(exist_ok=True)
    async with Client(create_app(config.model_copy(update={"server": ServerConfig(metrics_token="t0ken")}))) as client:
        yield (await client.get("/metrics", headers={"Authorization": "Bearer t0ken"})).text


async def test_what_an_operator_can_alert_on_is_among_the_figures(figures: str) -> None:
    lines = dict(line.rsplit(" ", 1) for line in figures.splitlines() if not line.startswith("#"))
    assert float(lines['civic_worker_seen_seconds{worker="route"}']) < 60
    assert lines['civic_worker_seen_seconds{worker="clocks"}'] == "+Inf"
    assert float(lines['civic_job_due_seconds{job="route"}']) >= 130
    assert lines['civic_job_due_seconds{job="deliver"}'] == "0.0"
    assert float(lines["civic_disk_free_bytes"]) > 0
    assert lines['civic_database_connections{state="most"}'] == "10.0"
    for name in (
        'civic_cases_open{status="received"}',
        "civic_cases_overdue",
        "civic_cases_untriaged",
        'civic_messages_last_hour{result="sent"}',
        'civic_messages_last_hour{result="refused"}',
    ):
        assert lines[name] == "0.0"
