"""The map's page with its list: one address means the same on map and list, and the counts by area add up."""

from typing import Any

import pytest

from civic.reports.maps.actions import sum_up_changes
from tests.builders.riverside import JSON, act_at_desk, get_case_id, get_department_id, send_report, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
HERE = "118.0,31.18,118.02,31.2"
ELSEWHERE = "118.05,31.2,118.1,31.24"


async def ids(client: Client, query: str) -> list[int]:
    answer = await client.get(f"/reports?{query}", headers=JSON)
    return [one["id"] for one in answer.json()["reports"]]


async def counts(client: Client, query: str = "") -> dict[str, tuple[int, int]]:
    answer = await client.get(f"/map/areas?{query}", headers=JSON)
    assert answer.status_code == 200, answer.text
    return {one["area"]: (one["count"], one["overdue"]) for one in answer.json()["areas"]}


async def decline(agent: Client, report: dict[str, Any]) -> None:
    await agent.join(await get_department_id("roads"))
    case = await get_case_id(report["id"])
    await act_at_desk(agent, case, "decline", reason="not_public", text="This street belongs to the province.")


async def test_a_window_narrows_the_list(client: Client) -> None:
    here = (await send_report(client))["id"]
    far = (await send_report(client, lat="31.235", lon="118.0"))["id"]
    assert await ids(client, f"window={HERE}") == [here]
    assert await ids(client, f"window={ELSEWHERE}") == []
    assert await ids(client, "window=117,30,119,32") == [far, here]


@pytest.mark.parametrize("window", ["1,2,3", "a,b,c,d", "118.1,31,118.0,32", "nan,1,2,3", "1,2,3,inf", ",,,"])
async def test_a_window_that_is_none_shows_nothing_and_says_so(client: Client, window: str) -> None:
    await send_report(client)
    assert (await client.get(f"/reports?window={window}", headers=JSON)).status_code == 422
    for path in ("/reports", "/map"):
        page = (await client.get(f"{path}?window={window}")).text
        assert "is no part of the map" in page
        assert 'class="card post"' not in page


async def test_the_map_lists_open_cases_unless_a_status_is_named(client: Client, agent: Client) -> None:
    declined = await send_routed_report(client)
    await decline(agent, declined)
    opened = (await send_report(client))["id"]
    link = 'href="/reports/{}"'
    page = (await client.get("/map")).text
    assert link.format(opened) in page
    assert link.format(declined["id"]) not in page
    for path in ("/map?status=all", "/reports", "/reports?status=all"):
        every = (await client.get(path)).text
        assert link.format(opened) in every
        assert link.format(declined["id"]) in every
    # Each leads to the other with what it shows.
    assert "/reports?status=open" in page
    assert "/map?status=all" in (await client.get("/reports")).text
    shown = (await client.get("/map/points?bbox=117.8,31.0,118.2,31.4&zoom=12&status=all")).json()
    assert {pin["id"] for pin in shown["pins"]} == {declined["id"], opened}


async def test_a_card_tells_the_support(client: Client) -> None:
    await send_report(client)
    [pin] = (await client.get("/map/points?bbox=117.8,31.0,118.2,31.4&zoom=12")).json()["pins"]
    assert pin["supporters"] == 0


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("query", ["", "status=all", "status=overdue", "q=streetlamp", "category=street-light"])
async def test_areas_have_as_many_as_their_lists(client: Client, agent: Client, summed: bool, query: str) -> None:
    """From the cells, from the changes that are not summed up yet, and from the points."""
    declined = await send_routed_report(client, text="The streetlamp here is out")
    await decline(agent, declined)
    await send_report(client, text="Another streetlamp is out")
    await send_report(client, text="A hole", lat="31.235", lon="118.0")
    if summed:
        await sum_up_changes()
    found = await counts(client, query)
    assert found
    for area, (count, _overdue) in found.items():
        status = "" if "status" in query else "&status=open"
        answer: Any = (await client.get(f"/reports?area={area}&{query}{status}", headers=JSON)).json()
        assert count == answer["count"], area
    assert max(found.values()) == found["riverside"]


async def test_the_table_of_areas_leads_to_their_lists(client: Client) -> None:
    await send_report(client)
    page = (await client.get("/map/areas")).text
    assert "/reports?area=old-town&amp;status=open" in page
    assert "There is no category" in (await client.get("/map/areas?category=xyz")).text


async def test_the_list_alone_answers_a_moved_map(client: Client) -> None:
    await send_report(client)
    part = (await client.get(f"/map?window={HERE}", headers={"HX-Request": "true"})).text
    assert part.startswith('\n<div id="results"') or part.lstrip().startswith('<div id="results"')
    assert "<html" not in part
