"""Imported history that was reopened: what people and programs see of it, and how the case goes on."""

from civic import db, timing
from civic.cases import actions as cases
from civic.cases import queries
from civic.cases.actors import Actor, ActorKind
from civic.cases.history import check_histories
from civic.cases.models import Assignment, Case
from civic.sla.models import Clock
from tests.builders.harbour import NOW, Harbour, make_resolved, make_row


async def _kinds(case: Case) -> list[str]:
    return [one.kind for one in (await queries.load_timeline(case.id, internal=False)).lines]


async def test_the_history_says_what_happened(harbour: Harbour) -> None:
    twice = make_resolved(first_done="2026-03-05", again="2026-03-20", done="2026-04-01")
    reopened = make_row(done="2026-03-05", again="2026-11-12")  # long after anybody could dispute it here
    await harbour.import_rows(twice, reopened)
    over, is_open = await Case.all().order_by("id")
    assert await _kinds(over) == [
        "received",
        "assigned",
        "replied",
        "resolved",
        "closed",
        "reopened",
        "resolved",
        "closed",
    ]
    assert await _kinds(is_open) == ["received", "assigned", "resolved", "closed", "reopened"]
    assert (over.status, over.reopened, is_open.status, is_open.reopened) == ("confirmed", 1, "in_progress", 1)
    assert is_open.resolved_at is is_open.due_at is is_open.dispute_until is None
    first, second = await Assignment.filter(case_id=over.id).order_by("id")
    assert (first.outcome, first.standing, second.outcome, second.standing) == ("resolved", False, "resolved", True)
    assert first.first_word_at
    assert second.first_word_at == second.ended_at == over.resolved_at
    assert not await Clock.filter(step_at__not_isnull=True).exists()  # nobody is reminded
    async with db.in_transaction():
        assert (await check_histories()).faults == []


async def test_a_reopened_case_goes_on_like_any_other(harbour: Harbour) -> None:
    await harbour.import_rows(make_row(done="2026-03-05", again="2026-11-12"))
    case = await Case.get()
    desk = Actor(ActorKind.DEPARTMENT, None, case.department_id)
    with timing.at(NOW):
        await cases.resolve(case.id, by=desk, text="Filled with asphalt.")
    await case.refresh_from_db()
    assert (case.status, case.resolved_at) == ("resolved", NOW)
    async with db.in_transaction():
        assert (await check_histories()).faults == []


async def test_a_changed_row_is_found(harbour: Harbour) -> None:
    await harbour.import_rows(make_resolved(first_done="2026-03-05", again="2026-03-20", done="2026-04-01"))
    await db.execute("UPDATE assignment SET standing = true")
    async with db.in_transaction():
        assert (await check_histories()).faults
