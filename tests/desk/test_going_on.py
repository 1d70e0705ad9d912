"""What somebody at the desk reads after an action, and how they go on to the next case."""

from urllib.parse import parse_qs, urlsplit

import pytest

from civic.cases.allowed_actions import CaseAction
from civic.desk.commands import COMMANDS, DONE
from tests.builders.riverside import get_case, get_department_id, send_desk_form, send_report, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
TEXT = "We will look at it on Monday morning."


def test_every_action_says_what_it_has_done() -> None:
    assert set(DONE) == set(COMMANDS) <= set(CaseAction)


async def test_the_page_says_what_was_done_and_keeps_the_place(client: Client, agent: Client) -> None:
    cases = [await get_case((await send_routed_report(client))["id"]) for _ in range(3)]
    roads = await agent.join(await get_department_id("roads"))
    page = (await roads.get(f"/desk/cases/{cases[0].id}")).text
    place = page.split('name="from" value="')[1].split('"')[0]
    answer = await send_desk_form(roads, cases[0].id, "reply", text=TEXT, **{"from": place})
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked == {"done": ["reply"], "from": [place]}
    page = (await roads.get(answer.headers["location"])).text
    assert "Your answer is published." in page
    assert f'name="from" value="{place}"' in page, "a second action keeps the place too"
    for case, after in zip(cases, [*cases[1:], cases[0]], strict=True):
        page = (await roads.get(f"/desk/cases/{case.id}")).text
        if case is cases[0]:  # its answer is given, so its own place is another one now
            page = (await roads.get(answer.headers["location"])).text
        link = page.split('" data-next')[0].rpartition('href="')[2].replace("&amp;", "&")
        assert (await roads.get(link)).headers["location"] == f"/desk/cases/{after.id}"


async def test_there_is_no_next_case(client: Client, agent: Client) -> None:
    case = await get_case((await send_routed_report(client))["id"])
    roads = await agent.join(await get_department_id("roads"))
    answer = await roads.get(f"/desk/next?case={case.id}")
    assert answer.headers["location"] == "/desk?done=all"
    assert "There is no other case on this desk." in (await roads.get("/desk?done=all")).text
    for made_up in ("after=x&case=x", "after=2026_9&case=-1", "case=99999999999999999999"):
        assert (await roads.get(f"/desk/next?{made_up}")).status_code == 303


async def test_triage_says_who_has_it_now(client: Client, dispatcher: Client) -> None:
    from civic.reports.actions import route_case

    report = await send_report(client, category=None, text="Something odd is standing here since Monday")
    case = await get_case(report["id"])
    await route_case(case.id)
    page = (await dispatcher.get(f"/desk/cases/{case.id}")).text
    assert "No department has this case." in page
    answer = await send_desk_form(dispatcher, case.id, "assign", to="roads", back="triage")
    page = (await dispatcher.get(answer.headers["location"])).text
    assert f"{report['number']} is with " in page
    assert "is handling this." in (await dispatcher.get(f"/desk/cases/{case.id}")).text


async def test_the_same_notice_is_shown_once(client: Client, agent: Client) -> None:
    from civic.db import in_transaction
    from civic.notifications.actions import notify

    roads = await get_department_id("roads")
    await agent.join(roads)
    async with in_transaction():
        for n, number in enumerate(["26-1", "26-1", "26-2"]):
            values = {"number": number, "promise": "resolution"}
            await notify(f"k{n}", "promise_overdue", department_id=roads, values=values, url="/desk")
    page = (await agent.get("/desk")).text
    assert page.count("Case 26-1 is overdue") == 1
    assert page.count("Case 26-2 is overdue") == 1


async def test_who_is_signed_out_reads_why(client: Client) -> None:
    answer = await client.get("/desk")
    page = (await client.get(answer.headers["location"])).text
    assert "The desk is for the people who work for the city." in page
    assert "The desk is for" not in (await client.get("/sign-in")).text


async def test_what_is_the_title_is_not_said_again(client: Client, agent: Client) -> None:
    short = "A deep hole in front of the gate"
    case = await get_case((await send_routed_report(client, text=short))["id"])
    roads = await agent.join(await get_department_id("roads"))
    page = (await roads.get(f"/desk/cases/{case.id}")).text
    assert page.partition("</head>")[2].count(short) == 1
