"""Figures for Prometheus: requests by route template, searches that fell back, and the gauges of the domains.

With several web processes each keeps its figures in a file under PROMETHEUS_MULTIPROC_DIR, which `civic serve` sets,
and the process that is asked adds them up. The domains read their gauges from the database when asked.
"""

import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

from civic.cache import cached
from civic.config import ServerConfig
from civic.errors import NotFound
from civic.rates import is_in_networks

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
KEPT_SECONDS = 5.0  # for which what was read from the database answers whoever asks again
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

request_count = Counter("civic_requests", "Requests answered", ["method", "route", "status"])
request_seconds = Histogram("civic_request_seconds", "Time to the end of the answer", ["route"], buckets=BUCKETS)
search_fallbacks = Counter(
    "civic_search_fallbacks", "Searches that PostgreSQL answered as Meilisearch could not", ["reason"]
)
photo_refusals = Counter("civic_photo_refusals", "Photos that were not taken", ["reason"])


def prepare_folder(var: Path) -> None:
    """Before several processes start: an empty folder for their figures, named in the environment."""
    folder = var / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[FOLDER] = str(folder)


@dataclass(frozen=True)
class GaugeReading:
    """One value of a gauge at this moment, with the values of its labels."""

    name: str
    about: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


Gauges = Callable[[], Awaitable[Sequence[GaugeReading]]]
"""Reads what a domain measures when Prometheus asks; the composition root lists them."""


def keep_readings(gauges: Sequence[Gauges]) -> Gauges:
    """All gauges as one, read again after some seconds: however many ask, the database is asked as often."""

    async def read_all() -> Sequence[GaugeReading]:
        return [reading for read in gauges for reading in await read()]

    return cached(KEPT_SECONDS)(read_all)


def may_read(request: Request, server: ServerConfig) -> bool:
    """Whether the request has `server.metrics_token`, or comes from one of `server.metrics_addresses`."""
    token = server.metrics_token.get_secret_value()
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    return request.client is not None and is_in_networks(request.client.host, server.metrics_addresses)


async def show_metrics(request: Request) -> Response:
    """GET /metrics, in Prometheus' text form. Raises NotFound for whom no setting names."""
    if not may_read(request, request.app.state.config.server):
        raise NotFound()
    registry: CollectorRegistry = REGISTRY
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    readings = await request.app.state.gauges()
    return Response(generate_latest(registry) + _write_readings(readings), media_type=CONTENT_TYPE_LATEST)


def _write_readings(readings: Sequence[GaugeReading]) -> bytes:
    registry, gauges = CollectorRegistry(), dict[str, Gauge]()
    for reading in readings:
        if reading.name not in gauges:
            gauges[reading.name] = Gauge(reading.name, reading.about, list(reading.labels), registry=registry)
        gauge = gauges[reading.name]
        (gauge.labels(**reading.labels) if reading.labels else gauge).set(reading.value)
    return generate_latest(registry)
