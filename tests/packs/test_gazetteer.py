"""The gazetteer of a pack: places.csv and the extract, the streets with their houses and crossings."""

from pathlib import Path

import pytest

from civic.city.models import City
from civic.db import fetch
from civic.geo import queries
from civic.geo.models import Place
from civic.packs.actions import load_pack
from civic.packs.base_map import EXTRACT
from civic.packs.problems import PackError
from tests.geo.extracts import write_town
from tests.packs.conftest import WritePack
from tests.packs.test_base_map import helsinki_areas

CORNER = (118.0, 31.0)


@pytest.fixture
async def town(database: str, write_pack: WritePack) -> Path:
    """A loaded pack whose extract is a small town in Chinese and English."""
    folder = write_pack({"places.csv": "lat,lon,name_zh,name_en\n31.0101,118.0101,钟楼,Bell Tower\n"})
    write_town(folder / EXTRACT, *CORNER)
    await load_pack(folder)
    return folder


async def first(text: str) -> tuple[str, bool]:
    hits = await queries.geocode(text)
    return (hits[0].names["en"], hits[0].sure) if hits else ("", False)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("人民路", "People’s Road"),
        ("人民路12号", "People’s Road 12"),
        ("People's Rd 12", "People’s Road 12"),
        ("12 Peoples Road", "People’s Road 12"),
        ("人民路12B号", "People’s Road 12 B"),
        ("人民路14号", "People’s Road 12-16"),
        ("Peple's Road 12", "People’s Road 12"),
        ("人民路999号", "People’s Road"),
        ("人民路与建设路路口", "People’s Road / Build Road"),
        ("人民路建设路交叉口", "People’s Road / Build Road"),
        ("People's Road and Build Road", "People’s Road / Build Road"),
        ("Build Rd / Peoples Rd", "People’s Road / Build Road"),
        ("第一小学", "First School"),
        ("人民路, 老城", "People’s Road"),
        ("Bell Tower", "Bell Tower"),
    ],
)
async def test_an_address_of_the_extract(typed: str, name: str) -> None:
    assert await first(typed) == (name, True)


@pytest.mark.usefixtures("town")
async def test_a_street_is_chosen_only_where_there_are_two() -> None:
    hits = await queries.geocode("湖滨路")
    assert [hit.names["zh"] for hit in hits] == ["湖滨路", "湖滨路"]
    assert not any(hit.sure for hit in hits)
    assert await first("湖滨路3号") == ("Lake Road 3", True)
    assert await queries.geocode("外面路") == []  # outside of the city


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("lat", "lon", "name"),
    [
        (31.01002, 118.00501, "人民路12号"),
        (31.0104, 118.0075, "人民路"),
        (31.01011, 118.01011, "钟楼"),
        (31.0162, 118.0162, "第一小学"),
        (31.09, 118.19, None),
    ],
)
async def test_what_a_position_is_called(lat: float, lon: float, name: str | None) -> None:
    found = await queries.nearest_place(lat, lon)
    assert (found and found.names["zh"]) == name


async def test_a_street_of_the_pack_keeps_its_name(database: str, write_pack: WritePack) -> None:
    folder = write_pack({"places.csv": "lat,lon,name_zh,name_en\n31.01,118.009,人民路,Ren Min Lu\n"})
    write_town(folder / EXTRACT, *CORNER)
    await load_pack(folder)
    assert await first("人民路") == await first("Ren Min Lu") == ("Ren Min Lu", True)
    assert await first("人民路12号") == ("Ren Min Lu 12", True)


async def test_it_is_read_again_only_where_something_changed(town: Path) -> None:
    counts = (await fetch("SELECT min(id) AS id, count(*) AS n, max(xmin::text) AS row FROM place"))[0]
    summary = await load_pack(town)
    assert not summary.changed
    assert summary.kinds["houses"].same == 8
    assert (await fetch("SELECT min(id) AS id, count(*) AS n, max(xmin::text) AS row FROM place"))[0] == counts
    (town / EXTRACT).unlink()
    summary = await load_pack(town)
    assert summary.kinds["houses"].retired == 8
    assert [place.names["en"] for place in await Place.all()] == ["Bell Tower"]


async def test_a_cut_extract_changes_nothing(town: Path) -> None:
    before = await City.get(id=1)
    whole = (town / EXTRACT).read_bytes()
    (town / EXTRACT).write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(PackError, match="damaged or cut short"):
        await load_pack(town)
    assert (await City.get(id=1)).gazetteer == before.gazetteer
    assert await first("人民路12号") == ("People’s Road 12", True)


async def test_the_centre_of_helsinki(database: str, data: Path, write_pack: WritePack) -> None:
    files = helsinki_areas()
    files["city.toml"] = files["city.toml"].replace('["zh", "en"]', '["fi", "sv", "en"]')
    for name, text in files.items():
        files[name] = text.replace('zh = "小城"', 'fi = "Helsinki", sv = "Helsingfors"')
    files["areas.geojson"] = files["areas.geojson"].replace('"zh"', '"fi"').replace('"en"', '"sv": "H", "en"')
    folder = write_pack(None)
    for path in folder.iterdir():
        text = files.get(path.name, path.read_text("utf-8"))
        path.write_text(text.replace("zh = ", 'sv = "s", fi = '), "utf-8")
    (folder / EXTRACT).write_bytes((data / "osm/Helsinki.osm.pbf").read_bytes())
    await load_pack(folder)
    for typed in ("Mannerheimintie 5", "Mannerheimvägen 5", "mannerheimintie 5 A 3, Helsinki"):
        hits = await queries.geocode(typed)
        assert hits[0].sure, typed
        assert hits[0].names["sv"].startswith("Mannerheimvägen 5")
    crossing = (await queries.geocode("Aleksanterinkatu ja Mikonkatu"))[0]
    assert crossing.sure
    assert set(crossing.names["sv"].split(" / ")) == {"Alexandersgatan", "Mikaelsgatan"}
    assert (await queries.geocode("Fredrikinkatu"))[0].sure
    found = await queries.nearest_place(60.16880, 24.94180)
    assert found is not None
    assert found.metres is not None
