"""Appeals: against a decline, once; against a resolution disputed after it was reopened. A dispatcher decides."""

import pytest

from civic import cache
from civic.cases import actions
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Assignment, Case, CaseEvent, Outcome
from civic.cases.status import Status
from civic.city.models import City
from civic.errors import Conflict, NotAllowed
from civic.notifications.models import Message
from tests.builders.town import REPORTER, Town, at, list_assignments, list_event_kinds, local_time, make_case_in

CITIZENS = Actor(ActorKind.CITIZEN)
WHY = "The lamp is the city's own."


async def reload(case: Case) -> Case:
    return await Case.get(id=case.id)


async def messages() -> list[tuple[str, str]]:
    rows = await Message.all().order_by("id").select_related("department")
    return [(row.kind, row.department.slug if row.department else row.role) for row in rows]


async def appealed_case(town: Town) -> Case:
    """Declined on Tuesday at 10:00, appealed against at 11:00: to be decided by the close of the next Tuesday."""
    case = await make_case_in(town, Status.DECLINED)
    await Message.all().delete()
    with at("2026-11-10 11:00"):
        return await actions.appeal(case.id, by=REPORTER, text=WHY)


async def test_an_appeal_waits_for_a_dispatcher(town: Town) -> None:
    case = await appealed_case(town)
    assert (case.status, case.appealed_at, case.appeal_outcome) == (
        Status.DECLINED,
        local_time("2026-11-10 11:00"),
        "",
    )
    assert case.appeal_due_at == local_time("2026-11-17 17:30")  # five working days of the city
    assert await messages() == [("case_appealed", "dispatcher"), ("case_appealed", "roads")]
    event = await CaseEvent.filter(case_id=case.id).order_by("-seq").first()
    assert event is not None
    assert (event.kind, event.text, event.internal, event.data["against"]) == ("appealed", WHY, False, "decline")


async def test_the_city_says_how_long_it_takes(town: Town) -> None:
    await City.all().update(settings={"calendar": "city", "appeal": "2 days"})
    cache.clear_caches()
    case = await appealed_case(town)
    assert case.appeal_due_at == local_time("2026-11-12 11:00")


async def test_a_decline_is_appealed_against_once(town: Town) -> None:
    case = await appealed_case(town)
    with pytest.raises(Conflict):
        await actions.appeal(case.id, by=REPORTER, text=WHY)
    with pytest.raises(NotAllowed):
        await actions.reject(case.id, by=town.of(town.roads), text="We say that it is not.")
    await actions.reject(case.id, by=town.desk, text="It stands on private ground.")
    for again in (
        actions.appeal(case.id, by=REPORTER, text=WHY),
        actions.reject(case.id, by=town.desk, text="It stands on private ground."),
    ):
        with pytest.raises(Conflict):
            await again
    assert await list_event_kinds(case) == ["received", "assigned", "declined", "appealed", "rejected"]
    case = await reload(case)
    assert (case.status, case.appeal_outcome, case.declined_reason) == (Status.DECLINED, "rejected", "not_public")


async def test_an_appeal_that_is_upheld_reopens(town: Town) -> None:
    case = await appealed_case(town)
    with at("2026-11-10 12:00"):
        case = await actions.uphold(case.id, by=town.desk, text="It is the city's own.")
    assert (case.status, case.appeal_outcome, case.decline_overturned) == (Status.IN_PROGRESS, "upheld", True)
    declined, again = await list_assignments(case)
    assert (declined.overturned, declined.outcome, again.outcome) == (True, Outcome.DECLINED, None)
    with at("2026-11-10 13:30"):  # a decline of its own, which can be appealed against as the first could
        await actions.decline(case.id, by=town.of(town.roads), reason="not_feasible", text="It cannot be lit.")
        case = await actions.appeal(case.id, by=REPORTER, text="Another lamp would do.")
    assert case.appeal_is_open


async def test_a_wrong_decline_is_overturned_without_an_appeal(town: Town) -> None:
    case = await make_case_in(town, Status.DECLINED)
    with pytest.raises(Conflict):
        await actions.reject(case.id, by=town.desk, text="Nobody has asked for it.")
    assert (await actions.uphold(case.id, by=town.desk, text="It is the city's own.")).appeal_outcome == ""


async def test_dispatchers_are_reminded_of_an_appeal_that_is_late(town: Town) -> None:
    """On the day and on each working day after it, once however many workers there are; the first time in public."""
    case = await appealed_case(town)
    for when, expected in (
        ("2026-11-17 17:29", []),
        ("2026-11-17 17:30", ["case_appeal_overdue"]),
        ("2026-11-18 08:59", []),
        ("2026-11-18 09:00", ["case_appeal_overdue"]),
        ("2026-11-20 10:00", ["case_appeal_overdue"]),  # the workers were away on Thursday
        ("2026-11-22 12:00", []),  # a Sunday
        ("2026-11-23 09:00", ["case_appeal_overdue"]),
    ):
        await Message.all().delete()
        with at(when):
            while await actions.remind_next_appeal():
                pass
        assert [kind for kind, _to in await messages()] == expected, when
    assert (await list_event_kinds(case)).count("appeal_overdue") == 1
    with at("2026-11-24 10:00"):
        await actions.reject(case.id, by=town.desk, text="It stands on private ground.")
        assert not await actions.remind_next_appeal()
    with at("2026-12-24 10:00"):
        assert not await actions.remind_next_appeal()


async def resolve_again(town: Town, case: Case, when: str) -> None:
    with at(when):
        await actions.resolve(case.id, by=town.of(town.roads), text="We filled it in again.")


@pytest.mark.parametrize("by", [REPORTER, CITIZENS], ids=["reporter", "supporters"])
async def test_a_later_dispute_is_a_dispatcher_s_to_decide(town: Town, by: Actor) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    with at("2026-11-11 10:00"):
        assert (await actions.dispute(case.id, by=by, text="It is open again.")).status == Status.IN_PROGRESS
    await resolve_again(town, case, "2026-11-12 10:00")
    with at("2026-11-12 11:00"):
        case = await actions.dispute(case.id, by=by, text="It is open once more.")
    assert (case.status, case.appeal_is_open, case.reopened) == (Status.RESOLVED, True, 1)
    assert await Assignment.filter(case_id=case.id, standing=True).count() == 1
    with at("2026-12-24 10:00"):  # nothing is confirmed by time while it waits
        assert not await actions.confirm_next_resolution()
    with at("2026-11-13 10:00"):
        case = await actions.uphold(case.id, by=town.desk, text="I have seen the hole.")
    assert (case.status, case.reopened, case.decline_overturned) == (Status.IN_PROGRESS, 2, False)
    assert not await Assignment.filter(case_id=case.id, standing=True).exists()
    assert not await Assignment.filter(case_id=case.id, overturned=True).exists()


async def test_a_later_dispute_that_is_rejected(town: Town) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    await actions.dispute(case.id, by=REPORTER, text="It is open again.")
    await resolve_again(town, case, "2026-11-12 10:00")
    with at("2026-11-12 11:00"):
        await actions.dispute(case.id, by=REPORTER, text="It is open once more.")
    with at("2026-11-16 10:00"):
        case = await actions.reject(case.id, by=town.desk, text="I see no hole there.")
        with pytest.raises(Conflict):
            await actions.dispute(case.id, by=REPORTER, text="It is open once more.")
    assert (case.status, case.confirm_until) == (Status.RESOLVED, local_time("2026-11-26 10:00"))
    assert (await Assignment.get(case_id=case.id, standing=True)).outcome == Outcome.RESOLVED
    with at("2026-11-26 10:00"):
        assert await actions.confirm_next_resolution()


async def test_reporter_and_supporters_each_reopen_once(town: Town) -> None:
    case = await make_case_in(town, Status.RESOLVED)
    for number, by in enumerate((REPORTER, CITIZENS), 1):
        case = await actions.dispute(case.id, by=by, text="It is open again.")
        assert (case.status, case.reopened) == (Status.IN_PROGRESS, number)
        await resolve_again(town, case, f"2026-11-1{number} 10:00")
    assert (await actions.dispute(case.id, by=CITIZENS, text="It is open again.")).appeal_is_open
