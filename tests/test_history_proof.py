"""History proofs: a history that is kept, held against releases that have it, do not have it, or have another."""

import copy
import hashlib
import json
from datetime import UTC, datetime

import pytest

from civic import chain
from civic.history_proof import (
    KeptHistory,
    ProofResult,
    ReleasedHistory,
    SealedEvent,
    compare_history,
    find_steps,
    read_history_proof,
    read_proof_answer,
    write_history_proof,
)
from civic.scores.chains import build_history_tree

CASE = "26-1"


def make_events(count: int, word: str = "We came.") -> list[SealedEvent]:
    """One event a day from 1 November 2026 on; the third is not public, the text of the fourth was erased."""
    events, head = [], chain.GENESIS
    for seq in range(1, count + 1):
        content = {
            "case": CASE,
            "seq": seq,
            "at": f"2026-11-{seq:02}T08:00:00Z",
            "text": hashlib.sha256(word.encode()).hexdigest(),
            "data": {"share": 0.25},
        }
        head = chain.hash_event(head, content)
        digest = chain.digest_event(content)
        events.append(SealedEvent(head, digest, None if seq == 3 else content, None if seq == 4 else word))
    return events


def keep(count: int, word: str = "We came.") -> KeptHistory:
    return read_history_proof(json.dumps(write_history_proof(CASE, make_events(count, word))))


def day(number: int) -> datetime:
    return datetime(2026, 11, number, 12, tzinfo=UTC)


def test_a_kept_history_is_read_back() -> None:
    kept, events = keep(5), make_events(5)
    assert kept.hashes == tuple(event.hash for event in events)
    assert kept.digests == tuple(event.digest for event in events)
    assert [one and one.day for one in kept.instants] == [1, 2, None, 4, 5]
    assert kept.state == f"26-1 · 5 events · {events[-1].hash.hex()}"


FORGERIES = {
    "a text": lambda proof: proof["history"][1].update(text="We never came."),
    "a text that is none": lambda proof: proof["history"][1].update(text=7),
    "an instant": lambda proof: proof["history"][1]["event"].update(at="2026-11-02T09:00:00Z"),
    "an instant that is none": lambda proof: proof["history"][1]["event"].update(at=None),
    "a digest": lambda proof: proof["history"][2].update(digest="00" * 32),
    "a digest of another length": lambda proof: proof["history"][2].update(digest="00"),
    "no digest": lambda proof: proof["history"][2].pop("digest"),
    "a hash": lambda proof: proof["history"][0].update(hash="00" * 32),
    "an event left out": lambda proof: proof["history"].pop(1),
    "the end left out": lambda proof: proof["history"].pop(),
    "another case": lambda proof: proof.update(case="26-2"),
    "another number": lambda proof: proof.update(events=4),
    "another head": lambda proof: proof.update(head="00" * 32),
    "no events": lambda proof: proof.update(history=[]),
    "an event that is none": lambda proof: proof["history"].__setitem__(0, None),
    "another format": lambda proof: proof.update(format="x"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused(name: str) -> None:
    proof = copy.deepcopy(write_history_proof(CASE, make_events(5)))
    FORGERIES[name](proof)
    with pytest.raises(ValueError, match=r"."):
        read_history_proof(json.dumps(proof))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"format": "x", "format": "y"}'])
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_history_proof(data)


def test_a_history_is_in_a_release() -> None:
    kept, all_events = keep(5), make_events(7)
    heads = [event.hash for event in all_events]
    steps = [event.digest for event in all_events[5:]]
    assert compare_history(kept, ReleasedHistory(heads[4]), day(20)) is ProofResult.SAME
    assert compare_history(kept, ReleasedHistory(heads[3]), day(4)) is ProofResult.EARLIER
    assert compare_history(kept, ReleasedHistory(heads[6], steps), day(20)) is ProofResult.GROWN
    assert compare_history(kept, ReleasedHistory(None), datetime(2026, 10, 1, tzinfo=UTC)) is ProofResult.YOUNGER
    assert find_steps(kept, keep(7), heads[6]) == tuple(steps)


def test_a_history_that_was_changed_is_not() -> None:
    kept, forged = keep(5), make_events(7, "We never came.")
    head, steps = forged[-1].hash, [event.digest for event in forged[5:]]
    assert compare_history(kept, ReleasedHistory(head, steps), day(20)) is ProofResult.CHANGED
    assert compare_history(kept, ReleasedHistory(forged[2].hash), day(4)) is ProofResult.CHANGED
    assert compare_history(kept, ReleasedHistory(None), day(20)) is ProofResult.MISSING
    assert compare_history(kept, ReleasedHistory(kept.hashes[3]), day(20)) is ProofResult.CHANGED
    assert compare_history(kept, ReleasedHistory(kept.hashes[1]), day(2)) is ProofResult.EARLIER
    assert compare_history(kept, ReleasedHistory(kept.hashes[1]), day(4)) is ProofResult.CHANGED
    assert compare_history(kept, ReleasedHistory(head), day(20)) is ProofResult.UNKNOWN
    assert not ProofResult.UNKNOWN.holds


def test_what_was_written_while_a_release_was_made_need_not_be_in_it() -> None:
    kept = keep(5)  # its last event is of 08:00
    for minute, result in ((4, ProofResult.EARLIER), (6, ProofResult.CHANGED)):
        made = datetime(2026, 11, 5, 8, minute, tzinfo=UTC)
        assert compare_history(kept, ReleasedHistory(kept.hashes[3]), made) is result


def test_a_later_proof_of_another_history_has_no_steps() -> None:
    kept, head = keep(5), make_events(7, "We never came.")[-1].hash
    assert find_steps(kept, keep(7, "We never came."), head) == ()


def answer_of(kept: KeptHistory, heads: dict[str, bytes], digests: list[bytes]) -> tuple[dict[str, object], str]:
    tree = build_history_tree(heads.items())
    answer = dict(tree.prove(CASE) or {}) | {
        "receipt": kept.head.hex(),
        "digests": [digest.hex() for digest in digests],
    }
    return answer, tree.tree.root.hex()


def test_the_answer_of_the_site_leads_to_the_root() -> None:
    kept, all_events = keep(5), make_events(7)
    heads = {"26-0": bytes(32), CASE: all_events[-1].hash, "26-2": bytes(32)}
    answer, root = answer_of(kept, heads, [event.digest for event in all_events[5:]])
    released = read_proof_answer(json.dumps(answer), kept, root)
    assert compare_history(kept, released, day(20)) is ProofResult.GROWN
    for change in (
        {"case": "26-2"},
        {"head": "00" * 32},
        {"path": []},
        {"path": None},
        {"index": 0},
        {"index": "1"},
        {"size": 10**400},
        {"receipt": "00" * 32},
        {"digests": ["x"]},
        {"digests": 7},
    ):
        with pytest.raises(ValueError, match=r"."):
            read_proof_answer(json.dumps(answer | change), kept, root)
    with pytest.raises(ValueError, match="root"):
        read_proof_answer(json.dumps(answer), kept, "00" * 32)
