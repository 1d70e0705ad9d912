"""What a report keeps beside its text and place: the dates of its photos, how exact its place is, its shape."""

import pytest

from civic.reports.actions import route_case
from civic.reports.models import Report
from tests.builders.riverside import BELL_TOWER, HOLE, JSON, get_case_id, photo_field, send_form, send_report
from tests.clients import Client
from tests.media.pictures import encoded, scene, with_gps

pytestmark = pytest.mark.usefixtures("riverside")


async def test_the_date_of_a_photo_is_kept_and_shown(client: Client) -> None:
    taken = with_gps((31, 11, 24), (118, 0, 28.8), taken="2026:11:01 09:00:00", offset="+08:00")
    answer = await send_form(client, files=[photo_field(data=taken), photo_field(data=encoded(scene()))])
    dated, undated = (await client.get(answer.headers["location"], headers=JSON)).json()["photos"]
    assert (dated["taken_at"], undated["taken_at"]) == ("2026-11-01T01:00:00+00:00", None)
    page = await client.get(answer.headers["location"])
    assert page.text.count("Taken ") == 1
    assert "09:00" in page.text


@pytest.mark.parametrize(
    ("located_by", "accuracy", "kept"),
    [
        ("device", "12.3", 13),
        ("device", "3000", 3000),
        ("pin", "12.3", None),
        ("device", "-5", None),
        ("device", "1e99", None),
        ("device", "exact", None),
        ("device", "", None),
    ],
)
async def test_how_exact_a_device_is_is_kept(client: Client, located_by: str, accuracy: str, kept: int | None) -> None:
    one = await send_report(client, located_by=located_by, accuracy=accuracy)
    assert (await Report.get(id=one["id"])).accuracy == kept
    assert (one["located_by"], one["accuracy"]) == (located_by, kept)
    page = (await client.get(one["url"])).text
    assert ("within" in page) == (kept is not None)
    assert kept is None or f"within {kept:,} m" in page


async def test_the_street_is_kept_with_the_report(client: Client) -> None:
    one = await send_report(client)
    assert one["place_names"]["en"].startswith("Bell Tower")
    [listed] = (await client.get("/reports", headers=JSON)).json()["reports"]
    assert listed["place_names"] == one["place_names"]


PATH = {"type": "LineString", "coordinates": [[118.008, 31.19], [118.0081, 31.1905]]}


async def test_a_line_is_kept_and_given_back(client: Client, dispatcher: Client) -> None:
    one = await send_report(client, category="pavement", shape=PATH)
    assert one["shape"] == PATH
    assert (await Report.get(id=one["id"])).shape == PATH
    assert "LineString" in (await client.get(one["url"])).text
    await route_case(await get_case_id(one["id"]))
    case = await get_case_id(one["id"])
    assert "LineString" in (await dispatcher.get(f"/desk/cases/{case}")).text


async def test_a_line_outside_of_the_city_is_refused(client: Client) -> None:
    far = {"type": "LineString", "coordinates": [[118.008, 31.19], [2.35, 48.85]]}
    fields = {"text": HOLE, "category": "pavement", **BELL_TOWER, "shape": far}
    answer = await client.post("/reports", json=fields, headers=JSON)
    assert answer.status_code == 422
    assert "outside of the city" in answer.json()["fields"]["shape"]


async def test_without_a_script_two_ends_make_a_line(client: Client) -> None:
    answer = await send_form(client, category="pavement", shape_end="Stone Bridge Road")
    kept = (await client.get(answer.headers["location"], headers=JSON)).json()
    assert kept["shape"]["coordinates"][0] == [kept["lon"], kept["lat"]]
    assert len(kept["shape"]["coordinates"]) == 2
    unknown = await send_form(client, category="pavement", text="Another piece of it", shape_end="Nowhere Lane 99")
    assert unknown.status_code == 422
    assert "We do not know this address" in unknown.text
    point = await send_form(client, category="pavement", text="And one more piece of it")
    assert (await client.get(point.headers["location"], headers=JSON)).json()["shape"] is None


async def test_the_author_adds_photos_later(client: Client, stranger: Client) -> None:
    one = await send_report(client)
    assert "photos" in one["actions"]
    answer = await client.post(f"{one['url']}/photos", files=[photo_field(), photo_field("b.jpg")])
    assert answer.status_code == 303
    page = (await stranger.get(one["url"], headers=JSON)).json()
    assert len(page["photos"]) == 2
    assert page["timeline"][-1]["kind"] == "photos_added"
    assert "photos" not in page["actions"]
    assert (await stranger.get(page["photos"][1]["urls"]["320"])).status_code == 200
    assert (await stranger.post(f"{one['url']}/photos", files=[photo_field()], headers=JSON)).status_code == 403
    none = await client.post(f"{one['url']}/photos", data={"text": ""}, headers=JSON)
    assert (none.status_code, list(none.json()["fields"])) == (422, ["photos"])


async def test_a_report_has_at_most_twenty_photos(client: Client) -> None:
    one = await send_report(client)
    for _ in range(4):
        files = [photo_field(f"{n}.jpg") for n in range(5)]
        assert (await client.post(f"{one['url']}/photos", files=files, headers=JSON)).status_code == 200
    more = await client.post(f"{one['url']}/photos", files=[photo_field()], headers=JSON)
    assert more.status_code == 409
    assert len((await client.get(one["url"], headers=JSON)).json()["photos"]) == 20


async def test_what_follows_sending_is_at_hand(client: Client) -> None:
    answer = await send_form(client)
    page = (await client.get(answer.headers["location"])).text
    assert 'href="/reports/new?lat=31.19&amp;lon=118.008"' in page
    assert "data-save-code" in page
    assert "mailto:?subject=Receipt%20code%20" in page
    here = (await client.get("/reports/new?lat=31.19&lon=118.008")).text
    assert 'name="lat" value="31.19"' in here
