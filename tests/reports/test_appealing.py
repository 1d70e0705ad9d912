"""A reporter appeals against a decline: on the page and as a program, signed in or by receipt; a dispatcher decides."""

from collections.abc import Callable

import pytest

from civic import timing
from civic.cases.models import Case
from civic.notifications.models import Message
from civic.posts.models import Post
from civic.reports.actions import notify_reporters
from tests.builders.riverside import (
    JSON,
    act_at_desk,
    get_case,
    get_department_id,
    limit_posts,
    send_desk_form,
    send_report,
    send_routed_report,
)
from tests.clients import Client
from tests.html_forms import form_fields
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")
WHY = "The road belongs to the city, see the sign."


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def declined(client: Client, roads: Client) -> tuple[str, Case]:
    """A hole that roads does not fill: its page and its case."""
    one = await send_routed_report(client, email="ana@example.org")
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "decline", reason="not_public", text="This is a private road.")
    return one["url"], case


async def test_an_appeal_on_the_page(client: Client, roads: Client, dispatcher: Client, stranger: Client) -> None:
    """By receipt, without an account or a script."""
    url, case = await declined(client, roads)
    page = (await client.get(url)).text
    assert "Do you disagree?" in page
    assert "within 5 working days" in page
    assert "Do you disagree?" not in (await stranger.get(url)).text
    assert (await client.post(f"{url}/appeal", data={"text": WHY})).status_code == 303
    for someone in (client, stranger):
        page = (await someone.get(url)).text
        assert "A dispatcher decides by" in page
        assert WHY in page
        assert "Do you disagree?" not in page
    desk = (await dispatcher.get("/desk")).text
    assert 'href="/desk/appeals">Appeals' in desk
    listed = (await dispatcher.get("/desk/appeals")).text
    assert WHY in listed
    assert f'href="/desk/cases/{case.id}"' in listed
    assert "There is an appeal" in (await dispatcher.get(f"/desk/cases/{case.id}")).text
    assert not find_wrong_ids((await client.get(url)).text)
    assert (await send_desk_form(dispatcher, case.id, "reject", text="The sign is wrong.")).status_code == 303
    page = (await client.get(url)).text
    assert "rejected the appeal of" in page
    assert "The sign is wrong." in page
    assert "Nothing is waiting for you." in (await dispatcher.get("/desk/appeals")).text


async def test_an_appeal_by_the_receipt_s_code_on_another_device(
    client: Client, roads: Client, new_client: Callable[[], Client]
) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    await act_at_desk(roads, case.id, "decline", reason="not_public", text="This is a private road.")
    other = new_client()
    assert (await other.post(f"{one['url']}/appeal", data={"text": WHY}, headers=JSON)).status_code == 403
    await other.post("/receipt", data={"code": one["receipt"]})
    assert (await other.post(f"{one['url']}/appeal", data={"text": WHY})).status_code == 303
    assert (await Case.get(id=case.id)).appeal_is_open


async def test_an_appeal_as_a_program(client: Client, roads: Client, dispatcher: Client, stranger: Client) -> None:
    url, case = await declined(client, roads)
    assert (await client.get(url, headers=JSON)).json()["actions"] == ["appeal", "rate"]
    assert (await stranger.get(url, headers=JSON)).json()["actions"] == []
    answer = (await client.post(f"/api/v1{url}/appeal", json={"text": WHY})).json()
    assert answer["status"] == "declined"
    assert (answer["appeal"]["against"], answer["appeal"]["outcome"]) == ("decline", "open")
    assert answer["timeline"][-1]["kind"] == "appealed"
    assert answer["actions"] == ["rate"]
    assert (await client.post(f"/api/v1{url}/appeal", json={"text": WHY})).status_code == 409
    page = (await dispatcher.get("/api/v1/desk/appeals")).json()
    assert (page["count"], page["next"]) == (1, None)
    [listed] = page["appeals"]
    assert (listed["case"], listed["reason"], listed["overdue"]) == (case.id, WHY, False)
    assert listed["due_at"] == answer["appeal"]["due_at"]
    desk = (await dispatcher.get(f"/desk/cases/{case.id}", headers=JSON)).json()
    assert {"uphold", "reject"} <= set(desk["actions"])
    assert desk["appeal_due_at"] == listed["due_at"]
    upheld = await dispatcher.post(
        f"/api/v1/desk/cases/{case.id}/uphold", json={"text": "It is the city's road.", "seen": desk["seen"]}
    )
    assert upheld.json()["status"] == "in_progress"
    assert not {"uphold", "reject"} & set(upheld.json()["actions"])
    answer = (await client.get(url, headers=JSON)).json()
    assert (answer["status"], answer["appeal"]) == ("in_progress", None)


@pytest.mark.parametrize("by", ["roads", "dispatcher"])
async def test_the_page_of_an_appeal_has_the_department_that_upholding_needs(
    by: str, client: Client, roads: Client, dispatcher: Client
) -> None:
    """A dispatcher declines what no department had, too: then one is chosen, else it is the one that had it."""
    if by == "roads":
        url, case = await declined(client, roads)
    else:
        one = await send_report(client, text="The pavement is loose all along here", category="")
        url, case = one["url"], await get_case(one["id"])
        await act_at_desk(dispatcher, case.id, "decline", reason="not_public", text="This is a private road.")
    await client.post(f"/api/v1{url}/appeal", json={"text": WHY})
    address = f"/desk/cases/{case.id}/uphold"
    page = (await dispatcher.get(f"/desk/cases/{case.id}")).text
    assert 'id="to-uphold"' in page
    fields = form_fields(page, address)
    assert fields.get("to") == (["roads"] if by == "roads" else None)
    fields |= {"text": ["It is the city's road."], "to": ["roads"]}
    assert (await dispatcher.post(address, data=fields)).status_code == 303
    assert (await client.get(url, headers=JSON)).json()["department"] == "roads"


async def test_everybody_concerned_is_told(client: Client, roads: Client, dispatcher: Client) -> None:
    url, case = await declined(client, roads)
    await Post.all().update(email_confirmed_at=timing.now())
    await Message.all().delete()
    await client.post(f"{url}/appeal", data={"text": WHY})
    await act_at_desk(dispatcher, case.id, "reject", text="The sign is wrong.")
    async for event in case.events.filter(kind__in=["appealed", "rejected"]).order_by("seq"):
        await notify_reporters(event.id)
    told = {
        (row.kind, row.department.slug if row.department else row.role or row.email)
        for row in await Message.all().select_related("department")
    }
    assert told == {
        ("case_appealed", "dispatcher"),
        ("case_appealed", "roads"),
        ("case_rejected", "roads"),
        ("report_appealed", "ana@example.org"),
        ("report_rejected", "ana@example.org"),
    }


@pytest.mark.parametrize("text", ["", "  ", "No!", "\u2060\u3164"])
async def test_an_appeal_without_a_reason_is_refused_at_its_field(client: Client, roads: Client, text: str) -> None:
    url, case = await declined(client, roads)
    answer = await client.post(f"{url}/appeal", data={"text": text})
    assert answer.status_code == 422
    assert not find_wrong_ids(answer.text)
    assert 'aria-describedby="appeal-text-error"' in answer.text
    assert form_fields(answer.text, f"{url}/appeal")["text"] == [text]
    told = await client.post(f"{url}/appeal", json={"text": text}, headers=JSON)
    assert (told.status_code, list(told.json()["fields"])) == (422, ["text"])
    assert not (await Case.get(id=case.id)).appeal_is_open


async def test_what_refuses_an_appeal_keeps_its_text(client: Client, roads: Client) -> None:
    *others, url = [(await declined(client, roads))[0] for _ in range(3)]
    limit_posts(client, 1)
    for other in others:
        assert (await client.post(f"{other}/appeal", data={"text": WHY})).status_code == 303
    answer = await client.post(f"{url}/appeal", data={"text": WHY})
    assert answer.status_code == 429
    assert form_fields(answer.text, f"{url}/appeal")["text"] == [WHY]


async def test_who_may_appeal_and_decide(
    client: Client, roads: Client, stranger: Client, dispatcher: Client, new_client: Callable[[], Client]
) -> None:
    url, case = await declined(client, roads)
    for someone in (stranger, roads, dispatcher, new_client()):
        assert (await someone.post(f"{url}/appeal", data={"text": WHY}, headers=JSON)).status_code == 403
    await client.post(f"{url}/appeal", data={"text": WHY})
    for name in ("uphold", "reject"):
        answer = await send_desk_form(roads, case.id, name, text="We say that it stands.")
        assert answer.status_code == 403
    assert (await roads.get("/desk/appeals")).status_code == 403
    assert "/desk/appeals" not in (await roads.get("/desk")).text
    assert (await Case.get(id=case.id)).appeal_is_open


@pytest.mark.parametrize("deed", [None, "resolve"])
async def test_only_a_decline_is_appealed_against(client: Client, roads: Client, deed: str | None) -> None:
    one = await send_routed_report(client)
    case = await get_case(one["id"])
    if deed:
        await Case.filter(id=case.id).update(status="resolved")
    answer = await client.post(f"{one['url']}/appeal", data={"text": WHY})
    assert answer.status_code == 409
