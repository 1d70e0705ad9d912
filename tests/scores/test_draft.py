"""Departments see the draft of their score, object in the history, and no release is made before it is decided."""

import pytest

from civic.cases import actions as cases
from civic.cases.models import Case
from civic.errors import Conflict
from civic.scores.actions import publish_release
from civic.scores.periods import parse_span
from tests.builders.histories import HISTORIES
from tests.builders.town import Town, at, database_dsn, empty, make_town  # noqa: F401  # fixtures
from tests.clients import Client

JSON = {"Accept": "application/json"}
NOVEMBER = parse_span("2026-11")


@pytest.fixture
async def town(database: str) -> Town:
    town = await make_town()
    for name in ("solved", "passed on", "declined"):
        await HISTORIES[name](town)
    return town


async def test_a_department_sees_what_counts_for_it(town: Town, agent: Client) -> None:
    roads = await agent.join(town.roads.id)
    with at("2026-12-02 09:00"):
        found = (await roads.get("/scores/draft?period=2026-11", headers=JSON)).json()
        page = (await roads.get("/scores/draft?period=2026-11")).text
    passed_on = await Case.get(handovers=1)
    assert (found["department"], found["period"], found["count"]) == ("roads", "2026-11", len(found["lines"]))
    assert found["release_from"] == "2026-12-11T16:00:00+00:00"
    [line] = [one for one in found["lines"] if one["case"] == passed_on.number]
    assert line["ownership"] is False
    assert found["lines"][0]["case"] == passed_on.number  # what is against it comes first
    assert f'href="/desk/cases/{passed_on.id}#text-object"' in page


async def test_a_draft_is_for_its_department(town: Town, agent: Client, stranger: Client, client: Client) -> None:
    roads = await agent.join(town.roads.id)
    with at("2026-12-02 09:00"):
        for one, status in ((client, 401), (stranger, 403)):
            assert (await one.get("/scores/draft", headers=JSON)).status_code == status
        other = (await roads.get("/scores/draft?period=2026-11&department=parks", headers=JSON)).json()
        assert other["department"] == "roads"
        assert (await roads.get("/scores/draft?period=x")).status_code == 404


async def test_a_dispatcher_chooses_a_department(town: Town, dispatcher: Client) -> None:
    with at("2026-12-02 09:00"):
        assert (await dispatcher.get("/scores/draft?period=2026-11", headers=JSON)).status_code == 422
        page = await dispatcher.get("/scores/draft?period=2026-11")
        assert 'value="parks"' in page.text
        found = (await dispatcher.get("/scores/draft?period=2026-11&department=parks", headers=JSON)).json()
    assert found["department"] == "parks"


async def test_no_release_is_made_while_an_objection_waits(town: Town) -> None:
    case = await Case.get(handovers=1)
    with at("2026-12-03 09:00"):
        await cases.object_to_score(case.id, by=town.of(town.roads), text="The park is not our business.")
    with at("2026-12-15 09:00"):
        with pytest.raises(Conflict, match=rf"Objections wait for a dispatcher \(1\): {case.number}"):
            await publish_release(NOVEMBER)
        text = "It was sent to the wrong place."
        await cases.decide_objection(case.id, by=town.desk, text=text, outcome="misrouted")
        made = await publish_release(NOVEMBER)
    assert made.document["results"]["departments"]["roads"]["counted"] == 3
    shares = made.document["results"]["departments"]["roads"]["shares"]
    assert shares["misrouted"]["n"] >= 1
