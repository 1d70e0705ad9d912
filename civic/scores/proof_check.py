"""Holding a kept history against a release, and a release against the one before it, with the downloads alone.

A part of `verify.py`: the standard library and the modules of the method, nothing else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civic.history_proof import (
    PROOF_SENTENCES,
    KeptHistory,
    ProofResult,
    ReleasedHistory,
    compare_history,
    find_steps,
    read_history_proof,
    read_instant,
    read_proof_answer,
)
from civic.scores.chains import CHAINS_FILE, read_chains
from civic.scores.method.release import compute_seal, read_release


@dataclass(frozen=True, slots=True)
class ProofReport:
    """Whether a kept history is in a release, and the release's id."""

    release: str
    kept: KeptHistory
    result: ProofResult

    def lines(self) -> Iterator[str]:
        """What to tell the reader."""
        yield self.kept.state
        yield f"{self.release}: {PROOF_SENTENCES[self.result]}"
        if self.result is ProofResult.UNKNOWN:
            receipt = self.kept.head.hex()
            yield f"Fetch /scores/releases/{self.release}/proof?case={self.kept.case}&receipt={receipt} of the city's"
            yield "site, or the report's history proof of today, and name that file as the last argument."


def check_proof(release: bytes, proof: bytes, *, chains: bytes | None, later: bytes | None = None) -> ProofReport:
    """Say whether the history of a proof is in a release.

    `chains` is `chains.csv`, `later` an answer of the site's proof, or a later proof of the same history; one of
    `chains` and the answer is needed. Raises ValueError for files that do not belong together, or are wrong in
    themselves.
    """
    document = read_release(release)
    release_id, root, made_at = _read_head(document)
    kept = read_history_proof(proof)
    released = ReleasedHistory(_find_head(kept, chains, root)) if chains is not None else None
    if later is not None:
        released = _follow(kept, later, root, released)
    if released is None:
        raise ValueError(f"{CHAINS_FILE} is not beside the release, and no answer of the site is given")
    return ProofReport(release_id, kept, compare_history(kept, released, read_instant(made_at)))


def check_proof_files(release: Path, proof: Path, later: Path | None, folder: Path) -> ProofReport:
    """The same with files; `chains.csv` is read if it is in the folder. Raises OSError for one that cannot be read."""
    chains = folder / CHAINS_FILE
    return check_proof(
        release.read_bytes(),
        proof.read_bytes(),
        chains=chains.read_bytes() if chains.is_file() else None,
        later=later.read_bytes() if later else None,
    )


def _read_head(document: Mapping[str, Any]) -> tuple[str, str, object]:
    """The id, the root and the instant of a release. Raises ValueError for one that is not what its seal covers."""
    if compute_seal(document) != document.get("seal"):
        raise ValueError("the release is not what its seal covers")
    tree, release_id = document.get("chains"), document.get("release")
    if not isinstance(tree, dict) or not isinstance(tree.get("root"), str) or not isinstance(release_id, str):
        raise ValueError("the release names no root of histories")
    return release_id, tree["root"], document.get("made_at")


def _find_head(kept: KeptHistory, chains: bytes, root: str) -> bytes | None:
    histories = read_chains(chains)
    if histories.tree.root.hex() != root:
        raise ValueError(f"{CHAINS_FILE} is not that of the release: its root is another")
    return histories.heads.get(kept.case)


def _follow(kept: KeptHistory, later: bytes, root: str, released: ReleasedHistory | None) -> ReleasedHistory:
    """What the release has of the history, with the steps that another file gives."""
    try:
        later_kept = read_history_proof(later)
    except ValueError:
        return read_proof_answer(later, kept, root)
    if released is None or released.head is None:
        raise ValueError(f"a later history proof needs {CHAINS_FILE} beside the release")
    return ReleasedHistory(released.head, find_steps(kept, later_kept, released.head))


def check_previous(document: Mapping[str, Any], folder: Path) -> tuple[str, bool | None]:
    """Check the seal of the release before, if its file is in the folder: what to tell, and whether it is right.

    The file may be called ID.json or release-ID.json, or lie in a folder of that name. None: nothing could be checked.
    Raises OSError for a file that cannot be read.
    """
    previous = document.get("previous")
    if not isinstance(previous, dict) or not isinstance(previous.get("release"), str):
        return "the first release: no release before it", None
    before = previous["release"]
    places = [folder / f"{before}.json", folder / f"release-{before}.json", folder / before / "release.json"]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return f"the release before ({before}) not checked: release-{before}.json is not beside", None
    try:
        earlier = read_release(path.read_bytes())
        is_right = earlier.get("release") == before and compute_seal(earlier) == previous.get("seal")
    except (ValueError, TypeError):
        is_right = False
    return f"the release before ({before}) has {'the' if is_right else 'ANOTHER'} seal that is named here", is_right
