"""Where a report is: what was said last about it wins, and what disagrees is asked about, with and without a script."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from civic.reports.models import Report
from tests.builders.riverside import BELL_TOWER, HOLE, JSON, photo_field, send_form
from tests.clients import Client
from tests.media.pictures import with_gps

pytestmark = pytest.mark.usefixtures("riverside")

FIELD = Path(__file__).parents[1] / "media" / "field"
FROM_HERE = photo_field("here.jpg", (FIELD / "a05-photo-from-here.jpg").read_bytes())
FROM_ELSEWHERE = photo_field("elsewhere.jpg", (FIELD / "a05-photo-from-another-city.jpg").read_bytes())
WITHOUT = photo_field("plain.jpg")
NO_PLACE = {"lat": None, "lon": None}
STONE_BRIDGE_ROAD = (31.19916, 117.98726)
BELL_TOWER_SQUARE = (31.18971, 118.00761)


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form, as a browser without a script sends them; several of a name: the last."""
    found = re.findall(r'<input type="(?:hidden|checkbox)"[^>]* name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def choices(page: str) -> dict[str, str]:
    """Labels and values of the places that the page asks about."""
    found = re.findall(r'name="place_choice" value="([^"]+)">([^<]+)<', page)
    return {unescape(label): value for value, label in found}


async def place() -> tuple[float, float, str]:
    row = await Report.get()
    return round(row.lat, 5), round(row.lon, 5), row.located_by


async def send_again(client: Client, page: str, **more: Any) -> Any:
    kept = {name: value for name, value in fields(page).items() if name not in ("client_key", "size", "next")}
    return await client.post("/reports", data={"text": HOLE, "category": "pothole", **kept, **more})


@pytest.mark.parametrize("name", ["address", "place_text"])
async def test_both_names_of_the_address(client: Client, name: str) -> None:
    assert (await send_form(client, **NO_PLACE, **{name: "Bell Tower Square"})).status_code == 303
    assert (await Report.get()).address == "Bell Tower Square"
    assert await place() == (*BELL_TOWER_SQUARE, "address")


async def test_the_field_is_none_that_browsers_fill_in(client: Client) -> None:
    for path in ("/reports/new", "/traffic/new"):
        page = (await client.get(path)).text
        [field] = re.findall(r'<input id="place_text"[^>]*>', page)
        assert 'autocomplete="off"' in field
        assert 'name="address"' not in page
        assert "street-address" not in page


@pytest.mark.parametrize(
    "address",
    ["31.18196, 118.01978", "31,18196 118,01978", "geo:31.18196,118.01978", "52J9+QW", "北纬31.18196 东经118.01978"],
)
async def test_positions_are_addresses(client: Client, address: str) -> None:
    assert (await send_form(client, **NO_PLACE, address=address)).status_code == 303
    found = await place()
    assert found[:2] == pytest.approx((31.18196, 118.01978), abs=1e-4)


@pytest.mark.parametrize("lat", ["31,19", "３１．１９", "31.19° N"])
async def test_coordinates_as_people_type_them(client: Client, lat: str) -> None:
    assert (await send_form(client, lat=lat)).status_code == 303
    assert (await place())[0] == 31.19


async def test_a_photo_from_elsewhere_gives_no_place(client: Client) -> None:
    answer = await send_form(client, **NO_PLACE, files=[FROM_ELSEWHERE])
    assert answer.status_code == 422
    assert "taken outside the city" in answer.text
    assert fields(answer.text)["lat"] == ""
    # An address is enough then, and so is a photo from here.
    answer = await send_again(client, answer.text, place_text="Bell Tower Square")
    assert answer.status_code == 303
    assert await place() == (*BELL_TOWER_SQUARE, "address")


async def test_of_several_photos_the_first_from_here_tells_the_place(client: Client) -> None:
    assert (await send_form(client, **NO_PLACE, files=[FROM_ELSEWHERE, WITHOUT, FROM_HERE])).status_code == 303
    assert await place() == (pytest.approx(31.18196, abs=1e-4), pytest.approx(118.01978, abs=1e-4), "photo")


async def test_a_photo_without_a_place_says_so(client: Client) -> None:
    answer = await send_form(client, **NO_PLACE, text="", category="", files=[WITHOUT])
    assert answer.status_code == 422
    answer = await send_again(client, answer.text, show="similar")
    assert "The photo has no place. Where is it?" in answer.text


async def test_a_photo_that_is_taken_out_takes_its_place_along(client: Client) -> None:
    page = (await send_form(client, **NO_PLACE, text="", category="", files=[FROM_HERE])).text
    sent = fields(page)
    assert sent["located_by"] == "photo"
    assert float(sent["lat"]) == pytest.approx(31.18196, abs=1e-4)
    assert "◎" in page
    without = await send_again(client, page, remove=sent["kept"])
    assert without.status_code == 200
    assert "kept" not in fields(without.text)
    assert (fields(without.text)["lat"], fields(without.text)["located_by"]) == ("", "")
    assert HOLE in without.text
    # The same when the box is not sent along at all; and another photo gives its own place.
    answer = await client.post("/reports", data={**sent, "text": HOLE, "kept": ""})
    assert answer.status_code == 422
    other = with_gps((31, 11, 24), (118, 0, 28.8))
    data = {
        "text": HOLE,
        "photo_place": sent["photo_place"],
        "located_by": "photo",
        "lat": sent["lat"],
        "lon": sent["lon"],
    }
    answer = await client.post("/reports", data=data, files=[photo_field(data=other)])
    assert answer.status_code == 303
    assert await place() == (31.19, 118.008, "photo")


async def test_a_place_that_was_said_stays_when_the_photo_goes(client: Client) -> None:
    page = (await send_form(client, text="", category="", files=[FROM_HERE])).text
    without = await send_again(client, page, remove=fields(page)["kept"])
    assert fields(without.text)["lat"] == BELL_TOWER["lat"]


async def test_an_address_and_a_photo_that_disagree_are_asked_about(client: Client) -> None:
    answer = await send_form(client, **NO_PLACE, address="Stone Bridge Road", files=[FROM_HERE])
    assert answer.status_code == 422
    assert "somewhere else than the place on the map" in answer.text
    offered = choices(answer.text)
    assert len(offered) == 2
    assert "kept" in fields(answer.text)
    asked = {"place_text": "Stone Bridge Road"}
    # Without an answer it asks again; each answer is taken.
    assert (await send_again(client, answer.text, **asked)).status_code == 422
    by_photo = next(value for label, value in offered.items() if label.startswith("Where the photo"))
    by_address = next(value for label, value in offered.items() if label.startswith("Stone Bridge Road"))
    assert (await send_again(client, answer.text, **asked, place_choice=by_address)).status_code == 303
    assert await place() == (*STONE_BRIDGE_ROAD, "address")
    await Report.all().update(main=False)
    again = await send_form(client, **NO_PLACE, address="Stone Bridge Road", files=[FROM_HERE])
    assert (await send_again(client, again.text, **asked, place_choice=by_photo)).status_code == 303
    assert (await Report.all().order_by("-id").first()).located_by == "photo"  # type: ignore[union-attr]


async def test_an_address_and_a_pin_that_disagree_are_asked_about(client: Client) -> None:
    answer = await send_form(client, address="Stone Bridge Road 5")
    assert answer.status_code == 422
    assert len(choices(answer.text)) == 2
    assert await Report.all().count() == 0
    # The page that knows what was said last is believed, and so is a program.
    assert (
        await send_form(client, place_text="Stone Bridge Road", placed_address="Stone Bridge Road")
    ).status_code == 303
    program = {"text": HOLE, **BELL_TOWER, "address": "Stone Bridge Road"}
    assert (await client.post("/reports", json=program, headers=JSON)).status_code == 201


@pytest.mark.parametrize(
    "address", ["Bell Tower Square", "by the Bell Tower Square, north side", "the third lamp", "q"]
)
async def test_an_address_that_agrees_or_only_describes(client: Client, address: str) -> None:
    assert (await send_form(client, address=address)).status_code == 303
    assert (await place())[:2] == (31.19, 118.008)


async def test_an_address_that_was_changed_is_looked_up_again(client: Client) -> None:
    page = (await send_form(client, **NO_PLACE, text="", address="Bell Tower Square")).text
    assert fields(page)["placed_address"] == "Bell Tower Square"
    assert (await send_again(client, page, place_text="Stone Bridge Road")).status_code == 303
    assert await place() == (*STONE_BRIDGE_ROAD, "address")


@pytest.mark.parametrize("address", ["Stone Bridge", "石桥", "Bell"])
async def test_several_places_are_asked_about(client: Client, address: str) -> None:
    answer = await send_form(client, **NO_PLACE, address=address)
    assert answer.status_code == 422
    assert "Which one is it?" in answer.text
    label, value = next(iter(choices(answer.text).items()))
    assert label
    chosen = await send_again(client, answer.text, place_text=address, place_choice=value)
    assert chosen.status_code == 303
    assert (await place())[2] == "address"


@pytest.mark.parametrize("choice", ["", "x", "31.19 118.008", "nan nan address", "31.19 118.008 magic", "91 0 pin"])
async def test_made_up_choices(client: Client, choice: str) -> None:
    asked = {"address": "Stone Bridge", "asked_address": "Stone Bridge", "place_choice": choice}
    assert (await send_form(client, **NO_PLACE, **asked)).status_code == 422


async def test_an_unknown_address_is_said(client: Client) -> None:
    answer = await send_form(client, **NO_PLACE, address="Nowhere at all 99")
    assert answer.status_code == 422
    assert answer.text.count("We do not know this address") >= 1
    program = {"text": HOLE, "address": "Nowhere at all 99"}
    refused = await client.post("/reports", json=program, headers=JSON)
    assert list(refused.json()["fields"]) == ["place"]


async def test_a_little_beyond_the_border(client: Client) -> None:
    """The city of the demo ends in the west at 117.9; 30 metres are tolerated, 200 are not."""
    page = (await client.get("/places/at", params={"lat": "31.19", "lon": "118.008"})).json()
    assert page["inside"]
    outlines = (await client.get("/map/areas.json")).json()["features"][0]["geometry"]["coordinates"]
    south = min(
        (point for ring in (outlines[0] if isinstance(outlines[0][0][0], list) else outlines) for point in ring),
        key=lambda point: point[1],
    )
    lon, lat = south[0], south[1]
    assert (await client.get("/places/at", params={"lat": str(lat - 0.0003), "lon": str(lon)})).json()["inside"]
    assert not (await client.get("/places/at", params={"lat": str(lat - 0.002), "lon": str(lon)})).json()["inside"]


async def test_two_ways_to_a_photo_and_its_types(citizen: Client) -> None:
    pages = [await citizen.get(path) for path in ("/reports/new", "/traffic/new", "/services/id-card")]
    for page in pages:
        [camera] = re.findall(r'<input id="camera"[^>]*>', page.text)
        [choose] = re.findall(r'<input id="photos"[^>]*>', page.text)
        assert 'capture="environment"' in camera
        assert "multiple" in choose
        assert "capture" not in choose
        assert "image/jpeg" in choose
        assert "heic" not in choose  # the extra that reads it is not installed


async def test_why_a_photo_was_refused_survives_another_error(client: Client) -> None:
    answer = await send_form(client, text="", category="", files=[photo_field("broken.jpg", b"no picture"), WITHOUT])
    said = "broken.jpg: "
    assert said in answer.text
    again = await send_again(client, answer.text, text="", category="")
    assert again.status_code == 422
    assert said in again.text
    # It is only said: the report can be sent without that photo.
    assert (await send_again(client, again.text, **BELL_TOWER)).status_code == 303


async def test_the_place_stands_in_words_where_the_report_is_shown(client: Client, dispatcher: Client) -> None:
    """What was typed, else the nearest place: under the title, on cards, on the desk; no coordinates to read."""
    typed = await send_form(
        client, lat="31.18971", lon="118.00761", address="Behind the kiosk at the Bell Tower Square"
    )
    near = await send_form(client, lat="31.18971", lon="118.00761", text="Another hole", category="")
    assert (await Report.all().order_by("-id").first()).place_names["zh"] == "钟楼广场"  # type: ignore[union-attr]
    for answer, words in ((typed, "Behind the kiosk at the Bell Tower Square"), (near, "Bell Tower Square")):
        page = (await client.get(answer.headers["location"])).text
        assert re.search(rf'<h1>[^<]*</h1>\s*<p class="flush place"><span aria-hidden="true">◎</span> {words} · ', page)
        text = re.sub(r"<[^>]+>", " ", page)
        assert "31.18971" not in text
        assert f'<span class="place">{words} · ' in (await client.get("/reports")).text
    assert "Bell Tower Square · " in (await dispatcher.get("/desk/triage")).text


async def test_coordinates_as_an_address_are_no_words(client: Client) -> None:
    answer = await send_form(client, **NO_PLACE, address="31.18971, 118.00761")
    report = await Report.get()
    assert (report.address, report.place_names["en"]) == ("", "Bell Tower Square")
    assert "31.18971" not in re.sub(r"<[^>]+>", " ", (await client.get(answer.headers["location"])).text)


async def test_near_is_said_in_words(client: Client) -> None:
    """The filter of list and map takes a street, and says in words what a position means."""
    await send_form(client, lat="31.18971", lon="118.00761")
    for near in ("Bell Tower Square", "钟楼广场", "31.18971,118.00761,500", "31,18971;118,00761;500"):
        page = (await client.get("/reports", params={"near": near})).text
        assert "1 report" in page, near
        assert "latitude" not in page.lower()
    page = (await client.get("/map", params={"near": "31.18971,118.00761,500"})).text
    assert re.search(r"Within 500 m: [^<]*Bell Tower Square", page)
    unknown = (await client.get("/reports", params={"near": "Nowhere at all"})).text
    assert "We do not know the place “Nowhere at all”." in unknown
