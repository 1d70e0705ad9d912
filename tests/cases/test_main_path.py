from civic import timing
from civic.cases import actions
from civic.cases.models import Assignment, CaseEvent
from civic.cases.status import Status
from tests.builders.town import REASON, REPORTER, Town, local_time, open_case, reload_case


async def test_the_main_path(town: Town) -> None:
    with timing.at(local_time("2026-11-10 09:00")):
        case = await open_case(town.pothole)
    assert case.number == f"26-{case.id}"
    with timing.at(local_time("2026-11-10 09:01")):
        await actions.assign(case.id, town.roads.id, by=town.desk, reason=REASON)
    with timing.at(local_time("2026-11-10 10:00")):
        await actions.accept(case.id, by=town.of(town.roads), seen=2)
    with timing.at(local_time("2026-11-10 11:00")):
        await actions.reply(case.id, by=town.of(town.roads), seen=3, text="We come tomorrow.")
    with timing.at(local_time("2026-11-11 11:00")):
        await actions.resolve(case.id, by=town.of(town.roads), seen=4, text="We filled it in.")
    with timing.at(local_time("2026-11-11 20:00")):
        await actions.confirm(case.id, by=REPORTER)
    case = await reload_case(case)
    assert case.status == Status.CONFIRMED
    assert case.due_at is None
    kinds = await CaseEvent.filter(case_id=case.id).order_by("seq").values_list("kind", flat=True)
    assert kinds == ["received", "assigned", "accepted", "replied", "resolved", "confirmed"]
    [assignment] = await Assignment.all().select_related("response_clock", "resolution_clock")
    assert assignment.response_clock.due_at == local_time("2026-11-10 14:31")
    assert assignment.first_word_at == local_time("2026-11-10 11:00")
    assert assignment.standing
