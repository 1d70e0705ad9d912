"""Forging the database as an audit did it: each forgery is found and named, and stops a release."""

import pytest

from civic.cases.history import HistoryFault, check_histories
from civic.cases.models import Case
from civic.db import execute
from civic.errors import Conflict
from civic.scores.actions import publish_release
from civic.scores.models import Release
from civic.scores.periods import parse_span
from civic.scores.queries import list_seal_faults
from tests.builders.histories import HISTORIES
from tests.builders.town import Town, at, database_dsn, empty, make_town  # noqa: F401  # fixtures

ADD_EVENT = """
WITH moved AS (UPDATE case_file SET events_count = events_count + 1 WHERE id = $1)
INSERT INTO case_event (case_id, seq, at, kind, actor_kind, from_status, to_status, internal, text, data, hash)
SELECT id, events_count + 1, received_at, 'replied', 'department', '', '', false, 'We came at once.', '{}', $2
FROM case_file WHERE id = $1
"""
LAST = "seq = (SELECT max(seq) FROM case_event WHERE case_id = $1)"
# What is changed of the solved case, past every guard; the event that is named (0: the case); words of the reason.
FORGERIES = {
    "a text": ("UPDATE case_event SET text = 'We came.' WHERE case_id = $1 AND seq = 3", 3, "hash covers"),
    "an instant": ("UPDATE case_event SET at = at - interval '1 h' WHERE case_id = $1 AND seq = 3", 3, "hash covers"),
    "the data": ("UPDATE case_event SET data = data || '{\"x\": 1}' WHERE case_id = $1 AND seq = 2", 2, "hash covers"),
    "the end of a history": (f"DELETE FROM case_event WHERE case_id = $1 AND {LAST}", 0, "does not end"),
    "a line in the midst": ("DELETE FROM case_event WHERE case_id = $1 AND seq = 3", 3, "missing"),
    "a whole history": ("DELETE FROM case_event WHERE case_id = $1", 0, "no history"),
    "a head": ("UPDATE case_file SET head = '\\x00' WHERE id = $1", 0, "does not end"),
    "an erased text": (
        "UPDATE case_event SET text = 'x', text_hash = sha256(text::bytea) WHERE case_id = $1 AND seq = 3",
        3,
        "erased",
    ),
    "the first word": (
        "UPDATE assignment SET first_word_at = started_at + interval '1 minute' WHERE case_id = $1",
        4,
        "first_word_at is",
    ),
    "a start": ("UPDATE assignment SET started_at = started_at + interval '1 h' WHERE case_id = $1", 2, "started_at"),
    "a real start": ("UPDATE assignment SET given_at = given_at + interval '1 h' WHERE case_id = $1", 2, "given_at"),
    "an end": ("UPDATE assignment SET ended_at = ended_at - interval '1 h' WHERE case_id = $1", 6, "ended_at is"),
    "a reason": ("UPDATE assignment SET outcome = 'declined' WHERE case_id = $1", 6, "outcome is declined"),
    "who ended it": ("UPDATE assignment SET ended_by = 'dispatcher' WHERE case_id = $1", 6, "ended_by is dispatcher"),
    "that it stands": ("UPDATE assignment SET standing = false WHERE case_id = $1", 6, "standing is False"),
    "a misrouted one": ("UPDATE assignment SET misrouted = true WHERE case_id = $1", 2, "misrouted is True"),
    "an overturned one": ("UPDATE assignment SET overturned = true WHERE case_id = $1", 2, "overturned is True"),
    "a department": (
        "UPDATE assignment SET department_id = (SELECT id FROM department WHERE slug = 'parks') WHERE case_id = $1",
        2,
        "department is parks, the history says roads",
    ),
    "a part": ("UPDATE assignment SET part = 'support' WHERE case_id = $1", 2, "part is support"),
    "an appeal": ("UPDATE case_file SET appealed_at = received_at WHERE id = $1", 6, "appealed_at is"),
    "how it was decided": ("UPDATE case_file SET appeal_outcome = 'rejected' WHERE id = $1", 6, "appeal_outcome is"),
    "who gave it": ("UPDATE assignment SET added_by = 'department' WHERE case_id = $1", 2, "added_by is department"),
    "a category": (
        "UPDATE assignment SET category_id = (SELECT id FROM category WHERE code = 'lamp') WHERE case_id = $1",
        2,
        "category is lamp",
    ),
    "a case's category": (
        "UPDATE case_file SET category_id = (SELECT id FROM category WHERE code = 'lamp') WHERE id = $1",
        1,
        "category is lamp",
    ),
    "a wait's end": ("UPDATE case_wait SET ended_by = 'limit' WHERE case_id = $1", 5, "ended_by is limit"),
    "that a wait counts": ("UPDATE case_wait SET counts = NOT counts WHERE case_id = $1", 5, "counts is"),
    "a pause": (
        "UPDATE case_wait SET assignment_paused_until = started_at WHERE case_id = $1",
        5,
        "assignment_paused_until is",
    ),
    "a wait left out": ("DELETE FROM case_wait WHERE case_id = $1", 4, "wait is missing"),
    "a case out of the scores": ("UPDATE case_file SET counted = false WHERE id = $1", 1, "counted is False"),
    "who confirmed it": ("UPDATE case_file SET confirmed_by = 'time' WHERE id = $1", 1, "confirmed_by is time"),
    "how often it was reopened": ("UPDATE case_file SET reopened = reopened + 1 WHERE id = $1", 1, "reopened is 1"),
    "a merge": ("UPDATE case_file SET merged_into_id = id WHERE id = $1", 6, "is_merged is True"),
    "who had it first": (
        "UPDATE case_file SET first_department_id = (SELECT id FROM department WHERE slug = 'parks') WHERE id = $1",
        2,
        "first_department is parks",
    ),
    "a resolution": ("UPDATE case_file SET resolved_at = NULL WHERE id = $1", 6, "resolved_at is nothing"),
    "a receipt": ("UPDATE case_file SET received_at = received_at + interval '1 h' WHERE id = $1", 1, "received_at"),
    "a case's word": ("UPDATE case_file SET first_word_at = received_at WHERE id = $1", 4, "first_word_at is"),
}
NOVEMBER = parse_span("2026-11")


@pytest.fixture
async def case(database: str) -> Case:
    """Received, given to roads, asked, answered, taken up again, resolved, rated."""
    town = await make_town()
    await HISTORIES["declined"](town)
    return await HISTORIES["solved"](town)


async def unguarded(sql: str, *args: object) -> None:
    """As somebody does it who owns the tables: with every trigger off."""
    for table in ("case_event", "case_file", "assignment"):
        await execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await execute(sql, *args)
    for table in ("case_event", "case_file", "assignment"):
        await execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def stops_the_release(case: Case, seq: int, reason: str) -> None:
    [first, *_more] = (await check_histories()).faults
    assert (first.case, first.seq) == (case.number, seq), first
    assert reason in first.why
    with at("2026-12-15 08:00"), pytest.raises(Conflict) as refused:
        await publish_release(NOVEMBER)
    assert str(first) in str(refused.value.message)
    assert not await Release.exists()


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_is_named_and_stops_the_release(case: Case, name: str) -> None:
    sql, seq, reason = FORGERIES[name]
    await unguarded(sql, case.id)
    await stops_the_release(case, seq, reason)


async def test_an_added_line_is_found(case: Case) -> None:
    await unguarded(ADD_EVENT, case.id, b"x" * 32)
    reloaded = await Case.get(id=case.id)
    await stops_the_release(case, reloaded.events_count, "hash covers")


async def test_a_moved_assignment_is_found_where_it_is_and_where_it_was(case: Case) -> None:
    await unguarded("UPDATE assignment SET case_id = $1 WHERE case_id <> $1", case.id)
    other = await Case.get(id__not=case.id)
    faults = (await check_histories()).faults
    assert HistoryFault(other.number, 2, "assignment 1 (roads) is missing") in faults
    assert HistoryFault(case.number, 0, "assignment 2 (roads) is not in the history") in faults


async def test_true_histories_are_published(case: Case) -> None:
    assert (await check_histories()).faults == []
    with at("2026-12-15 08:00"):
        assert (await publish_release(NOVEMBER)).document["chains"]["size"] == 2


RATING_FORGERIES = {
    "stars": ("UPDATE handling SET stars = 5 WHERE case_id = $1 AND stars = 2", "stars is 5, the history says 2"),
    "a confirmed address": ("UPDATE handling SET confirmed = NOT confirmed WHERE case_id = $1", "confirmed is"),
    "an instant": ("UPDATE handling SET given_at = given_at - interval '1 day' WHERE case_id = $1", "given_at is"),
    "a rating left out": ("DELETE FROM handling WHERE case_id = $1 AND stars = 2", "rating"),
    "a rating added": (
        "INSERT INTO handling (case_id, rater, stars, text, given_at, confirmed) "
        "VALUES ($1, 'post:9', 5, '', now(), true)",
        "rating is not in the history",
    ),
}


@pytest.mark.parametrize("name", RATING_FORGERIES)
async def test_a_forged_rating_is_found(case: Case, name: str) -> None:
    sql, reason = RATING_FORGERIES[name]
    await execute(sql, case.id)
    faults = (await check_histories()).faults
    assert any(one.case == case.number and reason in one.why for one in faults), faults
    with at("2026-12-15 08:00"), pytest.raises(Conflict):
        await publish_release(NOVEMBER)


async def test_a_forged_release_is_found(case: Case) -> None:
    with at("2026-12-15 08:00"):
        await publish_release(parse_span("2026-11-01..2026-11-10"))
        second = await publish_release(NOVEMBER)
    assert await list_seal_faults() == []
    await execute("ALTER TABLE release DISABLE TRIGGER USER")
    for change, reason in (
        ("document || '{\"confirm_days\": 9}'", "not what its seal covers"),
        ('document - \'previous\' || \'{"previous": {"release": "x", "seal": "y"}}\'', "the release before"),
    ):
        await execute(f"UPDATE release SET document = {change} WHERE id = $1", second.id)
        assert any(second.id in fault and reason in fault for fault in await list_seal_faults())
    await execute("ALTER TABLE release ENABLE TRIGGER USER")
