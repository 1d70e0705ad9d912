"""A box around a circle holds the circle."""

import math

from hypothesis import given
from hypothesis import strategies as st

from civic.geo.distance import METRES_PER_DEGREE, bounding_box


@given(st.floats(-85, 85), st.floats(-170, 170), st.floats(1, 20_000), st.floats(0, 2 * math.pi))
def test_every_point_of_the_circle_lies_in_the_box(lat: float, lon: float, metres: float, bearing: float) -> None:
    south, north, west, east = bounding_box(lat, lon, metres)
    angle, phi = math.radians(metres / METRES_PER_DEGREE), math.radians(lat)
    there = math.asin(math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * math.cos(bearing))
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(phi), math.cos(angle) - math.sin(phi) * math.sin(there)
    )
    assert south - 1e-9 <= math.degrees(there) <= north + 1e-9
    assert west - 1e-9 <= lon + math.degrees(turn) <= east + 1e-9


def test_around_a_pole_the_box_goes_round_the_world() -> None:
    assert bounding_box(89.99, 0, 20_000)[2:] == (-180, 180)
