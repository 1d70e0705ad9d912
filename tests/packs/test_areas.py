"""Wrong polygons and trees of areas: each is named with its feature and line."""

from pathlib import Path
from typing import Any

import pytest

from civic.packs.reader import read_pack
from tests.packs.conftest import WritePack, added, collection, feature, problems, square

BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[118.0, 31.0], [118.1, 31.1], [118.1, 31.0], [118.0, 31.1], [118.0, 31.0]]],
}
OPEN = {"type": "Polygon", "coordinates": [[[118.0, 31.0], [118.1, 31.0], [118.1, 31.1], [118.0, 31.1]]]}
SWAPPED = {"type": "Polygon", "coordinates": [[[31.0, 118.0], [31.0, 118.1], [31.1, 118.1], [31.0, 118.0]]]}
SHORT = {"type": "Polygon", "coordinates": [[[118.0, 31.0], [118.1, 31.0], [118.0, 31.0]]]}
TEXTS = {"type": "Polygon", "coordinates": [[["118", "31"], ["118", "31"], ["118", "31"], ["118", "31"]]]}
POINT = {"type": "Point", "coordinates": [118.0, 31.0]}

AREAS: list[tuple[str, Any, str]] = [
    ("self-crossing", BOWTIE, "The polygon is broken: Self-intersection[118.05 31.05]"),
    ("unclosed", OPEN, "A ring is not closed: its last point has to be its first, [118.0, 31.0]."),
    ("swapped", SWAPPED, "Latitude and longitude look swapped: latitude 118, longitude 31."),
    ("too short", SHORT, "A ring needs at least four points"),
    ("texts", TEXTS, "A ring has to be a list of [longitude, latitude] numbers."),
    ("a point", POINT, "This has to be a Polygon or a MultiPolygon, not Point."),
    ("nothing", None, "There is no polygon here, and none below it."),
    ("empty", {"type": "Polygon", "coordinates": []}, "The polygon has no coordinates."),
    ("not on the map", square(250.0, 31.0), "This is not on the map: latitude 31, longitude 250."),
    ("overlap", square(118.09, 31.0), "It overlaps “west”: 10.0 % of the smaller one."),
]


@pytest.mark.parametrize(("geometry", "said"), [one[1:] for one in AREAS], ids=[one[0] for one in AREAS])
def test_a_wrong_polygon_is_named_with_its_line(write_pack: WritePack, geometry: Any, said: str) -> None:
    west = feature("west", "small", square(118.0, 31.0))
    areas = collection(feature("small", None, None), west, feature("east", "small", geometry))
    found = problems(write_pack({"areas.geojson": areas}))
    assert len(found) == 1
    assert found[0].startswith(f"areas.geojson:4: feature 3 (east): {said}")


def test_mending_by_choice_stops_at_a_hair(write_pack: WritePack) -> None:
    """A spike is mended; a bow tie is no matter of a hair."""
    spike = square(118.1, 31.0)
    spike["coordinates"][0][2:2] = [[118.2, 31.05], [118.2001, 31.05], [118.2, 31.05]]
    mend = added("city.toml", "[areas]\nrepair = true\n")
    for geometry, sound in ((spike, True), (BOWTIE, False)):
        areas = collection(feature("west", None, square(118.0, 31.0)), feature("east", None, geometry))
        folder = write_pack({**mend, "areas.geojson": areas})
        if sound:
            assert [area.slug for area in read_pack(folder).areas] == ["city", "west", "east"]
        else:
            assert "The polygon is broken" in problems(folder)[0]
    assert "The polygon is broken" in problems(write_pack({"areas.geojson": collection(feature("x", None, spike))}))[0]


TREES = [
    (
        "outside",
        [feature("small", None, square(118.0, 31.0)), feature("west", "small", square(118.05, 31.0))],
        "50.0 % of it lies outside its parent “small”.",
    ),
    (
        "no parent",
        [feature("small", None, square(118.0, 31.0)), feature("west", "smal", square(118.0, 31.0))],
        "Its parent is not here. There is no “smal”. Did you mean small?",
    ),
    (
        "circle",
        [feature("a", "b", square(118.0, 31.0)), feature("b", "a", square(118.0, 31.0))],
        "The parents form a circle: a → b → a.",
    ),
    (
        "twice",
        [
            feature("small", None, None),
            feature("w", "small", square(118.0, 31.0)),
            feature("w", "small", square(118.2, 31.0)),
        ],
        "“w” is given twice.",
    ),
    (
        "no id",
        [feature("", None, square(118.0, 31.0), zh="无名", en="Nameless")],
        "feature 1 (无名): The property “slug” is missing.",
    ),
    ("no name", [feature("small", None, square(118.0, 31.0), en="Small")], "The name is missing in: zh."),
    (
        "a language too many",
        [feature("small", None, square(118.0, 31.0), en="Small", zh="小", fr="Petit")],
        "fr is not a language of the city.",
    ),
]


@pytest.mark.parametrize(("features", "said"), [one[1:] for one in TREES], ids=[one[0] for one in TREES])
def test_a_wrong_tree_is_named(write_pack: WritePack, features: list[Any], said: str) -> None:
    found = problems(write_pack({"areas.geojson": collection(*features)}))
    assert any(said in problem for problem in found), found


def test_a_real_file_with_a_bom_is_refused_with_clear_words(write_pack: WritePack, data: Path) -> None:
    real = (data / "geo-malformed" / "longwosion_140900_utf8bom.json").read_bytes()
    assert problems(write_pack({"areas.geojson": real})) == [
        "areas.geojson:1: The file begins with a byte order mark (BOM). Save it as UTF-8 without a BOM."
    ]
