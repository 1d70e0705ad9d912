"""The desk names the city's promise and the department's, each by one word, in the list as on the case's page."""

import re
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
PROMISES = ("Department's promise", "City's promise")


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


@pytest.mark.parametrize("passed_on", [True, False])
async def test_both_promises_are_named(client: Client, agent: Client, passed_on: bool) -> None:
    parks = await get_department_id("parks")
    with timing.at(datetime(2026, 11, 10, 9, tzinfo=ZONE)):
        report = await send_routed_report(client)
        case = await Case.get(id=await get_case_id(report["id"]))
    assert case.department_id is not None
    await agent.join(parks if passed_on else case.department_id)
    with timing.at(datetime(2026, 11, 11, 15, tzinfo=ZONE)):
        if passed_on:
            by = Actor(ActorKind.DEPARTMENT, None, case.department_id)
            await actions.hand_over(case.id, parks, by=by, text="These are roots of a tree.")
        page = words((await agent.get(f"/desk/cases/{case.id}")).text)
        listed = words((await agent.get("/desk")).text)
        public = words((await client.get(report["url"])).text)
    own, city = (re.search(rf"{name} ((?:Answer|Solution) .*?(?:late|\d:\d\d))", page) for name in PROMISES)
    assert own
    assert city
    assert city[1].strip() in public, "the citizen reads of the city's promise in the same words"
    assert (city[1].strip() == own[1].strip()) is not passed_on
    assert "Department's promise" in listed
    assert ("City's promise: answer by" in listed) is passed_on
