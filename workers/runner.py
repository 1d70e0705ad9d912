"""Running workers: jobs through pgqueuer's queue manager, polls in loops of their own.

A job starts within milliseconds of its commit, by NOTIFY. One that fails is tried again after a pause that doubles,
`workers.attempts` times in all, and is then held for a person (`civic check`, the desk). One whose process died is
taken by another when its heartbeat is HEARTBEAT old. When the database goes away the runner starts anew, after a pause,
until it is back.
"""

import asyncio
import importlib
import json
import pkgutil
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from types import ModuleType
from typing import Any

import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.queries import Queries

import workers
from civic import database_schema, db, erasures, logs, signing
from civic.composition import install_hooks
from civic.config import Config
from civic.jobs.actions import note_workers, register_workers

log = logs.get_logger(__name__)

NOT_WORKERS = ("runner",)
# A worker is dead when it has not said for this long that it is at work; it says so at half of it.
HEARTBEAT = timedelta(seconds=10)
LOOK_AGAIN = timedelta(seconds=5)  # for jobs of dead workers, and should a NOTIFY be lost
BATCH, AT_ONCE = 20, 40
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=10)
SHORTEST_REST, LONGEST_REST = 0.5, 20.0  # seconds before starting anew


SAY_ALIVE_SECONDS = 10.0
STUCK_SECONDS = 900.0  # for which a poll may work on one thing and still be called alive
NAME = "civic worker"  # as what the database lists us
_busy_since: dict[str, float] = {}  # polls that are at work, by the monotonic clock

_config: ContextVar[Config] = ContextVar("config")
_tries: ContextVar[int] = ContextVar("tries", default=0)


def config() -> Config:
    """The configuration that the workers in hand run with."""
    return _config.get()


def tries() -> int:
    """How often the job in hand was tried before."""
    return _tries.get()


def worker_names() -> list[str]:
    """Every worker, by the name of its file."""
    return sorted(
        one.name
        for one in pkgutil.iter_modules(workers.__path__)
        if one.name not in NOT_WORKERS and not one.name.startswith("_")
    )


def load_worker(name: str) -> ModuleType:
    return importlib.import_module(f"workers.{name}")


@dataclass
class Stop:
    """Asked to end: by a signal, by the end of stdin, by a test."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None
    early: bool = False  # asked before there was a loop

    def set(self) -> None:
        self.event.set()

    def set_from_thread(self) -> None:
        self.early = True
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.event.set)

    def begin(self) -> None:
        """From here on signals set the event instead of ending the process."""
        self.loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self.loop.add_signal_handler(number, self.event.set)
        if self.early:
            self.event.set()

    async def within(self, seconds: float) -> bool:
        """Whether it was asked within this time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.event.wait(), seconds)
        return self.event.is_set()


async def run_workers(settings: Config, url: str, which: Sequence[str], stop: Stop) -> None:
    """Run workers until `stop`; whatever ends them early, they start again."""
    stop.begin()
    install_hooks()
    signing.set_key(settings.secret)
    erasures.set_log(settings.paths.var)
    _config.set(settings)
    modules = [load_worker(name) for name in which]
    pause = SHORTEST_REST
    log.info("workers start", workers=list(which))
    while not stop.event.is_set():
        began = time.monotonic()
        try:
            async with db.connect(url, settings.database.pool, NAME):
                if await _migrated(stop):
                    await register_workers(worker_names())
                    await _work(settings, url, modules, stop)
        except database_schema.NewerSchema:
            raise
        except Exception as error:
            log.error(
                "workers interrupted", kind=type(error).__name__, exc_info=None if db.is_database_away(error) else error
            )
            pause = SHORTEST_REST if time.monotonic() - began > LONGEST_REST else min(pause * 2, LONGEST_REST)
            await stop.within(pause)
    log.info("workers end")


async def _migrated(stop: Stop) -> bool:
    """Wait until the database has every migration, as the web program brings them."""
    await database_schema.refuse_newer_schema()
    while missing := await database_schema.unapplied_migrations():
        log.warning("waiting for migrations", missing=missing)
        if await stop.within(2):
            return False
    return True


async def _work(settings: Config, url: str, modules: Sequence[ModuleType], stop: Stop) -> None:
    """Jobs and polls side by side; the first that fails ends all, after the work in hand."""
    inner = Stop()
    tasks = [asyncio.create_task(_jobs(settings, url, [m for m in modules if hasattr(m, "JOB")], inner))]
    tasks += [asyncio.create_task(_poll(m, settings, inner)) for m in modules if hasattr(m, "handle_one")]
    tasks.append(asyncio.create_task(_watch_schema(settings, inner)))
    tasks.append(asyncio.create_task(_say_alive([_name_of(m) for m in modules], inner)))
    asked = asyncio.create_task(stop.event.wait())
    try:
        await asyncio.wait([*tasks, asked], return_when=asyncio.FIRST_COMPLETED)
    finally:
        inner.set()
        asked.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _watch_schema(settings: Config, stop: Stop) -> None:
    """End the workers when a newer program migrates the database under them."""
    while not await stop.within(settings.workers.poll_seconds):
        await database_schema.refuse_newer_schema()


async def _jobs(settings: Config, url: str, modules: Sequence[ModuleType], stop: Stop) -> None:
    if not modules:
        await stop.event.wait()
        return
    connection = await db.connect_driver(url, NAME)
    try:
        await connection.execute(
            "SET plan_cache_mode = force_generic_plan"
        )  # planning a look for jobs takes longer than it
        manager = QueueManager(Queries(AsyncpgDriver(connection)))
        manager.shutdown = stop.event
        for module in modules:
            register_job(manager, module, settings.workers.attempts)
        await manager.run(
            dequeue_timeout=LOOK_AGAIN,
            batch_size=BATCH,
            max_concurrent_tasks=AT_ONCE,
            shutdown_on_listener_failure=True,
            heartbeat_timeout=HEARTBEAT,
        )
    finally:
        for module in modules:
            if close := getattr(module, "close", None):
                await close()
        await connection.close(timeout=5)


def register_job(manager: QueueManager, module: ModuleType, attempts: int) -> None:
    """A worker's `handle` as pgqueuer's entrypoint of its job."""

    def executor(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
        # pgqueuer counts the retries, not the tries
        return DatabaseRetryEntrypointExecutor(
            parameters, max_attempts=attempts - 1, initial_delay=FIRST_PAUSE, max_delay=LONGEST_PAUSE
        )

    manager.entrypoint(
        module.JOB.value,
        on_failure="hold",
        executor_factory=executor,
        concurrency_limit=getattr(module, "AT_ONCE", 0),  # of all processes; 0: as many as there are places
    )(_entrypoint(module))


def _entrypoint(module: ModuleType) -> Callable[[Job], Awaitable[None]]:
    handle: Callable[[dict[str, Any]], Awaitable[None]] = module.handle

    async def entrypoint(job: Job) -> None:
        structlog.contextvars.bind_contextvars(job=f"{job.entrypoint}:{job.id}", attempt=job.attempts + 1)
        _tries.set(job.attempts)
        await handle(json.loads(job.payload or b"{}"))
        log.info("job done")

    return entrypoint


async def _say_alive(names: Sequence[str], stop: Stop) -> None:
    """Note in the database that these workers are alive; not of one that hangs in what it polls."""
    while not stop.event.is_set():
        stuck = time.monotonic() - STUCK_SECONDS
        await note_workers([name for name in names if _busy_since.get(name, stuck) >= stuck])
        await stop.within(SAY_ALIVE_SECONDS)


def _name_of(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


async def _handle_next(module: ModuleType) -> bool:
    """One step of a poll, during which it is busy."""
    name = _name_of(module)
    _busy_since[name] = time.monotonic()
    try:
        return bool(await module.handle_one())
    finally:
        del _busy_since[name]


async def _poll(module: ModuleType, settings: Config, stop: Stop) -> None:
    """Handle one after another while there is any; a failure is logged, and the next look is later."""
    every: float = getattr(module, "EVERY", settings.workers.poll_seconds)
    pause = every
    while not stop.event.is_set():
        try:
            while not stop.event.is_set() and await _handle_next(module):
                pass
            pause = every
        except Exception as error:
            if db.is_database_away(error):
                raise  # the runner starts anew
            log.error("poll failed", worker=_name_of(module), exc_info=error)
            pause = min(pause * 2, 60) if pause < 60 else pause
        await stop.within(pause)
