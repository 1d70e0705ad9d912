"""What machines ask: is the process alive, is it ready, what are its figures."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from civic import database_schema, db, logs, metrics
from civic.city.queries import city
from civic.error_responses import to_civic_error
from civic.schemas import Schema
from civic.web import json_answer

log = logs.get_logger(__name__)


class AliveAnswer(Schema):
    status: str


class ReadyAnswer(Schema):
    """Each thing that requests need, and "ok" or what is wrong with it."""

    status: str
    database: str
    migrations: str
    pack: str


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


async def show_ready(request: Request) -> Response:
    """200 when requests can be answered, else 503; with each thing's state."""
    found = await check_readiness()
    good = all(state == "ok" for state in found.values())
    answer = ReadyAnswer(status="ready" if good else "not ready", **found)
    return json_answer(answer, 200 if good else 503, {"Cache-Control": "no-store"})


routes: list[BaseRoute] = [
    Route("/healthz", show_alive, name="healthz"),
    Route("/readyz", show_ready, name="readyz"),
    Route("/metrics", metrics.show_metrics, name="metrics"),
]
