"""BD-09, the coordinates of Baidu's maps: GCJ-02, shifted once more by the formula that all map libraries use."""

import math

TURN = math.pi * 3000.0 / 180.0


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """BD-09 (lat, lon) in degrees to GCJ-02, to about a metre."""
    x, y = lon - 0.0065, lat - 0.006
    distance = math.hypot(x, y) - 0.00002 * math.sin(y * TURN)
    angle = math.atan2(y, x) - 0.000003 * math.cos(x * TURN)
    return distance * math.sin(angle), distance * math.cos(angle)
