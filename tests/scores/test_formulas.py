"""The formulas, by figures worked out by hand, and the worked examples of the case mix."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.scores.method.case_mix import adjust_share, list_comparable
from civic.scores.method.composite import shrink_stars
from civic.scores.method.inclusion import Inclusion
from civic.scores.method.intervals import (
    composite_interval,
    family_quantile,
    leave_out_variance,
    speed_interval,
    star_interval,
    wilson_interval,
)
from civic.scores.method.tally import ShareSums, StarSums, deal_groups, measure_caps
from tests.builders.score_rows import START, end, make_rating, make_row, results_of


def test_wilson_by_hand() -> None:
    # 8 of 10, z² = 3.841459: (0.8 + 0.19207) / 1.384146 = 0.716738; half 1.96·√(0.016 + 0.0096036)/1.384146
    assert wilson_interval(8, 10) == pytest.approx((0.8, 0.4901625, 0.9433178), abs=1e-6)
    assert wilson_interval(0, 10) == pytest.approx((0, 0, 0.2775328), abs=1e-6)
    assert wilson_interval(10, 10) == pytest.approx((1, 0.7224672, 1), abs=1e-6)


@given(st.integers(1, 10**6), st.data())
def test_a_wilson_interval_contains_its_share_and_lies_within_0_and_1(n: int, data: st.DataObject) -> None:
    found = wilson_interval(data.draw(st.integers(0, n)), n)
    assert 0 <= found.lo <= found.value <= found.hi <= 1
    assert found.lo < found.hi


# -- the case mix ----------------------------------------------------------------------------------


def sums_of(counts: dict[tuple[str, str], tuple[int, int]]) -> ShareSums:
    """(department, category) → how many kept, of how many."""
    sums = ShareSums()
    for (department, category), (met, n) in counts.items():
        sums.add(department, category, True, met)
        sums.add(department, category, False, n - met)
    return sums


def adjusted(counts: dict[tuple[str, str], tuple[int, int]]) -> dict[str, tuple[float, float | None, float | None]]:
    """The adjusted share, `o` and `expected` of each department."""
    sums = sums_of(counts)
    return {slug: adjust_share(sums, slug, list_comparable(sums, slug)) for slug in sums.n}  # type: ignore[misc]


def test_departments_alone_in_their_categories_keep_their_shares() -> None:
    found = adjusted({("a", "1"): (95, 100), ("b", "2"): (70, 100), ("c", "3"): (40, 100)})
    # Seen from a, the categories of b and c can be compared, but it has nothing in them.
    assert {slug: share[0] for slug, share in found.items()} == pytest.approx({"a": 0.95, "b": 0.7, "c": 0.4})


def test_two_departments_in_one_category_keep_their_shares() -> None:
    found = adjusted({("a", "1"): (90, 100), ("b", "1"): (30, 50)})
    assert {slug: share[0] for slug, share in found.items()} == pytest.approx({"a": 0.9, "b": 0.6})


def test_departments_that_are_alike_are_made_alike() -> None:
    counts = {("a", "easy"): (45, 50), ("a", "hard"): (30, 50), ("b", "easy"): (90, 100), ("c", "hard"): (60, 100)}
    assert {slug: share[0] for slug, share in adjusted(counts).items()} == pytest.approx(dict.fromkeys("abc", 0.75))


def test_who_is_worse_stays_worse() -> None:
    counts = {("a", "easy"): (45, 50), ("a", "hard"): (30, 50), ("b", "easy"): (90, 100), ("c", "hard"): (50, 100)}
    found = adjusted(counts)
    assert found["a"] == pytest.approx((0.75, 0.70, 0.70))
    assert found["b"] == pytest.approx((0.716666666667, 0.716666666667, 0.90))
    assert found["c"] == pytest.approx((0.666666666667, 0.75, 0.60))


def test_29_others_cannot_be_compared_and_30_can() -> None:
    for others, is_comparable in ((29, False), (30, True)):
        sums = sums_of({("a", "1"): (60, 100), ("b", "1"): (10, others), ("a", "2"): (1, 50), ("c", "2"): (9, 40)})
        assert list_comparable(sums, "a") == (("1", "2") if is_comparable else ("2",))


@pytest.mark.parametrize("met", [0, 100])
def test_all_or_nothing_stays_so(met: int) -> None:
    found = adjusted({("a", "1"): (met, 100), ("b", "1"): (50, 100), ("b", "2"): (80, 100), ("c", "2"): (70, 100)})
    assert found["a"][0] == met / 100
    all_kept = adjusted({("a", "1"): (90, 100), ("b", "1"): (100, 100), ("c", "2"): (40, 100)})
    assert all_kept["a"][0] == 0.9  # a share of the others is 1


# -- speed -----------------------------------------------------------------------------------------


def test_the_cap_is_the_95th_percentile_by_nearest_rank() -> None:
    def cap(count: int) -> int:
        return measure_caps(("tree", Inclusion(None, True, seconds, None)) for seconds in range(count, 0, -1))["tree"]

    assert [cap(count) for count in (1, 19, 20, 21, 40, 100)] == [1, 19, 19, 20, 38, 95]
    assert measure_caps([("tree", Inclusion(None, False, None, None)), ("x", Inclusion(True, None, 5, None))]) == {}


def speed_rows() -> list:
    """Parks needs 2 h, roads 6 h for ten trees each; roads leaves five open."""
    rows = []
    for number in range(25):
        department = "parks" if number < 10 else "roads"
        row = make_row(START, id=str(number), case=f"24-{number}", department=department)
        hours = 2 if number < 10 else 6
        rows.append(end(row, hours, "resolved") if number < 20 else row)
    return rows


def test_speed_by_hand() -> None:
    lines = results_of(speed_rows())["departments"]
    # The cap is 6 h (the 19th of 20); e = (10·2 + 15·6) / 25 = 4.4 h; parks 44 / 20, roads 66 / 90.
    assert lines["parks"]["indicators"]["speed"]["ratio"] == pytest.approx(2.2)
    assert lines["roads"]["indicators"]["speed"]["ratio"] == pytest.approx(66 / 90)
    assert lines["parks"]["indicators"]["speed"]["value"] == pytest.approx(2.2 / 3.2)
    assert (lines["roads"]["indicators"]["speed"]["mean_s"], lines["roads"]["indicators"]["speed"]["n"]) == (21600, 15)
    assert lines["roads"]["indicators"]["speed"]["city_s"] == pytest.approx(4.4 * 3600)


def test_the_city_as_a_whole_is_exactly_as_fast_as_itself() -> None:
    """One department that does everything is the city."""
    rows = [row._replace(department="all") for row in speed_rows()]
    figure = results_of(rows)["departments"]["all"]["indicators"]["speed"]
    assert (figure["ratio"], figure["value"]) == (pytest.approx(1, abs=1e-12), pytest.approx(0.5, abs=1e-12))


def test_leaving_hard_cases_open_is_not_fast() -> None:
    """A case that is never solved takes as long as the longest that count."""
    solved = [end(row, 6, "resolved") if row.end_reason == "open" else row for row in speed_rows()]
    ratios = [
        results_of(rows)["departments"]["roads"]["indicators"]["speed"]["ratio"] for rows in (speed_rows(), solved)
    ]
    assert ratios[0] == pytest.approx(ratios[1])


# -- stars, composite, chance ----------------------------------------------------------------------


def test_satisfaction_is_the_plain_mean_with_the_citys_variance() -> None:
    # the city: ten times 2 and ten times 4: variance 1; half 1.96·√(1/10)
    assert star_interval(40, 10, 1.0) == pytest.approx((4, 4 - 0.6197950, 4 + 0.6197950), abs=1e-6)
    assert star_interval(50, 10, 4.0) == pytest.approx((5, 5 - 1.2395900, 5), abs=1e-6)
    ratings = [make_rating(n, "parks" if n < 10 else "roads", 4 if n < 10 else 2) for n in range(20)]
    found = results_of([], ratings)["departments"]["parks"]["indicators"]["satisfaction"]
    assert (found["value"], found["lo"], found["hi"]) == pytest.approx((4, 4 - 0.6197950, 4 + 0.6197950), abs=1e-6)
    assert found["shrunk"] == pytest.approx(3.5)  # (10·3 + 40) / 20
    assert shrink_stars(StarSums(), 3.2) == pytest.approx(3.2)


def test_cases_are_dealt_by_receipt_then_number_as_text() -> None:
    then = datetime(2024, 1, 1, tzinfo=UTC)
    received = {f"24-{n}": then for n in range(120)} | {"24-999": then - timedelta(seconds=1)}
    groups = deal_groups(received)
    assert [groups[case] for case in ("24-999", "24-0", "24-1", "24-10", "24-100")] == [0, 1, 2, 3, 4]
    assert sorted(groups.values()).count(0) == 2


def test_the_spread_of_the_leave_out_values_by_hand() -> None:
    assert leave_out_variance([1.0] * 50 + [3.0] * 50) == pytest.approx(0.99 * 100)
    assert composite_interval(70, 4) == pytest.approx((70, 70 - 3.919928, 70 + 3.919928))
    assert composite_interval(99, 100)[2] == 100
    assert speed_interval(math.log(2), 0.1) == pytest.approx((2 / 3, 0.6217895, 0.7087134), abs=1e-6)


def test_the_quantile_of_many_comparisons() -> None:
    assert family_quantile(1) == pytest.approx(1.959963984540054, abs=1e-12)
    assert family_quantile(8) == pytest.approx(2.734368787, abs=1e-8)


def test_a_department_that_nobody_else_can_be_compared_with_is_marked() -> None:
    """The words say only what is known, and there is no rank."""
    rows = []
    for number in range(240):
        department = ("parks", "roads", "water")[number % 3]
        row = make_row(
            START,
            id=str(number),
            case=f"24-{number}",
            department=department,
            category="tree" if department == "parks" else "hole",
            first_word_at=START,
        )
        rows.append(end(row, 50 + (number % 70), "resolved"))
    lines = results_of(rows, minimums={"indicator": 10, "assignments": 30, "indicators": 3})["departments"]
    assert {slug: line["standing"]["alone"] for slug, line in lines.items() if line["standing"]} == {
        "parks": True,
        "roads": False,
        "water": False,
    }
    assert lines["parks"]["rank"] is None
    assert lines["roads"]["rank"] is not None
    assert results_of(rows, ranked=False)["departments"]["roads"]["rank"] is None
