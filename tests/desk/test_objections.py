"""A department objects to how a case counts; a dispatcher decides in the history; rows follow from events alone."""

import pytest

from civic.cases.history import check_history
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.queries import MAX_LINES_SHOWN
from tests.builders.riverside import JSON, act_at_desk, get_case, get_department_id, send_desk_form, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")
WHY = "The lamp belongs to the railway, not to us."
BECAUSE = "It is on the railway's ground, as they say."


@pytest.fixture
async def roads(agent: Client) -> Client:
    return await agent.join(await get_department_id("roads"))


@pytest.fixture
async def case(client: Client, roads: Client) -> Case:
    """A pothole that roads handed over to parks."""
    case = await get_case((await send_routed_report(client))["id"])
    await act_at_desk(roads, case.id, "hand_over", to="parks", text="This belongs to the parks.")
    return case


async def last_event(case: Case) -> CaseEvent:
    return await CaseEvent.filter(case_id=case.id).order_by("-seq").first()  # type: ignore[return-value]


async def test_a_department_that_had_the_case_objects_and_a_dispatcher_decides(
    case: Case, roads: Client, dispatcher: Client
) -> None:
    await act_at_desk(roads, case.id, "object", text=WHY)
    listed = (await dispatcher.get("/desk/appeals", headers=JSON)).json()["objections"]
    assert [(one["number"], one["reason"]) for one in listed] == [(case.number, WHY)]
    page = (await dispatcher.get(f"/desk/cases/{case.id}")).text
    assert f'action="/desk/cases/{case.id}/decide"' in page
    await act_at_desk(dispatcher, case.id, "decide", outcome="misrouted", text=BECAUSE)
    event = await last_event(case)
    assert (event.kind, event.text, event.data) == (
        "objection_decided",
        BECAUSE,
        {"objection": 4, "outcome": "misrouted"},
    )
    assert (await Assignment.get(case_id=case.id, department__slug="roads")).misrouted
    assert await check_history(case.id) == []
    assert (await dispatcher.get("/desk/appeals", headers=JSON)).json()["objections"] == []


async def test_a_case_is_taken_out_by_a_decision(case: Case, roads: Client, dispatcher: Client) -> None:
    await act_at_desk(roads, case.id, "object", text=WHY)
    await act_at_desk(dispatcher, case.id, "decide", outcome="excluded", text=BECAUSE)
    assert not (await Case.get(id=case.id)).counted
    assert await check_history(case.id) == []


async def test_an_objection_that_is_rejected_changes_nothing(case: Case, roads: Client, dispatcher: Client) -> None:
    before = await Assignment.filter(case_id=case.id).order_by("id").values()
    await act_at_desk(roads, case.id, "object", text=WHY)
    await act_at_desk(dispatcher, case.id, "decide", outcome="rejected", text=BECAUSE)
    assert await Assignment.filter(case_id=case.id).order_by("id").values() == before
    assert (await Case.get(id=case.id)).counted
    await act_at_desk(roads, case.id, "object", text="We object once more, with a plan.")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("object", {"text": "."}),
        ("decide", {"text": BECAUSE, "outcome": "rejected"}),
        ("decide", {"text": BECAUSE, "outcome": "x"}),
    ],
)
async def test_what_is_refused(
    case: Case, roads: Client, dispatcher: Client, name: str, fields: dict[str, str]
) -> None:
    by = roads if name == "object" else dispatcher
    events = (await Case.get(id=case.id)).events_count
    assert (await send_desk_form(by, case.id, name, **fields)).status_code in (404, 422)
    assert (await Case.get(id=case.id)).events_count == events


async def test_an_objection_is_decided_however_much_happened_since(
    case: Case, roads: Client, dispatcher: Client
) -> None:
    """Its event is no longer among the lines that the page shows."""
    await act_at_desk(roads, case.id, "object", text=WHY)
    for n in range(MAX_LINES_SHOWN + 1):
        await act_at_desk(dispatcher, case.id, "note", text=f"Note {n}")
    page = (await dispatcher.get(f"/desk/cases/{case.id}")).text
    assert f'action="/desk/cases/{case.id}/decide"' in page
    assert WHY in page
    assert f'action="/desk/cases/{case.id}/object"' not in (await roads.get(f"/desk/cases/{case.id}")).text
    await act_at_desk(dispatcher, case.id, "decide", outcome="rejected", text=BECAUSE)
    assert f'action="/desk/cases/{case.id}/object"' in (await roads.get(f"/desk/cases/{case.id}")).text


async def test_one_objection_waits_at_a_time(case: Case, roads: Client) -> None:
    await act_at_desk(roads, case.id, "object", text=WHY)
    assert (await send_desk_form(roads, case.id, "object", text=WHY)).status_code == 409


async def test_only_a_department_that_had_it_objects_and_only_a_dispatcher_decides(
    case: Case, roads: Client, dispatcher: Client, stranger: Client
) -> None:
    assert (await send_desk_form(dispatcher, case.id, "object", text=WHY)).status_code == 403
    assert (await send_desk_form(stranger, case.id, "object", text=WHY)).status_code == 403
    await act_at_desk(roads, case.id, "object", text=WHY)
    assert (await send_desk_form(roads, case.id, "decide", text=BECAUSE, outcome="rejected")).status_code == 403


async def test_a_department_that_did_not_pass_the_case_on_was_not_misrouted(
    client: Client, roads: Client, dispatcher: Client
) -> None:
    case = await get_case((await send_routed_report(client))["id"])
    await act_at_desk(roads, case.id, "object", text=WHY)
    answer = await send_desk_form(dispatcher, case.id, "decide", outcome="misrouted", text=BECAUSE)
    assert answer.status_code == 422
    assert "did not pass the case on" in answer.text
    assert (await last_event(case)).kind == "objected"
