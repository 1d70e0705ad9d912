"""Another category: it moves no date, and only a dispatcher moves who may read a report by it."""

import pytest

from civic.cases.history import check_history
from civic.cases.models import Assignment, Case, CaseEvent
from civic.catalogue.models import Category
from civic.notifications.models import Message
from civic.posts.models import Moderation, Post, Visibility
from tests.builders.riverside import (
    HOLE,
    JSON,
    act_at_desk,
    change_category,
    get_case,
    get_department_id,
    send_desk_form,
    send_routed_report,
)
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def log() -> list[str]:
    return [one.act for one in await Moderation.all().order_by("id")]


async def told() -> list[str]:
    return [one.kind for one in await Message.filter(kind__in=["made_private", "restored"]).order_by("id")]


async def test_a_department_takes_no_public_report_out_of_view(
    citizen: Client, stranger: Client, roads: Client
) -> None:
    one = await send_routed_report(citizen)
    case = await get_case(one["id"])
    async with change_category("street-light", public=False):
        answer = await send_desk_form(roads, case.id, "recategorise", category="street-light")
        assert answer.status_code == 422
        assert 'aria-describedby="category-error"' in answer.text
        told = await roads.post(f"/api/v1/desk/cases/{case.id}/recategorise", json={"category": "street-light"})
        assert list(told.json()["fields"]) == ["category"]
        assert (await stranger.get(one["url"])).status_code == 200
    assert (await Case.get(id=case.id)).category_id == case.category_id
    assert (await log(), await CaseEvent.filter(kind="recategorised").count()) == ([], 0)


async def test_a_dispatcher_makes_a_report_private_and_public_again(
    citizen: Client, stranger: Client, dispatcher: Client
) -> None:
    """It is in the moderators' log, the author is told, and a public category takes it back."""
    one = await send_routed_report(citizen)
    case = await get_case(one["id"])
    async with change_category("street-light", public=False):
        await act_at_desk(dispatcher, case.id, "recategorise", category="street-light")
        assert (await stranger.get(one["url"])).status_code == 404
        assert (await stranger.get("/api/v1/search?q=school")).json()["count"] == 0
        assert (await citizen.get(one["url"])).status_code == 200
        assert "Made private" in (await dispatcher.get("/desk/moderation")).text
        await act_at_desk(dispatcher, case.id, "recategorise", category="pothole")
        assert HOLE in (await stranger.get(one["url"])).text
        assert (await log(), await told()) == (["private", "public"], ["made_private", "restored"])


async def test_the_log_restores_what_was_made_private(
    citizen: Client, stranger: Client, roads: Client, dispatcher: Client
) -> None:
    one = await send_routed_report(citizen)
    case, post = await get_case(one["id"]), await Post.get()
    async with change_category("street-light", public=False):
        await act_at_desk(dispatcher, case.id, "recategorise", category="street-light")
        # A department's public category does not make it public; a dispatcher's decision does.
        await act_at_desk(roads, case.id, "recategorise", category="pothole")
        assert (await stranger.get(one["url"])).status_code == 404
        log = (await dispatcher.get("/desk/moderation")).text
        assert 'action="/desk/moderation/restore"' in log
        answer = await dispatcher.post("/desk/moderation/restore", data={"post": post.id})
        assert answer.status_code == 303
        assert (await stranger.get(one["url"])).status_code == 200
        assert 'action="/desk/moderation/restore"' not in (await dispatcher.get("/desk/moderation")).text
        assert (await dispatcher.post("/desk/moderation/restore", data={"post": post.id})).status_code == 409


async def test_what_was_sent_in_private_stays_so(
    citizen: Client, stranger: Client, roads: Client, dispatcher: Client
) -> None:
    async with change_category("pothole", public=False):
        one = await send_routed_report(citizen)
        case, post = await get_case(one["id"]), await Post.get()
        for someone in (roads, dispatcher):
            await act_at_desk(someone, case.id, "recategorise", category="drain")
            await act_at_desk(someone, case.id, "recategorise", category="pothole")
        await act_at_desk(dispatcher, case.id, "recategorise", category="drain")
        assert (await stranger.get(one["url"])).status_code == 404
        assert (await dispatcher.post("/desk/moderation/restore", data={"post": post.id})).status_code == 409
    assert await log() == []


async def test_hidden_and_made_private_are_taken_back_one_by_one(
    citizen: Client, stranger: Client, dispatcher: Client
) -> None:
    one = await send_routed_report(citizen)
    case, post = await get_case(one["id"]), await Post.get()

    async def moderate(act: str) -> Visibility:
        await dispatcher.post(f"/desk/moderation/{act}", data={"post": post.id, "reason": "abuse"})
        return (await Post.get(id=post.id)).visibility

    async with change_category("street-light", public=False):
        assert await moderate("hide") == Visibility.HIDDEN
        await act_at_desk(dispatcher, case.id, "recategorise", category="street-light")
        assert (await Post.get(id=post.id)).visibility == Visibility.HIDDEN
        assert await moderate("restore") == Visibility.PRIVATE
        assert await moderate("hide") == Visibility.HIDDEN
        await act_at_desk(dispatcher, case.id, "recategorise", category="pothole")
        assert await moderate("restore") == Visibility.PUBLIC
    assert (await stranger.get(one["url"])).status_code == 200


async def test_a_case_of_several_people_is_not_made_private(
    citizen: Client, stranger: Client, dispatcher: Client
) -> None:
    """Else each of them would read what the others are asked, and answer."""
    one, two = await send_routed_report(citizen), await send_routed_report(stranger)
    case, into = await get_case(two["id"]), await get_case(one["id"])
    await act_at_desk(dispatcher, case.id, "merge", into=into.number)
    async with change_category("street-light", public=False):
        answer = await send_desk_form(dispatcher, into.id, "recategorise", category="street-light")
        assert answer.status_code == 422
        assert "Several people have reported this" in answer.text
        await act_at_desk(dispatcher, case.id, "unmerge")
        await act_at_desk(dispatcher, into.id, "recategorise", category="street-light")
    assert {one.visibility for one in await Post.all()} == {Visibility.PUBLIC, Visibility.PRIVATE}


async def test_only_a_dispatcher_changes_what_an_assignment_is_compared_with(
    citizen: Client, roads: Client, dispatcher: Client
) -> None:
    case = await get_case((await send_routed_report(citizen))["id"])
    pothole, drain = await Category.get(code="pothole"), await Category.get(code="drain")
    await act_at_desk(roads, case.id, "recategorise", category="drain")
    assert (await Case.get(id=case.id)).category_id == drain.id
    assert (await Assignment.get(case_id=case.id)).category_id == pothole.id
    await act_at_desk(dispatcher, case.id, "recategorise", category="drain")  # as the department says
    assert (await Assignment.get(case_id=case.id)).category_id == drain.id
    await act_at_desk(dispatcher, case.id, "recategorise", category="pothole")
    assert (await Assignment.get(case_id=case.id)).category_id == pothole.id
    assert (await roads.get(f"/desk/cases/{case.id}", headers=JSON)).json()["status"] == "assigned"
    assert await check_history(case.id) == []


async def test_a_dispatcher_who_works_for_the_department_too(
    citizen: Client, stranger: Client, dispatcher: Client
) -> None:
    """As both, they decide as a dispatcher."""
    one = await send_routed_report(citizen)
    await dispatcher.join(await get_department_id("roads"))
    async with change_category("street-light", public=False):
        await act_at_desk(dispatcher, (await get_case(one["id"])).id, "recategorise", category="street-light")
        assert (await stranger.get(one["url"])).status_code == 404
