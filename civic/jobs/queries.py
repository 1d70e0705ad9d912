"""Which jobs are held, and how many wait."""

import json
from dataclasses import dataclass
from datetime import datetime

from civic import db

HELD = """
SELECT job.id, job.entrypoint, job.payload, job.attempts, job.updated,
       (SELECT traceback ->> 'exception_message' FROM pgqueuer_log line
        WHERE line.job_id = job.id AND line.traceback IS NOT NULL
        ORDER BY line.created DESC, line.id DESC LIMIT 1) AS reason
FROM pgqueuer job WHERE job.status = 'failed' ORDER BY job.updated DESC LIMIT $1
"""


@dataclass(frozen=True)
class HeldJob:
    """A job that has failed as often as it is tried; an admin has to look at it."""

    id: int
    job: str
    payload: dict[str, int]
    attempts: int
    since: datetime
    reason: str


async def list_held(limit: int = 100) -> list[HeldJob]:
    """Held jobs, the latest first."""
    return [
        HeldJob(
            id=row["id"],
            job=row["entrypoint"],
            payload=json.loads(row["payload"] or b"{}"),
            attempts=row["attempts"] + 1,
            since=row["updated"],
            reason=row["reason"] or "",
        )
        for row in await db.fetch(HELD, limit)
    ]


async def count_waiting() -> int:
    """Return how many jobs wait or run; held ones do not count."""
    row = await db.fetch_one("SELECT count(*) AS n FROM pgqueuer WHERE status IN ('queued', 'picked')")
    return int(row["n"]) if row else 0
