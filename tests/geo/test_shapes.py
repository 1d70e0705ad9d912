"""Lines and areas that people draw."""

import json

import pytest
import shapely

from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.positions import LatLon
from civic.geo.shapes import MAX_VERTICES, make_line, read_shape

CITY = Areas([AreaView(1, "city", None, 0, {"en": "City"}, as_multipolygon(shapely.box(118.0, 31.0, 118.1, 31.1)))])
LINE = {"type": "LineString", "coordinates": [[118.01, 31.01], [118.02, 31.02], [118.02, 31.02]]}
RING = [[118.01, 31.01], [118.02, 31.01], [118.02, 31.02], [118.01, 31.01]]
BOW = [[118.01, 31.01], [118.02, 31.02], [118.02, 31.01], [118.01, 31.02], [118.01, 31.01]]


def line(*points: list[object]) -> dict[str, object]:
    return {"type": "LineString", "coordinates": list(points)}


WRONG = {
    "no JSON": ("{", "line", "could not read"),
    "another kind": ({"type": "Polygon", "coordinates": [RING]}, "line", "could not read"),
    "three numbers": (
        line([118.01, 31.01, 5], [118.02, 31.02]),
        "line",
        "could not read",
    ),
    "no number": ({"type": "LineString", "coordinates": [["118.01", None], [118.02, 31.02]]}, "line", "could not read"),
    "not a number": (
        '{"type": "LineString", "coordinates": [[NaN, 31.01], [118.02, 31.02]]}',
        "line",
        "could not read",
    ),
    "very deep": ("[" * 100_000, "line", "could not read"),
    "a hole": ({"type": "Polygon", "coordinates": [RING, RING]}, "area", "could not read"),
    "one point": ({"type": "LineString", "coordinates": [[118.01, 31.01]] * 5}, "line", "from 2 to 50 points"),
    "two corners": ({"type": "Polygon", "coordinates": [RING[:2]]}, "area", "from 3 to 50 points"),
    "too many": (
        {"type": "LineString", "coordinates": [[118.01 + n / 10000, 31.01] for n in range(MAX_VERTICES + 1)]},
        "line",
        "from 2 to 50 points",
    ),
    "outside": (
        line([118.01, 31.01], [119.0, 31.02]),
        "line",
        "outside of the city",
    ),
    "off the earth": (
        line([118.01, 31.01], [500, 31.02]),
        "line",
        "outside of the city",
    ),
    "a bow": ({"type": "Polygon", "coordinates": [BOW]}, "area", "crosses itself"),
}


def test_a_line_is_kept_without_points_that_are_doubled() -> None:
    kept = line([118.01, 31.01], [118.02, 31.02])
    assert read_shape(LINE, "line", CITY) == kept
    assert read_shape(json.dumps(LINE), "line", CITY) == kept
    assert make_line(LatLon(31.01, 118.01), LatLon(31.02, 118.02)) == kept


def test_an_area_is_closed() -> None:
    assert read_shape({"type": "Polygon", "coordinates": [RING[:3]]}, "area", CITY) == {
        "type": "Polygon",
        "coordinates": [RING],
    }


@pytest.mark.parametrize("value", ["", None, LINE])
def test_a_category_that_asks_for_a_point_has_no_shape(value: object) -> None:
    assert read_shape(value, "point", CITY) is None


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shapes_are_refused(name: str) -> None:
    value, kind, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        read_shape(value, kind, CITY)
