"""Distances on the mean sphere. SQL measures them with `metres_between` (migrations/nearness.sql)."""

import math

METRES_PER_DEGREE = 111_195  # of latitude

Box = tuple[float, float, float, float]


def bounding_box(lat: float, lon: float, metres: float) -> Box:
    """South, north, west, east in degrees of a box that holds the circle around a position.

    An index finds what lies in the box; a query for the circle then compares `metres_between`. Around a pole the box
    goes round the world.
    """
    high = metres / METRES_PER_DEGREE
    if abs(lat) + high >= 90:
        return lat - high, lat + high, -180.0, 180.0
    wide = math.degrees(math.asin(math.sin(math.radians(high)) / math.cos(math.radians(lat))))
    return lat - high, lat + high, lon - wide, lon + wide


def measure_metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance between two positions in metres."""
    from geopy.distance import great_circle  # here, as with it come all geocoders, 70 ms of every command's start

    return float(great_circle((lat, lon), (other_lat, other_lon)).meters)
