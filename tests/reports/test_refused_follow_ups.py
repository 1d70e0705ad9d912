"""What a reporter or a supporter writes on a report's page is kept, whatever refuses it."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from civic import cookies
from civic.cases.models import CaseEvent
from civic.reports.models import Doubt
from tests.builders.riverside import (
    act_at_desk,
    get_case,
    get_department_id,
    limit_posts,
    photo_field,
    send_routed_report,
)
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")
TEXT = "Under the second lamp, where it is <dark>"


@pytest.fixture
async def asked(citizen: Client, agent: Client) -> str:
    """The page of a report whose department asks its author something."""
    one = await send_routed_report(citizen)
    await agent.join(await get_department_id("roads"))
    await act_at_desk(agent, (await get_case(one["id"])).id, "ask", text="Where exactly?")
    return str(one["url"])


async def test_the_limit_keeps_an_answer(citizen: Client, asked: str) -> None:
    limit_posts(citizen, 1)
    for number in range(2):
        assert (await citizen.post(f"{asked}/rate", data={"stars": "5", "text": f"{number}"})).status_code == 409
    refused = await citizen.post(f"{asked}/answer", data={"text": TEXT})
    assert refused.status_code == 429
    assert form_fields(refused.text, f"{asked}/answer")["text"] == [TEXT]
    limit_posts(citizen, 100)
    assert (await citizen.post(f"{asked}/answer", data={"text": TEXT})).status_code == 303
    assert await CaseEvent.exists(text=TEXT)


async def test_an_ended_session_keeps_an_answer(citizen: Client, asked: str) -> None:
    assert citizen.user
    citizen.cookies.delete(cookies.SESSION)
    refused = await citizen.post(f"{asked}/answer", data={"text": TEXT}, files=[photo_field()])
    assert refused.status_code == 303
    waiting = await citizen.get(refused.headers["location"])
    assert "Under the second lamp, where it is &lt;dark&gt;" in waiting.text
    await citizen.sign_in(citizen.user)
    done = await citizen.post(parse_qs(urlsplit(refused.headers["location"]).query)["next"][0])
    assert (done.status_code, done.headers["location"]) == (303, asked)
    event = await CaseEvent.get(text=TEXT)
    assert await event.photos.all().count() == 1


async def test_an_ended_session_keeps_a_doubt(new_client: Callable[[], Client], asked: str) -> None:
    refused = await new_client().post(f"{asked}/doubt", data={"text": TEXT})
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/sign-in?next=%2Fkept%2F")
    assert not await Doubt.exists()
