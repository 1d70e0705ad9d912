"""What machines ask: is the process alive, is it ready, what are its figures."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from civic import database_schema, db, logs, metrics
from civic.city.queries import city
from civic.config import Config
from civic.disk import describe_free_space, free_bytes
from civic.error_responses import to_civic_error
from civic.jobs.queries import worker_health
from civic.metrics import GaugeReading
from civic.schemas import Schema
from civic.web import json_answer

log = logs.get_logger(__name__)


class AliveAnswer(Schema):
    status: str


class ReadyAnswer(Schema):
    """Each thing that requests need, and "ok" or what is wrong with it; then what the web can do without for a while.

    `status`: "ready", "degraded" (requests are answered, and a person has to look), "not ready".
    """

    status: str
    database: str
    migrations: str
    pack: str
    workers: str
    disk: str


async def show_alive(request: Request) -> Response:
    """The process answers. Nothing else is asked: a database that is away is no reason to restart it."""
    return json_answer(AliveAnswer(status="alive"), headers={"Cache-Control": "no-store"})


async def check_readiness() -> dict[str, str]:
    """Each thing that requests need, and "ok" or what is wrong with it."""
    found = {}
    for name, check in (("database", _database), ("migrations", _migrations), ("pack", _pack)):
        try:
            found[name] = await check()
        except Exception as error:  # whatever it is, the answer is that we are not ready
            found[name] = type(to_civic_error(error)).__name__
    return found


async def _database() -> str:
    await db.fetch("SELECT 1")
    return "ok"


async def _migrations() -> str:
    await database_schema.refuse_newer_schema()
    missing = await database_schema.unapplied_migrations()
    return f"{len(missing)} to apply: civic migrate" if missing else "ok"


async def _pack() -> str:
    return "ok" if (await city()).loaded_at else "none loaded: civic load PACK"


async def check_condition(config: Config) -> dict[str, str]:
    """What the web can do without for a while, and "ok" or what is wrong with it."""
    try:
        workers = "; ".join((await worker_health()).faults()) or "ok"
    except Exception as error:  # the database is away, and that is said already
        workers = f"unknown: {type(to_civic_error(error)).__name__}"
    try:
        enough, free = describe_free_space(config.paths)
    except OSError as error:
        enough, free = False, f"unknown: {error.strerror}"
    return {"workers": workers, "disk": "ok" if enough else free}


async def show_ready(request: Request) -> Response:
    """200 when requests can be answered, else 503; with each thing's state.

    A dead worker or a disk that is nearly full is told, with 200: no balancer takes the web away for them.
    """
    needed = await check_readiness()
    others = await check_condition(request.app.state.config)
    able = all(state == "ok" for state in needed.values())
    well = all(state == "ok" for state in others.values())
    answer = ReadyAnswer(status="not ready" if not able else "ready" if well else "degraded", **needed, **others)
    return json_answer(answer, 200 if able else 503, {"Cache-Control": "no-store"})


async def measure_program(config: Config) -> list[GaugeReading]:
    """The disk, and the database's connections of the process that answers."""
    size, used = db.pool_use()
    about = "Connections to the database of the web process that answers: the most it may have, open, in use"
    states = (("most", config.database.pool), ("open", size), ("used", used))
    return [
        GaugeReading("civic_disk_free_bytes", "Free space under paths.var", free_bytes(config.paths)),
        *(GaugeReading("civic_database_connections", about, count, {"state": state}) for state, count in states),
    ]


routes: list[BaseRoute] = [
    Route("/healthz", show_alive, name="healthz"),
    Route("/readyz", show_ready, name="readyz"),
    Route("/metrics", metrics.show_metrics, name="metrics"),
]
