"""Asking for a job."""

import json
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.connection import get_connection


class Job(StrEnum):
    """Every kind of job; its handler is the worker of the same name."""

    ROUTE = "route"  # give a case to a department: {case}
    TELL = "tell"  # tell a case's reporters what happened: {event}
    DELIVER = "deliver"  # mail a message: {message}


async def enqueue(
    job: Job, payload: dict[str, Any], *, key: str | None = None, after: timedelta | None = None
) -> None:
    """Ask for a job in the transaction in hand; `key` makes asking twice asking once while it waits.

    Raises RuntimeError outside of a transaction: a job without its change is never wanted.
    """
    connection = get_connection("default")
    if not isinstance(connection, TransactionalDBClient):
        raise RuntimeError("a job is asked for in the transaction of its change")
    # Tortoise has no public way to the driver's connection of a transaction; tests/jobs holds that this one works.
    raw = cast(Any, connection)._connection
    await Queries(AsyncpgDriver(raw)).enqueue(
        job.value,
        json.dumps(payload).encode(),
        execute_after=after,
        dedupe_key=key,
        on_conflict="skip",
    )
