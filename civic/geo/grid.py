"""The map's grid: at city scale the points of a cell are shown as one cluster, close up each as a pin."""

CELLS_PER_TILE = 4  # cells on the width of a map tile of 256 pixels: 64 pixels each


def cell_degrees(zoom: int) -> float:
    """The side of a cell in degrees of longitude at a web map's zoom, 0 to 22."""
    return 360.0 / (2.0 ** min(max(zoom, 0), 22) * CELLS_PER_TILE)
