"""How well the method tells departments apart, on simulated cities with fixed seeds: python -m benchmarks simulation.

- coverage: in how many of the simulated quarters a department's composite interval holds its true composite, on cities
  like the demo's. True is what the same rules give for very many cases of the same kind; a category can be compared
  there if it can be in the quarter;
- false names: in how many cities of eight equal departments that share all categories anybody is said to be better or
  below;
- alone: where departments are nearly alone in their categories, the rank correlation of the composite with the truth,
  with the case mix allowed for and with raw shares.
"""

import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from civic.city.settings import DEFAULT_MINIMUMS as MINIMUMS
from civic.city.settings import DEFAULT_WEIGHTS as WEIGHTS
from civic.scores.method.case_mix import list_comparable
from civic.scores.method.composite import measure_values, plan_composites
from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import Results
from civic.scores.method.results import collect_facts, compute_results
from civic.scores.method.rows import ClockRow, RatingRow
from civic.scores.method.tally import CitySums, sum_facts
from tests.builders.score_rows import make_row

QUARTER: Period = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))
DEPARTMENTS, CATEGORIES = 8, 10
CASES = 480  # of a quarter of the demo city
TRUTH_CASES = 60_000
EVERYBODY = [range(DEPARTMENTS)] * CATEGORIES
AS_IN_THE_DEMO = [(5, 7), (2, 7), (3, 1), (3, 7), (1, 3), (0, 6), (4, 7), (4, 5), (1, 3), (6, 0, 5)]


@dataclass(frozen=True)
class Effects:
    """What is true of the departments and categories: logs of their pace (0 is the city's), and who does what."""

    departments: list[float]
    categories: list[float]
    sharing: Sequence[Sequence[int]]  # category → departments that share it
    own: float = 0.0  # the share of a category's cases that its own department gets before the others share the rest


def draw_effects(
    chance: random.Random, spread: float, sharing: Sequence[Sequence[int]] = EVERYBODY, own: float = 0.0
) -> Effects:
    """Draw departments whose paces spread by so much."""
    paces = [chance.gauss(0, spread) for _ in range(DEPARTMENTS)]
    return Effects(paces, [chance.gauss(0, 0.5) for _ in range(CATEGORIES)], sharing, own)


def simulate(chance: random.Random, effects: Effects, cases: int) -> tuple[list[ClockRow], list[RatingRow]]:
    """Simulate a quarter. What is late is rated worse: the indicators go together, as in the demo."""
    rows, ratings = [], []
    for number in range(cases):
        category = chance.randrange(CATEGORIES)
        is_own = chance.random() < effects.own
        department = category % DEPARTMENTS if is_own else chance.choice(effects.sharing[category])
        row, stars = simulate_case(chance, effects, number, department, category)
        rows.append(row)
        if stars:
            given = row.started_at + timedelta(days=20)
            ratings.append(RatingRow(str(number), row.case, row.received_at, row.department, stars, given))
    return rows, ratings


def simulate_case(
    chance: random.Random, effects: Effects, number: int, department: int, category: int
) -> tuple[ClockRow, int]:
    """Simulate an assignment and the stars that it gets (0: none)."""
    own_pace = effects.departments[department] + chance.gauss(0, 0.5)  # people rate this, not how hard the category is
    pace = own_pace + effects.categories[category]
    start = QUARTER[0] + timedelta(minutes=chance.randrange(60 * 24 * 60))
    answered = start + timedelta(hours=math.exp(pace + chance.gauss(2.8, 0.8)))
    solved = start + timedelta(hours=math.exp(pace + chance.gauss(4.6, 0.8)))
    fate = chance.random()
    is_passed_on = fate < 0.04 * math.exp(effects.departments[department])
    is_open = not is_passed_on and fate > 0.97
    ended = None if is_open else start + timedelta(hours=30) if is_passed_on else solved
    rating = (
        round(chance.gauss(3.9 - 0.8 * own_pace, 0.9)) if ended and not is_passed_on and chance.random() < 0.45 else 0
    )
    due, resolution_due = start + timedelta(days=1), start + timedelta(days=7)
    row = make_row(
        start,
        id=str(number),
        case=f"24-{number}",
        department=f"d{department}",
        category=f"c{category}",
        response_due=due,
        response_half=start + timedelta(hours=12),
        response_counts_at=due,
        first_word_at=answered if ended is None or answered < ended else None if is_passed_on else ended,
        resolution_due=resolution_due,
        resolution_counts_at=resolution_due,
        resolved_at=solved if ended == solved else None,
        standing=ended == solved,
        ended_at=ended,
        end_reason="open" if is_open else "handed_over" if is_passed_on else "resolved",
        ended_by="department" if ended else "",
        rated=bool(rating),
    )
    return row, min(5, max(1, rating)) if rating else 0


def compute(rows: Sequence[ClockRow], ratings: Sequence[RatingRow]) -> Results:
    """Compute a quarter, without ranks."""
    facts = collect_facts(rows, ratings, [QUARTER])
    return compute_results(facts.periods[0], facts.groups, weights=WEIGHTS, minimums=MINIMUMS, ranked=False)


def composites(results: Results) -> dict[str, float]:
    """Return the composites of the departments that have one."""
    return {slug: line["composite"]["value"] for slug, line in results["departments"].items() if line["composite"]}


def raw_composites(results: Results) -> dict[str, float]:
    """Return the composites with raw shares in the place of adjusted ones."""
    found = {}
    for slug, line in results["departments"].items():
        if line["parts"] is None:
            continue
        parts = dict(line["parts"])
        for kind, figure in (
            ("response", line["indicators"]["response"]),
            ("resolution", line["indicators"]["resolution"]),
        ):
            if kind in parts and figure["value"] is not None:
                parts[kind] = figure["value"]
        found[slug] = sum(WEIGHTS[kind] * part for kind, part in parts.items()) / sum(WEIGHTS[kind] for kind in parts)
    return found


def measure_coverage(cities: int, quarters: int) -> None:
    """Print in how many quarters of how many cities the interval holds the truth."""
    held = counted = 0
    for city in range(cities):
        chance = random.Random(f"coverage {city}")
        effects = draw_effects(chance, 0.4, AS_IN_THE_DEMO)
        very_many = collect_sums(*simulate(chance, effects, TRUTH_CASES))
        for _ in range(quarters):
            rows = simulate(chance, effects, CASES)
            truth = find_truth(very_many, collect_sums(*rows))
            for slug, line in compute(*rows)["departments"].items():
                if line["composite"]:
                    counted += 1
                    held += line["composite"]["lo"] <= truth[slug] <= line["composite"]["hi"]
    print(f"coverage of the composite's interval: {held / counted:.1%} of {counted} in {cities} cities")


def collect_sums(rows: Sequence[ClockRow], ratings: Sequence[RatingRow]) -> CitySums:
    """Sum up a quarter."""
    [facts] = collect_facts(rows, ratings, [QUARTER]).periods
    return sum_facts(facts.assignments, facts.ratings)


def find_truth(very_many: CitySums, quarter: CitySums) -> dict[str, float]:
    """Return the composites of very many cases, where the categories can be compared that can be in the quarter."""
    plan, own = (
        plan_composites(very_many, WEIGHTS, MINIMUMS),
        plan_composites(quarter, WEIGHTS, MINIMUMS),
    )
    comparable = {
        "response": {slug: list_comparable(quarter.response, slug) for slug in plan.enough["response"]},
        "resolution": {slug: list_comparable(quarter.resolution, slug) for slug in plan.enough["resolution"]},
    }
    return measure_values(very_many, replace(plan, comparable=comparable, scored=own.scored)).composites


def measure_false_names(
    label: str, cities: int, sharing: Sequence[Sequence[int]] = EVERYBODY, own: float = 0.0
) -> None:
    """Print in how many cities of equal departments somebody is said to be better or below."""
    named = 0
    for city in range(cities):
        chance = random.Random(f"equal {city}")
        effects = draw_effects(chance, 0.0, sharing, own)
        lines = compute(*simulate(chance, effects, CASES))["departments"].values()
        standings = [line["standing"] for line in lines if line["standing"] and not line["standing"]["alone"]]
        named += any(one["code"] != "as" for one in standings)
    print(f"cities of eight equal departments that name one, {label}: {named / cities:.1%} of {cities}")


def measure_alone(own: float, cities: int) -> None:
    """Print the rank correlation with the true paces, where departments do nearly all of their categories."""
    adjusted, raw = [], []
    for city in range(cities):
        chance = random.Random(f"alone {city}")
        effects = draw_effects(chance, 0.4, own=own)
        results = compute(*simulate(chance, effects, CASES))
        truth = {f"d{number}": -pace for number, pace in enumerate(effects.departments)}
        adjusted.append(correlate_ranks(composites(results), truth))
        raw.append(correlate_ranks(raw_composites(results), truth))
    print(
        f"{own:.0%} own: rank correlation of the composite with the truth {sum(adjusted) / cities:.3f}, "
        f"with raw shares {sum(raw) / cities:.3f} ({cities} cities)"
    )


def correlate_ranks(values: dict[str, float], truth: dict[str, float]) -> float:
    """Return Spearman's correlation over those that have a value."""
    names = list(values)
    ranks = {name: place for place, name in enumerate(sorted(names, key=lambda name: values[name]))}
    true_ranks = {name: place for place, name in enumerate(sorted(names, key=lambda name: truth[name]))}
    n = len(names)
    return 1 - 6 * sum((ranks[name] - true_ranks[name]) ** 2 for name in names) / (n * (n * n - 1))


def main() -> None:
    """Print all figures; a number as argument makes the samples that many times smaller."""
    part = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    measure_coverage(max(2, 20 // part), max(2, 15 // part))
    measure_false_names("all categories shared", 400 // part)
    measure_false_names("categories shared as in the demo", 200 // part, AS_IN_THE_DEMO)
    for own in (0.2, 0.4, 0.6):
        measure_false_names(f"{own:.0%} own", 200 // part, own=own)
    for own in (0.0, 0.9, 0.98):
        measure_alone(own, 100 // part)


if __name__ == "__main__":
    main()
