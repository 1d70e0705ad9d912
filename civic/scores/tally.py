"""Counting rows for the indicators: of each department, of all its assignments together, of all whole cases."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from civic.scores.inclusion import Inclusion, Period, check_inclusion, is_within
from civic.scores.indicators import StarSums, double_median
from civic.scores.release_format import RatingYardstick, ShareYardstick, SpeedYardstick, YardstickFigures
from civic.scores.rows import ClockRow, RatingRow


@dataclass(slots=True)
class ShareTally:
    """By category: how many rows count for an indicator, and how many of them did well."""

    n: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)

    def add(self, category: str, did_well: bool | None) -> None:
        """Count one row, unless `did_well` is None."""
        if did_well is not None:
            self.n[category] += 1
            self.met[category] += did_well

    @property
    def totals(self) -> tuple[int, int]:
        """How many did well, and of how many."""
        return self.met.total(), self.n.total()

    def share_by_category(self) -> dict[str, float]:
        return {category: self.met[category] / n for category, n in self.n.items()}

    def to_json(self) -> dict[str, ShareYardstick]:
        return {category: {"n": self.n[category], "met": self.met[category]} for category in sorted(self.n)}


@dataclass(slots=True)
class ClockTally:
    """What was counted of some rows. `worked`: category and working seconds, in the order of the rows."""

    counted: int = 0
    response: ShareTally = field(default_factory=ShareTally)
    resolution: ShareTally = field(default_factory=ShareTally)
    ownership: ShareTally = field(default_factory=ShareTally)
    declined: int = 0
    worked: list[tuple[str, int]] = field(default_factory=list)

    def add(self, category: str, inclusion: Inclusion) -> None:
        """Count one row."""
        self.counted += inclusion.counted
        self.response.add(category, inclusion.response)
        self.resolution.add(category, inclusion.resolution)
        self.ownership.add(category, inclusion.ownership)
        self.declined += inclusion.declined
        if inclusion.seconds is not None:
            self.worked.append((category, inclusion.seconds))


def tally_clocks(rows: Iterable[ClockRow], period: Period) -> tuple[ClockTally, dict[str, ClockTally]]:
    """Count all rows together, and those of each department."""
    together, departments = ClockTally(), defaultdict[str, ClockTally](ClockTally)
    for row in rows:
        inclusion = check_inclusion(row, period)
        together.add(row.category, inclusion)
        departments[row.department].add(row.category, inclusion)
    return together, departments


@dataclass(frozen=True, slots=True)
class RatingTally:
    """The handling ratings of a period: of the city, where each counts once, and of each department."""

    city: StarSums
    departments: dict[str, StarSums]


def tally_ratings(ratings: Iterable[RatingRow], period: Period) -> RatingTally:
    """Count the ratings given in the period. Every department that was ever rated is there, if with none."""
    city: list[int] = []
    departments: defaultdict[str, list[int]] = defaultdict(list)
    for row in ratings:
        stars = [row.stars] if is_within(row.given_at, period) else []
        city += stars
        for department in row.departments:
            departments[department] += stars
    return RatingTally(_sum_stars(city), {slug: _sum_stars(stars) for slug, stars in departments.items()})


def _sum_stars(stars: Sequence[int]) -> StarSums:
    return StarSums(len(stars), sum(stars), sum(star * star for star in stars))


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """What departments are measured against: the city over all its assignments, and its stars."""

    assignments: ClockTally
    double_medians: Mapping[str, int]  # category → twice the median of the working seconds
    stars: StarSums

    @classmethod
    def measure(cls, assignments: ClockTally, stars: StarSums) -> "Yardsticks":
        seconds_of: defaultdict[str, list[int]] = defaultdict(list)
        for category, seconds in assignments.worked:
            seconds_of[category].append(seconds)
        return cls(assignments, {category: double_median(s) for category, s in seconds_of.items()}, stars)

    def to_json(self) -> YardstickFigures:
        """Return them as a part of the results: they are published, so that each step can be followed."""
        return {
            "response": self.assignments.response.to_json(),
            "resolution": self.assignments.resolution.to_json(),
            "speed": self._speed(),
            "satisfaction": self._satisfaction(),
        }

    def _speed(self) -> dict[str, SpeedYardstick]:
        counts = Counter(category for category, _ in self.assignments.worked)
        return {
            category: {"n": counts[category], "median_s": median / 2}
            for category, median in sorted(self.double_medians.items())
        }

    def _satisfaction(self) -> RatingYardstick:
        n, total, squares = self.stars
        return {
            "n": n,
            "mean": total / n if n else None,
            "variance": (n * squares - total * total) / (n * n) if n else None,
        }
