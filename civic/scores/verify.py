"""Check a release against its two files, from nothing but these three documents."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civic.scores.chains import CHAINS_FILE, read_chains
from civic.scores.compute import METHOD, Results, compute
from civic.scores.release import period_of, read, seal
from civic.scores.rows import RATINGS_FILE, STINTS_FILE, read_ratings, read_stints, sha256

TOLERANCE = 1e-9
"""How far two figures may be apart."""

ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as published: where (a JSON path), what is published, what was found."""

    path: str
    published: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.path}: published {_said(self.published)}, found {_said(self.found)}"


def verify(release: Mapping[str, Any], stints: bytes, ratings: bytes) -> list[Difference]:
    """All differences, in the order of the release; none when it is as it says.

    First the files' SHA-256, then every figure computed again from the files, last the release's own seal.
    It never raises for what the documents hold: what cannot be read is a difference too.
    """
    differences = [*_files(release, STINTS_FILE, stints), *_files(release, RATINGS_FILE, ratings)]
    if release.get("method") != METHOD:
        differences.append(Difference("$.method", release.get("method", ABSENT), f"this program computes {METHOD}"))
    else:
        differences += _results(release, stints, ratings)
    return differences + _seal(release)


def verify_folder(release: Path, folder: Path) -> tuple[Mapping[str, Any], list[Difference]]:
    """The release that a file holds, and its differences from the files beside it in `folder`.

    Where `chains.csv` lies there too, its root is checked. Raises OSError for a file that cannot be read, and
    ValueError for a release that is not JSON.
    """
    document = read(release.read_bytes())
    stints, ratings = ((folder / name).read_bytes() for name in (STINTS_FILE, RATINGS_FILE))
    differences = verify(document, stints, ratings)
    if (folder / CHAINS_FILE).is_file():
        differences += _chains(document, (folder / CHAINS_FILE).read_bytes())
    return document, differences


def count_figures(release: Mapping[str, Any]) -> int:
    """How many numbers the results of a release hold."""
    return _numbers(release.get("results"))


def _numbers(value: Any) -> int:
    if isinstance(value, Mapping):
        return sum(map(_numbers, value.values()))
    return sum(map(_numbers, value)) if isinstance(value, list) else int(_is_number(value))


def _chains(release: Mapping[str, Any], data: bytes) -> list[Difference]:
    try:
        tree = read_chains(data).tree
    except ValueError as error:
        return [Difference("$.chains", "a tree", str(error))]
    found = {"root": tree.root.hex(), "size": tree.size}
    return list(_compare("$.chains", release.get("chains", ABSENT), found))


def _files(release: Mapping[str, Any], name: str, data: bytes) -> Iterator[Difference]:
    found = {"bytes": len(data), "sha256": sha256(data)}
    files = release.get("files")
    published = files.get(name, ABSENT) if isinstance(files, Mapping) else ABSENT
    return _compare(f"$.files{_step(name)}", published, found)


def _results(release: Mapping[str, Any], stints: bytes, ratings: bytes) -> list[Difference]:
    try:
        found = _computed(release, stints, ratings)
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:  # whatever a forged document may provoke
        return [Difference("$.results", "figures", f"cannot be computed: {error!r}")]
    return list(_compare("$.results", release.get("results", ABSENT), found))


def _computed(release: Mapping[str, Any], stints: bytes, ratings: bytes) -> Results:
    return compute(
        read_stints(stints),
        read_ratings(ratings),
        period=period_of(release),
        release_id=release["release"],
        weights=release["weights"],
        minimums=release["minimums"],
    )


def _seal(release: Mapping[str, Any]) -> list[Difference]:
    try:
        found = seal(release)
    except (ValueError, TypeError) as error:
        found = f"cannot be computed: {error!r}"
    return list(_compare("$.seal", release.get("seal", ABSENT), found))


def _compare(path: str, published: Any, found: Any) -> Iterator[Difference]:
    if isinstance(published, Mapping) and isinstance(found, Mapping):
        for key in [*found, *(key for key in published if key not in found)]:
            yield from _compare(path + _step(key), published.get(key, ABSENT), found.get(key, ABSENT))
    elif isinstance(published, list) and isinstance(found, Sequence) and len(published) == len(found):
        for at, (one, other) in enumerate(zip(published, found, strict=True)):
            yield from _compare(f"{path}[{at}]", one, other)
    elif not _same(published, found):
        yield Difference(path, published, found)


def _same(published: Any, found: Any) -> bool:
    if _is_number(published) and _is_number(found):
        return bool(abs(published - found) <= TOLERANCE)
    return type(published) is type(found) and bool(published == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _step(key: str) -> str:
    return f".{key}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= 120 else text[:117] + "…"
