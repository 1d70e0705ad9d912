"""GCJ-02 to WGS-84: against published pairs, and there and back."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

from civic.geo import gcj02
from civic.packs.polygons import to_wgs84

METRE = 1 / 111_195  # degrees

# Pairs (WGS-84, GCJ-02) from the tests of the public eviltransform and PRCoords libraries.
PAIRS = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),  # Shanghai
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),  # Shenzhen
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),  # Beijing
]


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02 within China, as the published polynomial has it."""
    north, east = gcj02._shift(lat, lon)
    return lat + north, lon + east


@pytest.mark.parametrize(("wgs", "gcj"), PAIRS)
def test_published_pairs(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert to_gcj02(*wgs) == pytest.approx(gcj, abs=0.1 * METRE)
    assert gcj02.to_wgs84(*gcj) == pytest.approx(wgs, abs=0.1 * METRE)


@given(st.floats(18, 53), st.floats(74, 134))
def test_there_and_back(lat: float, lon: float) -> None:
    assert gcj02.to_wgs84(*to_gcj02(lat, lon)) == pytest.approx((lat, lon), abs=1e-7)


def test_nothing_moves_outside_china() -> None:
    assert gcj02.to_wgs84(52.37, 4.89) == (52.37, 4.89)
    assert gcj02.to_wgs84(42.36, -71.06) == (42.36, -71.06)


def test_a_geometry_keeps_its_shape() -> None:
    square = Polygon([(121.0, 31.0), (121.1, 31.0), (121.1, 31.1), (121.0, 31.1)])
    moved = to_wgs84(square, "gcj02")
    assert len(moved.exterior.coords) == 5
    assert moved.centroid.distance(square.centroid) == pytest.approx(0.005, abs=0.003)


def test_a_gps_point_of_xinzhou_falls_in_xinfu(data: Path) -> None:
    """The published outline is GCJ-02: near a border a GPS point is right only after conversion."""
    collection = json.loads((data / "geo-china" / "datav_140900_full.json").read_text("utf-8"))
    shapes = {f["properties"]["name"]: to_wgs84(shape(f["geometry"]), "gcj02") for f in collection["features"]}
    station = Point(112.7340, 38.4167)  # the city's centre, WGS-84
    assert [name for name, area in shapes.items() if area.contains(station)] == ["忻府区"]
