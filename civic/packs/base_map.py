"""The base map of a pack: tiles made of its OpenStreetMap extract, or of its layers, under their version."""

import contextlib
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from civic.geo.base_map import SourceKind
from civic.geo.features import Box, Progress
from civic.geo.tile_maker import MAKER, BaseMapError, FeatureSource, make_tiles
from civic.packs.contents import Pack
from civic.packs.layers import LAYERS, LayersSource
from civic.packs.problems import Problems

EXTRACT = "city.osm.pbf"
NAMES = ("areas.geojson", "places.csv")  # on the map that is made of layers
MARGIN = 0.1  # of the city's width and height: what lies around the city is on its map
MIN_MARGIN_DEGREES = 0.002


@dataclass(frozen=True)
class TilesPlace:
    """Where tiles are kept, and who is told how far they are."""

    folder: Path
    on_progress: Progress = lambda share, words: None

    def part(self, start: float, end: float) -> "TilesPlace":
        """The same place for a step that takes a part of the time."""
        return TilesPlace(self.folder, lambda share, words: self.on_progress(start + share * (end - start), words))


async def make_base_map(pack: Pack, folder: Path, place: TilesPlace) -> str:
    """Make the tiles of the pack in `folder`, unless they are there; their version, "" for a pack without a source.

    Raises PackError for a source that is wrong; then nothing of it is left.
    """
    source: FeatureSource | None = None
    path = folder / EXTRACT
    if path.exists():
        from civic.geo.osm import ExtractReader  # brings a library that the web process does not need

        source = ExtractReader(path, widen(pack.bbox), pack.city.languages)
        version = f"{SourceKind.EXTRACT}-{_digest(pack, [path])}"
    elif pack.layers:
        source = LayersSource(pack.layers, pack.areas, pack.places, pack.city.languages)
        version = f"{SourceKind.LAYERS}-{_digest(pack, [folder / name for name in (*LAYERS, *NAMES)])}"
    if source is None:
        return ""
    target = place.folder / f"{version}.pmtiles"
    if not target.exists():
        try:
            await make_tiles(source, target, widen(pack.bbox), place.on_progress)
        except BaseMapError as error:
            problems = Problems()
            problems.add(path.name, str(error))
            problems.raise_any()
    return version


def remove_old_tiles(folder: Path, kept: set[str]) -> None:
    """Remove the tiles of other versions, and their pictures."""
    for path in folder.glob("*.pictures"):
        if path.stem not in kept:
            shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob("*.pmtiles"):
        if path.stem not in kept:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def widen(bbox: list[float]) -> Box:
    """The city's box, and a little around it."""
    west, south, east, north = bbox
    wide, high = (max(MIN_MARGIN_DEGREES, MARGIN * size) for size in (east - west, north - south))
    return west - wide, south - high, east + wide, north + high


def _digest(pack: Pack, paths: list[Path]) -> str:
    """Digits that change with what the tiles are made of."""
    total = hashlib.sha256(json.dumps([MAKER, pack.bbox, pack.city.languages]).encode())
    for path in filter(Path.exists, paths):
        total.update(digest_file(path))
    return total.hexdigest()[:16]


def digest_file(path: Path) -> bytes:
    """SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
