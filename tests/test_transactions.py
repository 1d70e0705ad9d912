"""One place opens transactions: a cancelled step leaves nothing behind; what another stood in the way of runs again."""

import ast
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from tortoise.connection import get_connection

from civic.db import connect, execute, fetch, in_a_transaction, in_transaction, retry_transaction, use_snapshot
from civic.error_responses import to_civic_error
from civic.errors import Busy
from civic.lasting_locks import lock_connection

ROOT = Path(__file__).parents[1]
OPENING = ("in_transaction", "changing", "changing_received")
# A context manager cannot be run again: who uses it is. A snapshot only reads.
NOT_RUN_AGAIN = {
    "civic/db.py:in_transaction",
    "civic/cases/change.py:changing",
    "civic/cases/change.py:changing_received",
    "civic/cases/actions/scheduled.py:_put_off",
}
READING = {"civic/cli/check.py:_history", "civic/backups/actions.py:_snapshot"}


async def test_a_step_that_is_cut_off_leaves_the_pool_and_the_task_as_they_were(empty_database: str) -> None:
    """Cut off anywhere: while a connection is waited for or given back, in BEGIN, in a statement, in COMMIT."""
    async with connect(empty_database, pool=2):
        for microseconds in range(0, 4000, 20):
            with suppress(TimeoutError):
                async with asyncio.timeout(microseconds / 1_000_000):
                    await _write_something()
            assert not in_a_transaction()
        both = await asyncio.gather(*(asyncio.create_task(_write_something()) for _ in range(6)))
        assert both == [1] * 6
        assert await _idle_connections() == 2
    # The end of the block closed every connection.


async def _write_something() -> int:
    async with in_transaction():
        await execute("SELECT set_config('civic.test', '1', true)")
        async with in_transaction():
            return int((await fetch("SELECT 1 AS one"))[0]["one"])


async def _idle_connections() -> int:
    pool = get_connection("default")._pool  # type: ignore[attr-defined]
    async with pool.acquire(), pool.acquire():
        return int(pool.get_size() - pool.get_idle_size())


@pytest.fixture
async def things(database: str) -> AsyncIterator[str]:
    """Two rows to be changed by two at once; the address of their database."""
    await execute("CREATE TABLE test_thing (id int PRIMARY KEY, n int NOT NULL)")
    await fetch("INSERT INTO test_thing VALUES (1, 0), (2, 0) RETURNING id")
    yield database
    await execute("DROP TABLE test_thing")


ADD = "UPDATE test_thing SET n = n + 1 WHERE id = $1"


async def test_two_that_wait_for_each_other_are_both_done_once(things: str) -> None:
    met = asyncio.Barrier(2)
    tries = 0

    @retry_transaction
    async def add_to(first: int, second: int) -> None:
        nonlocal tries
        tries += 1
        async with in_transaction():
            await execute(ADD, first)
            if tries <= 2:
                await met.wait()
            await execute(ADD, second)

    await asyncio.gather(add_to(1, 2), add_to(2, 1))
    assert [row["n"] for row in await fetch("SELECT n FROM test_thing ORDER BY id")] == [2, 2]
    assert tries == 3


async def test_what_was_changed_meanwhile_is_read_again(things: str) -> None:
    tries = 0

    @retry_transaction
    async def set_from_what_is_read() -> None:
        nonlocal tries
        tries += 1
        async with in_transaction():
            await use_snapshot()
            seen = (await fetch("SELECT n FROM test_thing WHERE id = 1"))[0]["n"]
            if tries == 1:
                await _add_outside(things, 1)
            await execute("UPDATE test_thing SET n = $1 WHERE id = 1", seen + 10)

    await set_from_what_is_read()
    assert (await fetch("SELECT n FROM test_thing WHERE id = 1"))[0]["n"] == 11
    assert tries == 2


async def _add_outside(url: str, thing: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(ADD, thing)
    finally:
        await connection.close()


async def test_after_three_tries_it_is_told_as_busy(things: str) -> None:
    tries = 0

    @retry_transaction
    async def always_in_the_way() -> None:
        nonlocal tries
        tries += 1
        async with in_transaction():
            await execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")

    with pytest.raises(asyncpg.SerializationError) as raised:
        await always_in_the_way()
    assert tries == 3
    assert isinstance(to_civic_error(raised.value), Busy)


async def test_within_another_transaction_only_the_outer_one_runs_again(things: str) -> None:
    tries = {"inner": 0, "outer": 0}

    @retry_transaction
    async def inner() -> None:
        tries["inner"] += 1
        async with in_transaction():
            await execute(ADD, 1)
            if tries["inner"] == 1:
                await execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

    @retry_transaction
    async def outer() -> None:
        tries["outer"] += 1
        async with in_transaction():
            await execute(ADD, 2)
            await inner()

    await outer()
    assert tries == {"inner": 2, "outer": 2}
    assert [row["n"] for row in await fetch("SELECT n FROM test_thing ORDER BY id")] == [1, 1]


def test_every_function_that_opens_a_transaction_is_run_again() -> None:
    files = [path for folder in ("civic", "workers") for path in sorted((ROOT / folder).rglob("*.py"))]
    missing = [name for path in files for name in _without_retry(path)]
    assert set(missing) == NOT_RUN_AGAIN | READING
    importing = [path for path in files if "tortoise.transactions" in path.read_text("utf-8")]
    assert not importing, "civic.db opens transactions"


def _without_retry(path: Path) -> Iterator[str]:
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.AsyncFunctionDef) and _opens(function):
            decorators = {ast.unparse(one).rpartition(".")[2] for one in function.decorator_list}
            if "retry_transaction" not in decorators:
                yield f"{path.relative_to(ROOT)}:{function.name}"


def _opens(function: ast.AsyncFunctionDef) -> bool:
    inner = {
        node
        for one in ast.walk(function)
        if isinstance(one, ast.AsyncFunctionDef) and one is not function
        for node in ast.walk(one)
    }
    blocks = (node for node in ast.walk(function) if isinstance(node, ast.AsyncWith) and node not in inner)
    calls = (item.context_expr for block in blocks for item in block.items if isinstance(item.context_expr, ast.Call))
    return any(ast.unparse(call.func).rpartition(".")[2] in (*OPENING, "transaction") for call in calls)


LAST_SAID = "SELECT query FROM pg_stat_activity WHERE application_name = 'test pool'"
OWN_LOCKS = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"


async def test_a_connection_goes_back_to_the_pool_without_a_word_and_without_its_locks(empty_database: str) -> None:
    other = await asyncpg.connect(empty_database)
    async with connect(empty_database, pool=1, name="test pool"):
        assert await fetch("SELECT 'all that was said' AS x")
        assert await other.fetchval(LAST_SAID) == "SELECT 'all that was said' AS x"
        async with lock_connection() as held:
            assert await held.try_lock("civic.test")
            assert (await held.connection.fetchrow(OWN_LOCKS))["n"] == 1
        assert (await fetch(OWN_LOCKS))[0]["n"] == 0
    await other.close()
