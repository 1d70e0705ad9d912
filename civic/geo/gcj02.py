"""GCJ-02, the shifted coordinates of maps published in China, to WGS-84.

The shift (up to some 700 m) is the public, reverse-engineered polynomial that all map libraries use, on the
Krasovsky 1940 ellipsoid. It holds inside China's box; outside the two systems are the same.
"""

import math

SEMI_MAJOR_AXIS_METRES = 6378245.0  # Krasovsky 1940
ECCENTRICITY_SQUARED = 0.00669342162296594323
WEST, SOUTH, EAST, NORTH = 72.004, 0.8293, 137.8347, 55.8271
CONVERGED_DEGREES = 1e-9  # a tenth of a millimetre


def in_china(lat: float, lon: float) -> bool:
    """Whether the shift applies here (a box, as published: also parts of the neighbours)."""
    return SOUTH <= lat <= NORTH and WEST <= lon <= EAST


def to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """GCJ-02 (lat, lon) in degrees to WGS-84, to better than 1e-7 degrees; outside of China unchanged."""
    if not in_china(lat, lon):
        return lat, lon
    guess_lat, guess_lon = lat, lon
    for _ in range(10):  # each round is some 1,000 times closer; three are enough
        north, east = _shift(guess_lat, guess_lon)
        step_lat, step_lon = lat - guess_lat - north, lon - guess_lon - east
        guess_lat, guess_lon = guess_lat + step_lat, guess_lon + step_lon
        if abs(step_lat) < CONVERGED_DEGREES and abs(step_lon) < CONVERGED_DEGREES:
            break
    return guess_lat, guess_lon


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """How far GCJ-02 moves the WGS-84 point, in degrees north and east."""
    x, y = lon - 105.0, lat - 35.0
    metres_north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    metres_north += _waves(x, 6.0, 2.0) + _row(y, (20.0, 1.0), (40.0, 3.0)) + _row(y, (160.0, 12.0), (320.0, 30.0))
    metres_east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    metres_east += _waves(x, 6.0, 2.0) + _row(x, (20.0, 1.0), (40.0, 3.0)) + _row(x, (150.0, 12.0), (300.0, 30.0))
    radians = math.radians(lat)
    root = math.sqrt(1 - ECCENTRICITY_SQUARED * math.sin(radians) ** 2)
    meridian = SEMI_MAJOR_AXIS_METRES * (1 - ECCENTRICITY_SQUARED) / root**3
    parallel = SEMI_MAJOR_AXIS_METRES / root * math.cos(radians)
    return math.degrees(metres_north / meridian), math.degrees(metres_east / parallel)


def _waves(x: float, fast: float, slow: float) -> float:
    return (20.0 * math.sin(fast * x * math.pi) + 20.0 * math.sin(slow * x * math.pi)) * 2.0 / 3.0


def _row(v: float, *terms: tuple[float, float]) -> float:
    return sum(size * math.sin(v / length * math.pi) for size, length in terms) * 2.0 / 3.0
