"""What somebody meets after sending a report: thanks, who has it, why and by when; later, what their device sent."""

import re
from collections.abc import Callable

import pytest

from civic.reports.actions import route_case
from tests.builders.riverside import (
    CODE,
    JSON,
    act_at_desk,
    get_case,
    get_case_id,
    get_department_id,
    photo_field,
    send_form,
)
from tests.clients import Client, make_user
from tests.html_forms import form_fields
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")
HTMX = {"HX-Request": "true"}


async def test_thanks_and_who_has_it_without_a_reload(client: Client) -> None:
    sent = await send_form(client)
    path = sent.headers["location"]
    page = (await client.get(path)).text
    assert "Thank you. Your report has arrived." in page
    assert "We are finding the right department." in page
    assert f'hx-get="{path}" hx-trigger="every 2s"' in page
    assert re.search(rf'data-copy="{CODE}"', page)
    await route_case(await get_case_id(int(path.rsplit("/")[-1])))
    part = (await client.get(path, headers=HTMX)).text
    assert part.lstrip().startswith('<section class="notice done" id="thanks"')
    for words in ("Roads Department is handling this.", "Why: ", "The first answer is promised by"):
        assert words in part
    assert "hx-get" not in part, "it asks no more"


async def test_a_stranger_reads_no_thanks(client: Client, stranger: Client) -> None:
    path = (await send_form(client)).headers["location"]
    assert "Thank you" not in (await stranger.get(path)).text


async def test_an_account_is_promised_nothing_for_what_was_sent_without_it(client: Client) -> None:
    path = (await send_form(client)).headers["location"]
    await client.sign_in(await make_user("ana@example.org"))
    page = (await client.get(path)).text
    assert "Thank you. Your report has arrived." in page
    assert "You are told on your account" not in page
    assert "the receipt code opens it" in page
    own = (await client.get((await send_form(client)).headers["location"])).text
    assert "You are told on your account" in own


async def test_what_this_device_sent(client: Client, stranger: Client) -> None:
    path = (await send_form(client)).headers["location"]
    page = (await client.get("/me")).text
    assert f'href="{path}"' in page
    assert not find_wrong_ids(page)
    assert path not in (await stranger.get("/me")).text
    forgotten = await client.post("/me/forget")
    assert forgotten.headers["clear-site-data"] == '"cache", "storage"'
    page = (await client.get(forgotten.headers["location"])).text
    assert path not in page
    assert "This browser holds no receipt codes" in page
    assert "Your receipt code" not in (await client.get(path)).text


async def test_me_is_the_account_of_who_is_signed_in(citizen: Client) -> None:
    assert (await citizen.get("/me")).headers["location"] == "/account"
    assert "Nothing was sent from this device without an account." in (await citizen.get("/account")).text


async def test_seven_photos_where_five_are_taken(client: Client) -> None:
    files = [photo_field(f"IMG_{number}.jpg") for number in range(1, 8)]
    answer = await send_form(client, files=files)
    assert answer.status_code == 422
    assert "These were left out: IMG_6.jpg, IMG_7.jpg" in answer.text
    assert len(form_fields(answer.text, "/reports")["kept"]) == 5


async def test_stars_that_were_given_stay(client: Client, agent: Client) -> None:
    path = (await send_form(client)).headers["location"]
    case = await get_case_id(int(path.rsplit("/")[-1]))
    await route_case(case)
    await agent.join(await get_department_id("roads"))
    await act_at_desk(agent, case, "decline", text="This is a private road.", reason="not_public")
    assert (await client.post(f"{path}/rate", data={"stars": "4"})).status_code == 303
    page = (await client.get(path)).text
    assert "Thank you: you gave 4 stars" in page
    assert form_fields(page, f"{path}/rate")["stars"] == ["4"]


@pytest.mark.parametrize("before", [(), ("ask",), ("accept", "resolve"), ("decline",)])
@pytest.mark.parametrize("sent", ["", "answer", "dispute", "appeal", "rate"])
async def test_each_id_is_there_once_and_each_link_leads_to_one(
    client: Client, agent: Client, new_client: Callable[[], Client], before: tuple[str, ...], sent: str
) -> None:
    """With the forms of its author, with a refused one, and for somebody else who may comment."""
    path = (await send_form(client)).headers["location"]
    case = await get_case_id(int(path.rsplit("/")[-1]))
    await route_case(case)
    await agent.join(await get_department_id("roads"))
    for command in before:
        said = {"text": "We have looked at it.", "reason": "not_public"}
        await agent.post(f"/desk/cases/{case}/{command}", data=said, files=[photo_field()])
    page = await client.post(f"{path}/{sent}", data={"text": ""}) if sent else await client.get(path)
    assert page.status_code in (200, 303, 409, 422)
    assert not find_wrong_ids(page.text)
    assert not find_wrong_ids((await new_client().get(path)).text)
    assert not find_wrong_ids((await agent.get(f"/desk/cases/{(await get_case(int(path.rsplit('/')[-1]))).id}")).text)


PAGES = """/ /reports /reports/new /map /traffic /traffic/new /services /services/id-card /search?q=light /scores
    /receipt
    /sign-in /sign-up /me /posts/1/flag /account /desk /desk/triage /desk/moderation /desk/appeals"""


@pytest.mark.parametrize("path", PAGES.split())
async def test_each_page_has_each_id_once(client: Client, dispatcher: Client, path: str) -> None:
    await send_form(client)
    for reader in (client, dispatcher):
        assert not find_wrong_ids((await reader.get(path)).text)


async def test_a_photo_that_is_gone_costs_no_other(client: Client) -> None:
    """What was kept too long, or is part of another post by now, is named; the rest stays in the form, and is shown."""
    sent = await client.post("/reports/photos", files=[photo_field("1.jpg"), photo_field("2.jpg")], headers=JSON)
    here = [one["name"] for one in sent.json()["photos"]]
    answer = await send_form(client, kept=[here[0], "A" * 22, here[1]])
    assert answer.status_code == 422
    assert "no longer there" in answer.text
    assert re.findall(r'name="kept" value="([\w-]{22})" checked', answer.text) == here
