"""A connection that is given back goes to the next at once, and never one on which something is open or under way."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from tortoise.connection import get_connection

from civic import asyncpg_pool
from civic.db import connect, fetch, own_connection, pool_use

PID = "SELECT pg_backend_pid() AS pid"


async def test_the_next_has_the_connection_and_the_pool_knows_it_as_idle(empty_database: str) -> None:
    async with connect(empty_database, pool=3):
        first = (await fetch(PID))[0]["pid"]
        assert [(await fetch(PID))[0]["pid"] for _ in range(3)] == [first] * 3
        assert pool_use() == (1, 0)
        async with own_connection():
            assert pool_use() == (1, 1)


async def test_those_who_wait_are_served_as_connections_come_back(empty_database: str) -> None:
    async with connect(empty_database, pool=2):
        await fetch(PID)
        rows = await asyncio.gather(*(fetch("SELECT pg_backend_pid() AS pid, pg_sleep(0.01)") for _ in range(20)))
        assert len({row[0]["pid"] for row in rows}) == 2
        assert pool_use() == (2, 0)


async def test_what_was_left_open_is_undone(empty_database: str) -> None:
    async with connect(empty_database, pool=1):
        async with own_connection() as connection:
            await connection.execute("BEGIN")
            await connection.execute("CREATE TABLE left_open (id int)")
        [row] = await fetch("SELECT to_regclass('left_open') AS found, pg_current_xact_id_if_assigned() AS transaction")
        assert row == {"found": None, "transaction": None}


async def test_a_statement_that_was_cut_off_is_over_before_the_next(empty_database: str) -> None:
    async with connect(empty_database, pool=1):
        for _ in range(20):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await fetch("SELECT pg_sleep(30)")
            assert await fetch("SELECT 1 AS one") == [{"one": 1}]


async def test_one_that_the_server_closed_is_made_anew(empty_database: str) -> None:
    other = await asyncpg.connect(empty_database)
    async with connect(empty_database, pool=1):
        pid = (await fetch(PID))[0]["pid"]
        await other.execute("SELECT pg_terminate_backend($1, 10000)", pid)  # waits for its end
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await fetch(PID)  # the driver may not know yet
        assert (await fetch(PID))[0]["pid"] != pid
    await other.close()


async def test_one_that_is_given_back_twice_has_one_user(empty_database: str) -> None:
    async with connect(empty_database, pool=2):
        await fetch(PID)
        pool = get_connection("default")._pool  # type: ignore[attr-defined]
        connection = await pool.acquire()
        await pool.release(connection)
        await pool.release(connection)
        async with pool.acquire() as one, pool.acquire() as two:
            assert await one.fetchval(PID) != await two.fetchval(PID)


async def test_after_a_while_the_driver_has_them_back(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else those of a busy hour would stay open for ever."""
    monkeypatch.setattr(asyncpg_pool, "READY_SECONDS", 0.05)
    monkeypatch.setattr(asyncpg_pool, "IDLE_SECONDS", 0.2)
    async with connect(empty_database, pool=3):
        await asyncio.gather(*(fetch("SELECT pg_sleep(0.01)") for _ in range(3)))
        assert pool_use() == (3, 0)
        async with asyncio.timeout(10):
            while pool_use() != (1, 0):
                await asyncio.sleep(0.1)
                await fetch(PID)
