"""Making, writing and reading `release.json`: the results of a period, the files they come from, and the seal."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from civic.canonical_json import encode_canonical_json
from civic.city.settings import DEFAULT_MINIMUMS, DEFAULT_WEIGHTS
from civic.scores.compute import METHOD, compute_results
from civic.scores.inclusion import Period
from civic.scores.release_format import FileDigest, ReleaseDocument, TreeDigest, UnsealedRelease
from civic.scores.rows import (
    ASSIGNMENTS_FILE,
    RATINGS_FILE,
    ClockRow,
    RatingRow,
    format_instant,
    read_assignments,
    read_ratings,
    sha256_hex,
)


@dataclass(frozen=True, slots=True)
class Correction:
    """The id of the release that another one replaces, and the reason."""

    replaces: str
    reason: str


def make_release(
    release_id: str,
    period: Period,
    made_at: datetime,
    assignments: bytes,
    ratings: bytes,
    *,
    rows: tuple[Sequence[ClockRow], Sequence[RatingRow]] | None = None,
    weights: Mapping[str, float] = DEFAULT_WEIGHTS,
    minimums: Mapping[str, int] = DEFAULT_MINIMUMS,
    chains: TreeDigest | None = None,
    correction: Correction | None = None,
) -> ReleaseDocument:
    """Make a release from the bytes of its two files, so that it is computed from exactly what is published.

    `rows` saves reading the files back if they were just written from these rows. Raises ValueError for a period
    that is empty or not yet over, and for bad files, weights or minimums.
    """
    if not period[0] < period[1] <= made_at:
        raise ValueError("a release is made after its period, and a period ends after it begins")
    clock_rows, rating_rows = rows or (read_assignments(assignments), read_ratings(ratings))
    release: UnsealedRelease = {
        "release": release_id,
        "method": METHOD,
        "period": {"from": format_instant(period[0]), "to": format_instant(period[1])},
        "made_at": format_instant(made_at),
        "replaces": correction.replaces if correction else None,
        "reason": correction.reason if correction else None,
        "weights": dict(weights),
        "minimums": dict(minimums),
        "files": {ASSIGNMENTS_FILE: _describe_file(assignments), RATINGS_FILE: _describe_file(ratings)},
        "chains": chains,
        "results": compute_results(
            clock_rows, rating_rows, period=period, release_id=release_id, weights=weights, minimums=minimums
        ),
    }
    return {**release, "seal": compute_seal(release)}


def compute_seal(release: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of a release without its seal."""
    return hashlib.sha256(encode_canonical_json({key: release[key] for key in release if key != "seal"})).hexdigest()


def release_period(release: Mapping[str, Any]) -> Period:
    """Return the period of a release. Raises ValueError or KeyError if it has none."""
    start, end = (datetime.fromisoformat(release["period"][key]) for key in ("from", "to"))
    return start, end


def write_release(release: ReleaseDocument) -> bytes:
    """Return the bytes of `release.json`."""
    return (json.dumps(release, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_release(data: bytes) -> Mapping[str, Any]:
    """Parse `release.json`, whose contents may be anything. Raises ValueError for anything but a JSON object."""
    release = json.loads(data)
    if not isinstance(release, dict):
        raise ValueError("a release is a JSON object")
    return release


def _describe_file(data: bytes) -> FileDigest:
    return {"bytes": len(data), "sha256": sha256_hex(data)}
