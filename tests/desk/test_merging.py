"""Merging at the desk: what a department may merge, what nobody may, what a refusal tells, and taking it back."""

from typing import Any

import pytest

from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.status import Status
from civic.db import Row, fetch
from civic.posts.models import Post, Visibility
from civic.reports.models import Report
from tests.builders.riverside import (
    JSON,
    act_at_desk,
    change_category,
    get_case,
    get_department_id,
    send_desk_form,
    send_routed_report,
)
from tests.clients import Client
from tests.media.pictures import encoded, scene

pytestmark = pytest.mark.usefixtures("riverside")
NEARBY = {"lat": "31.1905"}  # 56 m from the Bell Tower
FAR = {"lat": "31.192"}  # 222 m
NO_SUCH_CASE = "There is no case with this number."
PHOTO = [("photos", ("done.jpg", encoded(scene()), "image/jpeg"))]


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


async def make_case(client: Client, **fields: Any) -> Case:
    return await get_case((await send_routed_report(client, **fields))["id"])


async def refusal(client: Client, case: Case, into: Case | str) -> str:
    """What a program is told at the field `into`; the page marks it there, and nothing has changed."""
    number = into if isinstance(into, str) else into.number
    before = await CaseEvent.all().count()
    page = await send_desk_form(client, case.id, "merge", into=number, text="It is the same one.")
    assert page.status_code == 422
    assert 'aria-describedby="into-error"' in page.text
    assert "It is the same one.</textarea>" in page.text
    url, fields = f"/api/v1/desk/cases/{case.id}/merge", {"into": number, "text": "It is the same one."}
    answer = await client.post(url, json=fields)
    assert answer.status_code == 422
    assert await CaseEvent.all().count() == before
    assert (await Case.get(id=case.id)).status != Status.MERGED
    return str(answer.json()["fields"]["into"])


async def test_a_department_merges_what_is_its_own(client: Client, roads: Client) -> None:
    early, late = await make_case(client), await make_case(client, **NEARBY)
    page = (await roads.get(f"/desk/cases/{late.id}")).text
    assert "can be merged into" in page
    assert f'<option value="{early.number}">' in page
    assert f'<option value="{late.number}">' not in (await roads.get(f"/desk/cases/{early.id}")).text
    answer = await roads.post(f"/api/v1/desk/cases/{late.id}/merge", json={"into": early.number})
    assert (answer.json()["status"], answer.json()["merged_into"]) == ("merged", early.id)


async def test_a_department_s_late_case_does_not_vanish_in_another_s_solved_one(client: Client, roads: Client) -> None:
    """As reviews 1 did it: an overdue case of its own into a confirmed one of another department, elsewhere."""
    tree = await make_case(client, category="street-light", text="A dark lamp", **FAR)
    await Case.filter(id=tree.id).update(status=Status.CONFIRMED)
    hole = await make_case(client)
    told = await refusal(roads, hole, tree)
    assert told.startswith("Only a dispatcher can merge these two.")
    for why in ("no longer open", "different categories", "more than 100 m", "does not lead"):
        assert why in told
    assert "received later" not in told


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (FAR, "They are more than 100 m apart."),
        ({"category": "drain"}, "They are in different categories."),
    ],
)
async def test_what_a_department_leaves_to_a_dispatcher(
    client: Client, roads: Client, dispatcher: Client, fields: dict[str, str], why: str
) -> None:
    early = await make_case(client)
    late = await make_case(client, **fields)
    await Assignment.filter(case_id=late.id).update(department_id=await get_department_id("roads"))
    assert why in await refusal(roads, late, early)
    await act_at_desk(dispatcher, late.id, "merge", into=early.number)


async def test_a_case_received_later_is_no_target(client: Client, roads: Client) -> None:
    """Else a department would give an overdue case the dates of a fresh one."""
    early, late = await make_case(client), await make_case(client)
    assert "That case was received later." in await refusal(roads, early, late)


async def test_another_department_s_case_is_no_target(client: Client, roads: Client, dispatcher: Client) -> None:
    theirs, late = await make_case(client), await make_case(client)
    await act_at_desk(dispatcher, theirs.id, "assign", to="parks")
    assert "Your department does not lead that case." in await refusal(roads, late, theirs)
    await act_at_desk(dispatcher, theirs.id, "add_support", to="roads", text="Please help with the asphalt.")
    assert "Your department does not lead that case." in await refusal(roads, late, theirs)


async def test_a_solved_case_of_its_own_is_no_target(client: Client, roads: Client) -> None:
    early, late = await make_case(client), await make_case(client)
    answer = await roads.post(f"/desk/cases/{early.id}/resolve", data={"text": "We filled it in."}, files=PHOTO)
    assert answer.status_code == 303
    assert "That case is no longer open." in await refusal(roads, late, early)


async def test_a_public_case_does_not_vanish_in_a_hidden_one(client: Client, roads: Client, dispatcher: Client) -> None:
    early, late = await make_case(client), await make_case(client)
    post = await Post.get(report__case_id=early.id)
    await dispatcher.post("/desk/moderation/hide", data={"post": post.id, "reason": "spam"})
    for someone in (roads, dispatcher):
        assert await refusal(someone, late, early) == "A moderator has hidden that case."
    assert (await client.get("/reports", headers=JSON)).json()["count"] == 1


async def test_two_private_cases_of_different_people_are_never_merged(
    client: Client, stranger: Client, citizen: Client, roads: Client, dispatcher: Client
) -> None:
    """Else one of them reads what the other was asked, and answered."""
    async with change_category("pothole", public=False):
        one, two, three, four = [await make_case(who) for who in (stranger, citizen, client, client)]
        for someone in (roads, dispatcher):
            for case, into in ((two, one), (three, one), (four, three)):  # without an account nobody knows who it is
                assert "from different people" in await refusal(someone, case, into)
        again = await make_case(citizen)
        await act_at_desk(roads, again.id, "merge", into=two.number)
        page = (await citizen.get(f"/reports/{(await Report.get(case_id=two.id, main=True)).id}", headers=JSON)).json()
        assert page["timeline"][-1]["kind"] == "absorbed"


async def test_a_number_that_is_not_there_and_one_of_a_private_case_are_the_same(
    client: Client, roads: Client, dispatcher: Client
) -> None:
    mine = await make_case(client)
    async with change_category("street-light", public=False):
        private = await make_case(client, category="street-light")
    hidden = await make_case(client, category="street-light")
    await Post.filter(report__case_id=hidden.id).update(visibility=Visibility.HIDDEN)
    merged = await make_case(client, category="street-light")
    await act_at_desk(dispatcher, merged.id, "merge", into=(await make_case(client, category="street-light")).number)
    for number in (private.number, hidden.number, merged.number, "26-99999", "", "x" * 40, "\u0663"):
        assert await refusal(roads, mine, number) == NO_SUCH_CASE
    assert await refusal(dispatcher, mine, private) == "One of the two is not public: they cannot be merged."


async def test_a_case_not_into_itself(client: Client, roads: Client) -> None:
    case = await make_case(client)
    assert await refusal(roads, case, case) == "A case cannot be merged into itself."


# --- undone -------------------------------------------------------------------------------------------------------

ROWS = {
    "case_file": "SELECT to_jsonb(t) - 'events_count' - 'head' AS row FROM case_file t ORDER BY id",
    "assignment": "SELECT to_jsonb(t) AS row FROM assignment t ORDER BY id",
    "clock": "SELECT to_jsonb(t) AS row FROM clock t ORDER BY id",
    "report": "SELECT to_jsonb(t) AS row FROM report t ORDER BY id",
    "post": "SELECT to_jsonb(t) AS row FROM post t ORDER BY id",
    "vote": "SELECT to_jsonb(t) AS row FROM vote t ORDER BY id",
    # A photo that was not public for a while has another name.
    "photo": "SELECT to_jsonb(t) - 'name' AS row FROM photo t ORDER BY id",
}


async def snapshot() -> dict[str, list[Row]]:
    return {name: [one["row"] for one in await fetch(sql)] for name, sql in ROWS.items()}


async def test_a_merge_is_undone_with_all_that_moved(
    client: Client, citizen: Client, roads: Client, dispatcher: Client
) -> None:
    """Reports, photos, votes and who is told: by form, then by JSON, and by whoever merged it."""
    early = await make_case(client)
    late = await make_case(citizen, **NEARBY)
    await roads.post(f"/desk/cases/{late.id}/reply", data={"text": "We come and look."}, files=PHOTO)
    post = await Post.get(report__case_id=late.id)
    await citizen.post(f"/posts/{post.id}/vote")
    before = await snapshot()
    page = (await citizen.get(post.path, headers=JSON)).json()
    await act_at_desk(roads, late.id, "merge", into=early.number)
    assert (await citizen.get(post.path, headers=JSON)).json()["number"] == early.number
    desk = (await roads.get(f"/desk/cases/{late.id}")).text
    assert "Undo the merge" in desk
    assert "unmerge" in (await roads.get(f"/desk/cases/{late.id}", headers=JSON)).json()["actions"]
    assert (await send_desk_form(roads, late.id, "unmerge", text="It is another hole.")).status_code == 303
    assert await snapshot() == before
    after = (await citizen.get(post.path, headers=JSON)).json()
    assert [line["kind"] for line in after["timeline"][-2:]] == ["merged", "unmerged"]
    for same in ("number", "status", "promises", "votes", "overdue", "received_at"):
        assert after[same] == page[same]
    await act_at_desk(dispatcher, late.id, "merge", into=early.number)
    refused = await roads.post(f"/api/v1/desk/cases/{late.id}/unmerge")
    assert refused.status_code == 403
    assert "Undo the merge" not in (await roads.get(f"/desk/cases/{late.id}")).text
    assert (await dispatcher.post(f"/api/v1/desk/cases/{late.id}/unmerge")).json()["status"] == "in_progress"
    assert await snapshot() == before


async def test_the_main_report_is_chosen_when_it_is_undone(
    client: Client, roads: Client, dispatcher: Client, stranger: Client
) -> None:
    """One that a moderator has hidden meanwhile stands for no case, while another one can."""
    early, late, third = await make_case(client), await make_case(client), await make_case(client)
    await act_at_desk(roads, third.id, "merge", into=late.number)
    await act_at_desk(roads, late.id, "merge", into=early.number)
    main = await _own_report(late)
    await dispatcher.post("/desk/moderation/hide", data={"post": main.post_id, "reason": "spam"})
    await act_at_desk(dispatcher, late.id, "unmerge")
    mains = {report.case_id: report.id async for report in Report.filter(main=True)}
    assert len(mains) == 2
    assert mains[late.id] != main.id
    listed = (await stranger.get("/reports", headers=JSON)).json()["reports"]
    assert {one["id"] for one in listed} == set(mains.values())


async def _own_report(case: Case) -> Report:
    """The report that was sent with the case: the ids of both grow together."""
    reports = await Report.all().order_by("id")
    cases = await Case.all().order_by("id")
    return reports[[one.id for one in cases].index(case.id)]


async def test_a_report_hidden_in_one_case_leaves_the_others_theirs(
    client: Client, dispatcher: Client, stranger: Client
) -> None:
    """The hidden report was the main one of its case: merged into another, a public one stands for both."""
    early, late = await make_case(client), await make_case(client)
    main = await Report.get(case_id=early.id)
    await act_at_desk(dispatcher, late.id, "merge", into=early.number)
    await dispatcher.post("/desk/moderation/hide", data={"post": main.post_id, "reason": "spam"})
    listed = (await stranger.get("/reports", headers=JSON)).json()
    assert listed["count"] == 1
    assert listed["reports"][0]["id"] != main.id
