"""Making, writing and reading `release.json`: the results of a period, the files they come from, and the seal."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from civic.canonical_json import encode_canonical_json, parse_json
from civic.scores.method.files import (
    ASSIGNMENTS_FILE,
    RATINGS_FILE,
    format_instant,
    read_assignments,
    read_ratings,
    sha256_hex,
)
from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import (
    FileDigest,
    LeftOut,
    PeriodInstants,
    ReleaseDocument,
    Results,
    SealReference,
    TreeDigest,
    UnsealedRelease,
)
from civic.scores.method.results import METHOD, collect_facts, compute_results
from civic.scores.method.spans import Span

TWELVE_MONTHS = 12

RawRelease = Mapping[str, Any]
"""A release as somebody sent it: its keys and values may be anything."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The id of the release that another one replaces, and the reason."""

    replaces: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReleaseHead:
    """All that a release says besides its figures and its files. `zone` is an IANA name."""

    release_id: str
    span: Span
    zone: str
    confirm_days: int
    made_at: datetime
    weights: Mapping[str, float]
    minimums: Mapping[str, int]
    left_out: LeftOut
    chains: TreeDigest | None = None
    previous: SealReference | None = None
    correction: Correction | None = None

    @property
    def period(self) -> Period:
        return self.span.instants(ZoneInfo(self.zone))


def earliest_release(end: datetime, confirm_days: int) -> datetime:
    """Return when a release of a period that ends at `end` can be made: a day after the last resolution can settle."""
    return end + timedelta(days=confirm_days + 1)


def find_data_period(span: Span, zone: ZoneInfo) -> Period:
    """Return the period of which the files hold all rows: for a quarter the twelve months that end with it."""
    return (span.twelve_months() if span.is_quarter else span).instants(zone)


def make_release(head: ReleaseHead, assignments: bytes, ratings: bytes) -> ReleaseDocument:
    """Make a release from the bytes of its two files, so that it is computed from exactly what is published.

    Raises ValueError for a release that is made too early, and for bad files, weights or minimums.
    """
    period = head.period
    if head.made_at < earliest_release(period[1], head.confirm_days):
        raise ValueError(f"a release is made {head.confirm_days + 1} days after its period at the earliest")
    year = head.span.twelve_months().instants(ZoneInfo(head.zone)) if head.span.is_quarter else None
    results, year_results = compute_from_files(
        assignments, ratings, head.span, period, year, weights=head.weights, minimums=head.minimums
    )
    release: UnsealedRelease = {
        "release": head.release_id,
        "method": METHOD,
        "zone": head.zone,
        "period": format_period(period),
        "confirm_days": head.confirm_days,
        "made_at": format_instant(head.made_at),
        "replaces": head.correction.replaces if head.correction else None,
        "reason": head.correction.reason if head.correction else None,
        "previous": head.previous,
        "weights": dict(head.weights),
        "minimums": dict(head.minimums),
        "files": {ASSIGNMENTS_FILE: _describe_file(assignments), RATINGS_FILE: _describe_file(ratings)},
        "chains": head.chains,
        "left_out": head.left_out,
        "results": results,
        "twelve_months": (
            {"period": format_period(year), "results": year_results} if year and year_results is not None else None
        ),
    }
    return {**release, "seal": compute_seal(release)}


def compute_from_files(
    assignments: bytes,
    ratings: bytes,
    span: Span,
    period: Period,
    year: Period | None,
    *,
    weights: Mapping[str, float],
    minimums: Mapping[str, int],
) -> tuple[Results, Results | None]:
    """Compute the results of the period, and those of the twelve months beside a quarter.

    Only twelve months have ranks. Raises ValueError for bad files, weights or minimums.
    """
    periods = [period] if year is None else [period, year]
    facts = collect_facts(read_assignments(assignments), read_ratings(ratings), periods)
    found = [
        compute_results(
            one,
            facts.groups,
            weights=weights,
            minimums=minimums,
            ranked=number > 0 or span.months == TWELVE_MONTHS,
        )
        for number, one in enumerate(facts.periods)
    ]
    return found[0], found[1] if year is not None else None


def compute_seal(release: RawRelease) -> str:
    """Return the SHA-256, in hexadecimal, of the canonical JSON (RFC 8785) of a release without its seal."""
    return hashlib.sha256(encode_canonical_json({key: release[key] for key in release if key != "seal"})).hexdigest()


def format_period(period: Period) -> PeriodInstants:
    """Write a period as a release does."""
    return {"from": format_instant(period[0]), "to": format_instant(period[1])}


def write_release(release: ReleaseDocument) -> bytes:
    """Return the bytes of `release.json`."""
    return (json.dumps(release, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_release(data: bytes) -> RawRelease:
    """Parse `release.json`, whose contents may be anything. Raises ValueError for anything but a JSON object."""
    release = parse_json(data)
    if not isinstance(release, dict):
        raise ValueError("a release is a JSON object")
    return release


def _describe_file(data: bytes) -> FileDigest:
    return {"bytes": len(data), "sha256": sha256_hex(data)}
