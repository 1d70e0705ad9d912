"""Pages on a slow phone: `python -m benchmarks phone [URL] [--rounds 5]`, of the site at URL, else of the made-up city.

Chromium as a phone of 360 × 740 pixels, a fresh browser a round: 1.6 Mbit/s, 150 ms there and back, and a processor
four times slower. Printed are medians: when the largest part of the first screen is drawn (LCP), when the map has its
pins, and its streets, how much the page moved by itself (CLS), and the kB over the wire before photos and tiles. Then
what the pictures take that the server makes, asked for one at a time without any slowness: squares of the base map, and
the cards of reports, when they are drawn and when they are kept.
"""

import argparse
import asyncio
import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
from playwright.async_api import Browser, Page, async_playwright

from civic.geo.cells import WORLD_UNITS, world_position
from tests import chromium

PAGES = ("/", "/map", "/reports/new", "/reports", "/traffic")
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 1.6e6 / 8}
PROCESSOR = 4  # times slower
QUIET_SECONDS = 15.0  # by then everything is there
WATCH = """
  window.seen = { lcp: 0, cls: 0, pins: 0, streets: 0 };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) seen.lcp = one.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) seen.cls += one.value;
  }).observe({ type: "layout-shift", buffered: true });
  const look = () => {
    if (!seen.pins && document.querySelector(".leaflet-marker-icon")) seen.pins = performance.now();
    if (!seen.streets && document.querySelector(".leaflet-tile-loaded")) seen.streets = performance.now();
    requestAnimationFrame(look);
  };
  look();
"""
FIGURES = ("lcp", "pins", "streets", "cls", "kB")


async def look_at(browser: Browser, address: str) -> dict[str, float]:
    """One visit by somebody who was never here."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.emulateNetworkConditions", NETWORK)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
    kinds: dict[str, str] = {}
    sizes: dict[str, float] = {}
    devtools.on("Network.responseReceived", lambda one: kinds.update({one["requestId"]: one["response"]["url"]}))
    devtools.on("Network.loadingFinished", lambda one: sizes.update({one["requestId"]: one["encodedDataLength"]}))
    await page.goto(address)
    seen = await _wait(page)
    await context.close()
    own = [
        size for name, size in sizes.items() if not any(part in kinds.get(name, "") for part in ("/tiles/", "/photos/"))
    ]
    return {**seen, "kB": sum(own) / 1000}


async def _wait(page: Page) -> dict[str, float]:
    await page.wait_for_load_state("networkidle", timeout=QUIET_SECONDS * 1000)
    await page.wait_for_timeout(1000)
    seen: dict[str, float] = await page.evaluate("() => seen")
    return seen


def time_pictures(site: str) -> None:
    """What one asks for after another, of the server alone."""
    with httpx2.Client(base_url=site, timeout=60) as client:
        start = _find(client.get("/map").text, r'data-base="([^"]+)/{z}')
        numbers = sorted(set(re.findall(r'href="/reports/(\d+)', client.get("/reports").text)))
        box = [float(one) for one in _find(client.get("/map").text, r'data-bbox="([^"]+)"').split(",")]
        tiles = [f"{start}/{z}/{x}/{y}" for z, x, y in squares(box, range(10, 16))]
        cards = [f"/reports/{number}/card/en.jpg" for number in numbers]
        for name, paths in (("tile", tiles), ("card, drawn", cards), ("card, kept", cards)):
            spent = sorted(_seconds(client, path) * 1000 for path in paths)
            print(f"{name:16}{len(spent):5}: median {statistics.median(spent):.1f} ms, longest {spent[-1]:.1f} ms")


def squares(box: Sequence[float], zooms: Iterable[int]) -> Iterator[tuple[int, int, int]]:
    """The squares of the base map in a box (west, south, east, north, in degrees)."""
    west, south, east, north = box
    for zoom in zooms:
        (left, top), (right, bottom) = _square(zoom, north, west), _square(zoom, south, east)
        for x, y in itertools.product(range(left, right + 1), range(top, bottom + 1)):
            yield zoom, x, y


def _square(zoom: int, lat: float, lon: float) -> tuple[int, int]:
    x, y = (int(one * 2**zoom / WORLD_UNITS) for one in world_position(lat, lon))
    return x, y


def _find(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    if not found:
        raise SystemExit(f"The map page has nothing like {pattern}.")
    return found[1]


def _seconds(client: httpx2.Client, path: str) -> float:
    start = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - start


@contextmanager
def made_up_city() -> Iterator[str]:
    """The address of `civic serve --demo`, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="civic-bench-") as folder:
        Path(folder).chmod(0o755)  # root's server runs as another account, which has to enter
        environment = os.environ | {"CIVIC_PATHS__VAR": f"{folder}/var"}
        program = [sys.executable, "-m", "civic", "serve", "--demo", "--as-root", "--port", "0"]
        process = subprocess.Popen(
            program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert process.stdout
            yield next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        finally:
            process.terminate()
            process.wait()


async def measure(site: str, rounds: int) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        print(f"{'page':16}" + "".join(f"{name:>10}" for name in FIGURES))
        for path in PAGES:
            found = [await look_at(browser, site + path) for _ in range(rounds)]
            middle = [statistics.median(one[name] for one in found) for name in FIGURES]
            print(f"{path:16}" + "".join(f"{value:10.3f}" if value < 1 else f"{value:10.0f}" for value in middle))
        await browser.close()
    time_pictures(site)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks phone", description=__doc__)
    parser.add_argument("url", nargs="?", metavar="URL")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if given.url:
        return asyncio.run(measure(given.url.rstrip("/"), given.rounds))
    with made_up_city() as site:
        return asyncio.run(measure(site, given.rounds))


if __name__ == "__main__":
    main()
