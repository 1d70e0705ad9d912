"""What the public reads of the promises: which one is late, to whom a case went, and no date before there is one."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from civic import timing
from civic.cases import actions
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.notifications.models import Message
from civic.posts.models import Post
from civic.reports.actions import notify_reporters, route_case
from tests.builders.riverside import JSON, get_case_id, get_department_id, send_report, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = datetime(2026, 11, 10, 9, tzinfo=ZONE)


async def read(client: Client, report_id: int) -> tuple[str, dict]:  # type: ignore[type-arg]
    page = (await client.get(f"/reports/{report_id}")).text
    return page, (await client.get(f"/reports/{report_id}", headers=JSON)).json()


async def test_no_date_is_shown_before_the_router_has_decided(client: Client) -> None:
    with timing.at(TUESDAY):
        one = await send_report(client)
        page, answer = await read(client, one["id"])
        assert "The date follows as soon as a department is found." in page
        assert "Promised by" not in page
        assert [promise["due_at"] for promise in answer["promises"].values()] == [None, None]
        [card] = (await client.get("/reports", headers=JSON)).json()["reports"]
        assert card["due_at"] is None
        await route_case(await get_case_id(one["id"]))
        page, answer = await read(client, one["id"])
    assert "Promised by" in page
    assert None not in [promise["due_at"] for promise in answer["promises"].values()]


@pytest.mark.parametrize(
    ("answered", "promise", "words"),
    [(False, "response", "The answer is overdue"), (True, "resolution", "The solution is overdue")],
)
async def test_what_is_overdue_is_named(client: Client, answered: bool, promise: str, words: str) -> None:
    with timing.at(TUESDAY):
        one = await send_routed_report(client, email="ana@example.org")
        await Post.all().update(email_confirmed_at=timing.now())
        case = await Case.get(id=await get_case_id(one["id"]))
        if answered:
            by = Actor(ActorKind.DEPARTMENT, None, case.department_id)
            await actions.reply(case.id, by=by, text="We come and look at it.")
    with timing.at(datetime(2027, 1, 11, 10, tzinfo=ZONE)):
        while await actions.escalate_next_clock():
            pass
        page, answer = await read(client, one["id"])
        [card] = (await client.get("/reports", headers=JSON)).json()["reports"]
    late = [line["promise"] for line in answer["timeline"] if line["kind"] == "overdue"]
    assert promise in late
    assert set(late) == ({"resolution"} if answered else {"response", "resolution"})
    assert words in page
    assert ("The answer is overdue" in page) != answered
    assert (answer["overdue"], answer["overdue_promise"], card["overdue_promise"]) == (True, promise, promise)
    assert ("Answer overdue" in page, "Solution overdue" in page) == (not answered, answered)
    event = await case.events.filter(kind="overdue", data__contains={"clock": promise}).first()
    assert event is not None
    await notify_reporters(event.id)
    message = await Message.filter(kind="report_overdue").order_by("-id").first()
    assert message is not None
    assert message.values["promise"] == promise


async def test_a_handover_says_to_whom_and_the_fourth_that_a_dispatcher_decides(client: Client) -> None:
    with timing.at(TUESDAY):
        one = await send_routed_report(client, email="ana@example.org")
        await Post.all().update(email_confirmed_at=timing.now())
        case = await Case.get(id=await get_case_id(one["id"]))
        ways = ["parks", "lighting", "parks", "lighting"]
        for slug in ways:
            case = await Case.get(id=case.id)
            by = Actor(ActorKind.DEPARTMENT, None, case.department_id)
            await actions.hand_over(case.id, await get_department_id(slug), by=by, text="This is not ours at all.")
        page, answer = await read(client, one["id"])
        event = await case.events.order_by("-seq").first()
        assert event is not None
        await notify_reporters(event.id)
    handovers = [(line["to"], line["to_dispatchers"]) for line in answer["timeline"] if line["kind"] == "handed_over"]
    assert handovers == [("parks", False), ("lighting", False), ("parks", False), (None, True)]
    assert page.count("a dispatcher decides") == 1
    message = await Message.filter(kind="report_handed_over").order_by("-id").first()
    assert message is not None
    assert message.values["dispatcher"] is True
