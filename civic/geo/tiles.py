"""Reading the base map: one PMTiles file with vector tiles."""

import gzip
import hashlib
import html
import json
import mmap
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from civic.geo.tile_maker import BaseMapError
from civic.i18n import gettext as _

if TYPE_CHECKING:
    from pmtiles.tile import Entry, HeaderDict

HEADER_BYTES = 127
UNCOMPRESSED, GZIP = 1, 2  # kinds of compression, and of tiles, as a header numbers them
VECTOR_TILES = 1
MAX_DEPTH = 4  # of directories
# A layer that each layout has, and the other one has not.
LAYOUTS = {"protomaps": "roads", "openmaptiles": "transportation"}
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class TileFile:
    """An open PMTiles file. `layout` is how its layers are named."""

    path: Path
    layout: str
    attribution: str
    max_zoom: int
    header: "HeaderDict" = field(repr=False)
    data: mmap.mmap = field(repr=False)

    def find(self, zoom: int, x: int, y: int) -> bytes | None:
        """The tile, compressed as `is_gzip` says; None where there is none. Raises ValueError for no address of one."""
        from pmtiles.tile import find_tile, zxy_to_tileid  # needed where there is a base map

        if not (0 <= zoom <= self.max_zoom and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
            raise ValueError("no such tile")
        tile = zxy_to_tileid(zoom, x, y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _depth in range(MAX_DEPTH):
            entry = find_tile(_directory(self, offset, length), tile)
            if entry is None:
                return None
            if entry.run_length:
                return self.read_bytes(self.header["tile_data_offset"] + entry.offset, entry.length)
            offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        return None

    @property
    def is_gzip(self) -> bool:
        """Whether the tiles are compressed."""
        return bool(self.header["tile_compression"].value == GZIP)

    def read_bytes(self, offset: int, length: int) -> bytes:
        """A part of the file."""
        return self.data[offset : offset + length]

    def __hash__(self) -> int:
        return hash(self.path)


@lru_cache(maxsize=200)
def _directory(file: TileFile, offset: int, length: int) -> "list[Entry]":
    """The tiles of one directory: a city's whole file, or a part of a country's."""
    from pmtiles.tile import deserialize_directory

    found: list[Entry] = deserialize_directory(file.read_bytes(offset, length))
    return found


def open_tiles(path: Path) -> TileFile:
    """Open the file. Raises BaseMapError for one that is no whole PMTiles file of vector tiles in a known layout."""
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise BaseMapError(_("There is no file %(path)s.", path=path)) from None
    except (OSError, ValueError) as error:  # an empty file cannot be mapped
        raise BaseMapError(_("%(path)s cannot be read: %(error)s", path=path, error=error)) from error
    if data[:7] != b"PMTiles" or len(data) < HEADER_BYTES or data[7] != 3:
        raise BaseMapError(_("%(path)s is no PMTiles file of version 3.", path=path))
    from pmtiles.tile import deserialize_header

    header = deserialize_header(data[:HEADER_BYTES])
    whole = max(
        header["root_offset"] + header["root_length"],
        header["metadata_offset"] + header["metadata_length"],
        header["tile_data_offset"] + header["tile_data_length"],
    )
    if len(data) < whole:
        problem = _("%(path)s is cut short: %(there)s of %(whole)s bytes.", path=path, there=len(data), whole=whole)
        raise BaseMapError(problem)
    if header["tile_type"].value != VECTOR_TILES or header["tile_compression"].value not in (GZIP, UNCOMPRESSED):
        raise BaseMapError(_("%(path)s has no vector tiles that a browser can read (MVT, gzip).", path=path))
    about = _metadata(path, header, data)
    return TileFile(path, _layout(path, about), _attribution(about), header["max_zoom"], header, data)


def _metadata(path: Path, header: "HeaderDict", data: mmap.mmap) -> dict[str, object]:
    start = header["metadata_offset"]
    try:
        raw = data[start : start + header["metadata_length"]]
        about = json.loads(gzip.decompress(raw) if header["internal_compression"].value == GZIP else raw)
    except (OSError, ValueError, EOFError):
        about = None
    if not isinstance(about, dict):
        raise BaseMapError(_("%(path)s is damaged: what it says about itself cannot be read.", path=path))
    return about


def _layout(path: Path, about: dict[str, object]) -> str:
    listed = about.get("vector_layers")
    layers = {str(one.get("id")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set[str]()
    for layout, layer in LAYOUTS.items():
        if layer in layers:
            return layout
    raise BaseMapError(
        _(
            "%(path)s has the layers %(layers)s: neither the Protomaps layout (roads) nor that of OpenMapTiles "
            "(transportation).",
            path=path,
            layers=", ".join(sorted(layers)) or "–",
        )
    )


def _attribution(about: dict[str, object]) -> str:
    """As plain text: what a file says is not put into pages as it is."""
    return html.unescape(TAG.sub("", str(about.get("attribution", "")))).strip()


def file_digest(path: Path) -> str:
    """Digits that change with a ready file, of which 2 GB are not read for that: size, time and its first bytes."""
    about = path.stat()
    with path.open("rb") as file:
        first = file.read(2**14)
    return hashlib.sha256(f"{about.st_size} {about.st_mtime_ns} ".encode() + first).hexdigest()[:16]
