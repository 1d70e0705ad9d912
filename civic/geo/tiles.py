"""Reading the base map: one PMTiles file with vector tiles."""

import gzip
import hashlib
import html
import json
import os
import re
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from civic.geo.features import Box
from civic.geo.tile_maker import BaseMapError
from civic.i18n import gettext as _

if TYPE_CHECKING:
    from pmtiles.tile import Entry

HEADER_BYTES = 127
UNCOMPRESSED, GZIP = 1, 2  # kinds of compression, and of tiles, as a header numbers them
VECTOR_TILES = 1
MAX_DEPTH = 4  # of directories
MAX_PART_BYTES = 2**24  # of a tile, a directory, what the file says about itself: a larger one is none
DEGREE = 10_000_000  # a degree as a header has it
# A layer that each layout has, and the other one has not.
LAYOUTS = {"protomaps": "roads", "openmaptiles": "transportation"}
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class TileFile:
    """An open PMTiles file. `layout` is how its layers are named; `is_gzip`: whether its tiles are compressed."""

    path: Path
    layout: str
    attribution: str
    max_zoom: int
    box: Box | None  # what it covers, if it says so
    is_gzip: bool
    root: tuple[int, int]  # where its first directory lies, and its length
    leaves: int  # where the others begin
    first_tile: int
    descriptor: int  # of the open file, which may be replaced meanwhile

    def find(self, zoom: int, x: int, y: int) -> bytes | None:
        """The tile, compressed as `is_gzip` says; None where there is none. Raises ValueError for no address of one."""
        from pmtiles.tile import find_tile, zxy_to_tileid  # needed where there is a base map

        if not (0 <= zoom <= self.max_zoom and 0 <= x < 2**zoom and 0 <= y < 2**zoom):
            raise ValueError("no such tile")
        tile = zxy_to_tileid(zoom, x, y)
        offset, length = self.root
        for _depth in range(MAX_DEPTH):
            entry = find_tile(_directory(self, offset, length), tile)
            if entry is None:
                return None
            if entry.run_length:
                return self.read_bytes(self.first_tile + entry.offset, entry.length)
            offset, length = self.leaves + entry.offset, entry.length
        return None

    def read_bytes(self, offset: int, length: int) -> bytes:
        """A part of the file. Raises ValueError where it is not there any more, or too large for one."""
        if length > MAX_PART_BYTES:
            raise ValueError("damaged")
        found = os.pread(self.descriptor, length, offset)
        if len(found) < length:
            raise ValueError("cut short since it was opened")
        return found

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
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise BaseMapError(_("There is no file %(path)s.", path=path)) from None
    except OSError as error:
        raise BaseMapError(_("%(path)s cannot be read: %(error)s", path=path, error=error)) from error
    try:
        file = _read_header(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    weakref.finalize(file, os.close, descriptor)
    return file


def _read_header(path: Path, descriptor: int) -> TileFile:
    """Raises BaseMapError."""
    from pmtiles.tile import deserialize_header

    first, size = os.pread(descriptor, HEADER_BYTES, 0), os.fstat(descriptor).st_size
    try:
        if first[:7] != b"PMTiles" or len(first) < HEADER_BYTES or first[7] != 3:
            raise ValueError("other bytes")
        header = deserialize_header(first)
    except ValueError:
        raise BaseMapError(_("%(path)s is no PMTiles file of version 3.", path=path)) from None
    whole = max(
        header["root_offset"] + header["root_length"],
        header["metadata_offset"] + header["metadata_length"],
        header["tile_data_offset"] + header["tile_data_length"],
    )
    if size < whole:
        raise BaseMapError(
            _("%(path)s is cut short: %(there)s of %(whole)s bytes.", path=path, there=size, whole=whole)
        )
    if header["tile_type"].value != VECTOR_TILES or header["tile_compression"].value not in (GZIP, UNCOMPRESSED):
        raise BaseMapError(_("%(path)s has no vector tiles that a browser can read (MVT, gzip).", path=path))
    length = header["metadata_length"]
    about_itself = os.pread(descriptor, length, header["metadata_offset"]) if length <= MAX_PART_BYTES else b""
    about = _read_about(path, about_itself, packed=header["internal_compression"].value == GZIP)
    return TileFile(
        path,
        layout=_layout(path, about),
        attribution=_attribution(about),
        max_zoom=header["max_zoom"],
        box=_read_box(header),
        is_gzip=header["tile_compression"].value == GZIP,
        root=(header["root_offset"], header["root_length"]),
        leaves=header["leaf_directory_offset"],
        first_tile=header["tile_data_offset"],
        descriptor=descriptor,
    )


def _read_box(header: Mapping[str, Any]) -> Box | None:
    west, south, east, north = (
        header[name] / DEGREE for name in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")
    )
    box = west, south, east, north
    return box if any(box) and west <= east and south <= north else None


def check_place(tiles: TileFile, city: Box) -> None:
    """Raises BaseMapError for a file that covers nothing of the city's box."""
    if tiles.box is None:
        return
    west, south, east, north = tiles.box
    if west <= city[2] and east >= city[0] and south <= city[3] and north >= city[1]:
        return
    raise BaseMapError(
        _(
            "%(path)s covers %(there)s (west, south, east, north), and the city's box is %(city)s: please name a file "
            "that covers the city.",
            path=tiles.path,
            there=write_box(tiles.box),
            city=write_box(city),
        )
    )


def write_box(box: Iterable[float]) -> str:
    return ", ".join(f"{degrees:.4f}" for degrees in box)


def _read_about(path: Path, content: bytes, *, packed: bool) -> dict[str, object]:
    try:
        about = json.loads(gzip.decompress(content) if packed else content)
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
