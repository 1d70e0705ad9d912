"""The desk names the city's promise and the department's own date, where they differ."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from civic import timing
from civic.cases import actions
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from tests.builders.riverside import get_case_id, get_department_id, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("passed_on", [True, False])
async def test_both_dates_are_named_where_they_differ(client: Client, agent: Client, passed_on: bool) -> None:
    parks = await get_department_id("parks")
    with timing.at(datetime(2026, 11, 10, 9, tzinfo=ZONE)):
        case = await Case.get(id=await get_case_id((await send_routed_report(client))["id"]))
    assert case.department_id is not None
    await agent.join(parks if passed_on else case.department_id)
    with timing.at(datetime(2026, 11, 11, 15, tzinfo=ZONE)):
        if passed_on:
            by = Actor(ActorKind.DEPARTMENT, None, case.department_id)
            await actions.hand_over(case.id, parks, by=by, text="These are roots of a tree.")
        page = (await agent.get(f"/desk/cases/{case.id}")).text
    assert page.count("the city's promise") == (2 if passed_on else 0)
