"""What a department sees of others' work, and what its list takes as an address."""

import pytest

from tests.builders.riverside import (
    JSON,
    change_category,
    get_case_id,
    get_department_id,
    retire_department,
    send_desk_form,
    send_form,
    send_routed_report,
)
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

TIP = "A man sells drugs behind the Bell Tower"


async def test_private_cases_near_by_are_for_whoever_works_on_them(
    agent: Client, dispatcher: Client, client: Client
) -> None:
    async with change_category("pothole", public=False):
        await send_routed_report(client, text=TIP)
    beside = await send_routed_report(client, text="A lamp is out", category="street-light")
    await send_routed_report(client, text="Another lamp is out", category="street-light")
    page = f"/desk/cases/{await get_case_id(beside['id'])}"
    await agent.join(await get_department_id("lighting"))
    seen = (await agent.get(page)).text
    assert "Another lamp is out" in seen
    assert TIP not in seen
    assert TIP in (await dispatcher.get(page)).text
    await agent.join(await get_department_id("roads"))
    assert TIP in (await agent.get(page)).text


@pytest.mark.parametrize(
    "page",
    ["²_²", "_²", "_" + "9" * 20, "2026-01-01_5", "0001-01-01T00:00:00%2B23:00_1", "now_1", "_5", "_"],
)
async def test_a_page_of_the_desk_that_there_is_not(agent: Client, page: str) -> None:
    await agent.join(await get_department_id("lighting"))
    assert (await agent.get(f"/desk?page={page}")).status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "²"])
async def test_days_that_no_calendar_has(client: Client, day: str) -> None:
    assert (await client.get(f"/reports?since={day}")).status_code == 200
    assert (await client.get(f"/reports?until={day}")).status_code == 200


async def test_names_that_nothing_can_have(dispatcher: Client, client: Client) -> None:
    """Longer than their columns: unknown, like any other that is wrong."""
    one = await send_routed_report(client)
    case = await get_case_id(one["id"])
    assert (await send_desk_form(dispatcher, case, "merge", into="2" * 25)).status_code == 422
    assert (await send_desk_form(dispatcher, case, "note", text="x", kept="2" * 25)).status_code == 422
    assert (await send_form(client, kept="2" * 25)).status_code == 422


async def test_what_a_department_held_that_left_the_pack(dispatcher: Client, client: Client) -> None:
    """A dispatcher finds it on the desk, and can give it to another."""
    case = await get_case_id((await send_routed_report(client))["id"])
    async with retire_department("roads"):
        assert [one["case"] for one in (await dispatcher.get("/desk", headers=JSON)).json()["cases"]] == [case]
        assert 'value="roads"' not in (await dispatcher.get("/desk")).text
        given = await send_desk_form(dispatcher, case, "assign", to="parks", text="Roads is no more.")
        assert given.status_code == 303
