"""The public map: pins, clusters, and what it is asked."""

import random
from typing import Any

import pytest

from civic import cache
from civic.accounts.people import NOBODY
from civic.db import in_transaction
from civic.geo.maps import MAX_PINS
from civic.reports.actions import post_report
from civic.reports.forms import ReportForm
from tests.builders.riverside import act_at_desk, get_case, get_department_id, send_report, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
CITY = "117.8,31.0,118.2,31.4"
NEAR = "117.99,31.17,118.03,31.21"
CLOSE = "117.997,31.179,118.019,31.201"


async def points(client: Client, query: str) -> dict[str, Any]:
    answer = await client.get(f"/map/points?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def many(number: int) -> None:
    """Reports around the Bell Tower, in one transaction."""
    chance = random.Random(7)
    async with in_transaction():
        for _ in range(number):
            data = ReportForm(
                text="A hole",
                lat=31.19 + chance.uniform(-0.01, 0.01),
                lon=118.008 + chance.uniform(-0.01, 0.01),
            )
            await post_report(data, NOBODY)


async def test_a_pin_says_what_it_is(client: Client) -> None:
    one = await send_routed_report(client)
    shown = await points(client, f"bbox={CITY}&zoom=12")
    assert shown["clusters"] == []
    [pin] = shown["pins"]
    assert pin["id"] == one["id"]
    assert (pin["lat"], pin["lon"], pin["status"], pin["overdue"]) == (31.19, 118.008, "assigned", False)
    assert pin["heading"] == one["title"]
    assert (await points(client, "bbox=118.1,31.0,118.2,31.4&zoom=12"))["pins"] == []


async def test_pins_at_one_place_are_a_stack(client: Client) -> None:
    """Each can be opened: they are shown as one with their number, and apart again where they are apart."""
    here = [(await send_report(client, text=f"Hole number {n}"))["id"] for n in range(3)]
    beside = (await send_report(client, text="A hole beside them", lat="31.1902"))["id"]
    pins = (await points(client, f"bbox={CITY}&zoom=12"))["pins"]
    assert {pin["id"] for pin in pins} == {*here, beside}
    assert len({pin["stack"] for pin in pins}) == 1
    close = (await points(client, "bbox=118.0,31.18,118.01,31.2&zoom=19"))["pins"]
    stacks = {pin["id"]: pin["stack"] for pin in close}
    assert len({stacks[id] for id in here}) == 1
    assert stacks[beside] != stacks[here[0]]


async def test_a_pin_says_where_it_is_in_words(client: Client) -> None:
    await send_report(client, lat="31.18971", lon="118.00761")
    [pin] = (await points(client, f"bbox={CITY}&zoom=12"))["pins"]
    assert pin["place"].startswith("Bell Tower Square · ")
    assert (pin["status_label"], pin["photo"]) == ("Received", None)
    client.cookies.set("lang", "zh")
    [pin] = (await points(client, f"bbox={CITY}&zoom=12"))["pins"]
    assert pin["place"].startswith("钟楼广场 · ")


async def test_the_map_shows_what_is_open_and_follows_the_filters(client: Client, agent: Client) -> None:
    one = await send_routed_report(client)
    await agent.join(await get_department_id("roads"))
    await act_at_desk(agent, (await get_case(one["id"])).id, "decline", reason="not_public", text="No, that is not so.")
    lamp = await send_report(client, category="street-light")
    assert [pin["id"] for pin in (await points(client, f"bbox={CITY}&zoom=12"))["pins"]] == [lamp["id"]]
    assert [p["id"] for p in (await points(client, f"bbox={CITY}&zoom=12&status=declined"))["pins"]] == [one["id"]]
    assert (await points(client, f"bbox={CITY}&zoom=12&category=tree"))["pins"] == []


@pytest.mark.parametrize(("zoom", "window"), [(9, CITY), (12, CITY), (14, NEAR), (16, CLOSE)])
async def test_many_are_clusters_that_count_all_of_them(client: Client, zoom: int, window: str) -> None:
    await many(MAX_PINS + 10)
    shown = await points(client, f"bbox={window}&zoom={zoom}")
    assert shown["pins"] == []
    assert sum(one["count"] for one in shown["clusters"]) == MAX_PINS + 10
    reach = 360 / 2**zoom / 4  # a cell
    assert all(abs(one["lat"] - 31.19) < 0.01 + reach for one in shown["clusters"])
    assert all(abs(one["lon"] - 118.008) < 0.01 + reach for one in shown["clusters"])


async def test_clusters_keep_their_distance(client: Client) -> None:
    await many(MAX_PINS + 10)
    side = 360 / 2**15 / 4
    shown = (await points(client, f"bbox={NEAR}&zoom=15"))["clusters"]
    assert len(shown) > 5
    for one in shown:
        others = [other for other in shown if other is not one]
        wide = min(max(abs(one["lon"] - o["lon"]), abs(one["lat"] - o["lat"]) / 0.85) for o in others)
        assert wide > side * 0.66


async def test_a_window_beyond_any_screen_gets_fewer_clusters(client: Client) -> None:
    await many(MAX_PINS + 10)
    assert len((await points(client, "bbox=-180,-60,180,75&zoom=20"))["clusters"]) < 5


async def test_closer_up_there_are_more_clusters_and_then_pins(client: Client) -> None:
    await many(MAX_PINS + 10)
    windows = ((8, CITY), (12, CITY), (14, NEAR))
    numbers = [len((await points(client, f"bbox={box}&zoom={zoom}"))["clusters"]) for zoom, box in windows]
    assert numbers == sorted(set(numbers))
    close = await points(client, "bbox=118.000,31.185,118.005,31.190&zoom=17")
    assert close["clusters"] == []
    assert 0 < len(close["pins"]) < MAX_PINS


async def test_a_window_of_the_city_gets_its_own_clusters(client: Client) -> None:
    await many(MAX_PINS + 10)
    away = await points(client, "bbox=118.1,31.3,118.2,31.4&zoom=12")
    assert away == {"pins": [], "clusters": []}


async def test_what_is_kept_is_renewed(client: Client) -> None:
    await many(MAX_PINS + 1)
    await points(client, f"bbox={CITY}&zoom=10")
    await send_report(client)
    cache.clear_caches()  # as time does
    shown = await points(client, f"bbox={CITY}&zoom=10")
    assert sum(one["count"] for one in shown["clusters"]) == MAX_PINS + 2


@pytest.mark.parametrize(
    "query",
    [
        "",
        "bbox=&zoom=10",
        "bbox=1,2,3&zoom=10",
        "bbox=1,2,3,4,5&zoom=10",
        "bbox=a,b,c,d&zoom=10",
        "bbox=nan,31,118,32&zoom=10",
        "bbox=inf,31,118,32&zoom=10",
        "bbox=118,31,117,32&zoom=10",
        "bbox=117,32,118,31&zoom=10",
        "bbox=117,31,118,32&zoom=",
        "bbox=117,31,118,32&zoom=inf",
        "bbox=117,31,118,32&zoom=nan",
        "bbox=117,31,118,32",
    ],
)
async def test_a_window_that_is_none_is_a_bad_request(client: Client, query: str) -> None:
    assert (await client.get(f"/map/points?{query}")).status_code == 400


async def test_any_window_is_answered(client: Client) -> None:
    await send_report(client)
    for query in (
        "-1e9,-1e9,1e9,1e9&zoom=-5",
        f"{CITY}&zoom=99",
        f"{CITY}&zoom=11.5",
        "0,90,0,90&zoom=3",
    ):
        assert (await client.get(f"/map/points?bbox={query}")).status_code == 200


async def test_the_page_has_its_list_as_a_twin(client: Client) -> None:
    page = (await client.get("/map?status=open&category=pothole")).text
    assert 'href="/reports?category=pothole&amp;status=open"' in page
    assert "The list shows the same" in page
