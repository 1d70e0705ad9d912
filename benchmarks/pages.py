"""The pages that everybody reads, on one database and on a larger one, in turn.

    python -m benchmarks.pages postgres://…/small postgres://…/large

Each database has been imported into before (docs/import.md). The program is asked in process, so that neither a
network nor another process counts; per page the median of ROUNDS answers is told, in milliseconds.
"""

import asyncio
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from civic import cache, config, db, logs
from civic.app import create_app

ROUNDS = 15
PAGES = (
    "/",
    "/reports",
    "/reports?status=open",
    "/reports?sort=supported",
    "/reports?sort=overdue",
    "/reports?q=water",
    "/map/points?bbox={bbox}&zoom=11",
    "/map/points?bbox={centre}&zoom=15",
    "/reports/{report}",
    "/scores",
    "/api/v1/reports",
)


async def _measure(url: str, var: Path) -> dict[str, float]:
    app = create_app(
        config.load_config(
            {"CIVIC_PATHS__VAR": str(var), "CIVIC_DATABASE__URL": url, "CIVIC_LIMITS__READS_PER_MINUTE": "1000000"}
        ),
        url,
    )
    async with app.router.lifespan_context(app):
        cache.clear_caches()
        known = await _known()
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client:
            return {page: await _median(client, page.format(**known)) for page in PAGES}


async def _known() -> dict[str, str]:
    """A report in the middle of the history, its surroundings, and all of them."""
    row = await db.fetch_one(
        "SELECT id, lat, lon FROM report WHERE id >= (SELECT (min(id) + max(id)) / 2 FROM report) ORDER BY id LIMIT 1"
    )
    if row is None:
        raise SystemExit("There are no reports in this database.")
    lat, lon = row["lat"], row["lon"]
    return {
        "report": str(row["id"]),
        "bbox": f"{lon - 0.3},{lat - 0.2},{lon + 0.3},{lat + 0.2}",
        "centre": f"{lon - 0.01},{lat - 0.007},{lon + 0.01},{lat + 0.007}",
    }


async def _median(client: httpx2.AsyncClient, page: str) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = await client.get(page)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{page}: {answer.status_code}")
    return statistics.median(taken)


def main(urls: list[str]) -> None:
    logs.set_up_logging("console", logging.WARNING)
    with tempfile.TemporaryDirectory() as var:
        found = [asyncio.run(_measure(url, Path(var))) for url in urls]
    print(f"{'page':36}" + "".join(f"{'ms':>10}" for _ in urls))
    for page in PAGES:
        print(f"{page:36}" + "".join(f"{one[page]:10.1f}" for one in found))


if __name__ == "__main__":
    main(sys.argv[1:])
