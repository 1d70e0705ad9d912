"""Random made-up cities, computed by the program and by the second, slow implementation: the same to 1e-9."""

import random
from typing import Any

import pytest

from civic.scores.method.files import write_assignments, write_ratings
from tests.builders.made_up_city import make_city
from tests.builders.score_rows import JANUARY, MINIMUMS, WEIGHTS, results_of
from tests.scores.second_method import SecondMethod

SMALL = {"indicator": 3, "assignments": 8, "indicators": 2}
CITIES = [
    (1, 260, 5, WEIGHTS, MINIMUMS),
    (2, 120, 4, WEIGHTS, SMALL),
    (3, 90, 7, WEIGHTS | {"speed": 0}, SMALL),
    (4, 40, 3, WEIGHTS, {"indicator": 2, "assignments": 2, "indicators": 1}),
    (5, 150, 6, {**dict.fromkeys(WEIGHTS, 1.0), "satisfaction": 0.25}, SMALL),
    (6, 8, 2, WEIGHTS, {"indicator": 1, "assignments": 1, "indicators": 1}),
    (7, 3, 1, WEIGHTS, MINIMUMS),
    (8, 300, 2, WEIGHTS, MINIMUMS),
]


@pytest.mark.parametrize(("seed", "size", "departments", "weights", "minimums"), CITIES)
def test_both_give_the_same(
    seed: int, size: int, departments: int, weights: dict[str, float], minimums: dict[str, int]
) -> None:
    city = make_city(seed, size, departments)
    slow = SecondMethod(write_assignments(city.clocks), write_ratings(city.ratings), JANUARY, weights, minimums)
    random.Random(seed).shuffle(city.clocks)
    results: Any = results_of(city.clocks, city.ratings, weights=weights, minimums=minimums)
    assert list(results["departments"]) == slow.departments
    assert list(results["yardsticks"]["summed"]) == slow.whole["summed"]
    for slug, line in results["departments"].items():
        compare_line(slug, line, slow)
    city_line, found = slow.city_line(), results["city"]["indicators"]
    assert results["city"]["composite"] == pytest.approx(slow.whole["mean"], abs=1e-9)
    for kind in ("response", "resolution", "ownership"):
        assert found[kind]["n"] == len(city_line[kind])
        if len(city_line[kind]) >= minimums["indicator"]:
            assert found[kind]["met"] == sum(city_line[kind])
    if found["speed"]["mean_s"] is not None:
        assert found["speed"]["mean_s"] == pytest.approx(sum(city_line["speed"]) / len(city_line["speed"]))


def compare_line(slug: str, line: Any, slow: SecondMethod) -> None:
    assert line["counted"] == slow.counted(slug)
    for kind in ("response", "resolution"):
        figure = line["indicators"][kind]
        assert (figure["value"] is None) == (slug not in slow.enough(kind))
        if figure["value"] is not None:
            adjusted = slow.adjusted(kind, slug, None)
            assert (figure["adjusted"], figure["usual"], figure["expected"]) == pytest.approx(adjusted, abs=1e-9)
    speed = line["indicators"]["speed"]
    if slug in slow.enough("speed"):
        assert (speed["value"], speed["lo"], speed["hi"]) == pytest.approx(slow.speed(slug), abs=1e-9)
    assert (speed["value"] is None) == (slug not in slow.enough("speed"))
    assert (line["composite"] is None) == (slug not in slow.whole["composite"])
    if line["composite"] is None:
        assert line["standing"] is line["rank"] is line["parts"] is None
        return
    composite, standing = line["composite"], line["standing"]
    assert (composite["value"], composite["lo"], composite["hi"]) == pytest.approx(slow.composite(slug), abs=1e-9)
    assert line["parts"] == pytest.approx(slow.whole["parts"][slug], abs=1e-9)
    code, points, margin = slow.standing(slug)
    assert standing == {
        "code": code,
        "alone": slow.alone(slug),
        "points": pytest.approx(points, abs=1e-9),
        "margin": pytest.approx(margin, abs=1e-9),
    }
    best, worst = slow.rank(slug)
    assert line["rank"] == (None if slow.alone(slug) else {"best": best, "worst": worst})
