"""Which jobs are held, how many wait and since when, and whether workers are there to do them."""

import json
from dataclasses import dataclass
from datetime import datetime

from civic import db
from civic.cache import cached
from civic.jobs.actions import Job
from civic.metrics import KEPT_SECONDS

COUNT_JOBS = "SELECT entrypoint, status::text AS status, count(*) AS n FROM pgqueuer GROUP BY 1, 2"
HELD = """
SELECT job.id, job.entrypoint, job.payload, job.attempts, job.updated,
       (SELECT traceback ->> 'exception_message' FROM pgqueuer_log line
        WHERE line.job_id = job.id AND line.traceback IS NOT NULL
        ORDER BY line.created DESC, line.id DESC LIMIT 1) AS reason
FROM pgqueuer job WHERE job.status = 'failed' ORDER BY job.updated DESC LIMIT $1
"""


# The job of each kind that has been due longest, by an index; how many wait does not matter.
OLDEST_DUE = """
SELECT kind.job, extract(epoch FROM clock_timestamp() - due.at)::float8 AS seconds
FROM unnest($1::text[]) AS kind (job), LATERAL (
    SELECT execute_after AS at FROM pgqueuer WHERE entrypoint = kind.job AND status = 'queued'
    ORDER BY execute_after LIMIT 1) due
WHERE due.at <= clock_timestamp()
"""
SEEN = "SELECT worker, extract(epoch FROM clock_timestamp() - seen_at)::float8 AS seconds FROM worker_heartbeat"
UNSEEN_SECONDS = 60.0  # after which a worker is missed; it is seen every ten
# After which a due job has waited too long. Mails may wait for each other, as few go out at a time.
DUE_SECONDS = {Job.ROUTE: 60.0, Job.NOTIFY: 60.0, Job.DELIVER: 600.0}


@dataclass(frozen=True)
class WorkerHealth:
    """Seconds since each kind of worker was seen (None: never), and for which the oldest due job of a kind waits."""

    seen: dict[str, float | None]
    due: dict[str, float]

    @property
    def has_run(self) -> bool:
        """Whether any worker ever ran."""
        return any(seconds is not None for seconds in self.seen.values())

    def faults(self) -> list[str]:
        """What is amiss, for the operator."""
        missed = {name: age for name, age in sorted(self.seen.items()) if age is None or age > UNSEEN_SECONDS}
        ages = [age for age in missed.values() if age is not None]
        since = f"for {describe_seconds(min(ages))}" if ages else "yet"
        found = []
        if missed and self.has_run:
            names = "no worker" if len(missed) == len(self.seen) else f"no worker {', '.join(missed)}"
            found.append(f"{names} was seen {since}: civic serve or civic work runs them")
        late = {job: age for job, age in self.due.items() if age > DUE_SECONDS[Job(job)]}
        found += [f"a job to {job} has been due for {describe_seconds(age)}" for job, age in sorted(late.items())]
        return found


def describe_seconds(seconds: float) -> str:
    """A time for the operator: "40 s", "12 min", "3 h", "2 days"."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


async def read_worker_health() -> WorkerHealth:
    seen = {row["worker"]: row["seconds"] for row in await db.fetch(SEEN)}
    due = {row["job"]: row["seconds"] for row in await db.fetch(OLDEST_DUE, [job.value for job in Job])}
    return WorkerHealth(seen, {job.value: due.get(job, 0.0) for job in Job})


worker_health = cached(KEPT_SECONDS)(read_worker_health)


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
