"""`civic load` with an OpenStreetMap extract, and the tiles that pages ask for."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
import shapely

from civic.city.models import City
from civic.config import Config, MapConfig
from civic.geo.base_map import BaseMaps, tiles_folder
from civic.geo.features import LOCAL_NAME
from civic.geo.osm import ExtractReader
from civic.geo.tile_maker import BaseMapError
from civic.geo.tiles import open_tiles
from civic.packs.actions import load_pack
from civic.packs.base_map import EXTRACT, TilesPlace, widen
from civic.packs.problems import PackError
from civic.packs.reader import read_pack
from tests.clients import Client
from tests.geo.extracts import write_country, write_extract
from tests.packs.conftest import SOUND, WritePack, collection, feature, problems, square

SMALL = (118.0, 31.0, 118.2, 31.1)  # the box of the small pack's city
CORNER = (118.04, 31.04)  # in the west of the small pack's city


@pytest.fixture
def place(config: Config) -> TilesPlace:
    return TilesPlace(tiles_folder(config))


@pytest.fixture
def pack(write_pack: WritePack) -> Path:
    folder = write_pack()
    write_extract(folder / EXTRACT, *CORNER)
    return folder


async def made_version() -> str:
    return (await City.get(id=1)).base_map


def tile_of(zoom: int) -> tuple[int, int]:
    """The tile in which the made extract's street lies."""
    x, y = 27128, 13408  # at zoom 15
    return x >> (15 - zoom), y >> (15 - zoom)


async def test_tiles_are_made_once_and_served(client: Client, pack: Path, place: TilesPlace, config: Config) -> None:
    told: list[float] = []
    await load_pack(pack, tiles=TilesPlace(place.folder, lambda share, words: told.append(share)))
    version = await made_version()
    assert [path.name for path in place.folder.iterdir()] == [f"{version}.pmtiles"]
    assert told == sorted(told)
    assert told[-1] == 1.0
    tiles = open_tiles(place.folder / f"{version}.pmtiles")
    assert (tiles.layout, tiles.attribution, tiles.max_zoom) == ("protomaps", "© OpenStreetMap contributors", 15)
    x, y = tile_of(15)
    answer = await client.get(f"/tiles/{version}/15/{x}/{y}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("Katu", "residential", "roads", "Puisto"):
        assert name.encode() in answer.content, name
    again = await client.get(f"/tiles/{version}/15/{x}/{y}", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    plain = await client.get(f"/tiles/{version}/15/{x}/{y}", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content == gzip.decompress(tiles.find(15, x, y) or b"")

    modified = (place.folder / f"{version}.pmtiles").stat().st_mtime_ns
    assert not (await load_pack(pack, tiles=place)).changed
    assert (place.folder / f"{version}.pmtiles").stat().st_mtime_ns == modified


async def test_where_the_map_has_nothing(client: Client, pack: Path, place: TilesPlace) -> None:
    await load_pack(pack, tiles=place)
    version = await made_version()
    assert (await client.get(f"/tiles/{version}/15/3/3")).status_code == 204
    for address in (f"{version}/16/3/3", f"{version}/2/4/0", "extract-0123456789abcdef/5/1/1", "..%2Fsecret/5/1/1"):
        assert (await client.get(f"/tiles/{address}")).status_code == 404, address


async def test_the_tiles_of_before_stay_for_pages_that_are_open(client: Client, pack: Path, place: TilesPlace) -> None:
    versions = []
    for shift in (0, 0.001, 0.002):
        write_extract(pack / EXTRACT, CORNER[0] + shift, CORNER[1])
        await load_pack(pack, tiles=place)
        versions.append(await made_version())
    assert len(set(versions)) == 3
    x, y = tile_of(10)
    for version, status in zip(versions, (404, 200, 200), strict=True):
        assert (await client.get(f"/tiles/{version}/10/{x}/{y}")).status_code == status
    (pack / EXTRACT).unlink()
    await load_pack(pack, tiles=place)
    assert await made_version() == ""


@pytest.mark.parametrize(
    ("cut", "corner", "streets", "said"),
    [
        (0.6, CORNER, True, "city.osm.pbf: The extract is damaged or cut short: "),
        (1, (24.0, 60.0), True, "city.osm.pbf: The extract has no street in the city"),
        (1, CORNER, False, "city.osm.pbf: The extract has no street in the city"),
    ],
)
async def test_a_wrong_extract_changes_nothing(
    database: str,
    write_pack: WritePack,
    place: TilesPlace,
    cut: float,
    corner: tuple[float, float],
    streets: bool,
    said: str,
) -> None:
    folder = write_pack()
    content = write_extract(folder / EXTRACT, *corner, streets=streets).read_bytes()
    (folder / EXTRACT).write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(PackError) as caught:
        await load_pack(folder, tiles=place)
    (problem,) = caught.value.problems
    assert str(problem).startswith(said)
    assert not list(place.folder.iterdir())
    assert not await City.all().count()


async def test_a_ready_file_is_served_where_the_pack_has_no_extract(
    config: Config, pack: Path, place: TilesPlace, tmp_path: Path, database: str
) -> None:
    await load_pack(pack, tiles=place)
    version = await made_version()
    ready = tmp_path / "ready.pmtiles"
    ready.write_bytes((place.folder / f"{version}.pmtiles").read_bytes())
    maps = BaseMaps(config.model_copy(update={"map": MapConfig(basemap=ready)}))
    found = maps.find("", SMALL)
    assert found is not None
    assert found.version.startswith("ready-")
    assert maps.by_version(found.version, "", SMALL) is found
    assert (maps.find(version, SMALL) or found).version == version  # the pack's extract comes first


def test_ready_files_that_are_no_base_map(pack: Path, tmp_path: Path, config: Config) -> None:
    path = tmp_path / "map.pmtiles"
    with pytest.raises(BaseMapError, match="There is no file"):
        open_tiles(path)
    for content in (b"", b"PMTiles\x03", b"x" * 500):
        path.write_bytes(content)
        with pytest.raises(BaseMapError):
            open_tiles(path)


async def test_a_ready_file_cut_short_or_with_other_layers(
    database: str, pack: Path, place: TilesPlace, tmp_path: Path, config: Config
) -> None:
    await load_pack(pack, tiles=place)
    content = (place.folder / f"{await made_version()}.pmtiles").read_bytes()
    path = tmp_path / "map.pmtiles"
    for damaged in (content[:97] + b"\x99" + content[98:], content[:99] + b"\x02" + content[100:]):
        path.write_bytes(damaged)
        with pytest.raises(BaseMapError):
            open_tiles(path)
    path.write_bytes(content)
    opened = open_tiles(path)
    os.truncate(path, 1000)  # while it is open
    with pytest.raises(ValueError, match="cut short"):
        opened.find(15, *tile_of(15))
    path.write_bytes(content[:-1])
    with pytest.raises(BaseMapError, match=f"is cut short: {len(content) - 1} of {len(content)} bytes"):
        open_tiles(path)
    assert BaseMaps(config.model_copy(update={"map": MapConfig(basemap=path)})).find("", SMALL) is None
    start, length = (int.from_bytes(content[at : at + 8], "little") for at in (24, 32))  # where the metadata stands
    about = gzip.decompress(content[start : start + length]).replace(b'"roads"', b'"tracks"')
    packed = gzip.compress(about)
    end = len(content).to_bytes(8, "little") + len(packed).to_bytes(8, "little")
    path.write_bytes(content[:24] + end + content[40:] + packed)
    with pytest.raises(BaseMapError, match=r"has the layers .*tracks"):
        open_tiles(path)


async def test_the_real_extract_of_helsinki_in_a_pack(
    database: str, data: Path, write_pack: WritePack, place: TilesPlace
) -> None:
    folder = write_pack(helsinki_areas())
    (folder / EXTRACT).write_bytes((data / "osm" / "Helsinki.osm.pbf").read_bytes())
    await load_pack(folder, tiles=place)
    tiles = open_tiles(place.folder / f"{await made_version()}.pmtiles")
    tile = gzip.decompress(tiles.find(15, 18653, 9484) or b"")
    assert b"Mannerheimintie" in tile
    cut = (folder / EXTRACT).read_bytes()[:300_000]
    (folder / EXTRACT).write_bytes(cut)
    with pytest.raises(PackError, match="damaged or cut short"):
        await load_pack(folder, tiles=place)


def helsinki_areas() -> dict[str, str]:
    """The small pack's files that say where the city lies, for the centre of Helsinki."""
    ring = [[24.9352, 60.1642], [24.9534, 60.1642], [24.9534, 60.1791], [24.9352, 60.1791], [24.9352, 60.1642]]
    return {
        "city.toml": SOUND["city.toml"].replace("Asia/Shanghai", "Europe/Helsinki"),
        "areas.geojson": collection(feature("helsinki", None, {"type": "Polygon", "coordinates": [ring]})),
    }


LINE = {"type": "LineString", "coordinates": [[118.04, 31.04], [118.06, 31.05]]}
STREET = {
    "type": "Feature",
    "properties": {"kind": "major_road", "names": {"zh": "大路", "en": "Main Road"}},
    "geometry": LINE,
}
POND = {"type": "Feature", "properties": {"name": "Pond"}, "geometry": square(118.05, 31.03, 0.01)}


async def test_the_layers_of_a_pack_are_a_map_too(database: str, write_pack: WritePack, place: TilesPlace) -> None:
    places = "lat,lon,name_zh,name_en\n31.045,118.045,大路,Main Road\n31.046,118.046,钟楼,Bell Tower\n"
    layers = {"streets.geojson": collection(STREET), "water.geojson": collection(POND), "places.csv": places}
    folder = write_pack(layers)
    await load_pack(folder, tiles=place)
    version = await made_version()
    assert version.startswith("layers-")
    tiles = open_tiles(place.folder / f"{version}.pmtiles")
    assert tiles.attribution == ""
    tile = gzip.decompress(tiles.find(12, *tile_of(12)) or b"")
    for name in ("major_road", "大路", "Main Road", "Pond", "west"):
        assert name.encode() in tile, name
    assert "钟楼".encode() in gzip.decompress(tiles.find(15, *tile_of(15)) or b"")
    write_extract(folder / EXTRACT, *CORNER)
    await load_pack(folder, tiles=place)
    assert (await made_version()).startswith("extract-")


@pytest.mark.parametrize(
    ("properties", "geometry", "said"),
    [
        ({"kind": "majr_road"}, LINE, "feature 2: kind: There is no “majr_road”. Did you mean major_road?"),
        ({}, square(118.05, 31.05), "feature 2: The geometry is a Polygon"),
        ({}, {"type": "LineString", "coordinates": [[118.0]]}, "feature 2: The geometry cannot be read."),
        ({}, None, "feature 2: The geometry cannot be read."),
        ({}, {"type": "LineString", "coordinates": []}, "feature 2: The geometry cannot be read."),
        ({}, {"type": "LineString", "coordinates": [[118.04, float("nan")], [118.05, 31.05]]}, "cannot be read."),
        (
            {},
            {"type": "LineString", "coordinates": [[118.04, 31.04], [118.05, 310.5]]},
            "not on the map: latitude 310.5",
        ),
        ({}, {"type": "LineString", "coordinates": [[118.04, 31.04], [1180.5, 31.05]]}, "longitude 1180.5"),
        ({}, {"type": "LineString", "coordinates": [[31.04, 118.04], [31.05, 118.05]]}, "look swapped"),
    ],
)
def test_a_wrong_street_is_named(write_pack: WritePack, properties: Any, geometry: Any, said: str) -> None:
    wrong = {"type": "Feature", "properties": properties, "geometry": geometry}
    (problem,) = problems(write_pack({"streets.geojson": collection(STREET, wrong)}))
    assert problem.startswith("streets.geojson:3: feature 2")
    assert said in problem


def test_a_layer_that_is_no_collection(write_pack: WritePack) -> None:
    assert problems(write_pack({"water.geojson": "[]"})) == [
        "water.geojson:1: This has to be a GeoJSON FeatureCollection."
    ]
    assert "not valid JSON" in problems(write_pack({"water.geojson": "{"}))[0]


def test_water_that_crosses_itself_is_what_it_encloses(write_pack: WritePack) -> None:
    """Two corners that touch, a spike, and one that is only a line."""
    bow = [[118.0, 31.0], [118.02, 31.02], [118.02, 31.0], [118.0, 31.02], [118.0, 31.0]]
    spiked = [[118.0, 31.0], [118.02, 31.0], [118.02, 31.05], [118.02, 31.0], [118.02, 31.02], [118.0, 31.0]]
    crossing = [{"type": "Polygon", "coordinates": [ring]} for ring in (bow, spiked)]
    ponds = [{"type": "Feature", "properties": {"name": "Pond"}, "geometry": one} for one in crossing]
    pack = read_pack(write_pack({"water.geojson": collection(*ponds)}))
    areas = [one.geometry for one in pack.layers if one.layer == "water"]
    assert [one.geom_type for one in areas] == ["MultiPolygon", "Polygon"]
    assert all(one.is_valid for one in areas)
    line = {"type": "Polygon", "coordinates": [[[118.0, 31.0], [118.02, 31.0], [118.01, 31.0], [118.0, 31.0]]]}
    (problem,) = problems(write_pack({"water.geojson": collection(POND, {"type": "Feature", "geometry": line})}))
    assert problem == "water.geojson:3: feature 2: The geometry encloses nothing."


async def test_a_layer_with_a_fault_changes_nothing(database: str, write_pack: WritePack, place: TilesPlace) -> None:
    wrong = {"type": "Feature", "properties": {}}
    with pytest.raises(PackError):
        await load_pack(write_pack({"streets.geojson": collection(STREET, wrong)}), tiles=place)
    assert not await City.all().count()
    assert not place.folder.exists() or not list(place.folder.iterdir())


@pytest.mark.slow
async def test_very_many_streets(database: str, write_pack: WritePack, place: TilesPlace) -> None:
    streets = []
    for number in range(50_000):
        lon, lat = 118.0 + number % 250 / 1250, 31.0 + number // 250 / 2000
        line = {"type": "LineString", "coordinates": [[lon, lat], [round(lon + 0.0007, 6), round(lat + 0.0004, 6)]]}
        name = {"name": f"Street {number}"}
        streets.append({"type": "Feature", "properties": name, "geometry": line})
    await load_pack(write_pack({"streets.geojson": collection(*streets)}), tiles=place)
    tiles = open_tiles(place.folder / f"{await made_version()}.pmtiles")
    assert b"Street " in gzip.decompress(tiles.find(15, *tile_of(15)) or b"")


async def test_of_a_whole_country_the_city_is_taken(
    database: str, write_pack: WritePack, place: TilesPlace, tmp_path: Path
) -> None:
    """A hundred towns over hundreds of kilometres: nothing of another one is held, or is on the map."""
    folder = write_pack()
    write_country(folder / EXTRACT, 110.04, 25.04)
    box = widen([118.0, 31.0, 118.2, 31.1])
    reader = ExtractReader(folder / EXTRACT, box, ("zh", "en"))
    features = list(reader.read(tmp_path, lambda share, words: None))
    assert {"Katu 68"} == {one.names[LOCAL_NAME] for one in features if one.kind == "minor_road"}
    for one in features:
        assert one.geometry.intersects(shapely.box(*box)), one
    await load_pack(folder, tiles=place)
    tiles = open_tiles(place.folder / f"{await made_version()}.pmtiles")
    assert tiles.box is not None
    assert shapely.box(*box).buffer(1e-6).contains(shapely.box(*tiles.box))
    zoom = 10
    assert tiles.find(zoom, *tile_of(zoom))
    assert tiles.find(zoom, tile_of(zoom)[0] - 3, tile_of(zoom)[1]) is None
