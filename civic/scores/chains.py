"""`chains.csv`: the latest hash of every case's history when a release was made, and the Merkle tree over them.

The release holds the root of the tree. With the file anybody can compute the root again, and prove that a case's
history is in the tree. A line is a case's number and 64 hexadecimal digits; the lines are the leaves in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from civic.chain import MerkleTree, head_leaf
from civic.scores.method.release_format import HistoryProof

CHAINS_FILE = "chains.csv"
_HEADER = "case,head"


@dataclass(frozen=True)
class HistoryTree:
    """The head (latest hash) of every case's history, and the Merkle tree over them."""

    heads: dict[str, bytes]  # case number -> head, in the order of the leaves
    tree: MerkleTree

    @cached_property
    def indexes(self) -> dict[str, int]:
        """The index of each case's leaf, from 0."""
        return {number: index for index, number in enumerate(self.heads)}

    def prove(self, number: str) -> HistoryProof | None:
        """Prove that a case's history is in the tree; None for a case that is not in it."""
        head = self.heads.get(number)
        if head is None:
            return None
        proof = self.tree.proof(self.indexes[number])
        return HistoryProof(
            case=number,
            head=head.hex(),
            leaf=head_leaf(number, head).decode(),
            index=proof.index,
            size=proof.size,
            path=[step.hex() for step in proof.path],
            root=self.tree.root.hex(),
        )


def build_history_tree(heads: Iterable[tuple[str, bytes]]) -> HistoryTree:
    """Build the tree over heads (case number, 32 bytes) in the order given."""
    by_number = dict(heads)
    return HistoryTree(by_number, MerkleTree([head_leaf(number, head) for number, head in by_number.items()]))


def write_chains(histories: HistoryTree) -> bytes:
    """Return the bytes of `chains.csv`."""
    lines = (f"{number},{head.hex()}" for number, head in histories.heads.items())
    return "\n".join([_HEADER, *lines, ""]).encode()


def read_chains(data: bytes) -> HistoryTree:
    """Parse `chains.csv` and build its tree. Raises ValueError for anything that is not such a file."""
    header, *lines = data.decode().split("\n")
    if header != _HEADER or not lines or lines.pop():
        raise ValueError(f"{CHAINS_FILE}: the first line is {_HEADER}, and every line ends in a line feed")
    pairs = [line.split(",") for line in lines]
    if any(len(pair) != 2 or len(pair[1]) != 64 for pair in pairs):
        raise ValueError(f"{CHAINS_FILE}: every line is a case and 64 hexadecimal digits")
    histories = build_history_tree((number, bytes.fromhex(head)) for number, head in pairs)
    if len(histories.heads) != len(pairs):
        raise ValueError(f"{CHAINS_FILE}: a case occurs twice")
    return histories
