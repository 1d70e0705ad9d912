"""The hash chain, the database's own guard of it, erasure, and what the timeline shows."""

import hashlib

import pytest
from tortoise.exceptions import BaseORMException, IntegrityError, OperationalError

from civic import db, timing
from civic.cases import actions
from civic.cases.history import HistoryCheck, HistoryFault, check_histories, check_history
from civic.cases.models import AssignmentPart, Case, CaseEvent
from civic.cases.queries import load_assignments, load_timeline
from civic.cases.status import Status
from civic.errors import NotFound
from civic.i18n import use_language
from civic.media.models import Photo
from tests.builders.town import Town, at, local_time, make_case_in, receive_assigned_case, reload_case


async def _photo(name: str) -> Photo:
    return await Photo.create(name=name, content=name, width=1, height=1, sizes={}, created_at=timing.now())


async def _unguarded(sql: str, *args: object) -> None:
    """As somebody with the whole database in hand could do it."""
    await db.execute("ALTER TABLE case_event DISABLE TRIGGER case_event_append_only")
    await db.execute(sql, *args)
    await db.execute("ALTER TABLE case_event ENABLE TRIGGER case_event_append_only")


@pytest.mark.parametrize("status", list(Status), ids=lambda one: one.value)
async def test_every_history_holds(town: Town, status: Status) -> None:
    case = await make_case_in(town, status)
    assert await check_history(case.id) == []


@pytest.mark.parametrize(
    "change",
    [
        "text = 'We came.'",
        "at = at + interval '1 microsecond'",
        "kind = 'replied'",
        "internal = true",
        "actor_kind = 'system'",
        "department_id = NULL",
        "to_status = 'resolved'",
        "data = '{\"x\": 1}'",
    ],
)
async def test_a_changed_event_is_found(town: Town, change: str) -> None:
    case = await make_case_in(town, Status.WAITING)
    await _unguarded(f"UPDATE case_event SET {change} WHERE case_id = $1 AND seq = 3", case.id)
    assert await check_history(case.id) == [HistoryFault(case.number, 3, "the event is not what its hash covers")]


async def test_a_missing_event_is_found(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    await _unguarded("DELETE FROM case_event WHERE case_id = $1 AND seq = 2", case.id)
    assert await check_history(case.id) == [HistoryFault(case.number, 2, "the event is missing")]


async def test_an_end_cut_off_is_found(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    await _unguarded("DELETE FROM case_event WHERE case_id = $1 AND seq = 4", case.id)
    [fault] = await check_history(case.id)
    assert str(fault) == f"case {case.number}: its history does not end where the case's row says"


async def test_the_database_refuses_to_change_history(town: Town) -> None:
    case = await receive_assigned_case(town)
    for sql in (
        "UPDATE case_event SET kind = 'x' WHERE case_id = $1",
        "UPDATE case_event SET text = '' , at = now() WHERE case_id = $1",
        "DELETE FROM case_event WHERE case_id = $1",
    ):
        with pytest.raises((BaseORMException, IntegrityError, OperationalError)):
            await db.execute(sql, case.id)


async def test_words_can_be_erased_and_the_chain_holds(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    event = await CaseEvent.get(case_id=case.id, kind="asked")
    await actions.erase_event_text(case.number, event.seq)
    erased = await CaseEvent.get(id=event.id)
    assert (erased.text, bytes(erased.text_hash or b"")) == ("", hashlib.sha256(b"Where exactly?").digest())
    assert await check_history(case.id) == []
    [line] = [one for one in (await load_timeline(case.id, internal=False)).lines if one.kind == "asked"]
    assert line.erased
    await _unguarded("UPDATE case_event SET text = 'Who?' WHERE id = $1", event.id)
    [fault] = await check_history(case.id)
    assert (fault.seq, fault.why) == (event.seq, "its text was erased, and there is one")


async def test_authors_can_be_forgotten(town: Town) -> None:
    """The hash covers who acted as what, not who it was."""
    case = await receive_assigned_case(town)
    await actions.reply(case.id, by=town.of(town.roads), text="We come and look.")
    await _unguarded("UPDATE case_event SET actor_id = NULL WHERE case_id = $1", case.id)
    assert await check_history(case.id) == []


async def test_the_timeline(town: Town) -> None:
    case = await receive_assigned_case(town)
    roads = town.of(town.roads)
    with at("2026-11-10 10:00"):
        await actions.add_note(case.id, by=roads, text="Only for us.")
        await actions.hand_over(case.id, town.parks.id, by=roads, text="A tree is there.")
        photo = await _photo("evidence")
        await actions.resolve(case.id, by=town.of(town.parks), text="We cut it down.", photos=[photo])
        await actions.decline(
            (await receive_assigned_case(town)).id, by=roads, reason="private_matter", text="No, that is not so."
        )
    public = (await load_timeline(case.id, internal=False)).lines
    internal = (await load_timeline(case.id, internal=True)).lines
    assert [one.kind for one in public] == ["received", "assigned", "handed_over", "resolved"]
    assert [one.kind for one in internal] == ["received", "assigned", "note", "handed_over", "resolved"]
    over, done = public[2:]
    assert (over.names, over.from_names, over.to_names) == ({"en": "Roads"}, {"en": "Roads"}, {"en": "Parks"})
    assert (over.text, over.to_status, over.department) == ("A tree is there.", "assigned", "roads")
    assert [one.name for one in done.photos] == ["evidence"]
    assert done.data["photos"] == ["evidence"]
    assert (await Photo.get(name="evidence")).attached
    assert public[1].reason == "A dispatcher decided."
    assert (done.label, str(Status.RESOLVED.label)) == ("Resolved", "Solved, not yet confirmed")
    with use_language("zh"):
        assert (done.label, done.to_status) == ("已解决", Status.RESOLVED)


async def test_assignments_say_how_long_each_department_had_the_case(town: Town) -> None:
    case = await receive_assigned_case(town)
    with at("2026-11-11 10:00"):
        await actions.add_support(case.id, town.water.id, by=town.desk, text="A pipe is there.")
        await actions.hand_over(case.id, town.parks.id, by=town.of(town.roads), text="A tree is there.")
    with at("2026-11-12 10:00"):
        first, helper, second = await load_assignments(case.id)
    assert (first.names, first.held_seconds, first.is_open) == ({"en": "Roads"}, 8 * 3600, False)
    assert (helper.part, helper.held_seconds) == (AssignmentPart.SUPPORT, 4 * 3600)  # open in the afternoon only
    assert (second.held_seconds, second.is_lead, second.outcome_label) == (7 * 3600, True, "")
    assert second.due_at == second.response_due == local_time("2026-11-11 15:30")


async def test_the_same_bytes_give_the_same_hash_again(town: Town) -> None:
    """What went through the database and back is sealed alike, whatever it was."""
    case = await receive_assigned_case(town)
    reason = {"step": "rule", "names": {"zh": "坑洞", "en": "Hole ✨"}, "p": 0.25, "n": 3.0, "x": None, "l": [1, "a"]}
    await actions.assign(case.id, town.parks.id, by=town.desk, reason=reason)
    await actions.reply(case.id, by=town.of(town.parks), text="“Ünïcödé” 你好\r\n\ttab")
    assert await check_history(case.id) == []
    assert (await reload_case(case)).events_count == 4


async def test_every_history_is_checked_at_once(town: Town) -> None:
    first, second = await make_case_in(town, Status.WAITING), await make_case_in(town, Status.DECLINED)
    assert await check_histories() == HistoryCheck(await Case.all().count(), [])
    await _unguarded("UPDATE case_event SET text = 'No.' WHERE case_id = $1 AND seq = 4", first.id)
    await _unguarded("DELETE FROM case_event WHERE case_id = $1 AND seq = 2", second.id)
    checked = await check_histories()
    assert [(one.case, one.seq) for one in checked.faults] == [(first.number, 4), (second.number, 2)]


async def test_an_event_without_a_text_cannot_be_erased(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    for number, seq in ((case.number, 99), ("26-0", 1)):
        with pytest.raises(NotFound):
            await actions.erase_event_text(number, seq)
