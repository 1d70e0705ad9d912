"""Whether the positions of a pack lie where they can."""

import pytest

from civic.packs.locations import find_box_problem, find_crs_problem, find_zone_problem

BUDAPEST = (18.9, 47.3, 19.3, 47.6)


@pytest.mark.parametrize(
    ("zone", "lat", "lon", "wrong"),
    [
        ("Europe/Budapest", 47.5, 19.05, ""),
        ("Europe/Budapest", 19.05, 47.5, "swapped"),
        ("Europe/Warsaw", 21.0, 52.2, "swapped"),
        ("America/New_York", 42.36, -71.06, ""),
        ("America/New_York", -71.06, 42.36, "swapped"),
        ("Asia/Shanghai", 39.47, 75.99, ""),  # Kashgar, 4,000 km from Shanghai
        ("Asia/Shanghai", 47.5, 19.05, "is the time zone right"),
        ("Europe/Moscow", 55.75, 37.6, ""),
        ("Africa/Nairobi", -1.3, 36.8, ""),
        ("UTC", 19.05, 47.5, ""),  # is nowhere
    ],
)
def test_a_city_and_its_zone(zone: str, lat: float, lon: float, wrong: str) -> None:
    found = find_zone_problem(zone, lat, lon)
    assert wrong in found
    assert bool(found) == bool(wrong)


@pytest.mark.parametrize(
    ("lat", "lon", "wrong"),
    [
        (47.5, 19.05, ""),
        (47.7, 19.5, ""),
        (19.05, 47.5, "swapped"),
        (51.5, -0.12, "far outside"),
        (0, 0, "far outside"),
    ],
)
def test_a_place_and_its_city(lat: float, lon: float, wrong: str) -> None:
    found = find_box_problem(BUDAPEST, lat, lon)
    assert wrong in found
    assert bool(found) == bool(wrong)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326", "WGS84"])
def test_names_of_wgs84(name: str) -> None:
    assert find_crs_problem({"crs": {"type": "name", "properties": {"name": name}}}) == ""
    assert find_crs_problem({}) == ""


@pytest.mark.parametrize("crs", [{"type": "name", "properties": {"name": "EPSG:23700"}}, "EPSG:3857", 5, {"x": []}])
def test_foreign_systems(crs: object) -> None:
    assert "WGS-84" in find_crs_problem({"crs": crs})
