"""Positions as people write and paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.geo.gcj02 import to_wgs84
from civic.geo.near import format_near, parse_near
from civic.geo.plus_codes import find_codes
from civic.geo.positions import LatLon, parse_degrees, read_position

CENTRE = LatLon(31.18, 118.02)
HERE = (31.18196, 118.01978)


def in_city(lat: float, lon: float) -> bool:
    return abs(lat - 31.18) < 0.3 and abs(lon - 118.02) < 0.3


def read(text: str) -> LatLon | None:
    return read_position(text, CENTRE, in_city)


@pytest.mark.parametrize(
    "text",
    [
        *("31.18196, 118.01978", "31.18196 118.01978", "31.18196;118.01978", "(31.18196, 118.01978)"),
        "118.01978, 31.18196",
        *("31,18196; 118,01978", "31,18196, 118,01978", "31,18196 118,01978"),
        *("３１．１８１９６，１１８．０１９７８", "31.18196，118.01978", "31.18196、118.01978", "٣١.١٨١٩٦, ١١٨.٠١٩٧٨"),
        *("31.18196 N 118.01978 E", "N31.18196 E118.01978", "31.18196N, 118.01978E", "31.18196° N, 118.01978° E"),
        "E 118.01978, N 31.18196",
        *("北纬31.18196 东经118.01978", "北纬31.18196度，东经118.01978度", "东经118.01978° 北纬31.18196°"),
        *("lat: 31.18196, lon: 118.01978", "lat=31.18196&lng=118.01978", "Latitude 31.18196 Longitude 118.01978"),
        "坐标：31.18196，118.01978",
    ],
)
def test_degrees(text: str) -> None:
    assert read(text) == HERE


@pytest.mark.parametrize(
    "text",
    [
        "31°10'55.1\"N 118°01'11.2\"E",
        "31°10′55.1″N, 118°01′11.2″E",
        "31°10’55.1”N 118°01’11.2”E",
        "31° 10.918' N 118° 1.187' E",
        "31 10 55.1 N, 118 1 11.2 E",
        "N 31° 10' 55.1\" E 118° 01' 11.2\"",
        "31°10'55.1''N 118°01'11.2''E",
        "31°10'55,1\"N 118°01'11,2\"E",
        "东经118°1′11.2″，北纬31°10′55.1″",
        "31度10分55.1秒N 118度1分11.2秒E",
    ],
)
def test_degrees_minutes_seconds(text: str) -> None:
    assert read(text) == pytest.approx(HERE, abs=2e-5)


@pytest.mark.parametrize(
    "link",
    [
        "geo:31.18196,118.01978",
        "geo:31.18196,118.01978;u=35",
        "geo:0,0?q=31.18196,118.01978(A%20lamp)",
        "https://www.openstreetmap.org/?mlat=31.18196&mlon=118.01978#map=17/31.2/118.1",
        "https://www.openstreetmap.org/#map=17/31.18196/118.01978",
        "https://www.google.com/maps/place/Bell+Tower/@31.2,118.1,17z/data=!4m6!3m5!8m2!3d31.18196!4d118.01978",
        "https://www.google.com/maps/@31.18196,118.01978,17z",
        "https://www.google.com/maps/search/31.18196,+118.01978?entry=tts",
        "https://www.google.com/maps/search/?api=1&query=31.18196%2C118.01978",
        "https://maps.google.com/?q=31.18196,118.01978",
        "https://maps.google.com/maps?q=loc:31.18196,118.01978",
        "https://maps.apple.com/?ll=31.18196,118.01978&q=Bell%20Tower",
        "https://maps.apple.com/place?coordinate=31.18196,118.01978&name=x",
        "https://www.bing.com/maps?cp=31.18196~118.01978&lvl=16",
        "https://waze.com/ul?ll=31.18196%2C118.01978&navigate=yes",
        "https://yandex.com/maps/?ll=118.01978%2C31.18196&z=16",
        "The lamp here: https://maps.google.com/?q=31.18196,118.01978 (by the bridge)",
    ],
)
def test_links_of_maps(link: str) -> None:
    assert read(link) == HERE


@pytest.mark.parametrize(
    "link",
    [
        "https://uri.amap.com/marker?position=118.02506,31.17985&name=x",
        "https://www.amap.com/?q=31.17985,118.02506,x",
        "https://ditu.amap.com/regeo?lng=118.02506&lat=31.17985",
        "https://apis.map.qq.com/uri/v1/marker?marker=coord:31.17985,118.02506;title:x",
        "https://api.map.baidu.com/marker?location=31.17985,118.02506&coord_type=gcj02&title=x",
    ],
)
def test_links_of_maps_with_shifted_coordinates(link: str) -> None:
    assert read(link) == pytest.approx(to_wgs84(31.17985, 118.02506), abs=1e-9)


def test_baidu_shifts_once_more() -> None:
    """The pair that Baidu's own examples give: GCJ-02 39.915, 116.404 is BD-09 39.92133, 116.41036."""
    found = read_position("https://map.baidu.com/?location=39.921336993510,116.41036949371", CENTRE, in_city)
    assert found == pytest.approx(to_wgs84(39.915, 116.404), abs=2e-5)


@pytest.mark.parametrize(
    "text", ["8P3W52J9+QW", "8p3w52j9+qw", "52J9+QW", "52J9+QW Riverside", "J9+QW", "52Ｊ9+QW", "at 52J9+QWF"]
)
def test_plus_codes(text: str) -> None:
    assert read(text) == pytest.approx(HERE, abs=1e-4)


@pytest.mark.parametrize(
    ("code", "reference", "lat", "lon"),
    [  # from the test data of Open Location Code
        ("8FVC2222+22", (0, 0), 47.0000625, 8.0000625),
        ("4VCPPQGP+Q9", (0, 0), -41.2730625, 174.7859375),
        ("9G8F+6X", (47.4, 8.6), 47.3655625, 8.5249375),
    ],
)
def test_codes_of_the_specification(code: str, reference: tuple[float, float], lat: float, lon: float) -> None:
    assert list(find_codes(code, reference)) == [pytest.approx((lat, lon), abs=1e-7)]


@pytest.mark.parametrize(
    "text",
    [
        *("", "r", "People's Road 12", "12, 14", "12 14", "31,18", "1.5, 2.5", "Road 31.18, 118.02", "12 E Main 14 N"),
        *("8P3W0000+", "C+", "A+B", "52J9+Q", "https://example.org/a/b", "https://maps.app.goo.gl/abc", "geo:", "://"),
        *("https://[", "91.22, 181.22", "31.1_8, 118.02", "31°70'N 118°E", "N N", "31.18 N 118.02 N"),
    ],
)
def test_what_is_an_address_or_nothing(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=200) | st.from_regex(r"(https?://|geo:)[!-~]{0,80}", fullmatch=True))
def test_whatever_is_written(text: str) -> None:
    found = read(text)
    assert found is None or (abs(found.lat) <= 90 and abs(found.lon) <= 180)


@given(st.floats(-89, 89), st.floats(-179, 179), st.sampled_from([", ", " ", "; ", "，"]))
def test_every_pair_of_degrees(lat: float, lon: float, between: str) -> None:
    found = read_position(f"{lat:.6f}{between}{lon:.6f}", CENTRE, lambda *_place: False)
    assert found == pytest.approx((lat, lon), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "degrees"), [("31,18", 31.18), ("31.18° N", 31.18), ("31°10'55\"S", -31.1819444), ("W 70.5", -70.5)]
)
def test_one_coordinate(text: str, degrees: float) -> None:
    assert parse_degrees(text, 90) == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("text", ["", "91", "-90.1", "31.1_8", "nan", "1e1", "31.18,118", "N 5 S"])
def test_no_coordinate(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_degrees(text, 90)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("31.18,118.02", (31.18, 118.02, 1000)),
        ("31.18, 118.02, 500", (31.18, 118.02, 500)),
        ("31,18; 118,02; 500", (31.18, 118.02, 500)),
        ("31.18,118.02,1", (31.18, 118.02, 10)),
        ("31.18,118.02,1e9", None),
        ("31.1_8,118.02", None),
        ("31.18", None),
        ("1,2,3,4", None),
    ],
)
def test_near(text: str, near: tuple[float, float, int] | None) -> None:
    assert parse_near(text) == near
    assert near is None or parse_near(format_near(near)) == near
