"""Areas and places, as every page reads them."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import pytest
import shapely
from shapely.geometry import shape

from civic import cache
from civic.city.actions import bump_version
from civic.city.models import City
from civic.config import GeocoderConfig
from civic.errors import SetupError
from civic.geo import gazetteer, queries
from civic.geo.areas import Areas, AreaView, as_multipolygon
from civic.geo.models import Area
from tests.builders.gazetteer import write_places

NOON = datetime(2026, 11, 13, 12, tzinfo=UTC)


def box(west: float, south: float, east: float, north: float) -> dict[str, object]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def view(id: int, parent: int | None, level: int, *corners: float) -> AreaView:
    names = {"en": f"Area {id}"}
    return AreaView(id, f"a{id}", parent, level, names, as_multipolygon(box(*corners)))


AREAS = Areas(
    [
        view(1, None, 0, 118.0, 31.0, 118.4, 31.4),
        view(2, 1, 1, 118.0, 31.0, 118.2, 31.4),
        view(3, 1, 1, 118.2, 31.0, 118.4, 31.4),
        view(4, 2, 2, 118.0, 31.0, 118.1, 31.2),
    ]
)


@pytest.mark.parametrize(
    ("lat", "lon", "slugs"),
    [
        (31.1, 118.05, ["a4", "a2", "a1"]),
        (31.3, 118.05, ["a2", "a1"]),  # a district without a neighbourhood there
        (31.1, 118.2, ["a2", "a1"]),  # on the border of two: always the same one
        (31.5, 118.05, []),
    ],
)
def test_the_deepest_area_and_all_above_it(lat: float, lon: float, slugs: list[str]) -> None:
    found = AREAS.at(lat, lon)
    assert [area.slug for area in AREAS.path(found and found.id)] == slugs


METRE = 1 / 111_195  # in degrees of latitude


@pytest.mark.parametrize(
    ("lat", "lon", "slug"),
    [
        (31.4 + 49 * METRE, 118.05, "a2"),
        (31.4 + 51 * METRE, 118.05, None),
        (31.1, 118.0 - 49 * METRE / 0.8563, "a4"),  # the deepest of those that share the border; cos 31.1° is 0.8563
        (31.1, 118.0 - 51 * METRE / 0.8563, None),
        (31.4 + 30 * METRE, 118.4 + 30 * METRE / 0.8535, "a3"),  # a corner: 42 metres
        (31.4 + 40 * METRE, 118.4 + 40 * METRE / 0.8535, None),  # 57
    ],
)
def test_a_little_beyond_the_border(lat: float, lon: float, slug: str | None) -> None:
    tolerant = Areas(AREAS.all, border_metres=50)
    area = tolerant.at(lat, lon)
    assert (area and area.slug) == slug
    assert AREAS.at(lat, lon) is None
    for inside in ((31.1, 118.05), (31.3, 118.05), (31.1, 118.2)):
        assert tolerant.at(*inside) == AREAS.at(*inside)


def test_below_and_children() -> None:
    assert AREAS.below(2) == {2, 4}
    assert AREAS.below(1) == {1, 2, 3, 4}
    assert [area.slug for area in AREAS.children(1)] == ["a2", "a3"]
    assert [area.slug for area in AREAS.children(None)] == ["a1"]


def test_simplified_neighbours_share_their_border() -> None:
    """What is drawn has no cracks: together the districts cover what they covered before."""
    wavy = [(118.2 + (0.0001 if n % 2 else 0.0), 31.0 + n / 1000) for n in range(401)]
    west = {"type": "Polygon", "coordinates": [[(118.0, 31.0), *wavy, (118.0, 31.4), (118.0, 31.0)]]}
    east = {"type": "Polygon", "coordinates": [[(118.4, 31.0), *wavy, (118.4, 31.4), (118.4, 31.0)]]}
    views = [AreaView(n, f"a{n}", None, 1, {}, as_multipolygon(one)) for n, one in ((1, west), (2, east))]
    drawn = [shape(one["geometry"]) for one in Areas(views).outlines["features"]]
    assert sum(shapely.get_num_coordinates(one) for one in drawn) < 810 / 3
    assert drawn[0].intersection(drawn[1]).area == 0
    assert drawn[0].union(drawn[1]).area == pytest.approx(0.16)


def test_outlines_are_geojson_of_every_area() -> None:
    outlines = AREAS.outlines
    assert [f["properties"]["slug"] for f in outlines["features"]] == ["a1", "a2", "a3", "a4"]
    assert all(f["geometry"]["type"] in ("Polygon", "MultiPolygon") for f in outlines["features"])
    assert Areas([]).outlines["features"] == []
    assert Areas([]).at(31.1, 118.1) is None


async def test_without_a_pack_no_place_is_known(database: str) -> None:
    assert (await queries.areas()).at(31.1, 118.1) is None
    assert await queries.geocode("anywhere") == []


async def load_city() -> None:
    await City.update_or_create(
        id=1,
        defaults={
            "names": {"en": "Riverside"},
            "languages": ["zh", "en"],
            "zone": "Asia/Shanghai",
            "settings": {"confirm_days": 7, "from_an_older_version": 1},
            "bbox": [118.0, 31.0, 118.4, 31.4],
            "pack_hash": "x",
            "loaded_at": NOON,
        },
    )


async def test_areas_are_read_again_when_the_version_rises(database: str) -> None:
    await load_city()
    assert len(await queries.areas()) == 0
    names = {"en": "Riverside"}
    await Area.create(slug="city", level=0, names=names, geometry=box(118.0, 31.0, 118.4, 31.4))
    assert len(await queries.areas()) == 0  # kept
    await bump_version()
    found = (await queries.areas()).at(31.1, 118.1)
    assert found is not None
    assert found.slug == "city"


@pytest.fixture
async def places(database: str) -> None:
    road = ({"zh": "人民路", "en": "People's Road"}, 31.10, 118.10)
    square = ({"zh": "人民广场", "en": "People's Square"}, 31.11, 118.11)
    await write_places([road, square, ({"zh": "河滨大道", "en": "Riverside Avenue"}, 31.20, 118.20)])


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("人民路", ["人民路"]),
        ("人民路12号", ["人民路"]),
        ("人民", ["人民路", "人民广场"]),
        ("RIVERSIDE  avenue", ["河滨大道"]),
        ("ｒｉｖｅｒｓｉｄｅ", ["河滨大道"]),
        ("100% _", []),
        ("", []),
    ],
)
async def test_addresses_are_found_in_the_gazetteer(typed: str, found: Sequence[str]) -> None:
    assert [hit.names["zh"] for hit in await queries.geocode(typed)] == found


@pytest.mark.usefixtures("places")
async def test_a_position_is_named_by_the_nearest_place() -> None:
    hit = await queries.nearest_place(31.1005, 118.1005)
    assert hit is not None
    assert hit.names["en"] == "People's Road"
    assert hit.metres == pytest.approx(73, abs=1)
    assert await queries.nearest_place(31.5, 118.5) is None


class Nominatim(BaseHTTPRequestHandler):
    """A provider on this machine that answers as Nominatim does."""

    answer: ClassVar[list[dict[str, str]] | None] = None  # None: it fails

    def do_GET(self) -> None:
        self.send_response(500 if self.answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.answer or []).encode())

    def log_message(self, *args: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def nominatim() -> Iterator[GeocoderConfig]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Nominatim) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        options = {"domain": f"127.0.0.1:{server.server_port}", "scheme": "http", "user_agent": "tests"}
        yield GeocoderConfig(provider="nominatim", options=options)
        server.shutdown()
        thread.join()


async def test_a_provider_answers_only_for_the_city(database: str, nominatim: GeocoderConfig) -> None:
    await load_city()
    cache.clear_caches()
    Nominatim.answer = [
        {"display_name": "Elsewhere", "lat": "48.0", "lon": "11.0"},
        {"display_name": "人民路, 河滨市", "lat": "31.1", "lon": "118.1"},
    ]
    hits = await queries.geocode("人民路", nominatim)
    assert [(hit.names, hit.lat, hit.lon) for hit in hits] == [({"zh": "人民路, 河滨市"}, 31.1, 118.1)]


@pytest.mark.parametrize(
    ("crs", "lat", "lon"),
    [("", 31.1, 118.1), ("wgs84", 31.1, 118.1), ("gcj02", 31.10195, 118.09448), ("bd09", 31.09568, 118.08804)],
)
async def test_what_a_provider_in_china_says_is_stored_as_gps_has_it(
    database: str, nominatim: GeocoderConfig, crs: str, lat: float, lon: float
) -> None:
    await load_city()
    cache.clear_caches()
    Nominatim.answer = [{"display_name": "人民路, 河滨市", "lat": "31.1", "lon": "118.1"}]
    [hit] = await queries.geocode("人民路", nominatim.model_copy(update={"crs": crs}))
    assert (hit.lat, hit.lon) == pytest.approx((lat, lon), abs=1e-5)


@pytest.mark.usefixtures("database")
async def test_a_provider_that_fails_or_is_gone_gives_nothing(nominatim: GeocoderConfig) -> None:
    Nominatim.answer = None
    assert await queries.geocode("人民路", nominatim) == []
    gone = nominatim.model_copy(update={"options": {**nominatim.options, "domain": "127.0.0.1:9"}})
    assert await queries.geocode("人民路", gone) == []


def test_an_unknown_provider_is_a_fault_of_the_setup() -> None:
    with pytest.raises(SetupError, match="nominatimm"):
        gazetteer.geocode_function(GeocoderConfig(provider="nominatimm"))
