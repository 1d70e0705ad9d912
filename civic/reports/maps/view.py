"""The view of the map's picture, and the addresses of those beside it, closer and farther."""

from collections.abc import Mapping

from civic.geo.cells import degrees_of, world_position
from civic.geo.maps import Box, parse_box
from civic.geo.pictures import MAX_ZOOM, View

WIDTH, HEIGHT = 720, 440
MIN_ZOOM = 4


def read_view(query: Mapping[str, str], city: list[float]) -> View:
    """The view of the window in an address, or of the whole city, at `zoom` where that is named and may be."""
    west, south, east, north = city
    window = parse_box(query.get("window", "")) or (west, south, east, north)
    found = View.around(window, WIDTH, HEIGHT)
    try:
        zoom = int(float(query.get("zoom", "")))
    except (ValueError, OverflowError):
        zoom = found.zoom
    return found._replace(zoom=max(MIN_ZOOM, min(MAX_ZOOM, zoom)))


def neighbours(view: View) -> dict[str, View]:
    """The views that lead on: closer, farther, and half a picture to each side."""
    x, y = world_position(view.lat, view.lon)
    wide = abs(world_position(view.lat, view.box[2])[0] - world_position(view.lat, view.box[0])[0]) / 2
    high = wide * view.height / view.width

    def moved(dx: float, dy: float) -> View:
        lat, lon = degrees_of(x + dx, y + dy)
        return view._replace(lat=lat, lon=lon)

    return {
        "in": view._replace(zoom=min(MAX_ZOOM, view.zoom + 1)),
        "out": view._replace(zoom=max(MIN_ZOOM, view.zoom - 1)),
        "west": moved(-wide, 0),
        "east": moved(wide, 0),
        "north": moved(0, -high),
        "south": moved(0, high),
    }


def format_window(box: Box) -> str:
    """Write a box as `parse_box` reads it."""
    return ",".join(f"{one:.5f}" for one in box)
