"""Checking a release against its two files. Nothing else is needed: no database, no configuration."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civic.scores.chains import CHAINS_FILE, read_chains
from civic.scores.compute import METHOD, compute_results
from civic.scores.release import compute_seal, read_release, release_period
from civic.scores.release_format import Results
from civic.scores.rows import ASSIGNMENTS_FILE, RATINGS_FILE, read_assignments, read_ratings, sha256_hex

FIGURE_TOLERANCE = 1e-9
"""Two figures that differ by at most this are the same."""

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A value that is not as published. `path` is its JSON path."""

    path: str
    published: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.path}: published {_shorten(self.published)}, found {_shorten(self.computed)}"


def verify_release(release: Mapping[str, Any], assignments: bytes, ratings: bytes) -> list[Discrepancy]:
    """Find all discrepancies, in the order of the release; an empty list means that it is verified.

    Compares the files' SHA-256, then every figure computed again from the files, then the seal of the release.
    Never raises, whatever the documents hold: a value that cannot be read is a discrepancy too.
    """
    discrepancies = [
        *_compare_file(release, ASSIGNMENTS_FILE, assignments),
        *_compare_file(release, RATINGS_FILE, ratings),
    ]
    if release.get("method") != METHOD:
        discrepancies.append(Discrepancy("$.method", release.get("method", ABSENT), f"this program computes {METHOD}"))
    else:
        discrepancies += _compare_results(release, assignments, ratings)
    return discrepancies + _compare_seal(release)


def verify_folder(release: Path, folder: Path) -> tuple[Mapping[str, Any], list[Discrepancy]]:
    """Read a release and find its discrepancies from the files in `folder`.

    Checks the root of the Merkle tree too if `chains.csv` is there. Raises OSError for a file that cannot be
    read, and ValueError for a release that is not a JSON object.
    """
    document = read_release(release.read_bytes())
    assignments, ratings = ((folder / name).read_bytes() for name in (ASSIGNMENTS_FILE, RATINGS_FILE))
    discrepancies = verify_release(document, assignments, ratings)
    if (folder / CHAINS_FILE).is_file():
        discrepancies += _compare_chains(document, (folder / CHAINS_FILE).read_bytes())
    return document, discrepancies


def count_figures(release: Mapping[str, Any]) -> int:
    """Count the numbers in the results of a release."""
    return _count_numbers(release.get("results"))


def _count_numbers(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_count_numbers, value.values()))
    return sum(map(_count_numbers, value)) if isinstance(value, list) else int(_is_number(value))


def _compare_chains(release: Mapping[str, Any], data: bytes) -> list[Discrepancy]:
    try:
        tree = read_chains(data).tree
    except ValueError as error:
        return [Discrepancy("$.chains", "a tree", str(error))]
    computed = {"root": tree.root.hex(), "size": tree.size}
    return list(_compare("$.chains", release.get("chains", ABSENT), computed))


def _compare_file(release: Mapping[str, Any], name: str, data: bytes) -> Iterator[Discrepancy]:
    computed = {"bytes": len(data), "sha256": sha256_hex(data)}
    files = release.get("files")
    published = files.get(name, ABSENT) if isinstance(files, Mapping) else ABSENT
    return _compare(f"$.files{_step(name)}", published, computed)


def _compare_results(release: Mapping[str, Any], assignments: bytes, ratings: bytes) -> list[Discrepancy]:
    try:
        computed = _compute_again(release, assignments, ratings)
    except (ValueError, KeyError, TypeError, AttributeError) as error:  # a forged document may provoke any of these
        return [Discrepancy("$.results", "figures", f"cannot be computed: {error!r}")]
    return list(_compare("$.results", release.get("results", ABSENT), computed))


def _compute_again(release: Mapping[str, Any], assignments: bytes, ratings: bytes) -> Results:
    return compute_results(
        read_assignments(assignments),
        read_ratings(ratings),
        period=release_period(release),
        release_id=release["release"],
        weights=release["weights"],
        minimums=release["minimums"],
    )


def _compare_seal(release: Mapping[str, Any]) -> list[Discrepancy]:
    try:
        computed = compute_seal(release)
    except (ValueError, TypeError) as error:
        computed = f"cannot be computed: {error!r}"
    return list(_compare("$.seal", release.get("seal", ABSENT), computed))


def _compare(path: str, published: Any, computed: Any) -> Iterator[Discrepancy]:
    if isinstance(published, Mapping) and isinstance(computed, Mapping):
        for key in [*computed, *(key for key in published if key not in computed)]:
            yield from _compare(path + _step(key), published.get(key, ABSENT), computed.get(key, ABSENT))
    elif isinstance(published, list) and isinstance(computed, Sequence) and len(published) == len(computed):
        for index, pair in enumerate(zip(published, computed, strict=True)):
            yield from _compare(f"{path}[{index}]", *pair)
    elif not _is_same(published, computed):
        yield Discrepancy(path, published, computed)


def _is_same(published: Any, computed: Any) -> bool:
    if _is_number(published) and _is_number(computed):
        return bool(abs(published - computed) <= FIGURE_TOLERANCE)
    return type(published) is type(computed) and bool(published == computed)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _step(key: str) -> str:
    return f".{key}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 120 else text[:117] + "…"
