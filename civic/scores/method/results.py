"""From the rows of the two files to the results of a period: a pure function that anybody can run again.

Results are not rounded. `collect_facts` reads the rows once, for several periods, and keeps only what is summed up, so
that a year of a large city fits into little memory. The order of the rows does not matter.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from civic.scores.method.composite import (
    INDICATORS,
    MINIMUMS,
    CompositePlan,
    list_departments,
    measure_unseen_variance,
    measure_values,
    plan_composites,
)
from civic.scores.method.figures import LineBuilder, build_city, build_yardsticks
from civic.scores.method.inclusion import Inclusion, Period, include_assignment, include_case
from civic.scores.method.intervals import composite_interval, leave_out_variance
from civic.scores.method.published_shares import list_marks
from civic.scores.method.release_format import CityStanding, LineFigures, Results
from civic.scores.method.rows import ClockRow, RatingRow
from civic.scores.method.standing import CityDifference, compare_with_city, rank_departments
from civic.scores.method.tally import (
    LEAVE_OUT_GROUPS,
    AssignmentFacts,
    RatingFacts,
    deal_groups,
    split_by_group,
    sum_facts,
)

METHOD = "1"
"""The version of the method, docs/method.md. A change of any figure's definition is a new version."""

MIN_WEIGHT, MAX_WEIGHT = 0.001, 1000.0  # of a weight that is not 0
MAX_MINIMUM = 1_000_000


@dataclass(slots=True)
class PeriodFacts:
    """What is summed up of one period. `marks`: department → what its shares count."""

    period: Period
    assignments: list[AssignmentFacts] = field(default_factory=list)
    ratings: list[RatingFacts] = field(default_factory=list)
    cases: list[tuple[str, Inclusion]] = field(default_factory=list)  # category, what counts
    marks: dict[str, dict[str, int]] = field(default_factory=dict)

    def add_clock(self, row: ClockRow) -> None:
        """Keep what a row of `assignments.csv` adds."""
        if row.clock_of == "case":
            inclusion = include_case(row, self.period)
            if inclusion.is_counted:
                self.cases.append((row.category, inclusion))
            return
        inclusion = include_assignment(row, self.period)
        if inclusion.is_counted:
            self.assignments.append(AssignmentFacts(row.case, row.department, row.category, inclusion))
        for mark in list_marks(row, self.period):
            marks = self.marks.setdefault(row.department, {})
            marks[mark] = marks.get(mark, 0) + 1

    def sum_marks(self) -> dict[str, int]:
        """Sum up the marks of all departments."""
        total: dict[str, int] = {}
        for marks in self.marks.values():
            for mark, count in marks.items():
                total[mark] = total.get(mark, 0) + count
        return total

    def add_rating(self, row: RatingRow) -> None:
        """Keep what a row of `ratings.csv` adds."""
        if self.period[0] <= row.given_at < self.period[1]:
            self.ratings.append(RatingFacts(row.case, row.department, row.stars))


@dataclass(frozen=True, slots=True)
class CollectedFacts:
    """The facts of each period, and the group of each case (number → 0 to 99)."""

    periods: list[PeriodFacts]
    groups: dict[str, int]


def collect_facts(
    clocks: Iterable[ClockRow], ratings: Iterable[RatingRow], periods: Iterable[Period]
) -> CollectedFacts:
    """Read all rows. Raises ValueError for a case that is received at two instants."""
    facts = [PeriodFacts(period) for period in periods]
    received: dict[str, datetime] = {}
    for row in clocks:
        _note_receipt(received, row)
        for one in facts:
            one.add_clock(row)
    for rating in ratings:
        _note_receipt(received, rating)
        for one in facts:
            one.add_rating(rating)
    return CollectedFacts(facts, deal_groups(received))


def _note_receipt(received: dict[str, datetime], row: ClockRow | RatingRow) -> None:
    if received.setdefault(row.case, row.received_at) != row.received_at:
        raise ValueError(f"case {row.case} is received at two instants")


def compute_results(
    facts: PeriodFacts,
    groups: Mapping[str, int],
    *,
    weights: Mapping[str, float],
    minimums: Mapping[str, int],
    ranked: bool,
) -> Results:
    """Compute the results of a period. Raises ValueError for weights or minimums that are not those of the method."""
    check_terms(weights, minimums)
    sums = sum_facts(facts.assignments, facts.ratings)
    plan = plan_composites(sums, weights, minimums)
    whole = measure_values(sums, plan)
    assignments, ratings = split_by_group(facts.assignments, groups), split_by_group(facts.ratings, groups)
    left = [
        measure_values(sums.without(assignments[group], ratings[group]), plan, whole)
        for group in range(LEAVE_OUT_GROUPS)
    ]
    unseen = {slug: measure_unseen_variance(slug, sums, plan, whole) for slug in plan.scored}
    deviations = {
        slug: math.sqrt(leave_out_variance([rest.log_ratios[slug] for rest in left])) for slug in plan.enough["speed"]
    }
    builder = LineBuilder(sums, plan, whole, deviations, minimums["indicator"])
    departments = sorted({*list_departments(sums), *facts.marks})
    lines = {slug: builder.build_line(slug, facts.marks.get(slug, {})) for slug in departments}
    for slug in plan.scored:
        spread = leave_out_variance([rest.composites[slug] for rest in left])
        value, lo, hi = composite_interval(whole.composites[slug], spread + unseen[slug])
        lines[slug]["composite"] = {"value": value, "lo": lo, "hi": hi}
    _add_standings(lines, plan, compare_with_city(plan, whole, left, unseen))
    if ranked:
        _add_ranks(lines, rank_departments(plan, whole, left, unseen))
    return {
        "departments": lines,
        "city": build_city(facts.cases, sums, facts.sum_marks(), whole.mean, minimums["indicator"]),
        "yardsticks": build_yardsticks(sums, plan, whole),
    }


def check_terms(weights: Mapping[str, float], minimums: Mapping[str, int]) -> None:
    """Raise ValueError for weights or minimums that the method does not allow."""
    if set(weights) != set(INDICATORS):
        raise ValueError(f"weights are needed for {', '.join(INDICATORS)}")
    if not all(weight == 0 or MIN_WEIGHT <= weight <= MAX_WEIGHT for weight in weights.values()):
        raise ValueError(f"a weight is 0, or from {MIN_WEIGHT:g} to {MAX_WEIGHT:g}")
    if set(minimums) != set(MINIMUMS) or not all(1 <= least <= MAX_MINIMUM for least in minimums.values()):
        raise ValueError(f"minimums from 1 to {MAX_MINIMUM} are needed for {', '.join(MINIMUMS)}")


def _add_standings(
    lines: Mapping[str, LineFigures], plan: CompositePlan, differences: Mapping[str, CityDifference]
) -> None:
    for slug, (code, points, margin) in differences.items():
        resolution = lines[slug]["indicators"]["resolution"]
        compared = resolution["compared"]
        is_alone = compared is not None and 2 * compared < resolution["n"]
        lines[slug]["standing"] = CityStanding(code=code, alone=is_alone, points=points, margin=margin)


def _add_ranks(lines: Mapping[str, LineFigures], ranks: Mapping[str, tuple[int, int]]) -> None:
    """Add the ranks, but for departments that nobody else can be compared with in most of what they do."""
    for slug, (best, worst) in ranks.items():
        standing = lines[slug]["standing"]
        if standing is None or not standing["alone"]:
            lines[slug]["rank"] = {"best": best, "worst": worst}
