"""Checking what a release says besides its figures: every key, its type, and that its instants are possible.

Nothing here raises, whatever the document holds.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from civic.scores.method.files import ASSIGNMENTS_FILE, RATINGS_FILE, parse_instant
from civic.scores.method.inclusion import Period
from civic.scores.method.release import RawRelease, earliest_release, format_period
from civic.scores.method.release_format import ReleaseDocument
from civic.scores.method.results import METHOD, check_terms
from civic.scores.method.spans import Span, name_correction, read_span, split_release_id

ABSENT = "absent"
MAX_SHOWN_CHARS = 120  # of a value that differs
MAX_CONFIRM_DAYS = 366
MAX_REASON_CHARS = 500
CASE_REASONS = ("spam", "test", "own", "nearby", "merged")
RATING_REASONS = ("unconfirmed", "own", "case")
"""Why a case or a rating is not in the files; see docs/method.md, "What is not counted"."""

_HEX_64 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_RELEASE_ID = re.compile(r"[0-9a-z-]{4,40}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)
_MAX_WHOLE = 2**53

JsonValue = Any


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A value that is not as published. `path` is its JSON path."""

    path: str
    published: JsonValue
    computed: JsonValue

    def __str__(self) -> str:
        return f"{self.path}: published {_describe(self.published)}, found {_describe(self.computed)}"


@dataclass(frozen=True, slots=True)
class CheckedHead:
    """The parts of a head that figures are computed from; `zone` is None where this Python has no time zones."""

    span: Span
    zone: ZoneInfo | None
    period: Period
    year: Period | None
    weights: Mapping[str, float]
    minimums: Mapping[str, int]


def list_head_faults(release: RawRelease) -> Iterator[Discrepancy]:
    """Find every part of a release, but for its results and its seal, that is not as it must be."""
    for key in sorted(ReleaseDocument.__required_keys__ ^ release.keys()):
        yield Discrepancy(f"$.{_describe(key)}", release.get(key, ABSENT), "the keys of a release, and no others")
    for key, (is_right, expected) in _HEAD_RULES.items():
        if key in release and not is_right(release[key]):
            yield Discrepancy(f"$.{key}", release[key], expected)


def read_head(release: RawRelease) -> CheckedHead:
    """Read a head in which `list_head_faults` finds nothing. Raises ValueError for terms that the method forbids."""
    check_terms(release["weights"], release["minimums"])
    base, _number = split_release_id(release["release"])
    span, twelve = read_span(base), release["twelve_months"]
    return CheckedHead(
        span,
        _find_zone(release["zone"]),
        _read_period(release["period"]),
        _read_period(twelve["period"]) if twelve is not None else None,
        release["weights"],
        release["minimums"],
    )


def list_contradictions(release: RawRelease, head: CheckedHead) -> Iterator[Discrepancy]:
    """Find what contradicts itself in a head: instants that the id does not name, a release that comes too early."""
    yield from _list_period_faults(release, head)
    earliest = earliest_release(head.period[1], release["confirm_days"])
    if parse_instant(release["made_at"]) < earliest:
        yield Discrepancy("$.made_at", release["made_at"], f"{earliest.isoformat()} at the earliest")
    yield from _list_correction_faults(release)
    previous = release["previous"]
    if previous is not None and previous["release"] == release["release"]:
        yield Discrepancy("$.previous.release", previous["release"], "another release")


def _list_period_faults(release: RawRelease, head: CheckedHead) -> Iterator[Discrepancy]:
    if (head.year is not None) != head.span.is_quarter:
        yield Discrepancy("$.twelve_months", release["twelve_months"], "given with a quarter, and only then")
    if head.zone is None:
        return
    period = format_period(head.span.instants(head.zone))
    if release["period"] != period:
        yield Discrepancy("$.period", release["period"], period)
    if head.year is not None and head.span.is_quarter:
        year = format_period(head.span.twelve_months().instants(head.zone))
        if release["twelve_months"]["period"] != year:
            yield Discrepancy("$.twelve_months.period", release["twelve_months"]["period"], year)


def _list_correction_faults(release: RawRelease) -> Iterator[Discrepancy]:
    """A correction names what it replaces and why; any other release does neither."""
    replaces, reason, number = release["replaces"], release["reason"], split_release_id(release["release"])[1]
    if (number > 1) != (replaces is not None) or (reason is None) != (replaces is None):
        yield Discrepancy("$.replaces", replaces, "given with a reason by a correction, and only then")
    elif replaces is not None and name_correction(replaces) != release["release"]:
        yield Discrepancy("$.replaces", replaces, f"what {release['release']} corrects")


def has_time_zones() -> bool:
    """Whether this Python knows any time zone; on some systems they have to be installed."""
    return bool(available_timezones())


def _find_zone(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if has_time_zones() else None


def _read_period(period: Mapping[str, str]) -> Period:
    return parse_instant(period["from"]), parse_instant(period["to"])


# -- the rules of the keys -------------------------------------------------------------------------


def _is_whole(value: object, least: int = 0, most: int = _MAX_WHOLE) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_instant(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return isinstance(parse_instant(value), datetime)
    except ValueError:
        return False


def _is_release_id(value: object) -> bool:
    if not isinstance(value, str) or not _RELEASE_ID.fullmatch(value):
        return False
    try:
        return read_span(split_release_id(value)[0]).id == split_release_id(value)[0]
    except ValueError:
        return False


def _is_zone(value: object) -> bool:
    if not isinstance(value, str) or not _ZONE.fullmatch(value):
        return False
    if not has_time_zones():
        return True
    try:
        return ZoneInfo(value).key == value
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return False


def _is_period(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() != {"from", "to"} or not all(map(_is_instant, value.values())):
        return False
    return parse_instant(value["from"]) < parse_instant(value["to"])


def _is_twelve_months(value: object) -> bool:
    return value is None or (
        isinstance(value, dict) and value.keys() == {"period", "results"} and _is_period(value["period"])
    )


def _is_digest(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"bytes", "sha256"}
        and _is_whole(value["bytes"])
        and _is_text(value["sha256"], _HEX_64)
    )


def _is_reference(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and value.keys() == {"release", "seal"}
        and _is_release_id(value["release"])
        and _is_text(value["seal"], _HEX_64)
    )


def _is_tree(value: object) -> bool:
    return value is None or (
        isinstance(value, dict)
        and value.keys() == {"root", "size"}
        and _is_text(value["root"], _HEX_64)
        and _is_whole(value["size"])
    )


def _is_left_out(value: object) -> bool:
    if not isinstance(value, dict) or value.keys() != {"cases", "ratings"}:
        return False
    return all(
        isinstance(value[kind], dict)
        and value[kind].keys() == set(reasons)
        and all(map(_is_whole, value[kind].values()))
        for kind, reasons in (("cases", CASE_REASONS), ("ratings", RATING_REASONS))
    )


def _is_reason(value: object) -> bool:
    return value is None or (isinstance(value, str) and 0 < len(value.strip()) <= MAX_REASON_CHARS)


def _has_numbers(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_number, value.values()))


_HEAD_RULES: Mapping[str, tuple[Callable[[JsonValue], bool], str]] = {
    "release": (_is_release_id, "an id as 2024-q3 or 2024-q3-r2"),
    "method": (lambda value: value == METHOD, f"{METHOD}: this program computes no other method"),
    "zone": (_is_zone, "a time zone as Europe/Budapest"),
    "period": (_is_period, "two instants, from and to, in order"),
    "confirm_days": (lambda value: _is_whole(value, 0, MAX_CONFIRM_DAYS), "a number of days"),
    "made_at": (_is_instant, "an instant"),
    "replaces": (lambda value: value is None or _is_release_id(value), "the id of a release, or null"),
    "reason": (_is_reason, f"a text of at most {MAX_REASON_CHARS} characters, or null"),
    "previous": (_is_reference, "a release and its seal, or null"),
    "weights": (_has_numbers, "a number for each indicator"),
    "minimums": (
        lambda value: isinstance(value, dict) and all(map(_is_whole, value.values())),
        "a whole number for each minimum",
    ),
    "files": (
        lambda value: (
            isinstance(value, dict)
            and value.keys() == {ASSIGNMENTS_FILE, RATINGS_FILE}
            and all(map(_is_digest, value.values()))
        ),
        f"size and SHA-256 of {ASSIGNMENTS_FILE} and {RATINGS_FILE}",
    ),
    "chains": (_is_tree, "root and size of the tree of histories, or null"),
    "left_out": (_is_left_out, "the number of cases and ratings for each reason"),
    "twelve_months": (_is_twelve_months, "a period and its results, or null"),
}


def _describe(value: object) -> str:
    """Name a value of any size and depth without following it."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    if isinstance(value, int) and abs(value) > _MAX_WHOLE:
        return f"a whole number of {value.bit_length()} bits"
    words = {None: "null", True: "true", False: "false"}
    text = value if isinstance(value, str) else words[value] if value in (None, True, False) else repr(value)
    return text if len(text) <= MAX_SHOWN_CHARS else text[: MAX_SHOWN_CHARS - 1] + "…"
