"""Reports of numbered things: the number is typed, or one near the place is chosen, or its sticker is scanned."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from civic import timing
from civic.catalogue.models import Asset
from civic.catalogue.queries import list_assets
from civic.catalogue.stickers import asset_path, draw_stickers
from civic.reports.models import Report
from civic.search.feed import step
from tests.builders.riverside import HOLE, JSON, change_category, send_form, send_report
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")

OUT = {"category": "street-light", "text": "The lamp is out"}
UNKNOWN = "We know nothing with this number"


@pytest.fixture
async def lamp(riverside: None) -> Asset:
    found = await Asset.filter(kind="lamp", retired_at=None).order_by("code").first()
    assert found
    return found


def near(asset: Asset, metres: float = 20) -> dict[str, str]:
    return {"lat": str(asset.lat + metres / 111_000), "lon": str(asset.lon)}


async def test_a_number_is_the_place(client: Client, lamp: Asset) -> None:
    answer = await send_form(client, **OUT, asset=lamp.code, lat="", lon="", place_text="")
    assert answer.status_code == 303
    report = await Report.get()
    assert (report.asset_id, report.lat, report.lon, report.located_by) == (lamp.id, lamp.lat, lamp.lon, "asset")
    page = (await client.get(answer.headers["location"])).text
    assert re.search(rf"Number on the thing</dt><dd>{lamp.code}</dd>", page)


@pytest.mark.parametrize("typed", [str.lower, str.upper, lambda code: f"  {code} "])
async def test_a_number_is_found_however_it_is_typed(client: Client, lamp: Asset, typed: Any) -> None:
    one = await send_report(client, **OUT, asset=typed(lamp.code), **near(lamp, 300))
    assert one["asset"] == lamp.code
    assert (one["lat"], one["lon"]) == (lamp.lat, lamp.lon), "it is where it stands, not where the person was"


async def test_a_number_that_nothing_bears_is_said_at_its_field_and_nothing_is_lost(client: Client) -> None:
    answer = await send_form(client, **OUT, asset="L-99999")
    assert answer.status_code == 422
    assert UNKNOWN in answer.text
    fields = form_fields(answer.text, "/reports")
    assert (fields["asset"], fields["text"], fields["category"]) == (["L-99999"], [OUT["text"]], ["street-light"])
    assert not await Report.exists()
    told = await client.post("/reports", json={**OUT, "asset": "L-99999", "lat": 31.19, "lon": 118.008}, headers=JSON)
    assert list(told.json()["fields"]) == ["asset"]


async def test_what_is_gone_is_not_taken(client: Client, lamp: Asset) -> None:
    await Asset.filter(id=lamp.id).update(retired_at=timing.now())
    assert UNKNOWN in (await send_form(client, **OUT, asset=lamp.code)).text
    assert (await client.get(asset_path("lamp", lamp.code))).status_code == 404


async def test_another_category_has_no_numbers(client: Client, lamp: Asset) -> None:
    one = await send_report(client, text=HOLE, category="pothole", asset=lamp.code)
    assert one["asset"] is None


async def test_without_a_script_those_near_the_place_are_offered(client: Client, lamp: Asset) -> None:
    answer = await send_form(client, **OUT, **near(lamp), show="questions", expect=None)
    assert f'name="asset_near" value="{lamp.code}"' in answer.text
    assert "20 m" in answer.text
    answer = await send_form(client, **OUT, **near(lamp), asset_near=lamp.code)
    assert (await Report.get()).asset_id == lamp.id


async def test_those_near_the_place_come_with_the_category_and_with_the_place(client: Client, lamp: Asset) -> None:
    for path in ("/reports/new/questions", "/reports/new/assets"):
        part = (await client.get(path, params={"category": "street-light", **near(lamp)})).text
        assert f'value="{lamp.code}"' in part
        nothing = (await client.get(path, params={"category": "pothole", **near(lamp)})).text
        assert "asset_near" not in nothing
    for wrong in ({}, {"lat": "x", "lon": "y"}, {"lat": "31.19"}):
        assert (
            await client.get("/reports/new/assets", params={"category": "street-light", **wrong})
        ).status_code == 200


async def test_a_typed_number_counts_before_a_chosen_one(client: Client, lamp: Asset) -> None:
    other = await Asset.filter(kind="lamp").order_by("code").offset(5).first()
    assert other
    await send_form(client, **OUT, **near(lamp), asset=other.code, asset_near=lamp.code)
    assert (await Report.get()).asset_id == other.id


async def test_of_two_things_with_one_number_it_is_the_nearer(client: Client, lamp: Asset) -> None:
    twin = await Asset.create(kind="post", code=lamp.code, lat=lamp.lat + 0.01, lon=lamp.lon)
    async with change_category("street-light", assets=["lamp", "post"]):
        for thing in (lamp, twin):
            one = await send_report(client, **OUT, asset=lamp.code, **near(thing, 5))
            assert (await Report.get(id=one["id"])).asset_id == thing.id


async def test_who_joins_names_the_same_thing(client: Client, stranger: Client, lamp: Asset) -> None:
    one = await send_report(client, **OUT, asset=lamp.code)
    answer = await stranger.post(f"/reports/{one['id']}/join", json={}, headers=JSON)
    assert answer.status_code == 201
    assert answer.json()["asset"] == lamp.code


async def test_the_desk_reads_the_number(client: Client, dispatcher: Client, lamp: Asset) -> None:
    await send_report(client, **OUT, asset=lamp.code)
    case = (await Report.get()).case_id
    assert f"Number on the thing: {lamp.code}" in (await dispatcher.get(f"/desk/cases/{case}")).text


async def test_a_sticker_leads_to_the_filled_form(client: Client, lamp: Asset) -> None:
    answer = await client.get(asset_path("lamp", lamp.code))
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert target.path == "/reports/new"
    assert parse_qs(target.query)["asset"] == [lamp.code]
    page = (await client.get(answer.headers["location"])).text
    fields = form_fields(page, "/reports")
    assert (fields["category"], fields["asset"], fields["located_by"]) == (["street-light"], [lamp.code], ["asset"])
    answer = await client.post("/reports", data=fields | {"text": "Out"})
    assert (await Report.get()).asset_id == lamp.id


@pytest.mark.parametrize("code", ["A/7 b", "7", "路灯-3", "a?b#c%d", "a+b&c=d"])
async def test_whatever_stands_on_a_thing_is_found_by_its_sticker(client: Client, lamp: Asset, code: str) -> None:
    await Asset.create(kind="lamp", code=code, lat=lamp.lat, lon=lamp.lon)
    answer = await client.get(asset_path("lamp", code))
    assert parse_qs(urlsplit(answer.headers["location"]).query)["asset"] == [code]
    one = await send_report(client, **OUT, asset=code)
    assert one["asset"] == code


async def test_a_program_may_write_digits_as_a_number(client: Client, lamp: Asset) -> None:
    await Asset.create(kind="lamp", code="4711", lat=lamp.lat, lon=lamp.lon)
    assert (await send_report(client, **OUT, asset=4711))["asset"] == "4711"


@pytest.mark.parametrize("wrong", [{"a": 1}, [1], True, 4.5, 10**30, "x" * 5000, "\x00"])
async def test_what_is_no_number_is_no_fault_of_the_program(client: Client, wrong: object) -> None:
    answer = await client.post("/reports", json={**OUT, "asset": wrong, "lat": 31.19, "lon": 118.008}, headers=JSON)
    assert answer.status_code in (201, 422)


@pytest.mark.parametrize("path", ["/a/lamp/L-99999", "/a/unicorn/L-0001", "/a/lamp/%3Cscript%3E", "/a/lamp/%00"])
async def test_an_unknown_sticker_offers_the_form(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert 'href="/reports/new"' in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]


async def test_stickers_lead_to_their_things() -> None:
    assets = (await list_assets("lamp"))[:7]
    page = draw_stickers(assets, "https://city.example", "Riverside & more", "en")
    assert page.count("<svg") == page.count("viewBox=") == 7, "they are as large as the page's style says"
    assert all(f"<b>{one.code}</b>" in page for one in assets)
    assert "Riverside &amp; more" in page
    assert asset_path("highway=street_lamp", "A/7 b") == "/a/highway=street_lamp/A%2F7%20b"


async def test_what_was_reported_of_the_same_thing_comes_first(client: Client, lamp: Asset) -> None:
    """Also before what was reported later and stands at the very place."""
    await send_report(client, **OUT, asset=lamp.code)
    for n in range(6):
        await send_report(client, text=f"Hole {n} in the road", category="pothole", **near(lamp, 2 + n))
    while await step():
        pass
    asked = {"category": "street-light", **near(lamp, 3)}
    for named in ({"asset": lamp.code}, {"asset_near": lamp.code}):
        part = (await client.get("/reports/new/similar", params=asked | named)).text
        assert re.findall(r"(The lamp is out|Hole \d)", part)[0] == OUT["text"]
    sticker = await client.get((await client.get(asset_path("lamp", lamp.code))).headers["location"])
    assert "People nearby have reported this" in sticker.text
    assert OUT["text"] in sticker.text
