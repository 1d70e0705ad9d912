"""The ground of the made-up city: as its generator draws it, and where its areas and places want it."""

from pathlib import Path

import pytest
from shapely.geometry import Point
from shapely.ops import unary_union

from civic.demo.city_plan import METRE, PACK, CityPlan, street_map, write_layers

BRIDGES = ("西湾大桥", "青石桥", "解放桥", "东埠大桥")


@pytest.fixture(scope="module")
def plan() -> CityPlan:
    return CityPlan()


def test_the_pack_has_what_the_generator_draws(plan: CityPlan) -> None:
    for name, drawn in plan.layers().items():
        lines = (PACK / name).read_text("utf-8").splitlines()[1:-1]
        assert len(lines) == len(drawn), name
        for line, one in zip(lines, drawn, strict=True):
            assert f'"kind": "{one.kind}"' in line


def test_it_draws_the_same_each_time(tmp_path: Path) -> None:
    for name in ("areas.geojson", "places.csv"):
        (tmp_path / name).write_bytes((PACK / name).read_bytes())
    write_layers(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.glob("*.geojson")}
    write_layers(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.geojson")} == first


def test_bridges_cross_the_river_where_the_gazetteer_has_them(plan: CityPlan) -> None:
    bridges = [one for one in plan.streets if one.bridge]
    assert {"rail", "major_road"} <= {one.kind for one in bridges}
    for name in BRIDGES:
        here = Point(plan.places[name])
        assert plan.river.contains(here), name
        assert min(one.geometry.distance(here) for one in bridges) < 60 * METRE, name


def test_named_streets_pass_their_places_and_no_other_is_in_the_water(plan: CityPlan) -> None:
    by_name = {one.names["zh"]: one for one in plan.streets if one.names}
    streets = [name for name in plan.places if name.endswith(("路", "大道", "巷", "街"))]
    assert len(streets) >= 12
    for name in streets:
        parts = [one.geometry for one in plan.streets if one.names.get("zh") == name]
        assert unary_union(parts).distance(Point(plan.places[name])) < 60 * METRE, name
        assert by_name[name].names["en"] == plan.english[name]
    wet = plan.wet.buffer(-5 * METRE)
    assert not [one.names for one in plan.streets if not one.bridge and one.geometry.intersects(wet)]
    assert all(len(one.names) == 2 for one in plan.streets if one.kind == "minor_road")


def test_what_is_reported_lies_on_a_street(plan: CityPlan) -> None:
    streets = unary_union([one.geometry for one in plan.streets if one.kind not in ("rail", "highway")])
    for name, (lon, lat) in plan.places.items():
        there = street_map().nearest(lat, lon)
        assert streets.distance(Point(there[1], there[0])) < 3 * METRE, name
