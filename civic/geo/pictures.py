"""Pictures of the map, drawn on the server: for pages without a script, for cards that are shared, for paper and mail.

Each tile of the base map is drawn once and kept as a file beside the vector tiles (`KEPT_TILES` of them at most). A
picture puts tiles together and sets pins on them. Colours are those of a light page (static/css/map.css).
"""

import gzip
import math
import os
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import shapely
import structlog
from PIL import Image, ImageDraw

from civic.geo.areas import Areas
from civic.geo.base_map import BaseMap
from civic.geo.cells import WORLD_UNITS, degrees_of, world_position

TILE_PX = 256
FINER = 2  # drawn so many times as large, and made smaller: edges are smooth
MAX_ZOOM = 18
KEPT_TILES = 20_000  # of a base map; some 10 kB each
COLOURS = {
    "land": "#f3f1ea",
    "paved": "#e9e5da",
    "green": "#d5e6c6",
    "water": "#b4d5e6",
    "building": "#e0d9cc",
    "casing": "#cfc8ba",
    "road": "#ffffff",
    "major": "#fbe9b7",
    "highway": "#f5cf8e",
    "path": "#b9ae98",
    "rail": "#a5a09a",
}
LOOKS = {"": "#0b6b5d", "wait": "#8a5000", "late": "#b3261e", "done": "#2e6b1f", "off": "#566067"}
GREEN_KINDS = (  # as static/js/basemap.js writes them
    "park garden nature_reserve national_park protected_area dog_park common forest wood grass meadow village_green",
    "recreation_ground allotments scrub grassland heath cemetery golf_course pitch playground stadium zoo orchard",
    "vineyard farmland",
)
GREEN = frozenset(kind for line in GREEN_KINDS for kind in line.split())
# First zoom, widths in pixels at zooms 12 and 18, and colour, of each kind of road; the last ones lie on top.
ROADS = {
    "rail": (11, 0.8, 3, "rail"),
    "path": (15, 0.6, 4, "path"),
    "minor_road": (12, 0.8, 15, "road"),
    "major_road": (9, 1.6, 20, "major"),
    "highway": (6, 2.4, 24, "highway"),
}
OPENMAPTILES = {
    "motorway": "highway", "trunk": "major_road", "primary": "major_road", "secondary": "major_road",
    "tertiary": "major_road", "minor": "minor_road", "service": "minor_road", "track": "path", "transit": "rail",
}  # fmt: skip
AREA_LAYERS = ("earth", "landcover", "landuse", "park", "water", "buildings", "building")
ROAD_LAYERS = ("roads", "transportation")
WATER_LINES = ("water", "waterway")

log = structlog.get_logger(__name__)
Pair = tuple[float, float]


class View(NamedTuple):
    """The part of the map that a picture shows: its middle in degrees, its zoom, its size in pixels."""

    lat: float
    lon: float
    zoom: int
    width: int
    height: int

    @property
    def corner(self) -> Pair:
        """The upper left corner, in pixels of the map at this zoom."""
        x, y = world_position(self.lat, self.lon)
        scale = TILE_PX * 2**self.zoom / WORLD_UNITS
        return x * scale - self.width / 2, y * scale - self.height / 2

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        left, top = self.corner
        scale = WORLD_UNITS / (TILE_PX * 2**self.zoom)
        north, west = degrees_of(left * scale, top * scale)
        south, east = degrees_of((left + self.width) * scale, (top + self.height) * scale)
        return west, south, east, north

    def place(self, lat: float, lon: float) -> Pair:
        """Where a position lies in the picture."""
        x, y = world_position(lat, lon)
        scale = TILE_PX * 2**self.zoom / WORLD_UNITS
        left, top = self.corner
        return x * scale - left, y * scale - top

    @classmethod
    def around(cls, box: tuple[float, float, float, float], width: int, height: int) -> "View":
        """The closest view that shows all of a box (west, south, east, north)."""
        west, south, east, north = box
        (left, top), (right, bottom) = world_position(north, west), world_position(south, east)
        wide, high = max(right - left, 1), max(bottom - top, 1)
        scale = min(width / wide, height / high) * WORLD_UNITS / TILE_PX
        lat, lon = degrees_of((left + right) / 2, (top + bottom) / 2)
        return cls(lat, lon, max(0, min(MAX_ZOOM, math.floor(math.log2(max(scale, 1))))), width, height)


class Pin(NamedTuple):
    """A pin by the look of its status, or with `number` a cluster."""

    lat: float
    lon: float
    look: str = ""
    number: int = 0


def draw_map(view: View, pins: Iterable[Pin], base: BaseMap | None, areas: Areas) -> Image.Image:
    """A picture of a part of the map with pins and the outlines of the areas. Takes the processor: not in the loop."""
    image = Image.new("RGB", (view.width, view.height), COLOURS["land"])
    if base is not None:
        _put_tiles(image, view, base)
    draw = ImageDraw.Draw(image)
    _draw_outlines(draw, view, areas)
    for pin in pins:
        _draw_pin(draw, view.place(pin.lat, pin.lon), pin)
    if base is not None and base.tiles.attribution:
        _write_credit(draw, image.size, base.tiles.attribution)
    return image


def as_png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.quantize(128).save(file, "PNG")
    return file.getvalue()


def _put_tiles(image: Image.Image, view: View, base: BaseMap) -> None:
    left, top = view.corner
    most = 2**view.zoom
    for column in range(math.floor(left / TILE_PX), math.ceil((left + view.width) / TILE_PX)):
        for row in range(math.floor(top / TILE_PX), math.ceil((top + view.height) / TILE_PX)):
            if 0 <= column < most and 0 <= row < most:
                tile = _try_tile(base, view.zoom, column, row)
                if tile is not None:
                    image.paste(tile, (round(column * TILE_PX - left), round(row * TILE_PX - top)))


def _try_tile(base: BaseMap, zoom: int, x: int, y: int) -> Image.Image | None:
    """A tile; None for one that is damaged, of which the picture shows the land alone."""
    try:
        return tile_picture(base, zoom, x, y)
    except Exception as error:  # a file that was damaged since it was opened fails in many ways
        log.warning("tile not drawn", tile=f"{zoom}/{x}/{y}", error=type(error).__name__)
        return None


# --- tiles ----------------------------------------------------------------------------------------------------------


def tile_picture(base: BaseMap, zoom: int, x: int, y: int) -> Image.Image:
    """A tile as a picture of TILE_PX, drawn or kept."""
    folder = base.tiles.path.parent / f"{base.version}.pictures"
    path = folder / f"{zoom}-{x}-{y}.png"
    with suppress(OSError):  # it is not there yet, or another process is just removing it
        with Image.open(path) as kept:
            return kept.convert("RGB")
    made = _draw_tile(base, zoom, x, y)
    _keep(path, made)
    return made


def _keep(path: Path, picture: Image.Image) -> None:
    """Keep a tile as a file; where that cannot be, it is drawn again the next time."""
    try:
        path.parent.mkdir(exist_ok=True)
        if secrets.randbelow(500) == 0:
            _remove_oldest(path.parent)
        unfinished = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
        unfinished.write_bytes(as_png(picture))
        unfinished.replace(path)
    except OSError as error:
        log.warning("picture of a tile not kept", error=type(error).__name__)


def _remove_oldest(folder: Path) -> None:
    ages = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process removes them, too
            ages.append((path.stat().st_mtime, path))
    for _age, path in sorted(ages)[: max(0, len(ages) - KEPT_TILES)]:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Frame:
    """How the numbers of a vector tile become pixels of the picture of a tile, or of a part of one."""

    scale: float
    left: float
    top: float

    def points(self, given: Sequence[Sequence[float]]) -> list[Pair]:
        return [(x * self.scale - self.left, y * self.scale - self.top) for x, y in given]


def _draw_tile(base: BaseMap, zoom: int, x: int, y: int) -> Image.Image:
    size = TILE_PX * FINER
    image = Image.new("RGB", (size, size), COLOURS["land"])
    over = max(0, zoom - base.tiles.max_zoom)  # closer than the closest tiles: a part of one is drawn larger
    data = base.tiles.find(zoom - over, x >> over, y >> over)
    if data:
        whole = size * 2**over
        frame = (whole, (x & (1 << over) - 1) * size, (y & (1 << over) - 1) * size)
        _draw_layers(ImageDraw.Draw(image), _decode(data, gzipped=base.tiles.is_gzip), zoom, frame)
    return image.resize((TILE_PX, TILE_PX), Image.Resampling.BOX)


def _decode(data: bytes, *, gzipped: bool) -> dict[str, dict[str, object]]:
    import mapbox_vector_tile  # where a picture is drawn

    raw = gzip.decompress(data) if gzipped else data
    layers: dict[str, dict[str, object]] = mapbox_vector_tile.decode(
        raw, default_options={"y_coord_down": True, "geojson": False}
    )
    return layers


def _draw_layers(
    draw: ImageDraw.ImageDraw, layers: dict[str, dict[str, object]], zoom: int, whole: tuple[int, int, int]
) -> None:
    for name in AREA_LAYERS:
        for kind, rings, frame in _shapes(layers, name, whole, "Polygon"):
            if colour := _area_colour(name, kind):
                draw.polygon(frame.points(rings[0]), fill=COLOURS[colour])
                for hole in rings[1:]:
                    draw.polygon(frame.points(hole), fill=COLOURS["land"])
        if name == "water":
            for line_layer in WATER_LINES:
                for _kind, lines, frame in _shapes(layers, line_layer, whole, "LineString"):
                    draw.line(frame.points(lines[0]), fill=COLOURS["water"], width=_width(zoom, 1, 8), joint="curve")
    _draw_roads(draw, layers, zoom, whole)


def _area_colour(layer: str, kind: str) -> str:
    if layer == "water":
        return "water"
    if layer in ("buildings", "building"):
        return "building"
    if layer == "earth":
        return "land"
    return "green" if kind in GREEN or layer == "park" else ""


def _draw_roads(
    draw: ImageDraw.ImageDraw, layers: dict[str, dict[str, object]], zoom: int, whole: tuple[int, int, int]
) -> None:
    found: dict[str, list[list[Pair]]] = {kind: [] for kind in ROADS}
    for name in ROAD_LAYERS:
        for kind, lines, frame in _shapes(layers, name, whole, "LineString"):
            kind = OPENMAPTILES.get(kind, kind)
            if kind in found:
                found[kind].append(frame.points(lines[0]))
    for casing in (2 * FINER, 0):  # all borders first: crossings are open
        for kind, lines_of_kind in found.items():
            first, low, high, colour = ROADS[kind]
            if zoom < first or (casing and kind in ("rail", "path")):
                continue
            width = _width(zoom, low, high)
            for line in lines_of_kind:
                fill = COLOURS["casing" if casing else colour]
                draw.line(line, fill=fill, width=width + casing, joint="curve")


def _width(zoom: int, low: float, high: float) -> int:
    """The width of a line, in pixels of the finer picture, from those at zooms 12 and 18."""
    grown: float = low * (high / low) ** ((zoom - 12) / 6)
    return max(1, int(grown * FINER + 0.5))


def _shapes(
    layers: dict[str, dict[str, object]], name: str, whole: tuple[int, int, int], wanted: str
) -> Iterable[tuple[str, Sequence[Sequence[Sequence[float]]], _Frame]]:
    """The shapes of a layer, each by itself: kind, rings or one line, and how they become pixels."""
    layer = layers.get(name)
    if layer is None:
        return
    size, left, top = whole
    frame = _Frame(size / float(str(layer["extent"])), left, top)
    features = layer["features"]
    assert isinstance(features, list)
    for feature in features:
        geometry, props = feature["geometry"], feature["properties"]
        kind = str(props.get("kind") or props.get("class") or "")
        coordinates, form = geometry["coordinates"], geometry["type"]
        if form == wanted:
            yield kind, coordinates if wanted == "Polygon" else [coordinates], frame
        elif form == f"Multi{wanted}":
            for part in coordinates:
                yield kind, part if wanted == "Polygon" else [part], frame


# --- what lies on the map -------------------------------------------------------------------------------------------


def _draw_outlines(draw: ImageDraw.ImageDraw, view: View, areas: Areas) -> None:
    west, south, east, north = view.box
    for area in areas:
        a, b, c, d = area.bbox
        if area.level > 1 or a > east or c < west or b > north or d < south:
            continue
        for polygon in shapely.get_parts(area.geometry.simplify((east - west) / view.width)):
            ring = [view.place(lat, lon) for lon, lat in polygon.exterior.coords]
            draw.line(ring, fill="#566067" if area.level else "#3d4a50", width=1 if area.level else 2)


def _draw_pin(draw: ImageDraw.ImageDraw, at: Pair, pin: Pin) -> None:
    x, y = at
    colour = LOOKS.get(pin.look, LOOKS[""])
    if pin.number:
        half = min(22, 12 + 3 * math.log10(pin.number))
        draw.ellipse((x - half, y - half, x + half, y + half), fill=LOOKS[""], outline="#ffffff", width=2)
        draw.text((x, y), str(pin.number), fill="#ffffff", anchor="mm", font_size=13)
        return
    draw.polygon([(x, y), (x - 8, y - 12), (x + 8, y - 12)], fill=colour)
    draw.ellipse((x - 9, y - 24, x + 9, y - 6), fill=colour, outline="#ffffff", width=2)


def _write_credit(draw: ImageDraw.ImageDraw, size: tuple[int, int], text: str) -> None:
    left, top, right, bottom = draw.textbbox((size[0] - 4, size[1] - 4), text, anchor="rb", font_size=11)
    draw.rectangle((left - 4, top - 2, right + 4, bottom + 4), fill="#ffffff")
    draw.text((size[0] - 4, size[1] - 4), text, fill="#566067", anchor="rb", font_size=11)
