"""What an OpenStreetMap extract gives for the base map."""

from collections import Counter
from pathlib import Path

import pytest
from shapely.geometry import LineString

from civic.geo.coast import find_sea
from civic.geo.features import LOCAL_NAME, Box, MapFeature
from civic.geo.osm import ExtractReader
from civic.geo.osm_tags import classify_area, classify_line
from civic.geo.tile_maker import BaseMapError
from tests.geo.extracts import write_extract

CITY: Box = (24.0, 60.0, 24.02, 60.02)


def read(path: Path, box: Box = CITY, languages: tuple[str, ...] = ("fi", "sv")) -> list[MapFeature]:
    return list(ExtractReader(path, box, languages).read(path.parent, lambda share, words: None))


def test_the_ways_of_a_street_become_one_line_with_its_names(tmp_path: Path) -> None:
    features = read(write_extract(tmp_path / "city.osm.pbf", 24.0, 60.0))
    (street,) = [one for one in features if one.kind == "minor_road"]
    assert street.names == {LOCAL_NAME: "Katu", "sv": "Gatan"}
    assert street.properties == {"kind": "minor_road", "kind_detail": "residential", "name": "Katu", "name:sv": "Gatan"}
    assert [round(x, 6) for x, _y in street.geometry.coords] == [24.0, 24.005, 24.01, 24.015]


def test_areas_have_their_holes_and_a_point_for_their_name(tmp_path: Path) -> None:
    features = read(write_extract(tmp_path / "city.osm.pbf", 24.0, 60.0))
    (pond,) = [one for one in features if one.layer == "water"]
    assert len(pond.geometry.geoms[0].interiors) == 1
    named = {one.names[LOCAL_NAME]: (one.layer, one.kind) for one in features if one.names}
    assert named == {
        "Kallio": ("places", "neighbourhood"),
        "Katu": ("roads", "minor_road"),
        "Puisto": ("pois", "park"),
        "Lampi": ("pois", "water"),
    }
    assert [one.bridge for one in features if one.kind == "rail"] == [True]


def test_what_lies_outside_of_the_box_is_left_out(tmp_path: Path) -> None:
    path = write_extract(tmp_path / "city.osm.pbf", 24.0, 60.0)
    kinds = Counter(one.kind for one in read(path, (24.0, 60.0, 24.02, 60.006)))
    assert kinds == {"minor_road": 1, "path": 1}


def test_an_extract_of_another_city_says_where_it_lies(tmp_path: Path) -> None:
    with pytest.raises(BaseMapError, match=r"no street in the city.* 118\.0000, 31\.0000, 118\.1000, 31\.1000"):
        read(write_extract(tmp_path / "city.osm.pbf", 24.0, 60.0), (118.0, 31.0, 118.1, 31.1))


def test_an_extract_without_one_street_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseMapError, match="no street in the city"):
        read(write_extract(tmp_path / "city.osm.pbf", 24.0, 60.0, streets=False))


@pytest.mark.parametrize("content", [b"", b"not an extract", b"\x00\x00\x00\x0d\x0a"])
def test_a_file_that_is_no_extract_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "city.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(BaseMapError):
        read(path)


def test_the_sea_lies_on_the_right_of_its_coast() -> None:
    coast = LineString([(24.01, 60.03), (24.01, 59.99)])  # southwards: the land is in the east, the sea in the west
    (sea,) = find_sea([coast], CITY)
    assert sea.kind == "ocean"
    assert sea.geometry.bounds == (24.0, 60.0, 24.01, 60.02)
    (other,) = find_sea([coast.reverse()], CITY)
    assert other.geometry.bounds == (24.01, 60.0, 24.02, 60.02)
    loose = LineString([(24.01, 60.019), (24.01, 60.012)]), LineString([(24.01, 60.012), (24.01, 60.001)])
    (same,) = find_sea(loose, CITY)
    assert same.geometry.equals(sea.geometry)
    assert not list(find_sea([LineString([(25, 60), (25, 61)])], CITY))


def test_what_lies_under_the_street_is_not_drawn_as_what_lies_on_it() -> None:
    road = classify_line({"highway": "service", "tunnel": "yes"})
    assert road is not None
    assert road.tunnel
    assert classify_line({"highway": "corridor", "indoor": "yes"}) is None
    assert classify_line({"waterway": "drain", "tunnel": "culvert"}) is None
    assert classify_area({"building": "no", "leisure": "park"}) == classify_area({"leisure": "park"})
    assert classify_area({"building": "yes", "location": "underground"}) is None


def test_the_real_extract_of_helsinki(data: Path) -> None:
    path = data / "osm" / "Helsinki.osm.pbf"
    features = read(path, (24.9352, 60.1642, 24.9534, 60.1791), ("fi", "sv"))
    streets = [one for one in features if one.layer == "roads" and one.names]
    assert len({one.names[LOCAL_NAME] for one in streets}) >= 90
    both = next(one for one in streets if one.names[LOCAL_NAME] == "Mannerheimintie")
    assert both.names["sv"] == "Mannerheimvägen"
    layers = Counter(one.layer for one in features)
    assert layers["buildings"] > 400
    assert {"roads", "buildings", "landuse", "water", "places", "pois"} <= set(layers)
