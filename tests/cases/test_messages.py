"""Who is told what by each action: desks at once, reporters by a job, and nothing if the action fails."""

import json
from typing import Any

import pytest

from civic import db
from civic.accounts.models import User
from civic.cases import actions
from civic.cases.event_kinds import EventKind
from civic.cases.models import AssignmentPart, Case, CaseEvent, DeclineReason, Outcome, Priority
from civic.cases.status import Status, StatusGroup
from civic.db import in_transaction
from civic.errors import Invalid
from civic.i18n import use_language
from civic.notifications.models import Message
from civic.notifications.rendering import render_message
from tests.builders.town import (
    REASON,
    REPORTER,
    Town,
    at,
    local_time,
    make_case_in,
    open_case,
    receive_assigned_case,
    receive_case,
)


async def desk() -> list[tuple[str, str]]:
    """Kind and recipient of every message, in order; every one can be read in both languages."""
    found = []
    for message in await Message.all().order_by("id").select_related("department"):
        for language in ("en", "zh"):
            with use_language(language):
                text = render_message(message)
            assert message.values["number"] in text.subject
        found.append((message.kind, message.department.slug if message.department else message.role or "person"))
        assert message.url == f"/desk/cases/{await _case_of(message)}"
    return found


async def _case_of(message: Message) -> int:
    return (await Case.get(number=message.values["number"])).id


async def jobs(entrypoint: str) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1 ORDER BY id", entrypoint)
    return [json.loads(row["payload"]) for row in rows]


async def test_a_received_case_asks_to_be_routed(town: Town) -> None:
    case = await receive_case(town)
    assert await jobs("route") == [{"case": case.id}]
    assert await desk() == []


async def test_nothing_is_asked_for_by_what_did_not_happen(town: Town) -> None:
    class Stop(Exception):
        pass

    async def fail() -> None:
        async with in_transaction():
            case = await open_case(town.pothole)
            await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
            raise Stop

    with pytest.raises(Stop):
        await fail()
    assert (await jobs("route"), await jobs("notify"), await desk()) == ([], [], [])
    assert await Case.all().count() == 0


async def test_the_desks_are_told(town: Town) -> None:
    roads, parks = town.of(town.roads), town.of(town.parks)
    case = await receive_case(town)
    await actions.send_to_triage(case.id, reason={"step": "triage", "why": "no_category", "suggestions": []})
    await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON, support=[town.water.id])
    await actions.hand_over(case.id, town.parks.id, by=roads, text="A tree is there.")
    await actions.give_back(case.id, by=parks, text="This is not ours.")
    await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
    await actions.add_support(case.id, town.parks.id, by=roads, text="Please cut it down.")
    await actions.support_done(case.id, by=parks, text="We cut it down.")
    await actions.ask(case.id, by=roads, text="Where exactly?")
    await actions.answer(case.id, by=REPORTER, text="There.")
    await actions.resolve(case.id, by=roads, text="We filled it in.")
    await actions.dispute(case.id, by=REPORTER, text="No, that is not so.")
    await actions.decline(case.id, by=roads, reason="not_feasible", text="It is solid rock.")
    await actions.uphold(case.id, by=town.desk, text="Please try again.")
    assert await desk() == [
        ("case_triage", "dispatcher"),
        ("case_assigned", "roads"),
        ("case_support", "water"),
        ("case_assigned", "parks"),
        ("case_returned", "dispatcher"),
        ("case_assigned", "roads"),
        ("case_support", "parks"),
        ("case_support_done", "roads"),
        ("case_answered", "roads"),
        ("case_reopened", "roads"),
        ("case_upheld", "roads"),
    ]


async def test_whoever_has_it_in_hand_is_told_in_person(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    await Message.all().delete()
    await actions.set_assignee(case.id, by=town.of(town.roads), user_id=town.agent.id)
    await actions.answer(case.id, by=REPORTER, text="There.")
    [message] = await Message.all()
    assert (message.kind, message.user_id) == ("case_answered", town.agent.id)


async def test_the_desk_is_told_where_whoever_had_it_in_hand_has_left(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    await actions.set_assignee(case.id, by=town.of(town.roads), user_id=town.agent.id)
    await Message.all().delete()
    await User.filter(id=town.agent.id).update(disabled_at=local_time("2026-11-10 10:30"))
    with at("2026-11-10 11:00"):
        await actions.answer(case.id, by=REPORTER, text="There.")
    with at("2026-11-20 11:00"):
        while await actions.escalate_next_clock():
            pass
    messages = await Message.all()
    assert {message.kind for message in messages} == {"case_answered", "promise_overdue"}
    assert all(message.user_id is None for message in messages)
    assert any(message.department_id and not message.role for message in messages if message.kind == "promise_overdue")
    with pytest.raises(Invalid):
        await actions.set_assignee(case.id, by=town.of(town.roads), user_id=town.agent.id)


async def test_the_reminders_and_the_handovers_can_be_read(town: Town) -> None:
    case = await receive_assigned_case(town)
    for when in ("2026-11-10 11:00", "2026-11-10 13:42", "2026-11-10 14:30", "2026-11-12 14:00", "2026-11-16 10:00"):
        with at(when):
            while await actions.escalate_next_clock():
                pass
    here, there = town.roads, town.parks
    for _ in range(4):
        await actions.hand_over(case.id, there.id, by=town.of(here), text="This is yours.")
        here, there = there, here
    kinds = {kind for kind, _recipient in await desk()}
    assert kinds == {"case_assigned", "promise_soon", "promise_overdue", "case_handovers"}


async def test_reporters_are_told_of_what_matters_to_them(town: Town) -> None:
    roads = town.of(town.roads)
    case = await receive_assigned_case(town)
    await actions.add_note(case.id, by=roads, text="Only for us.")
    await actions.set_assignee(case.id, by=roads, user_id=None)
    await actions.reply(case.id, by=roads, text="We come and look.")
    await actions.resolve(case.id, by=roads, text="We filled it in.")
    await actions.confirm(case.id, by=REPORTER)
    told = [await CaseEvent.get(id=payload["event"]) for payload in await jobs("notify")]
    assert [event.kind for event in told] == ["assigned", "replied", "resolved"]


@pytest.mark.parametrize("codes", [Status, StatusGroup, EventKind, DeclineReason, AssignmentPart, Outcome, Priority])
def test_everything_has_a_name_in_every_language(codes: Any) -> None:
    for code in codes:
        english = str(code.label)
        assert english
        with use_language("zh"):
            assert str(code.label) != english


def test_reporters_are_told_of_public_events_only() -> None:
    assert all(kind.is_public for kind in EventKind if kind.tells_reporter)
