"""Numbered things: of the pack's own file and of the extract, loaded, changed, retired, and found near a place."""

import json
from pathlib import Path

import pytest

from civic.catalogue.models import Asset
from civic.packs.actions import load_pack
from civic.packs.base_map import EXTRACT
from tests.clients import Client
from tests.geo.extracts import write_town
from tests.packs.conftest import SOUND, WritePack, added, collection, problems

CORNER = (118.0, 31.0)
LAMPS = added("categories.toml", 'assets = ["lamp", "highway=street_lamp"]\n')


def lamp(code: object, lon: float = 118.005, lat: float = 31.01, kind: str = "lamp") -> dict[str, object]:
    at = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "properties": {"kind": kind, "code": code}, "geometry": at}


async def codes(retired: bool = False) -> list[tuple[str, str]]:
    rows = await Asset.filter(retired_at__isnull=not retired).order_by("kind", "code")
    return [(row.kind, row.code) for row in rows]


async def test_a_code_is_the_number_on_the_thing(database: str, write_pack: WritePack) -> None:
    """Two lamps of the extract share a number, and one has none: theirs are those of OpenStreetMap."""
    own = collection(lamp("A-1"), lamp("L7", kind="highway=street_lamp", lon=118.0051))
    folder = write_pack({**LAMPS, "assets.geojson": own})
    write_town(folder / EXTRACT, *CORNER)
    summary = await load_pack(folder)
    found = await codes()
    assert [code for kind, code in found if kind == "lamp"] == ["A-1"]
    of_map = [code for kind, code in found if kind == "highway=street_lamp"]
    assert of_map[0] == "L7"
    assert len(of_map) == 4
    assert all(code[0] == "n" and code[1:].isdigit() for code in of_map[1:])
    assert (await Asset.get(code="L7")).lon == 118.0051, "the pack's own wins"
    assert summary.kinds["assets"].added == 5


async def test_what_leaves_the_pack_is_retired_and_comes_back(database: str, write_pack: WritePack) -> None:
    folder = write_pack({**LAMPS, "assets.geojson": collection(lamp("A"), lamp("B"))})
    await load_pack(folder)
    first = await Asset.get(code="B")
    (folder / "assets.geojson").write_text(collection(lamp("A", lon=118.006)), "utf-8")
    counts = (await load_pack(folder)).kinds["assets"]
    assert (counts.added, counts.changed, counts.retired, counts.same) == (0, 1, 1, 0)
    assert await codes() == [("lamp", "A")]
    assert await codes(retired=True) == [("lamp", "B")]
    (folder / "assets.geojson").write_text(collection(lamp("A", lon=118.006), lamp("B")), "utf-8")
    counts = (await load_pack(folder)).kinds["assets"]
    assert (counts.changed, counts.same) == (1, 1)
    assert (await Asset.get(code="B")).id == first.id
    assert not (await load_pack(folder)).changed


async def test_the_nearest_of_a_category(client: Client, write_pack: WritePack) -> None:
    categories = str(LAMPS["categories.toml"]) + SOUND["categories.toml"].partition("[[category]]")[2].replace(
        'code = "pothole"', '\n[[category]]\ncode = "bin"'
    )
    far, near, middle = lamp("far", lon=118.02), lamp("near", lon=118.00501), lamp("middle", lon=118.0055)
    folder = write_pack({"categories.toml": categories, "assets.geojson": collection(far, middle, near)})
    await load_pack(folder)
    answer = await client.get("/assets?category=pothole&lat=31.01&lon=118.005")
    assert [(one["code"], round(one["metres"])) for one in answer.json()] == [("near", 1), ("middle", 48)]
    assert (await client.get("/assets?category=bin&lat=31.01&lon=118.005")).json() == []
    assert (await client.get("/assets?category=none&lat=31.01&lon=118.005")).status_code == 404
    assert (await client.get("/assets?category=pothole&lat=x&lon=118.005")).status_code == 400


async def test_the_lamps_of_helsinki(database: str, data: Path, write_pack: WritePack) -> None:
    from tests.packs.test_base_map import helsinki_areas

    folder = write_pack({**helsinki_areas(), **LAMPS})
    (folder / EXTRACT).write_bytes((data / "osm/Helsinki.osm.pbf").read_bytes())
    counts = (await load_pack(folder)).kinds["assets"]
    assert counts.added == 586


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lamp("A", kind="lmap"), "kind: There is no “lmap”. Did you mean lamp?"),
        (lamp(""), "The code has to have 1 to 64 characters."),
        (lamp("x" * 65), "The code has to have 1 to 64 characters."),
        (lamp("a\u0007b"), "This contains a control character."),
        (lamp("twice"), "“lamp twice” is given twice."),
        (lamp("A", lon=31.01, lat=118.0), "latitude"),
        (lamp("A", lon=18.0), "This lies far outside the city"),
        ({**lamp("A"), "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}, "has to be a Point"),
        ({**lamp("A"), "geometry": {"type": "Point", "coordinates": ["118", None]}}, "has to be a Point"),
        ({**lamp("A"), "geometry": None}, "has to be a Point"),
        ("nothing", "kind: There is no “”"),
    ],
)
def test_a_wrong_thing_is_named_with_its_line(write_pack: WritePack, wrong: object, said: str) -> None:
    found = problems(write_pack({**LAMPS, "assets.geojson": collection(lamp("twice"), wrong)}))
    assert len(found) == 1
    assert found[0].startswith("assets.geojson:3: feature 2: ")
    assert said in found[0]


@pytest.mark.parametrize("kinds", ['"highway = lamp"', '["lamp", "a b"]', '"=x"', "7"])
def test_a_kind_that_is_none(write_pack: WritePack, kinds: str) -> None:
    found = problems(write_pack(added("categories.toml", f"assets = {kinds}\n")))
    assert len(found) == 1
    assert "category[1].assets" in found[0]


def test_a_file_that_cannot_be_read(write_pack: WritePack) -> None:
    assert "not valid JSON" in problems(write_pack({**LAMPS, "assets.geojson": json.dumps({})[:1]}))[0]
