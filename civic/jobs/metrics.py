"""How many jobs there are, since when they wait, and when workers were last seen."""

import math

from civic.db import fetch
from civic.jobs.queries import COUNT_JOBS, read_worker_health
from civic.metrics import GaugeReading


async def measure_jobs() -> list[GaugeReading]:
    """The number of jobs of each kind and state."""
    about = "Jobs by state; failed ones are held for a person"
    return [
        GaugeReading("civic_jobs", about, row["n"], {"job": row["entrypoint"], "state": row["status"]})
        for row in await fetch(COUNT_JOBS)
    ]


async def measure_workers() -> list[GaugeReading]:
    """The seconds since each kind of worker was seen, and for which jobs that could be done have waited."""
    health = await read_worker_health()
    seen, due = "Seconds since a worker of this kind was seen", "Seconds for which the oldest job of this kind is due"
    return [
        *(
            GaugeReading("civic_worker_seen_seconds", seen, math.inf if age is None else age, {"worker": name})
            for name, age in sorted(health.seen.items())
        ),
        *(GaugeReading("civic_job_due_seconds", due, age, {"job": job}) for job, age in sorted(health.due.items())),
    ]
