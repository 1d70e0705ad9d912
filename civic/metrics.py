"""Figures for Prometheus: requests by route template, and the queue of jobs.

With several web processes each keeps its figures in a file under PROMETHEUS_MULTIPROC_DIR, which `civic serve` sets,
and whichever is asked adds them up. The jobs are counted in the database when asked.
"""

import os
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from civic import db

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

requests = Counter("civic_requests", "Requests answered", ["method", "route", "status"])
seconds = Histogram("civic_request_seconds", "Time to the end of the answer", ["route"], buckets=BUCKETS)


def prepare(var: Path) -> None:
    """Before several processes start: an empty folder for their figures, named in the environment."""
    folder = var / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[FOLDER] = str(folder)


async def show(request: Request) -> Response:
    """GET /metrics, in Prometheus' text form."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry) + await _jobs(), media_type=CONTENT_TYPE_LATEST)


async def _jobs() -> bytes:
    own = CollectorRegistry()
    gauge = Gauge("civic_jobs", "Jobs by state; failed ones are held for a person", ["job", "state"], registry=own)
    rows = await db.fetch("SELECT entrypoint, status::text AS status, count(*) AS n FROM pgqueuer GROUP BY 1, 2")
    for row in rows:
        gauge.labels(row["entrypoint"], row["status"]).set(row["n"])
    return generate_latest(own)
