"""The document of a release, `release.json`: what was counted, how, from which files, and what came out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from civic.chain import canonical_json
from civic.city.settings import DEFAULT_MINIMUMS, DEFAULT_WEIGHTS
from civic.scores.compute import METHOD, compute
from civic.scores.populations import Period
from civic.scores.rows import (
    RATINGS_FILE,
    STINTS_FILE,
    RatingRow,
    StintRow,
    instant,
    read_ratings,
    read_stints,
    sha256,
)

Release = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Chains:
    """The Merkle root over the heads of all cases' chains when the release was made, and how many."""

    root: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Correction:
    """Which release is replaced, and why."""

    replaces: str
    reason: str


def make(
    release_id: str,
    period: Period,
    made_at: datetime,
    stints: bytes,
    ratings: bytes,
    *,
    rows: tuple[Sequence[StintRow], Sequence[RatingRow]] | None = None,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    minimums: Mapping[str, int] = DEFAULT_MINIMUMS,
    chains: Chains | None = None,
    correction: Correction | None = None,
) -> Release:
    """A release from the bytes of its two files, so that it is computed from exactly what is published.

    `rows`: those that the files were just written from, where reading them back would only take time.
    Raises ValueError for a period that is empty or not over when the release is made, a bad file, weights
    or minimums.
    """
    if not period[0] < period[1] <= made_at:
        raise ValueError("a release is made after its period, and a period ends after it begins")
    read = rows or (read_stints(stints), read_ratings(ratings))
    results = compute(
        *read,
        period=period,
        release_id=release_id,
        weights=weights,
        minimums=minimums,
    )
    release: Release = {
        "release": release_id,
        "method": METHOD,
        "period": {"from": instant(period[0]), "to": instant(period[1])},
        "made_at": instant(made_at),
        "replaces": correction.replaces if correction else None,
        "reason": correction.reason if correction else None,
        "weights": dict(weights),
        "minimums": dict(minimums),
        "files": {STINTS_FILE: _file(stints), RATINGS_FILE: _file(ratings)},
        "chains": {"root": chains.root.hex(), "size": chains.size} if chains else None,
        "results": results,
    }
    return release | {"seal": seal(release)}


def seal(release: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of the canonical JSON of a release without its seal."""
    return hashlib.sha256(canonical_json({key: release[key] for key in release if key != "seal"})).hexdigest()


def period_of(release: Mapping[str, Any]) -> Period:
    """The period that a release names. Raises ValueError or KeyError where it names none."""
    start, end = (datetime.fromisoformat(release["period"][key]) for key in ("from", "to"))
    return start, end


def write(release: Release) -> bytes:
    """The bytes of `release.json`."""
    return (json.dumps(release, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read(data: bytes) -> Release:
    """A release from the bytes of `release.json`. Raises ValueError for anything but a JSON object."""
    release = json.loads(data)
    if not isinstance(release, dict):
        raise ValueError("a release is a JSON object")
    return release


def _file(data: bytes) -> dict[str, Any]:
    return {"bytes": len(data), "sha256": sha256(data)}
