"""Checking a release against its files. Nothing else is needed: no database, no configuration.

The modules of `civic.scores.method`, this one, `chains` and the helpers that they import are together `verify.py`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from civic.scores.chains import CHAINS_FILE, read_chains
from civic.scores.method.files import ASSIGNMENTS_FILE, RATINGS_FILE, sha256_hex
from civic.scores.method.release import RawRelease, compute_from_files, compute_seal, read_release
from civic.scores.method.release_format import Results
from civic.scores.method.release_head import (
    ABSENT,
    CheckedHead,
    Discrepancy,
    JsonValue,
    has_time_zones,
    list_contradictions,
    list_head_faults,
    read_head,
)

FIGURE_TOLERANCE = 1e-9
"""Two figures that differ by at most this are the same."""


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What checking a release found. `unchecked` says in words what could not be checked."""

    discrepancies: list[Discrepancy]
    figures: int
    unchecked: list[str]

    @property
    def verdict(self) -> str:
        """What to tell the reader: "412 figures verified", or the first difference."""
        if self.discrepancies:
            return f"Different: {self.discrepancies[0]}"
        return "; ".join([f"{self.figures} figures verified", *self.unchecked])


def verify_release(
    release: RawRelease, assignments: bytes, ratings: bytes, chains: bytes | None = None
) -> ReleaseCheck:
    """Find all discrepancies, in the order of checking; none means that the release is verified.

    Checks every key, the files' SHA-256, every figure computed again from the files, the root of all histories if
    `chains` is given, and the seal. Never raises, whatever the documents hold: what cannot be read is a discrepancy.
    """
    faults = list(list_head_faults(release))
    found = [*faults, *_compare_files(release, assignments, ratings)]
    if not faults:
        found += _compare_figures(release, assignments, ratings)
    unchecked = [] if has_time_zones() else ["the instants of the period not checked: this Python has no time zones"]
    if chains is None:
        unchecked.append("history not checked: chains.csv is not beside")
    else:
        found += _compare_chains(release, chains)
    return ReleaseCheck([*found, *_compare_seal(release)], count_figures(release), unchecked)


def verify_folder(release: Path, folder: Path) -> tuple[RawRelease, ReleaseCheck]:
    """Read a release and check it with the files in `folder`; the histories too if `chains.csv` is there.

    Raises OSError for a file that cannot be read, and ValueError for a release that is not a JSON object.
    """
    document = read_release(release.read_bytes())
    assignments, ratings = ((folder / name).read_bytes() for name in (ASSIGNMENTS_FILE, RATINGS_FILE))
    chains = folder / CHAINS_FILE
    return document, verify_release(document, assignments, ratings, chains.read_bytes() if chains.is_file() else None)


def count_figures(release: RawRelease) -> int:
    """Count the numbers in the results of a release, without following what is nested too deep for any result."""
    twelve = release.get("twelve_months")
    return _count_numbers(release.get("results")) + _count_numbers(twelve)


_MAX_RESULT_DEPTH = 12
_MAX_FIGURE = 2**62  # no figure is larger; a whole number beyond the doubles cannot be subtracted


def _count_numbers(value: JsonValue, depth: int = 0) -> int:
    if isinstance(value, Mapping) and depth < _MAX_RESULT_DEPTH:
        return sum(_count_numbers(item, depth + 1) for item in value.values())
    return int(_is_figure(value))


def _compare_files(release: RawRelease, assignments: bytes, ratings: bytes) -> Iterator[Discrepancy]:
    files = release.get("files")
    for name, data in ((ASSIGNMENTS_FILE, assignments), (RATINGS_FILE, ratings)):
        computed = {"bytes": len(data), "sha256": sha256_hex(data)}
        published = files.get(name, ABSENT) if isinstance(files, Mapping) else ABSENT
        yield from _compare(f"$.files{_step(name)}", published, computed)


def _compare_figures(release: RawRelease, assignments: bytes, ratings: bytes) -> list[Discrepancy]:
    try:
        head = read_head(release)
        found = list(list_contradictions(release, head))
        results, year = _compute_again(head, assignments, ratings)
    except ValueError as error:
        return [Discrepancy("$.results", "figures", f"cannot be computed: {error}")]
    found += _compare("$.results", release["results"], results)
    if year is not None:
        found += _compare("$.twelve_months.results", release["twelve_months"]["results"], year)
    return found


def _compute_again(head: CheckedHead, assignments: bytes, ratings: bytes) -> tuple[Results, Results | None]:
    return compute_from_files(
        assignments, ratings, head.span, head.period, head.year, weights=head.weights, minimums=head.minimums
    )


def _compare_chains(release: RawRelease, data: bytes) -> list[Discrepancy]:
    try:
        tree = read_chains(data).tree
    except ValueError as error:
        return [Discrepancy("$.chains", "a tree", str(error))]
    computed = {"root": tree.root.hex(), "size": tree.size}
    return list(_compare("$.chains", release.get("chains", ABSENT), computed))


def _compare_seal(release: RawRelease) -> list[Discrepancy]:
    try:
        computed = compute_seal(release)
    except (ValueError, TypeError) as error:
        computed = f"cannot be computed: {error}"
    return list(_compare("$.seal", release.get("seal", ABSENT), computed))


def _compare(path: str, published: JsonValue, computed: JsonValue) -> Iterator[Discrepancy]:
    """Compare along the shape of what is computed, which is never deep."""
    if isinstance(published, Mapping) and isinstance(computed, Mapping):
        for key in [*computed, *(key for key in published if key not in computed)]:
            yield from _compare(path + _step(key), published.get(key, ABSENT), computed.get(key, ABSENT))
    elif isinstance(published, list) and isinstance(computed, Sequence) and len(published) == len(computed):
        for index, pair in enumerate(zip(published, computed, strict=True)):
            yield from _compare(f"{path}[{index}]", *pair)
    elif not _is_same(published, computed):
        yield Discrepancy(path, published, computed)


def _is_same(published: JsonValue, computed: JsonValue) -> bool:
    if _is_figure(published) and _is_figure(computed) and abs(published) <= _MAX_FIGURE:
        return bool(abs(published - computed) <= FIGURE_TOLERANCE)
    return type(published) is type(computed) and bool(published == computed)


def _is_figure(value: JsonValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _step(key: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,60}", key):
        return f".{key}"
    return f"[{json.dumps(key[:60], ensure_ascii=False)}]"
