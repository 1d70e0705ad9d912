"""`chains.csv`: the latest hash of every case's history when a release was made, and the tree over them.

The root of the tree stands in the release. The file lets anybody compute it again, and gives the proof that a
case's history is in it. A line is a case's number and 64 hexadecimal digits; the lines are the tree's leaves in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from civic.chain import InclusionProof, MerkleTree, head_leaf

CHAINS_FILE = "chains.csv"
_HEADER = "case,head"


@dataclass(frozen=True)
class Forest:
    """The heads of all cases' chains, and the tree over them."""

    heads: dict[str, bytes]  # number -> head, in the order of the leaves
    tree: MerkleTree

    @cached_property
    def places(self) -> dict[str, int]:
        """The leaf of each case, from 0."""
        return {number: place for place, number in enumerate(self.heads)}

    def proof(self, number: str) -> dict[str, Any] | None:
        """That a case's history is in the tree, as plain data; None for a case that was not there yet."""
        head = self.heads.get(number)
        if head is None:
            return None
        found: InclusionProof = self.tree.proof(self.places[number])
        return {
            "case": number,
            "head": head.hex(),
            "leaf": head_leaf(number, head).decode(),
            "index": found.index,
            "size": found.size,
            "path": [step.hex() for step in found.path],
            "root": self.tree.root.hex(),
        }


def forest_of(heads: Iterable[tuple[str, bytes]]) -> Forest:
    """The tree over heads (number, 32 bytes) in the order given."""
    kept = dict(heads)
    return Forest(kept, MerkleTree([head_leaf(number, head) for number, head in kept.items()]))


def write_chains(forest: Forest) -> bytes:
    """The bytes of `chains.csv`."""
    lines = (f"{number},{head.hex()}" for number, head in forest.heads.items())
    return "\n".join([_HEADER, *lines, ""]).encode()


def read_chains(data: bytes) -> Forest:
    """The tree of `chains.csv`. Raises ValueError for anything that is not such a file."""
    header, *lines = data.decode().split("\n")
    if header != _HEADER or not lines or lines.pop():
        raise ValueError(f"{CHAINS_FILE}: the first line is {_HEADER}, and every line ends in a line feed")
    pairs = [line.split(",") for line in lines]
    if any(len(pair) != 2 or len(pair[1]) != 64 for pair in pairs):
        raise ValueError(f"{CHAINS_FILE}: every line is a case and 64 hexadecimal digits")
    forest = forest_of((number, bytes.fromhex(head)) for number, head in pairs)
    if len(forest.heads) != len(pairs):
        raise ValueError(f"{CHAINS_FILE}: a case comes twice")
    return forest
