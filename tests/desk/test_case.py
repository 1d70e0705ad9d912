"""A case's page on the desk and every deed on it, by form and as a program; who may; what the second of two sees."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from civic import timing
from civic.accounts.models import Role, User
from civic.cases.allowed_actions import CaseRole, is_allowed
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.status import Status
from civic.desk import commands
from civic.media.models import Photo
from tests.builders.riverside import (
    HOLE,
    JSON,
    act_at_desk,
    get_case,
    get_department_id,
    send_desk_form,
    send_report,
    send_routed_report,
)
from tests.clients import Client, make_user
from tests.media.pictures import encoded, scene
from tests.statements import Statements

pytestmark = pytest.mark.usefixtures("riverside")
PHOTO = [("photos", ("done.jpg", encoded(scene()), "image/jpeg"))]


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


@pytest.fixture
async def case(client: Client) -> Case:
    """A pothole that roads has."""
    return await get_case((await send_routed_report(client))["id"])


async def of_parks(client: Client, role: Role) -> Client:
    """Somebody who works for another department."""
    await client.sign_in(await make_user("parks@example.org", role))
    return await client.join(await get_department_id("parks"))


async def now(case: Case) -> Case:
    return await Case.get(id=case.id)


async def kinds(case: Case) -> list[str]:
    return [event.kind for event in await CaseEvent.filter(case_id=case.id).order_by("seq")]


async def test_the_page_has_everything_to_decide_with(client: Client, roads: Client, case: Case) -> None:
    near = await get_case((await send_routed_report(client, text="Another hole", lat="31.1905"))["id"])
    page = (await roads.get(f"/desk/cases/{case.id}")).text
    for word in (HOLE, "History", "Assigned", "Near here", near.number, "As the public sees it", "everybody reads it"):
        assert word in page
    assert f'name="seen" value="{case.events_count}"' in page
    assert "Internal: only staff read this" in page


async def test_the_way_of_a_case(client: Client, roads: Client, case: Case) -> None:
    await act_at_desk(roads, case.id, "accept")
    await act_at_desk(roads, case.id, "take")
    await act_at_desk(roads, case.id, "reply", text="A crew comes.")
    await act_at_desk(roads, case.id, "ask", text="Which side is it?")
    await act_at_desk(roads, case.id, "note", text="Call the foreman.")
    report_url = re.findall(r'href="(/reports/\d+)"', (await roads.get(f"/desk/cases/{case.id}")).text)[0]
    await client.post(f"{report_url}/answer", data={"text": "The left one."})
    answer = await roads.post(f"/desk/cases/{case.id}/resolve", data={"text": "We filled it in."}, files=PHOTO)
    assert answer.status_code == 303
    assert (await now(case)).status == "resolved"
    assert await kinds(case) == [
        "received", "assigned", "accepted", "taken", "replied", "asked", "note", "answered", "resolved",
    ]  # fmt: skip


async def test_evidence_is_asked_for_and_shown(client: Client, roads: Client, case: Case) -> None:
    page = (await roads.get(f"/desk/cases/{case.id}")).text
    assert "In this category a photo must show it" in page
    answer = await send_desk_form(roads, case.id, "resolve", text="All done here.")
    assert answer.status_code == 422
    assert "a photo must show the result" in answer.text
    assert "All done here." in answer.text
    answer = await roads.post(f"/desk/cases/{case.id}/resolve", data={"text": "It is all done."}, files=PHOTO)
    assert answer.status_code == 303
    photo = await Photo.get()
    assert photo.public
    assert f"/photos/{photo.name}/320.webp" in (await client.get("/reports/" + str(await report_of(case)))).text


async def report_of(case: Case) -> int:
    [row] = (await Case.get(id=case.id).prefetch_related("reports")).reports  # type: ignore[misc]
    return int(row.id)


@pytest.mark.parametrize(
    "name", ["reply", "ask", "resolve", "hand_over", "give_back", "decline", "add_support", "accept"]
)
async def test_a_public_text_that_says_nothing_is_marked(roads: Client, case: Case, name: str) -> None:
    """On the page at its field, with what was typed kept; as JSON by the field's name; in the reader's language."""
    before = await kinds(case)
    for typed in ("ok 👍", "\u2060\u3164ok"):
        answer = await send_desk_form(roads, case.id, name, **FIELDS | {"text": typed})
        assert answer.status_code == 422
        assert f'aria-describedby="text-{name}-error">{typed}</textarea>' in answer.text
        assert answer.text.count("at least ten letters or digits") == 2  # above the form, and at the field
        await User.all().update(language="zh")
        told = await roads.post(f"/desk/cases/{case.id}/{name}", json={**FIELDS, "text": typed}, headers=JSON)
        await User.all().update(language="en")
        assert told.status_code == 422
        assert "四个汉字" in told.json()["fields"]["text"]
    assert await kinds(case) == before


async def test_a_refused_form_keeps_its_text_and_photos(roads: Client, case: Case) -> None:
    answer = await roads.post(f"/desk/cases/{case.id}/resolve", data={"text": ""}, files=PHOTO)
    assert answer.status_code == 422
    [name] = re.findall(r'name="kept" value="([\w-]{22})"', answer.text)
    assert 'id="command-resolve" open' in answer.text
    answer = await send_desk_form(roads, case.id, "resolve", text="We filled it in.", kept=name)
    assert answer.status_code == 303, answer.text
    bad = [("photos", ("bad.jpg", b"no photo", "image/jpeg"))]
    assert (await roads.post(f"/desk/cases/{case.id}/reply", data={"text": "x"}, files=bad)).status_code == 422


async def test_the_second_of_two_sees_what_changed(roads: Client, dispatcher: Client, case: Case) -> None:
    seen = case.events_count
    await act_at_desk(dispatcher, case.id, "assign", to="parks", seen=seen, text="A tree did it.")
    answer = await send_desk_form(roads, case.id, "reply", seen=seen, text="My long and careful reply")
    assert answer.status_code == 409
    assert "Somebody else was quicker" in answer.text
    assert "Assigned" in answer.text
    assert await CaseEvent.filter(case_id=case.id, kind="replied").count() == 0


async def test_the_second_of_two_keeps_the_text(roads: Client, dispatcher: Client, case: Case) -> None:
    await act_at_desk(roads, case.id, "accept", seen=2)
    answer = await send_desk_form(roads, case.id, "reply", seen=2, text="My long and careful reply")
    assert answer.status_code == 409
    assert "Accepted" in answer.text
    assert "My long and careful reply</textarea>" in answer.text
    assert f'name="seen" value="{(await now(case)).events_count}"' in answer.text
    told = await roads.post(f"/desk/cases/{case.id}/reply", json={"seen": 2, "text": "We look at it."}, headers=JSON)
    assert told.status_code == 409
    assert "Accepted" in told.json()["message"]
    # What is quiet is no conflict: somebody wrote a note meanwhile.
    seen = (await now(case)).events_count
    await act_at_desk(dispatcher, case.id, "note", text="Known.")
    await act_at_desk(roads, case.id, "reply", seen=seen, text="My long and careful reply")


async def test_deeds_as_a_program(roads: Client, case: Case) -> None:
    answer = await roads.post(f"/api/v1/desk/cases/{case.id}/accept", json={"seen": 2, "text": "We look at it."})
    body = answer.json()
    assert (answer.status_code, body["status"], body["seen"]) == (200, "in_progress", 3)
    assert body["department"] == "roads"
    assert [line["kind"] for line in body["timeline"]] == ["received", "assigned", "accepted"]
    answer = await roads.post(f"/desk/cases/{case.id}/decline", json={"text": "No, that is not so."}, headers=JSON)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["reason"])
    answer = await roads.post(
        f"/desk/cases/{case.id}/decline", json={"text": "No, that is not so.", "reason": "not_public"}, headers=JSON
    )
    assert answer.json()["status"] == "declined"
    assert answer.json()["due_at"] is None


async def test_handing_over_and_helping(roads: Client, case: Case, new_client: Callable[[], Client]) -> None:
    await act_at_desk(roads, case.id, "add_support", to="parks", text="Please cut the roots.")
    parks = await (await new_client().sign_in(await make_user("p@example.org", Role.AGENT))).join(
        await get_department_id("parks")
    )
    await act_at_desk(parks, case.id, "reply", text="Cut on Monday.")
    await act_at_desk(parks, case.id, "support_done")
    for wrong in ("", "nobody", "roads"):
        answer = await send_desk_form(roads, case.id, "hand_over", to=wrong, text="This is theirs.")
        assert answer.status_code == 422, wrong
        assert "This is theirs." in answer.text
    await act_at_desk(roads, case.id, "hand_over", to="drainage", text="A pipe burst below.")
    assert (await roads.get(f"/desk/cases/{case.id}")).status_code == 200, "who had it can look"
    assert (await send_desk_form(roads, case.id, "accept")).status_code == 403


async def test_returning_to_triage_and_back(roads: Client, dispatcher: Client, case: Case) -> None:
    answer = await send_desk_form(roads, case.id, "give_back", text="Not a road of the city.")
    assert answer.status_code == 303
    page = (await dispatcher.get("/desk/triage")).text
    assert "Not a road of the city." in page
    answer = await send_desk_form(dispatcher, case.id, "assign", to="parks", back="triage", misrouted="1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/triage?done=assign&case={case.id}")
    assert await Assignment.filter(case_id=case.id, misrouted=True).count() == 1
    assert "Nothing is waiting for you" in (await dispatcher.get("/desk/triage")).text


async def test_triage_with_one_click(client: Client, dispatcher: Client) -> None:
    one = await send_routed_report(client, category=None, text="我们小区门口路灯不亮")
    case = await get_case(one["id"])
    page = (await dispatcher.get("/desk/triage")).text
    suggestions = re.findall(r'name="to" value="([\w-]+)" data-choice="(\d)"', page)
    assert [number for _slug, number in suggestions] == ["1", "2", "3"]
    assert suggestions[0][0] == "lighting"
    [listed] = (await dispatcher.get("/api/v1/desk/triage")).json()["cases"]
    assert listed["suggestions"] == [slug for slug, _number in suggestions]
    await act_at_desk(dispatcher, case.id, "assign", to=suggestions[0][0], seen=listed["seen"], back="triage")
    case = await now(case)
    assert (case.status, case.department_id) == ("assigned", await get_department_id("lighting"))


async def test_dispatchers_say_what_counts_and_what_was_wrong(roads: Client, dispatcher: Client, case: Case) -> None:
    await act_at_desk(roads, case.id, "decline", reason="not_feasible", text="It is too expensive.")
    await act_at_desk(dispatcher, case.id, "uphold", text="It can be done.")
    assert (await now(case)).status == "in_progress"
    await act_at_desk(dispatcher, case.id, "exclude")
    assert not (await now(case)).counted
    await act_at_desk(dispatcher, case.id, "include")
    await act_at_desk(roads, case.id, "hand_over", to="parks", text="This is theirs.")
    assignment = await Assignment.get(case_id=case.id, outcome="handed_over")
    await act_at_desk(dispatcher, case.id, "misroute", assignment=assignment.id)
    assert (await Assignment.get(id=assignment.id)).misrouted
    for wrong in ("", "x", "²", "999999", str(10**30)):
        assert (await send_desk_form(dispatcher, case.id, "misroute", assignment=wrong)).status_code == 404


async def test_a_merged_case_points_on(client: Client, roads: Client, dispatcher: Client, case: Case) -> None:
    other = await get_case((await send_routed_report(client, text="The same hole"))["id"])
    for wrong in ("", "no number", case.number):
        answer = await send_desk_form(dispatcher, case.id, "merge", into=wrong)
        assert answer.status_code == 422, wrong
    await act_at_desk(dispatcher, case.id, "merge", into=other.number)
    page = await roads.get(f"/desk/cases/{case.id}")
    assert page.status_code == 200
    assert f'href="/desk/cases/{other.id}"' in page.text
    assert "Also reported" in (await roads.get(f"/desk/cases/{other.id}")).text
    assert (await dispatcher.get(f"/desk/cases/{case.id}", headers=JSON)).json()["merged_into"] == other.id
    answer = await send_desk_form(dispatcher, other.id, "merge", into=case.number)
    assert answer.status_code in (409, 422)


async def test_taking_a_case_in_hand(roads: Client, case: Case, stranger: Client) -> None:
    assert roads.user
    assert stranger.user
    await act_at_desk(roads, case.id, "take", user=roads.user.id)
    assert "Cleo" in (await roads.get("/desk")).text
    await act_at_desk(roads, case.id, "take", user="")
    assert (await Assignment.get(case_id=case.id)).assignee_id is None
    answer = await send_desk_form(roads, case.id, "take", user=stranger.user.id)
    assert answer.status_code == 422


async def test_a_category_is_corrected(roads: Client, case: Case) -> None:
    await act_at_desk(roads, case.id, "recategorise", category="pavement")
    assert (await kinds(case))[-1] == "recategorised"
    assert (await send_desk_form(roads, case.id, "recategorise", category="unicorn")).status_code == 422


# --- who may ------------------------------------------------------------------

FIELDS = {
    "text": "This is a text.",
    "to": "parks",
    "reason": "not_public",
    "category": "drain",
    "into": "26-1",
    "assignment": "1",
    "user": "",
}
OF_DISPATCHERS = {"assign", "uphold", "misroute", "exclude", "include"}


@pytest.mark.parametrize("name", sorted(commands.COMMANDS))
async def test_a_stranger_to_the_case_is_refused(
    client: Client, citizen: Client, case: Case, new_client: Callable[[], Client], name: str
) -> None:
    """Not signed in, a resident, the reporter, and an agent of another department, by form and as a program."""
    before = await kinds(case)
    parks = await (await new_client().sign_in(await make_user("p@example.org", Role.LEAD))).join(
        await get_department_id("parks")
    )
    for someone, status in ((client, 401), (citizen, 403), (parks, 404)):
        for extra in ({}, {"acting": str(await get_department_id("roads"))}):
            answer = await send_desk_form(someone, case.id, name, **FIELDS, **extra)
            assert answer.status_code == (303 if someone is client else status)  # on to sign in
        answer = await someone.post(f"/api/v1/desk/cases/{case.id}/{name}", json=FIELDS)
        assert answer.status_code == status
    assert await kinds(case) == before


@pytest.mark.parametrize("name", sorted(OF_DISPATCHERS))
async def test_agents_and_leads_do_not_dispatch(roads: Client, case: Case, name: str) -> None:
    before = await kinds(case)
    answer = await send_desk_form(roads, case.id, name, **FIELDS)
    assert answer.status_code == 403
    assert await kinds(case) == before


async def test_nobody_speaks_for_another_department(roads: Client, case: Case) -> None:
    for acting in (await get_department_id("parks"), 999_999, "x", "²", 10**30):
        answer = await send_desk_form(roads, case.id, "reply", text="This is a text.", acting=acting)
        assert answer.status_code in (303, 403)
    assert (
        not await CaseEvent.filter(case_id=case.id)
        .exclude(department_id__in=[await get_department_id("roads")])
        .filter(kind="replied")
        .count()
    )


async def test_a_dispatcher_leaves_the_work_to_departments(dispatcher: Client, case: Case) -> None:
    for name in ("accept", "reply", "ask", "resolve", "hand_over", "give_back", "support_done"):
        answer = await send_desk_form(dispatcher, case.id, name, **FIELDS)
        assert answer.status_code in (403, 409, 422), name
    assert (await kinds(case))[-1] == "assigned"


async def test_a_deed_that_there_is_not(roads: Client, case: Case) -> None:
    for name in ("open_case", "confirm", "__init__", "x"):
        assert (await send_desk_form(roads, case.id, name)).status_code == 404


@pytest.mark.parametrize(
    "fields", [{"seen": "²"}, {"seen": str(10**40)}, {"seen": "-1"}, {"seen": "x"}, {"text": "a\x00b and all the rest"}]
)
async def test_odd_fields_break_nothing(roads: Client, case: Case, fields: dict[str, Any]) -> None:
    answer = await send_desk_form(roads, case.id, "reply", **{"text": "This is a text.", **fields})
    assert answer.status_code in (303, 409, 422)


async def test_what_the_page_asks_does_not_grow(
    client: Client, roads: Client, case: Case, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    url = f"/reports/{await report_of(case)}"
    asked = []
    for number in (1, 5):
        for _ in range(number):
            await roads.post(f"/desk/cases/{case.id}/reply", data={"text": "Once again, please."}, files=PHOTO)
            await send_routed_report(client, text="Near it")
            other = await send_routed_report(client, text="The same")
            await act_at_desk(roads, (await get_case(other["id"])).id, "merge", into=case.number)
        for path, someone in ((f"/desk/cases/{case.id}", roads), (url, client)):
            await someone.get(path)
            with count_queries() as statements:
                assert (await someone.get(path)).status_code == 200
            asked.append(len(statements))
    assert asked[:2] == asked[2:]
    assert max(asked) <= 13, statements.texts


async def test_the_history_near_by_links_where_one_may_go(client: Client, roads: Client, case: Case) -> None:
    lamp = await send_routed_report(client, category="street-light", text="A dark lamp")
    page = (await roads.get(f"/desk/cases/{case.id}")).text
    assert f'href="{lamp["url"]}"' in page
    assert f"/desk/cases/{(await get_case(lamp['id'])).id}" not in page
    assert (await send_report(client))["id"]


# --- what may be done ---------------------------------------------------------


async def set_status(case: Case, status: Status) -> None:
    """As if the case had this status: only for pages, which read."""
    await Case.filter(id=case.id).update(status=status)
    if not status.is_held:
        await Assignment.filter(case_id=case.id).update(ended_at=timing.now(), outcome="closed")


@pytest.mark.parametrize("status", list(Status))
async def test_the_page_and_the_answer_to_a_program_offer_the_same(
    client: Client, roads: Client, dispatcher: Client, case: Case, new_client: Callable[[], Client], status: Status
) -> None:
    parks = await of_parks(new_client(), Role.AGENT)
    await send_desk_form(dispatcher, case.id, "add_support", to="parks", text="Please help.")
    await set_status(case, status)
    for someone, role in ((roads, "lead"), (parks, "support"), (dispatcher, "dispatcher")):
        role = role if status.is_held or role == "dispatcher" else "former"
        expected = {one.value for one in commands.COMMANDS if is_allowed(one, status, CaseRole(role))} - {"unmerge"}
        answer = (await someone.get(f"/desk/cases/{case.id}", headers=JSON)).json()
        assert set(answer["actions"]) == expected, role
        page = (await someone.get(f"/desk/cases/{case.id}")).text
        offered = set(re.findall(rf'action="/desk/cases/{case.id}/(\w+)"', page))
        # Only an assignment that was passed on can be marked, and a case that counts is not counted again.
        assert offered == expected - {"misroute", "include", "decide"}, role


async def test_a_reply_takes_few_statements(
    roads: Client, case: Case, count_queries: Callable[[], AbstractContextManager[Statements]]
) -> None:
    await send_desk_form(roads, case.id, "accept")
    await send_desk_form(roads, case.id, "reply", text="We come and look.")
    with count_queries() as statements:
        answer = await send_desk_form(roads, case.id, "reply", text="A crew is on its way.")
    assert answer.status_code == 303
    assert len(statements) <= 12, "\n".join(statements.texts)
