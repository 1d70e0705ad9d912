"""Hash chains and Merkle trees: what makes a history that can be kept and checked by anybody.

A chain has one hash per event, each covering the one before. The heads of all chains are the leaves of one
Merkle tree (RFC 6962), whose root fits on a page. This module knows no domain: events are mappings that
JSON can hold.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civic.canonical_json import encode_canonical_json

GENESIS = bytes(32)
"""What the first event of a chain covers."""

# One first byte per use, so that no hash of one kind can be passed off as one of another (RFC 6962, 2.1).
_LEAF, _NODE, _LINK = b"\x00", b"\x01", b"\x02"


def digest_event(event: Mapping[str, Any]) -> bytes:
    """The SHA-256 of an event's canonical JSON (RFC 8785): it stands for an event whose words are not public.

    Where the content could be guessed, let the event hold a random salt.
    """
    return hashlib.sha256(encode_canonical_json(event)).digest()


def link_hash(previous: bytes, event_digest: bytes) -> bytes:
    """The hash that follows `previous` in a chain: SHA-256(0x02, previous, digest). All are 32 bytes."""
    if len(previous) != 32 or len(event_digest) != 32:
        raise ValueError("a hash has 32 bytes")
    return hashlib.sha256(_LINK + previous + event_digest).digest()


def hash_event(previous: bytes, event: Mapping[str, Any]) -> bytes:
    """The hash of an event that follows `previous` (GENESIS for the first): its receipt."""
    return link_hash(previous, digest_event(event))


def follow_chain(start: bytes, digests: Iterable[bytes]) -> bytes:
    """The head of a chain, from one of its hashes and the digests of the events after it.

    Somebody who kept the receipt of an event follows the published digests to the head, and finds the head
    in the tree.
    """
    head = start
    for event_digest in digests:
        head = link_hash(head, event_digest)
    return head


def head_leaf(key: str, head: bytes) -> bytes:
    """The leaf that stands for a whole chain: its name (a case's number) and its head."""
    return encode_canonical_json([key, head.hex()])


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a leaf is the one at `index` (from 0) of `size`: the hashes beside its way up, lowest first."""

    index: int
    size: int
    path: tuple[bytes, ...]


class MerkleTree:
    """A Merkle tree over leaves in a given order: the tree, root and audit paths of RFC 6962, section 2.1."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [[_leaf_hash(leaf) for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            self._levels.append(_parents(self._levels[-1]))

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """32 bytes; the SHA-256 of nothing for a tree without leaves."""
        return self._levels[-1][0] if self.size else hashlib.sha256(b"").digest()

    def proof(self, index: int) -> InclusionProof:
        """That the leaf at `index` is in the tree. Raises IndexError for an index that it does not have."""
        if not 0 <= index < self.size:
            raise IndexError(f"no leaf {index} among {self.size}")
        path, at = [], index
        for level in self._levels[:-1]:
            if at ^ 1 < len(level):  # the last node of an odd level has no neighbour and goes up as it is
                path.append(level[at ^ 1])
            at >>= 1
        return InclusionProof(index, self.size, tuple(path))


def verify_inclusion(leaf: bytes, proof: InclusionProof, root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= proof.index < proof.size:
        return False
    at, last, node, rest = proof.index, proof.size - 1, _leaf_hash(leaf), list(proof.path)
    while last:
        if at & 1 or at < last:
            if not rest:
                return False
            beside = rest.pop(0)
            node = _node_hash(beside, node) if at & 1 else _node_hash(node, beside)
        at, last = at >> 1, last >> 1
    return not rest and node == root


def _parents(level: list[bytes]) -> list[bytes]:
    pairs = [_node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[-1:] if len(level) % 2 else pairs


def _leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(_LEAF + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
