"""On a report's page a text stands once: the official answer and the question above the history, not again in it."""

import pytest

from tests.builders.riverside import act_at_desk, get_case, get_department_id, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
ANSWER = "A crew comes on Thursday with a new cover."
QUESTION = "Is it the cover by the gate or by the stop?"


async def test_the_official_answer_stands_once(client: Client, agent: Client) -> None:
    report = await send_routed_report(client)
    case = await get_case(report["id"])
    roads = await agent.join(await get_department_id("roads"))
    await act_at_desk(roads, case.id, "reply", text=ANSWER)
    page = (await client.get(report["url"])).text
    assert page.count(ANSWER) == 1
    assert "The text stands above." in page
    assert (await roads.get(f"/desk/cases/{case.id}")).text.count(ANSWER) == 1


async def test_a_question_stands_once(client: Client, agent: Client) -> None:
    report = await send_routed_report(client)
    case = await get_case(report["id"])
    roads = await agent.join(await get_department_id("roads"))
    await act_at_desk(roads, case.id, "ask", text=QUESTION)
    page = (await client.get(report["url"])).text
    assert page.count(QUESTION) == 1
    assert "The latest official answer" not in page
    await act_at_desk(roads, case.id, "reply", text=ANSWER)
    page = (await client.get(report["url"])).text
    assert (page.count(QUESTION), page.count(ANSWER)) == (1, 1)


async def test_times_of_a_history_are_relative_and_exact(client: Client) -> None:
    report = await send_routed_report(client)
    line = (await client.get(report["url"])).text.split('id="event-1"')[1].split("</li>")[0]
    assert ">just now</time>" in line
    assert 'title="' in line
    assert '<span class="sr"> (<time datetime="' in line
