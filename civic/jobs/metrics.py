"""How many jobs there are."""

from civic.db import fetch
from civic.metrics import GaugeReading

COUNT_JOBS = "SELECT entrypoint, status::text AS status, count(*) AS n FROM pgqueuer GROUP BY 1, 2"


async def measure_jobs() -> list[GaugeReading]:
    """The number of jobs of each kind and state."""
    about = "Jobs by state; failed ones are held for a person"
    return [
        GaugeReading("civic_jobs", about, row["n"], {"job": row["entrypoint"], "state": row["status"]})
        for row in await fetch(COUNT_JOBS)
    ]
