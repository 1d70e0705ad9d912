"""Chains of hashes and Merkle trees, against RFC 6962's own recursive definitions and published vectors."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.chain import (
    GENESIS,
    InclusionProof,
    MerkleTree,
    digest_event,
    follow_chain,
    hash_event,
    head_leaf,
    link_hash,
    verify_inclusion,
)

# the leaves and the root of certificate transparency's reference tests
VECTOR = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
VECTOR_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:split]) + plain_root(leaves[split:])).digest()


def test_the_root_is_that_of_the_reference_tests():
    assert MerkleTree(VECTOR).root.hex() == VECTOR_ROOT


@pytest.mark.parametrize("size", range(18))
def test_every_leaf_of_a_tree_can_be_proved(size):
    leaves = [bytes([number]) for number in range(size)]
    tree = MerkleTree(leaves)
    assert tree.root == plain_root(leaves)
    for index, leaf in enumerate(leaves):
        proof = tree.proof(index)
        assert verify_inclusion(leaf, proof, tree.root)
        assert not verify_inclusion(leaf + b"!", proof, tree.root)
        assert not verify_inclusion(leaf, proof, plain_root([*leaves, b"one more"]))


@given(st.integers(2, 70), st.data())
def test_a_proof_that_was_touched_proves_nothing(size, data):
    tree = MerkleTree([bytes([number]) for number in range(size)])
    index = data.draw(st.integers(0, size - 1))
    proof = tree.proof(index)
    at = data.draw(st.integers(0, len(proof.path) - 1))
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda found: found != proof.path[at]))
    forged = [
        InclusionProof(index, size, (*proof.path[:at], other, *proof.path[at + 1 :])),
        InclusionProof(index, size, proof.path[:-1]),
        InclusionProof(index, size, (*proof.path, other)),
        InclusionProof(size, size, proof.path),
        InclusionProof(-1, size, proof.path),
    ]
    assert not any(verify_inclusion(bytes([index]), one, tree.root) for one in forged)


def test_a_leaf_cannot_be_passed_off_as_a_node():
    leaves = [b"a", b"b"]
    nodes = b"".join(hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves)
    assert MerkleTree([nodes]).root != MerkleTree(leaves).root


def test_a_leaf_that_is_not_there_has_no_proof():
    with pytest.raises(IndexError):
        MerkleTree([b"a"]).proof(1)


def test_a_chain_covers_what_came_before():
    events = [{"seq": seq, "text": f"Zeile {seq} 行"} for seq in range(4)]
    hashes = [hash_event(GENESIS, events[0])]
    for event in events[1:]:
        hashes.append(hash_event(hashes[-1], event))
    assert follow_chain(hashes[0], [digest_event(event) for event in events[1:]]) == hashes[-1]
    changed = [events[0], {**events[1], "text": "another"}, *events[2:]]
    assert follow_chain(GENESIS, [digest_event(event) for event in changed]) != hashes[-1]
    assert head_leaf("26-1", hashes[-1]) == f'["26-1","{hashes[-1].hex()}"]'.encode()


def test_a_link_is_sha256_of_two_previous_and_digest():
    expect = hashlib.sha256(b"\x02" + bytes(32) + hashlib.sha256(b'{"a":1}').digest()).digest()
    assert hash_event(GENESIS, {"a": 1}) == expect
    with pytest.raises(ValueError, match="32 bytes"):
        link_hash(b"short", bytes(32))
