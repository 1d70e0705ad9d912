"""Figures for Prometheus: requests by route template, searches that fell back, the queues of jobs and of the index.

With several web processes each keeps its figures in a file under PROMETHEUS_MULTIPROC_DIR, which `civic serve` sets,
and whichever is asked adds them up. The queues are counted in the database when asked.
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

request_count = Counter("civic_requests", "Requests answered", ["method", "route", "status"])
request_seconds = Histogram("civic_request_seconds", "Time to the end of the answer", ["route"], buckets=BUCKETS)
search_fallbacks = Counter(
    "civic_search_fallbacks", "Searches that PostgreSQL answered as Meilisearch could not", ["reason"]
)


def prepare_folder(var: Path) -> None:
    """Before several processes start: an empty folder for their figures, named in the environment."""
    folder = var / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[FOLDER] = str(folder)


async def show_metrics(request: Request) -> Response:
    """GET /metrics, in Prometheus' text form."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry) + await _queues(), media_type=CONTENT_TYPE_LATEST)


async def _queues() -> bytes:
    own = CollectorRegistry()
    gauge = Gauge("civic_jobs", "Jobs by state; failed ones are held for a person", ["job", "state"], registry=own)
    rows = await db.fetch("SELECT entrypoint, status::text AS status, count(*) AS n FROM pgqueuer GROUP BY 1, 2")
    for row in rows:
        gauge.labels(row["entrypoint"], row["status"]).set(row["n"])
    marks = Gauge("civic_search_mark_age_seconds", "Age of the oldest change that the index lacks", registry=own)
    sql = "SELECT extract(epoch FROM clock_timestamp() - min(at)) AS age FROM search_mark"
    oldest = await db.fetch_one(sql)
    marks.set(oldest["age"] or 0 if oldest else 0)
    age = Gauge("civic_search_push_age_seconds", "Age of the oldest change that Meilisearch lacks", registry=own)
    sql = "SELECT extract(epoch FROM clock_timestamp() - at) AS age FROM search_push ORDER BY id LIMIT 1"
    oldest = await db.fetch_one(sql)
    age.set(oldest["age"] if oldest else 0)
    return generate_latest(own)
