"""Two people at one case, and whoever may not be there at all."""

import asyncio

import pytest

from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases import actions
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.conflicts import CaseChanged
from civic.cases.models import Assignment, AssignmentPart, Case, Handling
from civic.cases.status import Status
from civic.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.builders.town import (
    REASON,
    REPORTER,
    Town,
    at,
    list_event_kinds,
    make_case_in,
    receive_assigned_case,
    receive_case,
)


async def test_the_second_is_told_what_the_first_did(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads = town.of(town.roads)
    await actions.reply(case.id, by=roads, seen=2, text="We come and look.")
    with pytest.raises(CaseChanged) as caught:
        await actions.resolve(case.id, by=roads, seen=2, text="We filled it in.")
    assert caught.value.status == 409
    [change] = caught.value.changes
    assert (change.seq, change.kind, change.text) == (3, "replied", "We come and look.")
    assert "Replied" in str(caught.value.message)
    assert (await Case.get(id=case.id)).status == Status.IN_PROGRESS


async def test_two_at_the_same_instant(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads = town.of(town.roads)
    results = await asyncio.gather(
        actions.resolve(case.id, by=roads, seen=2, text="We filled it in."),
        actions.hand_over(case.id, town.parks.id, by=roads, seen=2, text="This is yours."),
        actions.decline(case.id, by=town.desk, seen=2, reason="not_public", text="No, that is not so."),
        actions.reply(case.id, by=roads, seen=2, text="We come and look."),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Case) for one in results) == 1
    assert sum(isinstance(one, CaseChanged) for one in results) == 3
    assert len(await list_event_kinds(case)) == 3


async def test_notes_and_reminders_do_not_disturb_a_form(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads = town.of(town.roads)
    await actions.add_note(case.id, by=roads, text="Call the contractor.")
    await actions.set_assignee(case.id, by=roads, user_id=town.agent.id)
    await actions.reply(case.id, by=roads, seen=2, text="We come and look.")


async def test_without_seen_the_status_still_decides(town: Town) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    with pytest.raises(Conflict):
        await actions.resolve(case.id, by=town.of(town.roads), text="Filled again.")


async def test_another_department_may_do_nothing(town: Town) -> None:
    """By a guessed id, and even where its form would be out of date."""
    case = await receive_assigned_case(town)
    parks = town.of(town.parks)
    for seen in (None, 0, 2):
        for attempt in (
            actions.accept(case.id, by=parks, seen=seen),
            actions.reply(case.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.ask(case.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha?"),
            actions.hand_over(case.id, town.water.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.give_back(case.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.add_support(case.id, town.water.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.support_done(case.id, by=parks, seen=seen),
            actions.resolve(case.id, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.decline(case.id, by=parks, seen=seen, reason="not_public", text="Ha, ha, ha, ha, ha."),
            actions.recategorise(case.id, town.lamp, by=parks, seen=seen),
            actions.merge(case.id, case.id + 10**6, by=parks, seen=seen, text="Ha, ha, ha, ha, ha."),
            actions.add_note(case.id, by=parks, text="Ha, ha, ha, ha, ha."),
            actions.set_assignee(case.id, by=parks, user_id=town.agent.id),
        ):
            with pytest.raises(NotAllowed):
                await attempt
    assert await list_event_kinds(case) == ["received", "assigned"]


async def test_a_department_that_had_the_case_may_not_lead_it_any_more(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads = town.of(town.roads)
    await actions.hand_over(case.id, town.parks.id, by=roads, text="This is yours.")
    for attempt in (
        actions.accept(case.id, by=roads),
        actions.resolve(case.id, by=roads, text="We filled it in."),
        actions.hand_over(case.id, town.water.id, by=roads, text="This is theirs."),
        actions.reply(case.id, by=roads, text="Hello, who is there?"),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    with pytest.raises(CaseChanged):  # with its old form it is told why
        await actions.accept(case.id, by=roads, seen=2)


async def test_a_helper_may_speak_but_not_lead(town: Town) -> None:
    case = await receive_assigned_case(town)
    parks = town.of(town.parks)
    await actions.add_support(case.id, town.parks.id, by=town.of(town.roads), text="A tree is there.")
    await actions.reply(case.id, by=parks, text="We look at it.")
    assert (await Case.get(id=case.id)).status == Status.ASSIGNED
    for attempt in (
        actions.accept(case.id, by=parks),
        actions.resolve(case.id, by=parks, text="It is all done."),
        actions.decline(case.id, by=parks, reason="not_public", text="No, that is not so."),
        actions.hand_over(case.id, town.water.id, by=parks, text="This is theirs."),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_citizens_and_reporters_do_what_is_theirs(town: Town) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    citizen = Actor(ActorKind.CITIZEN, town.agent.id)
    for attempt in (
        actions.confirm(case.id, by=citizen),
        actions.assign(case.id, town.parks.id, by=REPORTER, reason=REASON),
        actions.add_note(case.id, by=citizen, text="Ha, ha, ha, ha, ha."),
        actions.exclude(case.id, by=town.of(town.roads)),
        actions.answer(case.id, by=citizen, text="Ha, ha, ha, ha, ha."),
    ):
        with pytest.raises(NotAllowed):
            await attempt


def test_who_acts_as_what() -> None:
    agent = Person(id=1, role=Role.AGENT, departments=frozenset({7}))
    dispatcher = Person(id=2, role=Role.DISPATCHER)
    assert Actor.of(agent, 7) == Actor(ActorKind.DEPARTMENT, 1, 7)
    assert Actor.of(agent) == Actor(ActorKind.CITIZEN, 1)
    assert Actor.of(dispatcher) == Actor(ActorKind.DISPATCHER, 2)
    assert Actor.of(dispatcher, 7) == Actor(ActorKind.DEPARTMENT, 2, 7)
    with pytest.raises(NotAllowed):
        Actor.of(agent, 8)
    with pytest.raises(NotAllowed):
        Actor.of(Person(id=3, departments=frozenset({7})), 7)


async def test_the_router_comes_too_late_without_harm(town: Town) -> None:
    case = await receive_case(town)
    await actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON)
    await actions.assign(case.id, town.roads.id, by=SYSTEM, reason=REASON)
    await actions.send_to_triage(case.id, reason=REASON)
    assert await list_event_kinds(case) == ["received", "assigned"]
    await actions.give_back(case.id, by=town.of(town.parks), text="This is not ours.")
    await actions.assign(case.id, town.roads.id, by=SYSTEM, reason=REASON)
    assert (await Case.get(id=case.id)).status == Status.RECEIVED


async def test_routing_one_case_many_times_at_once(town: Town) -> None:
    case = await receive_case(town)
    await asyncio.gather(*(actions.assign(case.id, town.roads.id, by=SYSTEM, reason=REASON) for _ in range(8)))
    assert await list_event_kinds(case) == ["received", "assigned"]
    assert await Assignment.filter(case_id=case.id).count() == 1


async def test_the_fourth_handover_goes_to_the_dispatchers(town: Town) -> None:
    case = await receive_assigned_case(town)
    here, there = town.roads, town.parks
    for number in (1, 2, 3):
        await actions.hand_over(case.id, there.id, by=town.of(here), text="This is yours.")
        assert (await Case.get(id=case.id)).handovers == number
        here, there = there, here
    await actions.accept(case.id, by=town.of(here))
    await actions.hand_over(case.id, there.id, by=town.of(here), text="Yours again.")
    triaged = await Case.get(id=case.id)
    assert (triaged.status, triaged.department_id, triaged.handovers) == (Status.RECEIVED, None, 4)
    assert not await Assignment.exists(case_id=case.id, part=AssignmentPart.LEAD, ended_at=None)
    await actions.assign(case.id, town.water.id, by=town.desk, reason=REASON, misrouted=True)
    assert (await Case.get(id=case.id)).department_id == town.water.id
    marked = await Assignment.filter(case_id=case.id, misrouted=True)
    assert [one.department_id for one in marked] == [here.id]


async def test_wrong_input_is_named(town: Town) -> None:
    case = await receive_assigned_case(town, category=town.lamp)
    roads = town.of(town.roads)
    for field, attempt in (
        ("text", actions.reply(case.id, by=roads, text=" \n")),
        ("text", actions.hand_over(case.id, town.parks.id, by=roads, text="")),
        ("text", actions.reply(case.id, by=roads, text="x" * 10_001)),
        ("photos", actions.resolve(case.id, by=roads, text="A new bulb is in.")),
        ("reason", actions.decline(case.id, by=roads, reason="lazy", text="No, that is not so.")),
        ("department", actions.hand_over(case.id, town.roads.id, by=roads, text="This is ours now.")),
        ("department", actions.hand_over(case.id, 10**9, by=roads, text="Whose is it then?")),
        ("department", actions.add_support(case.id, town.roads.id, by=roads, text="It is us, of course.")),
        ("user", actions.set_assignee(case.id, by=roads, user_id=town.dispatcher.id)),
        ("into", actions.merge(case.id, case.id, by=roads, text="It is me, of course.")),
        ("priority", actions.assign(case.id, town.parks.id, by=town.desk, reason=REASON, priority="urgent")),
        ("stars", actions.rate_handling(case.id, rater="post:1", stars=6)),
    ):
        with pytest.raises(Invalid) as caught:
            await attempt
        assert list(caught.value.fields) == [field]
    with pytest.raises(NotFound):
        await actions.accept(10**9, by=town.desk)


async def test_merging(town: Town) -> None:
    case, other, third = (
        await receive_assigned_case(town),
        await receive_assigned_case(town),
        await receive_assigned_case(town),
    )
    await actions.merge(third.id, case.id, by=town.of(town.roads), text="The same hole.")
    await actions.merge(case.id, other.id, by=town.desk, text="It is the same one.")
    merged, into = await Case.get(id=case.id), await Case.get(id=other.id)
    assert (merged.status, merged.merged_into_id, merged.due_at) == (Status.MERGED, other.id, None)
    assert (await Case.get(id=third.id)).merged_into_id == other.id
    assert into.status == Status.ASSIGNED
    assert await list_event_kinds(other) == ["received", "assigned", "absorbed"]
    assert (await Assignment.get(case_id=case.id)).outcome == "merged"
    with pytest.raises(Conflict):
        await actions.merge(other.id, case.id, by=town.desk, text="And back again.")


async def test_two_merges_of_one_pair_at_once(town: Town) -> None:
    case, other = await receive_assigned_case(town), await receive_assigned_case(town)
    results = await asyncio.gather(
        actions.merge(case.id, other.id, by=town.desk, text="It is the same one."),
        actions.merge(other.id, case.id, by=town.desk, text="It is the same one."),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Case) for one in results) == 1
    assert sum(isinstance(one, Conflict) for one in results) == 1


async def test_late_disputes(town: Town) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    with at("2026-11-20 09:59"):
        assert not await actions.confirm_next_resolution()
    with at("2026-11-20 10:00"):
        assert await actions.confirm_next_resolution()
        assert not await actions.confirm_next_resolution()
    closed = await Case.get(id=case.id)
    assert (closed.status, closed.confirmed_by) == (Status.CONFIRMED, "time")
    assert (await list_event_kinds(case))[-1] == "closed"
    with at("2026-12-20 10:01"):
        with pytest.raises(Conflict):
            await actions.dispute(case.id, by=REPORTER, text="It is there again.")
    with at("2026-12-20 10:00"):
        await actions.dispute(case.id, by=REPORTER, text="It is there again.")
    assert (await Case.get(id=case.id)).reopened == 1


async def test_rating_how_it_was_handled(town: Town) -> None:
    case = await receive_assigned_case(town)
    with pytest.raises(Conflict):
        await actions.rate_handling(case.id, rater="post:1", stars=5)
    await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in.")
    await actions.rate_handling(case.id, rater="post:1", stars=2)
    again = await actions.rate_handling(case.id, rater="post:1", stars=4, text="Better than I thought.")
    assert await Handling.filter(case_id=case.id).order_by("id").values_list("stars", flat=True) == [2, 4]
    assert (again.stars, again.text) == (4, "Better than I thought.")
