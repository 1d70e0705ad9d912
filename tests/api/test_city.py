"""What a client needs to start, and that the API answers JSON only, at every address that it has."""

import re
from typing import Any

import pytest
from starlette.routing import Route

from civic.app import routes
from tests.builders.riverside import send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


async def city(client: Client) -> dict[str, Any]:
    answer = await client.get("/api/v1/city")
    assert answer.status_code == 200
    return answer.json()


async def test_the_city(client: Client) -> None:
    told = await city(client)
    assert told["name"] == {"zh": "河滨市", "en": "Riverside"}
    assert told["languages"] == ["en", "zh"]
    assert told["zone"] == "Asia/Shanghai"
    west, south, east, north = told["bbox"]
    assert west < east
    assert south < north
    assert set(told["centre"]) == {"lat", "lon"}
    assert south < told["centre"]["lat"] < north
    assert west < told["centre"]["lon"] < east
    assert {"slug", "names"} <= set(told["departments"][0])


async def test_its_categories_say_what_a_form_asks(client: Client) -> None:
    categories = {one["code"]: one for one in (await city(client))["categories"]}
    manhole = categories["manhole"]
    assert manhole["names"] == {"zh": "井盖缺失或破损", "en": "Missing or broken manhole cover"}
    assert manhole["group"]["code"] == "roads"
    assert [(q["code"], q["kind"], q["required"]) for q in manhole["questions"]] == [
        ("mark", "text", False),
        ("open", "yes_no", True),
        ("guarded", "yes_no", False),
    ]
    assert categories["dumping"]["photo_required"]
    assert categories["pothole"]["public"]
    [lane, _size] = categories["pothole"]["questions"]
    assert [option["code"] for option in lane["options"]] == ["car", "cycle", "crossing"]


async def test_the_city_of_no_pack(client: Client) -> None:
    assert (await client.get("/api/v1/nothing")).status_code == 404
    assert (await client.get("/api/v1/nothing")).headers["content-type"] == "application/json"


def mirrored() -> list[str]:
    return [
        r.path
        for r in routes()
        if isinstance(r, Route) and r.path.startswith("/api/v1/") and "GET" in (r.methods or ())
    ]


@pytest.mark.parametrize("path", mirrored())
async def test_every_address_answers_json(client: Client, admin: Client, path: str) -> None:
    one = await send_routed_report(client)
    await client.post("/traffic", json={"kind": "jam", "lat": "31.19", "lon": "118.008"})
    filled = re.sub(r"\{id:int\}", str(one["id"]), path)
    filled = filled.replace("/services/{slug:str}", "/services/none").replace("{slug:str}", "roads")
    answer = await admin.get(filled + ("?bbox=117,31,119,32&zoom=12" if path.endswith("points") else ""))
    assert answer.status_code in (200, 404, 422), answer.text
    kind = answer.headers["content-type"]
    assert kind.startswith(("application/json", "text/csv", "application/zip", "application/octet-stream")), kind
