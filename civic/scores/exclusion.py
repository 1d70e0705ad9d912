"""Which cases count: none that is spam, a test, a department's own, or near an earlier one of the same day.

A case within 50 m of an earlier one that counts (by receipt, then number), of the same category, first department and
local day of receipt, does not count: splitting a job adds nothing. Source: docs/method.md, "What is not counted".
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

MAX_NEARBY_METRES = 50
EARTH_RADIUS_METRES = 6_371_000

Place = tuple[float, float]  # latitude and longitude in degrees

NEARBY, MERGED = "nearby", "merged"


@dataclass(frozen=True, slots=True)
class CandidateCase:
    """A case that may count. `reason`: why it does not (spam, test, own), or "". `due`: something of it is due."""

    id: int
    number: str
    received_at: datetime
    merged: bool
    due: bool
    reason: str
    department_id: int | None
    category_id: int | None
    day: date
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class ChosenCases:
    """The ids of the cases whose rows are read, and how many cases of the period are left out for which reason.

    A merged case has no row of its own, but its assignments have.
    """

    ids: list[int]
    left_out: dict[str, int]


def choose_cases(candidates: Iterable[CandidateCase]) -> ChosenCases:
    """Choose the cases that count, of all that are due in a period."""
    cases = list(candidates)
    nearby = find_nearby(case for case in cases if not case.reason)
    due = [case for case in cases if case.due]
    reasons = Counter(case.reason or (NEARBY if case.id in nearby else MERGED if case.merged else "") for case in due)
    return ChosenCases([case.id for case in due if not case.reason and case.id not in nearby], dict(reasons))


def find_nearby(cases: Iterable[CandidateCase]) -> set[int]:
    """Return the ids of the cases that lie near an earlier one that counts. Of two at once the merged one is later."""
    kept: defaultdict[tuple[int, int | None, date], list[Place]] = defaultdict(list)
    nearby: set[int] = set()
    for case in sorted(cases, key=lambda case: (case.received_at, case.merged, case.number)):
        if case.department_id is None or case.lat is None or case.lon is None:
            continue
        place, earlier = (case.lat, case.lon), kept[case.department_id, case.category_id, case.day]
        if any(measure_metres(place, other) <= MAX_NEARBY_METRES for other in earlier):
            nearby.add(case.id)
        else:
            earlier.append(place)
    return nearby


def measure_metres(place: Place, other: Place) -> float:
    """Return the distance of two places (latitude and longitude in degrees) on a sphere."""
    lat, other_lat = math.radians(place[0]), math.radians(other[0])
    half_lat = math.sin((other_lat - lat) / 2)
    half_lon = math.sin(math.radians(other[1] - place[1]) / 2)
    return (
        2
        * EARTH_RADIUS_METRES
        * math.asin(
            math.sqrt(min(1.0, half_lat * half_lat + math.cos(lat) * math.cos(other_lat) * half_lon * half_lon))
        )
    )
