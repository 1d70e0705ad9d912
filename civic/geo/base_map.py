"""The base map of this installation: which file it is, open in each web process.

What a pack brings is made by `civic load` and lies under `paths.var`, by its version; the city's row names it. The
first of these that there is counts: the pack's extract, `map.basemap`, the pack's layers.
"""

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import structlog

from civic.config import Config
from civic.geo.features import Box
from civic.geo.tile_maker import BaseMapError
from civic.geo.tiles import TileFile, check_place, file_digest, open_tiles

LOOK_SECONDS = 5.0  # after which it is looked again what file is there
VERSION = re.compile(r"[a-z]+-[0-9a-f]{16}", re.ASCII)
log = structlog.get_logger("civic.geo")


class SourceKind(StrEnum):
    """Where the tiles come from; a version begins with it."""

    EXTRACT = "extract"
    READY = "ready"
    LAYERS = "layers"


@dataclass(frozen=True)
class BaseMap:
    """The tiles that pages show, and their version, which changes with their content."""

    version: str
    tiles: TileFile


def tiles_folder(config: Config) -> Path:
    """Where the tiles that were made of packs lie."""
    return config.paths.var / "tiles"


class BaseMaps:
    """Finds the base map for pages and for the route that serves tiles."""

    def __init__(self, config: Config) -> None:
        self.folder, self.ready = tiles_folder(config), config.map.basemap
        self._looked: dict[tuple[str, Box], tuple[float, BaseMap | None]] = {}

    def find(self, made: str, city: Box) -> BaseMap | None:
        """The base map, where the version `made` came with the pack ("" for none); None where there is none.

        A ready file that covers nothing of the city's box is none.
        """
        looked, found = self._looked.get((made, city), (float("-inf"), None))
        if time.monotonic() - looked > LOOK_SECONDS:
            found = self._look(made, city)
            self._looked[made, city] = time.monotonic(), found
        return found

    def by_version(self, version: str, made: str, city: Box) -> BaseMap | None:
        """The base map of this version: that of new pages, or that of pages from before the last load."""
        now = self.find(made, city)
        if now and now.version == version:
            return now
        return self._open_made(version) if VERSION.fullmatch(version) else None

    def _look(self, made: str, city: Box) -> BaseMap | None:
        from_pack = self._open_made(made) if made else None
        if from_pack and made.startswith(SourceKind.EXTRACT):
            return from_pack
        return (self._open_ready(self.ready, city) if self.ready else None) or from_pack

    def _open_made(self, version: str) -> BaseMap | None:
        path = self.folder / f"{version}.pmtiles"
        return _open(path, version) if path.is_file() else None

    @staticmethod
    def _open_ready(path: Path, city: Box) -> BaseMap | None:
        try:
            found = _open(path, f"{SourceKind.READY}-{file_digest(path)}")
            if found:
                check_place(found.tiles, city)
        except OSError as error:
            log.warning("base map cannot be read", path=str(path), error=error.strerror)
        except BaseMapError as error:
            log.warning("base map cannot be used", error=str(error))
        else:
            return found
        return None


@lru_cache(maxsize=4)
def _open(path: Path, version: str) -> BaseMap | None:
    try:
        return BaseMap(version, open_tiles(path))
    except BaseMapError as error:
        log.warning("base map cannot be used", error=str(error))
        return None
