"""A history proof: the state of a case's history as a small file to keep, and to hold against a release later.

The file says how many events there are and the latest hash, and what each public event says. Whoever has it can see by
it alone that the hashes cover these words, and with a release that the history is still in it. This module knows no
domain and needs the standard library alone: it is a part of `verify.py`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from civic.canonical_json import parse_json
from civic.chain import (
    GENESIS,
    InclusionProof,
    digest_event,
    follow_chain,
    head_leaf,
    link_hash,
    verify_inclusion,
)

HISTORY_PROOF_FORMAT = "civic history proof 1"
HASH_DIGITS = 64
RELEASE_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """An event as its hash covers it. `content` is None for one that is not public, `text` for one that was erased."""

    hash: bytes
    digest: bytes
    content: Mapping[str, object] | None
    text: str | None


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """A history as a proof has it, checked in itself: the hash and the digest of each event, and when it happened (None
    for one that is not public)."""

    case: str
    hashes: tuple[bytes, ...]
    digests: tuple[bytes, ...]
    instants: tuple[datetime | None, ...]

    @property
    def head(self) -> bytes:
        return self.hashes[-1]

    @property
    def state(self) -> str:
        """As pages and messages write it: "26-1 · 7 events · hash"."""
        return f"{self.case} · {len(self.hashes)} events · {self.head.hex()}"


class ProofResult(StrEnum):
    """Whether a kept history is in a release."""

    SAME = "same"  # the release has exactly these events
    GROWN = "grown"  # the release has these events, and more that follow them
    EARLIER = "earlier"  # the release was made before the last of these events; it has those before
    YOUNGER = "younger"  # the case is younger than the release
    UNKNOWN = "unknown"  # the release has another hash, and the events between are not given
    CHANGED = "changed"  # the release has another history of this case
    MISSING = "missing"  # the release has no such case, though it should

    @property
    def holds(self) -> bool:
        """Nothing speaks against the history."""
        return self not in (ProofResult.CHANGED, ProofResult.MISSING, ProofResult.UNKNOWN)


PROOF_SENTENCES: Mapping[ProofResult, str] = {
    ProofResult.SAME: "in the release, unchanged: it has exactly these events",
    ProofResult.GROWN: "in the release, unchanged: it has these events, and later ones that follow them",
    ProofResult.EARLIER: "in the release, unchanged: it was made before your last event, and has those before it",
    ProofResult.YOUNGER: "not in the release, rightly: the case is younger than the release",
    ProofResult.UNKNOWN: "not decided: the release has later events, and nothing says that they follow yours",
    ProofResult.CHANGED: "CHANGED: the release has another history of this case",
    ProofResult.MISSING: "MISSING: the release has no history of this case",
}


def write_history_proof(case: str, events: Sequence[SealedEvent]) -> dict[str, object]:
    """The contents of the file, of a history with one event at least."""
    return {
        "format": HISTORY_PROOF_FORMAT,
        "case": case,
        "events": len(events),
        "head": events[-1].hash.hex(),
        "history": [_write_event(seq, event) for seq, event in enumerate(events, start=1)],
    }


def _write_event(seq: int, event: SealedEvent) -> dict[str, object]:
    said: dict[str, object] = {"digest": event.digest.hex()}
    if event.content is not None:
        said = {"event": dict(event.content)} | ({} if event.text is None else {"text": event.text})
    return {"seq": seq, "hash": event.hash.hex()} | said


def read_history_proof(data: bytes | str) -> KeptHistory:
    """Read a file and compute its hashes again. Raises ValueError for a file whose hashes do not cover its words."""
    proof = parse_json(data)
    if not isinstance(proof, dict) or proof.get("format") != HISTORY_PROOF_FORMAT:
        raise ValueError("this is no history proof")
    case, lines = proof.get("case"), proof.get("history")
    if not isinstance(case, str) or not isinstance(lines, list) or not lines:
        raise ValueError("the proof names no case, or no event")
    hashes: list[bytes] = []
    digests: list[bytes] = []
    instants: list[datetime | None] = []
    head = GENESIS
    for seq, line in enumerate(lines, start=1):
        if not isinstance(line, dict) or line.get("seq") != seq:
            raise ValueError(f"event {seq} is missing")
        digests.append(_read_digest(case, seq, line))
        head = link_hash(head, digests[-1])
        if line.get("hash") != head.hex():
            raise ValueError(f"event {seq} is not what its hash covers")
        hashes.append(head)
        instants.append(_read_event_instant(line))
    if proof.get("events") != len(lines) or proof.get("head") != head.hex():
        raise ValueError("the proof does not end with its last event")
    return KeptHistory(case, tuple(hashes), tuple(digests), tuple(instants))


def _read_digest(case: str, seq: int, line: Mapping[str, object]) -> bytes:
    content, text = line.get("event"), line.get("text")
    if content is None:
        return read_hash(line.get("digest"), f"the digest of event {seq}")
    if not isinstance(content, dict) or content.get("case") != case or content.get("seq") != seq:
        raise ValueError(f"event {seq} is not of case {case}")
    if text is not None and content.get("text") != _hash_text(text):
        raise ValueError(f"the text of event {seq} is not what its hash covers")
    return digest_event(content)


def _hash_text(text: object) -> str | None:
    return hashlib.sha256(text.encode()).hexdigest() if isinstance(text, str) else None


def _read_event_instant(line: Mapping[str, object]) -> datetime | None:
    content = line.get("event")
    return read_instant(content.get("at")) if isinstance(content, dict) else None


def read_instant(value: object) -> datetime:
    """Read an instant of UTC, 2026-11-30T08:30:00Z. Raises ValueError for anything else."""
    if not isinstance(value, str) or not value.endswith("Z"):
        raise ValueError("an instant ends with Z")
    return datetime.fromisoformat(value)


def read_hash(value: object, what: str) -> bytes:
    """Read 64 hexadecimal digits. Raises ValueError, naming `what`, for anything else."""
    if not isinstance(value, str) or len(value) != HASH_DIGITS or value.strip() != value:
        raise ValueError(f"{what} has 64 digits from 0 to 9 and a to f")
    return bytes.fromhex(value)


@dataclass(frozen=True, slots=True)
class ReleasedHistory:
    """What a release has of one case: its latest hash (None: no such case), and the digests that lead to it from the
    kept one on."""

    head: bytes | None
    steps: Sequence[bytes] = ()


def compare_history(kept: KeptHistory, released: ReleasedHistory, made_at: datetime) -> ProofResult:
    """Say whether a kept history is in a release that was made at `made_at`.

    What happened before the release has to be in it, but for the last RELEASE_MARGIN: that was perhaps being written
    while the release was made.
    """
    settled = made_at - RELEASE_MARGIN
    if released.head is None:
        return ProofResult.MISSING if _has_before(kept.instants, settled) else ProofResult.YOUNGER
    if released.head in kept.hashes:
        later = kept.instants[kept.hashes.index(released.head) + 1 :]
        if _has_before(later, settled):
            return ProofResult.CHANGED  # the end of the history is not in the release, though it should be
        return ProofResult.EARLIER if later else ProofResult.SAME
    if any(instant is not None and instant > made_at for instant in kept.instants):
        return ProofResult.CHANGED  # the release ends before this history does, and not in it
    if not released.steps:
        return ProofResult.UNKNOWN
    return ProofResult.GROWN if follow_chain(kept.head, released.steps) == released.head else ProofResult.CHANGED


def _has_before(instants: Sequence[datetime | None], moment: datetime) -> bool:
    return any(instant is not None and instant <= moment for instant in instants)


def read_proof_answer(data: bytes | str, kept: KeptHistory, root: str) -> ReleasedHistory:
    """Read the answer of `/scores/releases/ID/proof?case=…&receipt=…`, and follow it to the root of the release.

    Raises ValueError for an answer about another case or history, or whose way does not lead to the root.
    """
    answer = parse_json(data)
    if not isinstance(answer, dict) or answer.get("case") != kept.case:
        raise ValueError(f"this is no proof about case {kept.case}")
    head, index, size = read_hash(answer.get("head"), "the head"), answer.get("index"), answer.get("size")
    path, steps = answer.get("path"), answer.get("digests", [])
    if not isinstance(index, int) or not isinstance(size, int) or not isinstance(path, list):
        raise ValueError("the proof has no way through the tree")
    way = InclusionProof(index, size, tuple(read_hash(step, "a step") for step in path))
    if not verify_inclusion(head_leaf(kept.case, head), way, read_hash(root, "the root")):
        raise ValueError("the way does not lead to the root of the release")
    if not isinstance(steps, list) or (steps and answer.get("receipt") != kept.head.hex()):
        raise ValueError("the proof is about another state of this history")
    return ReleasedHistory(head, tuple(read_hash(step, "a digest") for step in steps))


def find_steps(kept: KeptHistory, later: KeptHistory, head: bytes) -> Sequence[bytes]:
    """The digests of a later proof of the same case that lead from the kept history to `head`; none if none do."""
    if later.case != kept.case or kept.head not in later.hashes or head not in later.hashes:
        return ()
    return later.digests[later.hashes.index(kept.head) + 1 : later.hashes.index(head) + 1]
