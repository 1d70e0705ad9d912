"""Counting: what each assignment and rating adds to the sums of its department, and sums without one group of cases.

The cases of the files are dealt into 100 groups. All figures are computed from sums, so that leaving a group out means
taking away what its assignments and ratings added. Every sum is of whole numbers: the order of adding changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from civic.scores.method.inclusion import Inclusion

LEAVE_OUT_GROUPS = 100
_CAP_PERCENT = 95  # of the standing resolutions of a category

CategoryCounts = dict[str, int]  # category → number


class AssignmentFacts(NamedTuple):
    """What one assignment adds."""

    case: str
    department: str
    category: str
    inclusion: Inclusion


class RatingFacts(NamedTuple):
    """What one handling rating adds. `department` is empty where no department had ended the case before it."""

    case: str
    department: str
    stars: int


Facts = TypeVar("Facts", AssignmentFacts, RatingFacts)


@dataclass(slots=True)
class ShareSums:
    """How many rows count for an indicator and how many of them did well, by department and category."""

    n: dict[str, CategoryCounts] = field(default_factory=dict)
    met: dict[str, CategoryCounts] = field(default_factory=dict)
    city_n: CategoryCounts = field(default_factory=dict)
    city_met: CategoryCounts = field(default_factory=dict)

    def add(self, department: str, category: str, did_well: bool | None, times: int) -> None:
        """Count one row `times` times (-1 takes it away), unless `did_well` is None."""
        if did_well is None:
            return
        _add_count(self.n.setdefault(department, {}), category, times)
        _add_count(self.city_n, category, times)
        if did_well:
            _add_count(self.met.setdefault(department, {}), category, times)
            _add_count(self.city_met, category, times)

    def totals(self, department: str) -> tuple[int, int]:
        """How many did well, and of how many."""
        return sum(self.met.get(department, {}).values()), sum(self.n.get(department, {}).values())

    def city_totals(self) -> tuple[int, int]:
        """How many did well, and of how many, of all departments together."""
        return sum(self.city_met.values()), sum(self.city_n.values())

    def copy(self) -> "ShareSums":
        return ShareSums(
            {department: dict(counts) for department, counts in self.n.items()},
            {department: dict(counts) for department, counts in self.met.items()},
            dict(self.city_n),
            dict(self.city_met),
        )


@dataclass(slots=True)
class TimeSums:
    """How many assignments count for `speed` and the seconds that they took, by department and category."""

    n: dict[str, CategoryCounts] = field(default_factory=dict)
    seconds: dict[str, CategoryCounts] = field(default_factory=dict)
    city_n: CategoryCounts = field(default_factory=dict)
    city_seconds: CategoryCounts = field(default_factory=dict)

    def add(self, department: str, category: str, seconds: int, times: int) -> None:
        """Count one assignment `times` times."""
        _add_count(self.n.setdefault(department, {}), category, times)
        _add_count(self.seconds.setdefault(department, {}), category, times * seconds)
        _add_count(self.city_n, category, times)
        _add_count(self.city_seconds, category, times * seconds)

    def copy(self) -> "TimeSums":
        return TimeSums(
            {department: dict(counts) for department, counts in self.n.items()},
            {department: dict(counts) for department, counts in self.seconds.items()},
            dict(self.city_n),
            dict(self.city_seconds),
        )


class StarSums(NamedTuple):
    """Sums over handling ratings: their number, their stars, and the squares of their stars."""

    n: int = 0
    total: int = 0
    squares: int = 0

    def plus(self, stars: int, times: int) -> "StarSums":
        return StarSums(self.n + times, self.total + times * stars, self.squares + times * stars * stars)


@dataclass(slots=True)
class CitySums:
    """All sums of a period. `caps`: category → the longest time that counts for `speed`, in seconds."""

    caps: Mapping[str, int]
    response: ShareSums = field(default_factory=ShareSums)
    resolution: ShareSums = field(default_factory=ShareSums)
    ownership: ShareSums = field(default_factory=ShareSums)
    speed: TimeSums = field(default_factory=TimeSums)
    counted: CategoryCounts = field(default_factory=dict)  # department → assignments that count for something
    stars: dict[str, StarSums] = field(default_factory=dict)  # department → its ratings
    city_stars: StarSums = field(default_factory=StarSums)

    def add_assignment(self, facts: AssignmentFacts, times: int = 1) -> None:
        """Count an assignment; -1 times takes it away."""
        _case, department, category, inclusion = facts
        self.response.add(department, category, inclusion.response, times)
        self.resolution.add(department, category, inclusion.resolution, times)
        self.ownership.add(department, category, inclusion.ownership, times)
        if inclusion.is_counted:
            _add_count(self.counted, department, times)
        cap = self.caps.get(category)
        if inclusion.resolution is not None and cap is not None:
            seconds = cap if inclusion.seconds is None else min(inclusion.seconds, cap)
            self.speed.add(department, category, seconds, times)

    def add_rating(self, facts: RatingFacts, times: int = 1) -> None:
        """Count a rating; -1 times takes it away."""
        self.city_stars = self.city_stars.plus(facts.stars, times)
        if facts.department:
            self.stars[facts.department] = self.stars.get(facts.department, StarSums()).plus(facts.stars, times)

    def without(self, assignments: Iterable[AssignmentFacts], ratings: Iterable[RatingFacts]) -> "CitySums":
        """Return the sums without some assignments and ratings."""
        rest = CitySums(
            self.caps,
            self.response.copy(),
            self.resolution.copy(),
            self.ownership.copy(),
            self.speed.copy(),
            dict(self.counted),
            dict(self.stars),
            self.city_stars,
        )
        for assignment in assignments:
            rest.add_assignment(assignment, -1)
        for rating in ratings:
            rest.add_rating(rating, -1)
        return rest


def sum_facts(assignments: Sequence[AssignmentFacts], ratings: Sequence[RatingFacts]) -> CitySums:
    """Sum up all facts of a period."""
    sums = CitySums(measure_caps((facts.category, facts.inclusion) for facts in assignments))
    for assignment in assignments:
        sums.add_assignment(assignment)
    for rating in ratings:
        sums.add_rating(rating)
    return sums


def measure_caps(rows: Iterable[tuple[str, Inclusion]]) -> dict[str, int]:
    """Return the longest time that counts in each category: the 95th percentile, by nearest rank, in seconds.

    The rows are those that count for `resolution` and have a standing resolution; a category without one has no cap.
    """
    times: dict[str, list[int]] = {}
    for category, inclusion in rows:
        if inclusion.resolution is not None and inclusion.seconds is not None:
            times.setdefault(category, []).append(inclusion.seconds)
    return {category: _nearest_rank(sorted(seconds)) for category, seconds in sorted(times.items())}


def _nearest_rank(ordered: Sequence[int]) -> int:
    return ordered[(_CAP_PERCENT * len(ordered) + 99) // 100 - 1]


def deal_groups(received: Mapping[str, datetime]) -> dict[str, int]:
    """Deal cases (number → receipt) into 100 groups: by receipt, then number as text, the place from 0 modulo 100."""
    ordered = sorted(received, key=lambda case: (received[case], case))
    return {case: place % LEAVE_OUT_GROUPS for place, case in enumerate(ordered)}


def split_by_group(facts: Iterable[Facts], groups: Mapping[str, int]) -> list[list[Facts]]:
    """Split facts by the group of their case."""
    parts: list[list[Facts]] = [[] for _ in range(LEAVE_OUT_GROUPS)]
    for one in facts:
        parts[groups[one.case]].append(one)
    return parts


def _add_count(counts: CategoryCounts, key: str, amount: int) -> None:
    counts[key] = counts.get(key, 0) + amount
