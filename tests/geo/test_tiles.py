"""Ready files for the base map that are damaged, of another place, or larger than memory."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import LineString

from civic.config import Config, MapConfig
from civic.geo.base_map import BaseMaps
from civic.geo.features import Box, MapFeature, Progress
from civic.geo.tile_maker import BaseMapError, make_tiles
from civic.geo.tiles import check_place, open_tiles

CITY: Box = (24.0, 60.0, 24.02, 60.02)
ELSEWHERE: Box = (118.0, 31.0, 118.2, 31.1)
SOME_BYTES = 10 * 2**20  # what reading may take of memory
HUGE = 2 * 2**30


class OneStreet:
    attribution = ""

    def read(self, work: Path, on_progress: Progress) -> Iterator[MapFeature]:
        """Yield a street across the city."""
        yield MapFeature("roads", "minor_road", LineString([(24.001, 60.01), (24.019, 60.01)]), {"": "Katu"})


@pytest.fixture(scope="module")
async def ready(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ready") / "map.pmtiles"
    await make_tiles(OneStreet(), path, CITY, lambda share, words: None)
    return path.read_bytes()


def number(value: int) -> bytes:
    return value.to_bytes(8, "little")


def test_a_map_of_another_city_is_none(ready: bytes, tmp_path: Path, config: Config) -> None:
    path = tmp_path / "map.pmtiles"
    path.write_bytes(ready)
    tiles = open_tiles(path)
    check_place(tiles, CITY)
    with pytest.raises(BaseMapError, match=r"map\.pmtiles covers 24\..* the city's box is 118\.0000, 31\.0000.*name a"):
        check_place(tiles, ELSEWHERE)
    maps = BaseMaps(config.model_copy(update={"map": MapConfig(basemap=path)}))
    assert maps.find("", CITY) is not None
    assert maps.find("", ELSEWHERE) is None
    path.write_bytes(ready[:102] + bytes(16) + ready[118:])  # it does not say what it covers
    check_place(open_tiles(path), ELSEWHERE)


def test_a_huge_file_is_not_read_into_memory(ready: bytes, tmp_path: Path, config: Config) -> None:
    """Two gigabytes, nearly all of them a hole: tiles behind it, and files whose parts are said to be as large."""
    first_tile, tile_bytes = (int.from_bytes(ready[at : at + 8], "little") for at in (56, 64))
    path = tmp_path / "map.pmtiles"
    path.write_bytes(ready[:56] + number(HUGE) + ready[64:])
    with path.open("r+b") as file:
        file.seek(HUGE)
        file.write(ready[first_tile : first_tile + tile_bytes])
    tracemalloc.start()
    try:
        maps = BaseMaps(config.model_copy(update={"map": MapConfig(basemap=path)}))
        found = maps.find("", CITY)
        assert found is not None
        assert found.tiles.find(15, 18569, 9489) or found.tiles.find(5, 18, 9)
        os.truncate(path, HUGE + HUGE)
        for at, said in ((32, "damaged"), (16, "damaged")):  # what it says about itself, its first directory
            with path.open("r+b") as file:
                file.write(ready[:56] + number(HUGE) + ready[64:127])
                file.seek(at)
                file.write(number(HUGE))
            with pytest.raises(ValueError, match=said):
                open_tiles(path).find(5, 18, 9)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < SOME_BYTES
    with path.open("wb") as file:
        file.truncate(HUGE)
    with pytest.raises(BaseMapError, match="is no PMTiles file of version 3"):
        open_tiles(path)
