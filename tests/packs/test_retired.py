"""What a pack no longer has still filters, everywhere, and what never was is named; places get the areas of today."""

from typing import Any

import pytest

from civic.accounts.people import Person
from civic.cases.models import Case
from civic.db import fetch
from civic.packs.actions import load_pack
from civic.reports.models import Report
from tests.builders.posts import make_person, make_report, make_update
from tests.clients import Client
from tests.packs.conftest import SOUND, WritePack, collection, feature, square

TWO_DEPARTMENTS = SOUND["departments.toml"] + (
    '[[department]]\nslug = "lights"\nnames = { zh = "路灯处", en = "Lights" }\ncalendar = "office"\n'
)
TWO_CATEGORIES = SOUND["categories.toml"] + (
    '[[category]]\ncode = "lamp"\ngroup = "g"\nnames = { zh = "路灯", en = "Lamp" }\ndepartment = "lights"\n'
)
BEFORE: dict[str, Any] = {"departments.toml": TWO_DEPARTMENTS, "categories.toml": TWO_CATEGORIES}
# The west is merged into the east; a strip of the old east is the new north.
MOVED = collection(
    feature("small", None, None),
    feature("east", "small", square(118.0, 31.0, 0.2)),
    feature("north", "small", square(118.0, 31.2)),
)
JSON = {"Accept": "application/json"}


@pytest.fixture
async def ana(database: str, write_pack: WritePack) -> Person:
    await load_pack(write_pack(BEFORE))
    return await make_person("ana@example.org")


@pytest.fixture
async def lamp(ana: Person) -> Report:
    """A report in the west, of the category and with the department that the next pack does not have."""
    await make_report(ana, "A deep hole in the road here", lat=31.05, lon=118.15)
    return await make_report(ana, "The lamp on the corner is out", "lamp", lat=31.05, lon=118.05)


async def read_page(client: Client, path: str) -> str:
    return (await client.get(path, headers={"Accept-Language": "en"})).text


async def numbers(client: Client, path: str) -> list[int]:
    answer = await client.get(path, headers=JSON)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["reports"]]


async def test_what_is_retired_still_filters_and_stands_in_the_select_box(
    lamp: Report, client: Client, dispatcher: Client, write_pack: WritePack
) -> None:
    summary = await load_pack(write_pack())
    assert summary.open_cases == {"departments": {"lights": 1}, "categories": {"lamp": 1}}
    for query in ("department=lights", "category=lamp"):
        assert await numbers(client, f"/reports?{query}") == [lamp.id]
        page = await read_page(client, f"/reports?{query}")
        assert "1 report" in page
        assert "no longer in use" in page
        assert "no longer in use" in await read_page(client, f"/map?{query}")
        found = await read_page(client, f"/search?{query}&q=lamp")
        assert "There is no" not in found
    box = "bbox=117.9,30.9,118.3,31.3&zoom=15"
    pins = (await client.get(f"/map/points?{box}&department=lights")).json()["pins"]
    assert [pin["id"] for pin in pins] == [lamp.id]
    desk = await read_page(dispatcher, "/desk?department=lights")
    assert "Lights (no longer in use)" in desk
    assert "The lamp on the corner" in desk
    assert "A deep hole" not in desk
    new = await read_page(client, "/reports/new")
    assert "no longer in use" not in new


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/reports?department=nobody", "There is no department “nobody”."),
        ("/reports?category=nothing", "There is no category “nothing”."),
        ("/reports?area=nowhere&q=lamp", "There is no area “nowhere”."),
        ("/reports?status=lost", "There is no status “lost”."),
        ("/reports?since=soon", "“soon” is no day"),
        ("/reports?near=here", "We do not know the place “here”."),
        ("/search?department=nobody&q=lamp", "There is no department “nobody”."),
        ("/search?kind=ghost&q=lamp", "“ghost” is nothing that can be chosen here."),
        ("/traffic?area=nowhere", "There is no area “nowhere”."),
        ("/traffic?kind=ghost", "“ghost” is nothing that can be chosen here."),
        ("/services?department=nobody", "There is no department “nobody”."),
        ("/desk?department=nobody", "There is no department “nobody”."),
        ("/desk/search?area=nowhere&q=lamp", "There is no area “nowhere”."),
    ],
)
async def test_what_never_was_is_named_and_shows_nothing(
    lamp: Report, ana: Person, dispatcher: Client, path: str, said: str
) -> None:
    await make_update(ana, "Trees lie across the road", lat=31.05, lon=118.05)
    page = await dispatcher.get(path)
    assert page.status_code == 200
    assert said in page.text
    for text in ("The lamp on the corner", "A deep hole", "Trees lie"):
        assert text not in page.text
    refused = await dispatcher.get(path, headers=JSON)
    assert refused.status_code == 422
    assert path.partition("?")[2].partition("=")[0] in refused.json()["fields"]


async def test_places_get_the_areas_of_today(lamp: Report, ana: Person, client: Client, write_pack: WritePack) -> None:
    update = await make_update(ana, "Trees lie across the road", lat=31.05, lon=118.05)
    summary = await load_pack(write_pack(BEFORE | {"areas.geojson": MOVED}))
    assert (summary.moved.reports, summary.moved.traffic_updates) == (1, 1)  # the other one lay in the east already
    assert len(await numbers(client, "/reports?area=east")) == 2
    assert await numbers(client, "/reports?area=west") == []
    assert "west (no longer in use)" in await read_page(client, "/reports?area=west")
    case = await Case.get(id=lamp.case_id)
    areas = {row["id"]: row["slug"] for row in await fetch("SELECT id, slug FROM area")}
    assert areas[case.area_id or 0] == areas[(await Report.get(id=lamp.id)).area_id or 0] == "east"
    assert (await fetch("SELECT area_id FROM traffic_update WHERE id = $1", update.id))[0]["area_id"] == case.area_id
    again = await load_pack(write_pack(BEFORE | {"areas.geojson": MOVED}))
    assert (again.changed, again.moved.reports) == (False, 0)


async def test_what_lies_in_no_area_of_today_keeps_its_own(lamp: Report, client: Client, write_pack: WritePack) -> None:
    east = collection(feature("small", None, None), feature("east", "small", square(118.1, 31.0)))
    assert (await load_pack(write_pack(BEFORE | {"areas.geojson": east}))).moved.reports == 0
    assert await numbers(client, "/reports?area=west") == [lamp.id]


async def test_a_suggestion_of_a_retired_department_is_not_offered(
    ana: Person, dispatcher: Client, write_pack: WritePack
) -> None:
    """Without a category the case waits in triage, with what the router would suggest by the words."""
    await make_report(ana, "A pothole below the lamp on the corner", None, lat=31.05, lon=118.05)
    before = (await dispatcher.get("/desk/triage", headers=JSON)).json()["cases"][0]["suggestions"]
    await load_pack(write_pack())
    after = (await dispatcher.get("/desk/triage", headers=JSON)).json()["cases"][0]["suggestions"]
    assert (sorted(before), after) == (["lights", "roads"], ["roads"])
