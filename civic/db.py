"""Tortoise's set-up: one app label, one linear migration history, one PostgreSQL (ours, or the one configured)."""

import asyncio
import importlib.util
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.api import migrate as run_migrations

from civic.config import Config

APP_LABEL = "civic"
MIGRATIONS_MODULE = "civic.migrations"

# The listing is the architecture: a domain imports only what stands above it.
DOMAINS = (
    "jobs",
    "accounts",
    "city",
    "geo",
    "catalogue",
    "media",
    "search",
    "notifications",
    "posts",
    "sla",
    "routing",
    "cases",
    "reports",
    "traffic",
    "ratings",
    "desk",
    "scores",
    "api",
    "packs",
    "imports",
    "admin",
    "demo",
)


def model_modules() -> list[str]:
    return [f"civic.{d}.models" for d in DOMAINS if importlib.util.find_spec(f"civic.{d}.models")]


def tortoise_config(url: str, pool: int = 10) -> dict[str, Any]:
    """Tortoise's configuration for a database URL (`postgres://…`)."""
    connection = expand_db_url(url)
    # Compiling costs seconds where a statement takes milliseconds; the embedded server has it off too.
    server = {"jit": "off"}
    connection["credentials"] |= {"minsize": 1, "maxsize": pool, "server_settings": server}
    return {
        "connections": {"default": connection},
        "apps": {
            APP_LABEL: {"models": model_modules(), "default_connection": "default", "migrations": MIGRATIONS_MODULE}
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@contextmanager
def database_url(config: Config) -> Iterator[str]:
    """The URL of the database for as long as the block lasts; starts or joins the embedded one where none is set."""
    if url := config.database.url.get_secret_value():
        yield url
        return
    from civic.postgres.server import acquire  # the wheel's binaries are needed here only

    with acquire(config.paths.var) as handle:
        yield handle.url()


@asynccontextmanager
async def connect(url: str, pool: int = 10) -> AsyncIterator[None]:
    """Tortoise is ready within the block, in every task."""
    context = await Tortoise.init(config=tortoise_config(url, pool), _enable_global_fallback=True)
    try:
        yield
    finally:
        await context.close_connections()


async def migrate(url: str) -> None:
    """Bring the database to the newest migration. One process does it, others wait (advisory lock)."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('civic.migrations'))")
        await run_migrations(config=tortoise_config(url))
        await Tortoise.close_connections()
    finally:
        await connection.close()


async def migrate_if_needed(url: str) -> list[str]:
    """Migrate unless the database is up to date, which costs a query; the names of what was applied."""
    async with connect(url, 2):
        missing = await unapplied_migrations()
    if missing:
        await migrate(url)
    return missing


def migration_names() -> list[str]:
    """Every migration that this program has, oldest first."""
    folder = Path(__file__).parent / "migrations"
    return sorted(path.stem for path in folder.glob("[0-9]*.py"))


async def unapplied_migrations() -> list[str]:
    """The migrations that the connected database has not had."""
    if not (await fetch("SELECT to_regclass('tortoise_migrations') IS NOT NULL AS there"))[0]["there"]:
        return migration_names()
    rows = await fetch("SELECT name FROM tortoise_migrations WHERE app = $1", APP_LABEL)
    return sorted(set(migration_names()) - {row["name"] for row in rows})


async def fetch(sql: str, *args: Any) -> list[dict[str, Any]]:
    """Rows of a statement as dicts, in the transaction in hand if there is one: the fast path for lists."""
    return await get_connection("default").execute_query_dict(sql, list(args))


async def fetch_one(sql: str, *args: Any) -> dict[str, Any] | None:
    rows = await fetch(sql, *args)
    return rows[0] if rows else None


async def execute(sql: str, *args: Any) -> int:
    """Run a statement; the number of rows it touched."""
    if sql.lstrip()[:6].upper() == "INSERT":
        # Tortoise takes the first number of "INSERT 0 3", which is not the count.
        rows = await fetch(f"WITH made AS ({sql} RETURNING 1) SELECT count(*) AS n FROM made", *args)
        return int(rows[0]["n"])
    count, _ = await get_connection("default").execute_query(sql, list(args))
    return count


def json_value(value: Any) -> Any:
    """A jsonb column as `fetch` gives it (text), decoded."""
    return json.loads(value) if isinstance(value, str) else value


# The database is away, shutting down, or has no connection left: it will be back.
AWAY_ERRORS = (
    ConnectionError,
    asyncio.TimeoutError,
    DBConnectionError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    FileNotFoundError,
)


def is_database_away(error: BaseException) -> bool:
    """Whether the database is away for now, for us at least."""
    return isinstance(error, AWAY_ERRORS) and _is_database(error)


def _is_database(error: BaseException) -> bool:
    """Only what the database's driver raised: a missing file elsewhere is a fault of ours."""
    trace = error.__traceback__
    while trace:
        if "asyncpg" in trace.tb_frame.f_code.co_filename:
            return True
        trace = trace.tb_next
    return isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | DBConnectionError)
