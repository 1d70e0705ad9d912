"""Tortoise's set-up: one app label, one linear migration history, one PostgreSQL (ours, or the one configured)."""

import asyncio
import importlib.util
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

import asyncpg
import tortoise.models
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection, get_connections
from tortoise.context import get_current_context
from tortoise.exceptions import DBConnectionError, TransactionManagementError
from tortoise.fields.base import Field
from tortoise.models import Model

from civic import logs
from civic.config import Config
from civic.database_url import read_database_url
from civic.errors import SetupError

M = TypeVar("M", bound=Model)
P = ParamSpec("P")
R = TypeVar("R")

log = logs.get_logger(__name__)

# Tortoise looks for comments of columns in the source of every model, which takes a tenth of a second of each start.
# Ours has none of the kind that it takes (#:).
tortoise.models._get_comments = lambda cls: {}
_models_made_ready = set[tuple[str, ...]]()

APP_LABEL = "civic"
NAME = "civic"  # as what the database lists a program that does not say more
MIGRATIONS_MODULE = "civic.migrations"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
RETRY_PAUSES = (0.02, 0.1)  # seconds before a transaction is tried again
HOW_TO_MAKE_ONE = "civic load PACK makes one; if there is one already, CIVIC_PATHS__VAR or CIVIC_CONFIG has to name it."

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
    "backups",
    "demo",
)


def model_modules() -> list[str]:
    return [f"civic.{d}.models" for d in DOMAINS if importlib.util.find_spec(f"civic.{d}.models")]


def tortoise_config(url: str, pool: int = 10, name: str = NAME) -> dict[str, Any]:
    """Tortoise's configuration for a database URL (`postgres://…`)."""
    address = read_database_url(url)
    # Compiling costs seconds where a statement takes milliseconds; the embedded server has it off too.
    server = {"jit": "off", "application_name": name} | address.server_settings
    credentials = address.arguments() | {
        "minsize": 1,
        "maxsize": pool,
        "server_settings": server,
        "init": _set_json_codecs,
        "reset": _keep_session,
    }
    return {
        "connections": {"default": {"engine": "civic.asyncpg_pool", "credentials": credentials}},
        "apps": {
            APP_LABEL: {"models": model_modules(), "default_connection": "default", "migrations": MIGRATIONS_MODULE}
        },
        "use_tz": True,
        "timezone": "UTC",
    }


async def _set_json_codecs(connection: asyncpg.Connection) -> None:
    """Let jsonb and json columns be Python values both ways. A str is taken for JSON text, which Tortoise sends."""
    for name, prefix in (("jsonb", b"\x01"), ("json", b"")):  # the first byte of binary jsonb is its version
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            format="binary",  # copying records needs a binary format
            encoder=partial(_encode_json, prefix),
            decoder=partial(_decode_json, len(prefix)),
        )


async def _keep_session(_connection: asyncpg.Connection) -> None:
    """Give a connection back as it is: a question to the server after each statement would cost as much as most do.

    The driver has rolled back what was open. Nothing else outlasts a transaction: settings are made for one
    (`set_config(…, true)`), and who takes a lasting lock lets it go (`lasting_locks.py`).
    """


def _encode_json(prefix: bytes, value: object) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return prefix + text.encode()


def _decode_json(skipped_bytes: int, data: bytes) -> Any:
    return json.loads(data[skipped_bytes:])


@contextmanager
def database_url(config: Config, *, create: bool = False, restoring: bool = False) -> Iterator[str]:
    """The URL of the database for as long as the block lasts; starts or joins the embedded one where none is set.

    Raises SetupError where the embedded one was never made, unless `create` lets it be, and where a backup is being
    restored, unless `restoring`.
    """
    if not restoring:
        config.refuse_half_restored()
    if url := config.database.url.get_secret_value():
        yield url
        return
    from civic.postgres.folders import has_data
    from civic.postgres.server import acquire  # the wheel's binaries are needed here only

    if not create and not has_data(config.paths.var / "postgres"):
        raise SetupError(f"There is no database in {config.paths.var}. {HOW_TO_MAKE_ONE}")
    with acquire(config.paths.var) as handle:
        yield handle.url()


@asynccontextmanager
async def connect(url: str, pool: int = 10, name: str = NAME) -> AsyncIterator[None]:
    """Tortoise is ready within the block, in every task. `name`: as what the database lists us (application_name)."""
    config = tortoise_config(url, pool, name)
    modules = tuple(config["apps"][APP_LABEL]["models"])
    # The first time Tortoise makes filters and first queries of each model: they belong to the model, to no database.
    first = modules not in _models_made_ready
    context = await Tortoise.init(config=config, init_connections=first, _enable_global_fallback=True)
    _models_made_ready.add(modules)
    try:
        get_connection("default")  # made here, it is seen by every task that begins within the block
        yield
    finally:
        await context.close_connections()


async def connect_driver(url: str, name: str = NAME) -> asyncpg.Connection:
    """A connection of the driver alone, of no pool. The caller closes it."""
    given = read_database_url(url).arguments()
    settings = {"application_name": name} | cast(dict[str, str], given["server_settings"])
    return await asyncpg.connect(**given | {"server_settings": settings})


Row = dict[str, Any]
"""A row of a statement, by the names of its columns: a query makes a typed object of it at once."""


async def fetch(sql: str, *args: Any) -> list[Row]:
    """Rows of a statement as dicts, in the transaction in hand if there is one: the fast path for lists."""
    return await get_connection("default").execute_query_dict(sql, list(args))


async def fetch_one(sql: str, *args: Any) -> Row | None:
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


async def read_snapshot() -> str:
    """What is committed at this moment, as PostgreSQL names it: while it answers the same, nothing was changed."""
    [row] = await fetch("SELECT pg_current_snapshot()::text AS snapshot")
    return str(row["snapshot"])


# --- transactions and locks -----------------------------------------------------------------------------------------


def in_a_transaction() -> bool:
    """Whether this task is inside a transaction."""
    return get_current_context() is not None and isinstance(get_connection("default"), TransactionalDBClient)


@asynccontextmanager
async def in_transaction() -> AsyncIterator[None]:
    """One transaction, committed at the end of the block; within another one a savepoint of it.

    The only place that opens transactions. Whatever ends the block, a cancelled step at any of its waits too, gives the
    connection back to the pool, and the task sees the pool again. (Tortoise's own leaves a task, and those that it
    starts, with a connection that it has given back, if it is cancelled in BEGIN or while it gives it back.)
    """
    async with own_connection() as connection:
        with _seen_by_task(connection):
            async with connection.transaction():
                yield


async def use_snapshot() -> None:
    """Let every statement of the transaction in hand see the same state. Call it before the first statement."""
    await get_connection("default").execute_script("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def advisory_lock(name: str, *, shared: bool = False) -> None:
    """Wait for the lock `name` and hold it to the end of the transaction in hand; others may share a shared one."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await fetch(f"SELECT {function}(hashtextextended($1, 0))", name)


async def try_advisory_lock(name: str) -> bool:
    """Take the lock `name` to the end of the transaction in hand, unless another one holds it."""
    return bool((await fetch("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine", name))[0]["mine"])


# --- the driver and Tortoise's models; the only place that uses Tortoise's private names ----------------------------


def own_connection() -> AbstractAsyncContextManager[asyncpg.Connection]:
    """A connection of the driver that nobody else uses within the block; in a transaction, the transaction's."""
    connection: AbstractAsyncContextManager[asyncpg.Connection] = cast(
        Any, get_connection("default")
    ).acquire_connection()
    return connection


def transaction_connection() -> asyncpg.Connection:
    """The driver's connection of the transaction in hand."""
    return cast(Any, get_connection("default"))._connection


def make_from_row(model: type[M], row: Mapping[str, Any]) -> M:
    """A saved model from a whole row of its table; costs a third of what Tortoise's query builder takes."""
    return model._init_from_db(**row)


def mark_saved(instance: Model, row_id: int) -> None:
    """Tell a model that a statement of ours inserted its row, so that `save` updates it."""
    instance.pk = row_id
    instance._saved_in_db = True


def pool_use() -> tuple[int, int]:
    """The connections of this process that are open, and those of them that are in use."""
    pool = cast(Any, get_connection("default"))._pool
    return (pool.get_size(), pool.get_size() - pool.get_idle_size()) if pool else (0, 0)


def table_name(model: type[Model]) -> str:
    return model._meta.db_table


def table_columns(model: type[Model]) -> dict[str, str]:
    """The columns of a model's table, by the name of the field."""
    return dict(model._meta.fields_db_projection)


def column_defaults(model: type[Model]) -> dict[str, Any]:
    """The default of each column by the name of its field."""
    fields = model._meta.fields_map
    defaults = {name: fields[name].default for name in table_columns(model)}
    return {name: default() if default in (dict, list) else default for name, default in defaults.items()}


def model_fields(model: type[Model]) -> Mapping[str, Field[Any]]:
    """The fields of a model by name."""
    return cast(Mapping[str, Field[Any]], model._meta.fields_map)


async def copy_rows(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY, the values in the order of `fields`."""
    columns = table_columns(model)
    async with own_connection() as connection:
        await connection.copy_records_to_table(
            table_name(model), columns=[columns[name] for name in fields], records=rows
        )


async def copy_text(table: str, columns: Sequence[str], chunks: AsyncIterator[bytes]) -> None:
    """Insert rows by COPY, given in chunks of whole lines in COPY's text form (`copy_value`).

    Quicker than arguments: the driver encodes no values, and the database writes many rows at once.
    """
    async with own_connection() as connection:
        await connection.copy_to_table(table, source=chunks, columns=columns, format="text")


def copy_value(text: str) -> str:
    """A text as a value of a line for `copy_text`."""
    return text.translate(COPY_ESCAPES)


@contextmanager
def _seen_by_task(connection: asyncpg.Connection) -> Iterator[None]:
    """Let this task run its statements on `connection` within the block."""
    client = TransactionWrapper(cast(Any, get_connection("default")))
    client._connection = connection
    connections = get_connections()
    token = connections.set("default", client)
    try:
        yield
    finally:
        connections.reset(token)


# --- when the database is away --------------------------------------------------------------------------------------

# The database is away, shutting down, or has no connection left: it will be back.
AWAY_ERRORS = (
    OSError,  # refused, reset, out of time, no such socket or host, several of them at once
    DBConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement on a connection that breaks at this moment
    asyncpg.PostgresConnectionError,
    asyncpg.ReadOnlySQLTransactionError,  # the server became a standby of another
    asyncpg.OutOfMemoryError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


def is_database_away(error: BaseException) -> bool:
    """Whether the database is away for now, for us at least."""
    if isinstance(error, TransactionManagementError) and error.__cause__:  # what Tortoise makes of 25006
        error = error.__cause__
    return isinstance(error, AWAY_ERRORS) and _is_database(error)


def is_database_full(error: BaseException) -> bool:
    """Whether the database has no space left to write (53100)."""
    return isinstance(error, asyncpg.DiskFullError)


def can_try_again(error: BaseException) -> bool:
    """Whether the database ended this transaction only because another one was in its way (40P01, 40001)."""
    return isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError)


def is_temporary(error: BaseException) -> bool:
    """Whether nothing is wrong with what was asked for: the database is away, or another transaction was in the way."""
    return is_database_away(error) or can_try_again(error)


def retry_transaction(action: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Run an action again, twice at most, where the database ended its transaction because another was in its way.

    The action opens the transaction and does nothing outside of it that must not be done again. Within the transaction
    of another action it is run once: that one is what the database ended.
    """

    @wraps(action)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for pause in () if in_a_transaction() else RETRY_PAUSES:
            try:
                return await action(*args, **kwargs)
            except asyncpg.TransactionRollbackError as error:
                if not can_try_again(error):
                    raise
                log.warning("transaction tried again", action=action.__qualname__, why=type(error).__name__)
            await asyncio.sleep(pause * random.uniform(1, 2))  # noqa: S311  # two that met do not meet again
        return await action(*args, **kwargs)

    return run


def _is_database(error: BaseException) -> bool:
    """Only what the database's driver raised: a missing file elsewhere is a fault of ours."""
    trace = error.__traceback__
    while trace:
        if "asyncpg" in trace.tb_frame.f_code.co_filename:
            return True
        trace = trace.tb_next
    return isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError | DBConnectionError)
