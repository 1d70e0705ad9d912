"""Asking for a job."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from civic import timing
from civic.db import execute, in_a_transaction, in_transaction, retry_transaction, transaction_connection
from civic.writes import Writes

if TYPE_CHECKING:
    from pgqueuer.queries import Queries


class Job(StrEnum):
    """Every kind of job; its handler is the worker of the same name."""

    ROUTE = "route"  # give a case to a department: {case}
    NOTIFY = "notify"  # tell a case's reporters what happened: {event}
    DELIVER = "deliver"  # mail a message: {message}


def _queue() -> "Queries":
    """Return pgqueuer's queries in the open transaction."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver  # here: a tenth of a second of every command's start
    from pgqueuer.queries import Queries

    if not in_a_transaction():
        raise RuntimeError("a job is asked for in the transaction of its change")
    return Queries(AsyncpgDriver(transaction_connection()))


async def enqueue(
    job: Job, payload: Mapping[str, int], *, key: str | None = None, after: timedelta | None = None
) -> None:
    """Ask for a job in the transaction in hand; `key` makes asking twice asking once while it waits.

    Raises RuntimeError outside of a transaction: a job without its change is never wanted.
    """
    await _queue().enqueue(
        job.value,
        json.dumps(dict(payload)).encode(),
        execute_after=after,
        dedupe_key=key,
        on_conflict="skip",
    )


# What pgqueuer's own statement writes of jobs ($1 kinds, $2 payloads, $3 keys), but for a line in its log, which nobody
# reads.
ADD_JOBS = """
INSERT INTO pgqueuer (priority, entrypoint, payload, dedupe_key, status)
SELECT 0, job.kind, job.payload, job.key, 'queued'
FROM unnest($1::text[], $2::bytea[], $3::text[]) AS job (kind, payload, key)
"""


def add_job(writes: Writes, job: Job, payload: Mapping[str, int], *, key: str) -> None:
    """Ask for the job of something that is new: nobody can have asked for it before."""
    writes.add_rows(ADD_JOBS, [job.value], [json.dumps(dict(payload)).encode()], [key])


ADD_KINDS = "INSERT INTO worker_heartbeat (worker) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
DROP_KINDS = "DELETE FROM worker_heartbeat WHERE NOT worker = ANY($1::text[])"
# In one order, so that two processes do not wait for each other.
NOTE_SEEN = """
INSERT INTO worker_heartbeat (worker, seen_at)
SELECT name, clock_timestamp() FROM unnest($1::text[]) AS name ORDER BY name
ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at
"""


async def register_workers(names: Sequence[str]) -> None:
    """Say which kinds of workers there are, so that one that never runs is missed."""
    await execute(DROP_KINDS, list(names))
    await execute(ADD_KINDS, sorted(names))


async def note_workers(names: Sequence[str]) -> None:
    """Workers of these kinds are alive now."""
    await execute(NOTE_SEEN, list(names))


# The same job was asked for again while this one was held: one of the two is enough.
DELETE_DOUBLE = """
DELETE FROM pgqueuer held USING pgqueuer other
WHERE held.id = $1 AND held.status = 'failed' AND other.dedupe_key = held.dedupe_key
  AND other.status IN ('queued', 'picked')
"""


@retry_transaction
async def requeue(job_id: int) -> None:
    """Try a held job again, with all its tries; do nothing if it is not held."""
    from pgqueuer.domain.types import JobId

    async with in_transaction():
        await execute(DELETE_DOUBLE, job_id)
        await _queue().requeue_jobs([JobId(job_id)])


async def delete_old_log(older_than: timedelta = timedelta(days=30)) -> None:
    """Drop old lines of the queue's log; those of jobs that are still there stay."""
    await execute(
        "DELETE FROM pgqueuer_log WHERE created < $1 AND NOT EXISTS (SELECT FROM pgqueuer WHERE id = job_id)",
        timing.now() - older_than,
    )
