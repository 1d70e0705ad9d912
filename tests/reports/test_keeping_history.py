"""The state of a case's history, to keep: on the report's page, in its JSON, as a file, and in each message."""

from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import CaseEvent
from civic.history_proof import read_history_proof
from civic.notifications.models import Message
from civic.notifications.rendering import render_message
from civic.reports.actions import notify_reporters
from tests.builders.riverside import JSON, act_at_desk, change_category, get_case, send_form, send_routed_report
from tests.clients import Client

DESK = Actor(ActorKind.DISPATCHER)


async def answered_report(client: Client) -> int:
    """A report that was routed, noted about, and answered."""
    report_id = (await send_routed_report(client))["id"]
    case = await get_case(report_id)
    department = Actor(ActorKind.DEPARTMENT, None, case.department_id)
    await cases.add_note(case.id, by=department, text="They are drunk again.")
    await cases.reply(case.id, by=department, text="We are on our way to you.")
    return report_id


async def test_the_state_is_on_the_page_and_in_its_json(riverside: None, client: Client) -> None:
    report_id = await answered_report(client)
    case = await get_case(report_id)
    head = bytes(case.head or b"").hex()
    page = (await client.get(f"/reports/{report_id}")).text
    assert f"State of this history: {case.number} · 4 events" in page
    assert head in page
    answer = (await client.get(f"/reports/{report_id}", headers=JSON)).json()
    assert answer["history"] == {"case": case.number, "events": 4, "head": head}


async def test_the_file_says_what_is_public_and_can_be_checked(riverside: None, client: Client) -> None:
    report_id = await answered_report(client)
    case = await get_case(report_id)
    kept = await client.get(f"/reports/{report_id}/history.json")
    assert kept.headers["content-disposition"] == f'attachment; filename="history-{case.number}.json"'
    assert read_history_proof(kept.content).head == case.head
    assert "drunk" not in kept.text
    lines = kept.json()["history"]
    assert [sorted(line) for line in lines] == [
        ["event", "hash", "seq", "text"],
        ["event", "hash", "seq", "text"],
        ["digest", "hash", "seq"],
        ["event", "hash", "seq", "text"],
    ]
    assert lines[3]["text"] == "We are on our way to you."
    assert (lines[3]["event"]["kind"], lines[3]["event"]["actor"]) == ("replied", "department")


async def test_a_text_that_was_erased_is_not_in_the_file(riverside: None, client: Client) -> None:
    report_id = await answered_report(client)
    case = await get_case(report_id)
    await cases.erase_event_text(case.number, 4)
    kept = await client.get(f"/reports/{report_id}/history.json")
    assert "on our way" not in kept.text
    assert read_history_proof(kept.content).head == case.head


async def test_the_file_is_for_those_who_may_see_the_report(riverside: None, client: Client, stranger: Client) -> None:
    async with change_category("pothole", public=False):
        await client.get("/reports/new")
        path = (await send_form(client)).headers["location"] + "/history.json"
        assert (await stranger.get(path)).status_code == 404
        answer = await client.get(path)
        assert (answer.status_code, "no-store" in answer.headers["cache-control"]) == (200, True)


async def test_each_message_has_the_state_after_its_event(riverside: None, citizen: Client) -> None:
    report_id = await answered_report(citizen)
    event = await CaseEvent.filter(case__reports__id=report_id, kind="replied").first()
    assert event is not None
    await notify_reporters(event.id)
    message = await Message.get(kind="report_replied")
    case = await get_case(report_id)
    assert f"State of this history: {case.number} · 4 events · {event.hash.hex()}" in render_message(message).body


async def test_what_a_dispatcher_writes_is_a_text_and_nothing_that_is_kept_for_good(
    riverside: None, client: Client, stranger: Client, dispatcher: Client
) -> None:
    """Everybody reads it, so it can be hidden and erased; the data of an event are in the file whatever happens."""
    report_id = (await send_routed_report(client))["id"]
    case = await get_case(report_id)
    await act_at_desk(dispatcher, case.id, "assign", to="water", text="Blomqvist of number 7 knows where it is.")
    event = await CaseEvent.get(case_id=case.id, kind="assigned", actor_kind="dispatcher")
    assert "Blomqvist" in (await stranger.get(f"/reports/{report_id}")).text
    line = f"{case.number}-{event.seq}"
    answer = await dispatcher.post("/desk/moderation/hide", data={"line": line, "reason": "personal_data"})
    assert answer.status_code == 303
    for path in ("", "/history.json"):
        assert "Blomqvist" not in (await stranger.get(f"/reports/{report_id}{path}")).text
