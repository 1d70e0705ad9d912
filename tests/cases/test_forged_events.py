"""What the database itself refuses: an event that does not follow the head of its case's history."""

import hashlib
import json
import random
import struct

import pytest

from civic import chain, db
from civic.canonical_json import encode_canonical_json
from civic.cases import actions
from civic.cases.history import check_history
from civic.cases.models import Case, CaseEvent
from civic.cases.status import Status
from tests.builders.town import REASON, Town, make_case_in, receive_assigned_case

INSERT = """
INSERT INTO case_event (case_id, seq, at, kind, actor_kind, from_status, to_status, internal, text, data, hash)
SELECT case_id, seq + $2, at, 'replied', 'department', '', '', false, 'We came at once.', '{}', $3
FROM case_event WHERE case_id = $1 ORDER BY seq DESC LIMIT 1
"""


def content_of(event: CaseEvent, number: str, seq: int) -> dict[str, object]:
    """What the hash of the inserted event would cover: written out, as docs/method.md says it."""
    return {
        "actor": "department",
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "case": number,
        "data": {},
        "department": None,
        "from": "",
        "internal": False,
        "kind": "replied",
        "seq": seq,
        "text": hashlib.sha256(b"We came at once.").hexdigest(),
        "to": "",
    }


@pytest.mark.parametrize("step", [1, 2, -1, -5])
async def test_a_line_that_is_only_inserted_is_refused(town: Town, step: int) -> None:
    case = await make_case_in(town, Status.WAITING)
    with pytest.raises(Exception, match=r"does not follow the head|duplicate key"):
        await db.execute(INSERT, case.id, step, b"x" * 32)
    assert await CaseEvent.filter(case_id=case.id).count() == case.events_count


async def test_a_line_with_the_right_hash_is_refused_where_the_case_does_not_end_with_it(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    forged = await _right_hash(case)
    with pytest.raises(Exception, match="does not follow the head"):
        await db.execute(INSERT, case.id, 1, forged)


async def test_a_head_that_is_not_the_last_line_is_refused(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    for change in ("head = '\\x00'", "events_count = events_count - 1", "events_count = events_count + 1"):
        with pytest.raises(Exception, match="does not end with the last event"):
            await db.execute(f"UPDATE case_file SET {change} WHERE id = $1", case.id)


async def test_a_line_and_a_head_that_are_not_computed_are_refused(town: Town) -> None:
    case = await make_case_in(town, Status.WAITING)
    move = "UPDATE case_file SET events_count = events_count + 1, head = $3 WHERE id = $1 RETURNING id"
    with pytest.raises(Exception, match="does not follow the head"):
        await db.execute(f"WITH moved AS ({move}) {INSERT}", case.id, 1, b"x" * 32)
    right = await _right_hash(case)  # the guard is of the chain: what is computed right is appended
    await db.execute(f"WITH moved AS ({move}) {INSERT}", case.id, 1, right)


async def _right_hash(case: Case) -> bytes:
    last = await CaseEvent.filter(case_id=case.id).order_by("-seq").first()
    assert last is not None
    return chain.hash_event(bytes(last.hash), content_of(last, case.number, last.seq + 1))


def random_values() -> list[object]:
    """Values of every kind, with numbers below 2**53: beyond, PostgreSQL writes some doubles with a digit more."""
    chosen = random.Random(8)
    doubles = [struct.unpack(">d", chosen.randbytes(8))[0] for _ in range(400)]
    near = [chosen.choice([-1, 1]) * chosen.random() * 10 ** chosen.randint(-12, 15) for _ in range(400)]
    whole = [chosen.choice([-1, 1]) * chosen.randrange(2 ** chosen.randint(1, 53)) for _ in range(100)]
    texts = ["", 'a"b\\c/d', "\x01\x1f\x7f\b\f\n\r\t", "坑洞 ✨ \u2028\u2029", "<b>&'", "e\u0301 \U0001f600"]
    numbers = [one for one in doubles + near if one == one and 1e-300 < abs(one) < 2**53]
    return [*numbers, *whole, *texts, None, True, False, [], {}, [[]], {"b": [1, {"a": None}], "B": 0.5, "a_1": "x"}]


async def test_the_database_writes_canonical_json_as_the_program_does(database: str) -> None:
    values = random_values()
    rows = await db.fetch(
        "SELECT canonical_json(v::jsonb) AS text FROM unnest($1::text[]) WITH ORDINALITY t(v, n) ORDER BY n",
        [json.dumps(value, ensure_ascii=False) for value in values],
    )
    wrong = [
        (value, row["text"])
        for value, row in zip(values, rows, strict=True)
        if row["text"].encode() != encode_canonical_json(value)
    ]
    assert not wrong


async def test_an_event_with_any_data_is_appended(town: Town) -> None:
    case = await receive_assigned_case(town)
    reason = REASON | {"values": random_values()[:60], "texts": random_values()[-20:]}
    await actions.assign(case.id, town.parks.id, by=town.desk, reason=reason)
    assert await check_history(case.id) == []
