"""The formulas, by figures worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civic.scores.indicators import (
    Estimate,
    StarSums,
    adjust_for_mix,
    bootstrap_seed,
    combine_indicators,
    double_median,
    draw_indexes,
    estimate_satisfaction,
    estimate_speed,
    expected_share,
    rank_ranges,
    wilson_interval,
)


def test_wilson_by_hand():
    # 8 of 10, z² = 3.841459: (0.8 + 0.19207) / 1.384146 = 0.716738; half 1.96·√(0.016 + 0.0096036)/1.384146
    found = wilson_interval(8, 10)
    assert found == pytest.approx((0.8, 0.4901625, 0.9433178), abs=1e-6)
    assert wilson_interval(0, 10) == pytest.approx((0, 0, 0.2775328), abs=1e-6)
    assert wilson_interval(10, 10) == pytest.approx((1, 0.7224672, 1), abs=1e-6)


@given(st.integers(1, 10**6), st.data())
def test_a_wilson_interval_contains_its_share_and_lies_within_0_and_1(n, data):
    found = wilson_interval(data.draw(st.integers(0, n)), n)
    assert 0 <= found.lo <= found.value <= found.hi <= 1
    assert found.lo < found.hi


def test_case_mix_by_hand():
    # the city meets 90 % of easy and 50 % of hard ones, 70 % in all; a department with 5 easy and 15 hard ones is
    # expected to meet (5·0.9 + 15·0.5) / 20 = 0.6, so that its 60 % are as good as the city's 70 %
    assert expected_share({"easy": 5, "hard": 15}, {"easy": 0.9, "hard": 0.5}) == pytest.approx(0.6)
    fair = adjust_for_mix(Estimate(0.6, 0.4, 0.9), 0.6, 0.7)
    assert fair == pytest.approx((0.7, 0.4 / 0.6 * 0.7, 1))
    assert adjust_for_mix(Estimate(0.0, 0.0, 0.3), 0.0, 0.5) == (0.0, 0.0, 0.3)


def test_satisfaction_by_hand():
    # the city: 20 ratings, ten times 2 and ten times 4: mean 3, variance 1; ours: ten times 4
    # (10·3 + 40) / 20 = 3.5 stars, which is 0.625; half 1.96·√(1/20) / 4 = 0.109564
    found = estimate_satisfaction(StarSums(10, 40, 160), StarSums(20, 60, 10 * 4 + 10 * 16))
    assert found == pytest.approx((0.625, 0.625 - 0.1095653, 0.625 + 0.1095653), abs=1e-6)
    assert estimate_satisfaction(StarSums(10, 50, 250), StarSums(10, 50, 250)) == (1, 1, 1)


def test_medians_are_doubled_so_that_they_are_whole():
    assert double_median([60]) == 120
    assert double_median([100, 61]) == 161
    assert double_median([5, 1, 9]) == 10


def test_speed_by_hand():
    # twelve assignments that took 50 where 100 is usual: x = 2, value 2/3, and so is every resample
    assert estimate_speed([200] * 12, [100] * 12, 1) == (2 / 3, 2 / 3, 2 / 3)
    # Σ usual = 4·100 + 6·40 = 640, Σ taken = 640: exactly the city's pace
    found = estimate_speed([200] * 4 + [80] * 6, [160] * 4 + [106, 107] * 3, 1)
    assert found.value == pytest.approx(1280 / (1280 + 640 + 639))
    assert found.lo < found.value < found.hi


TIMES = st.tuples(st.integers(120, 10**6), st.integers(120, 10**6))


@settings(deadline=None)
@given(st.lists(TIMES, min_size=10, max_size=40), st.integers(0))
def test_a_bootstrap_interval_contains_the_speed(pairs, seed):
    found = estimate_speed([pair[0] for pair in pairs], [pair[1] for pair in pairs], seed)
    assert 0 < found.lo <= found.value <= found.hi < 1


def test_the_stream_of_draws_is_the_published_one():
    # the first three numbers of SplitMix64 for 1234567, from its author's reference code
    stream = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert list(draw_indexes(1234567, 0, 3, 1000)) == [(number >> 32) * 1000 >> 32 for number in stream]
    assert list(draw_indexes(1234567, 2, 1, 1000)) == [(stream[2] >> 32) * 1000 >> 32]


def test_the_stream_does_not_depend_on_how_it_is_cut():
    whole = list(draw_indexes(2**64 - 1, 0, 5000, 77))
    assert whole == [*draw_indexes(2**64 - 1, 0, 1234, 77), *draw_indexes(2**64 - 1, 1234, 3766, 77)]
    assert set(whole) == set(range(77))


def test_the_seed_is_fixed_by_release_and_department():
    assert bootstrap_seed("2024", "parks") == 0xE1A0B460A0D28074  # printf '2024\nparks' | sha256sum | cut -c1-16
    assert len({bootstrap_seed(*names) for names in [("2024", "parks"), ("2024", "roads"), ("2023", "parks")]}) == 3


def test_the_composite_by_hand():
    parts = {"response": Estimate(0.8, 0.7, 0.9), "resolution": Estimate(0.5, 0.3, 0.9)}
    # (25·0.8 + 30·0.5) / 55 = 63.64; half-widths (25·0.1 + 30·0.3) / 55 = 20.91
    found = combine_indicators(parts, {"response": 25, "resolution": 30, "speed": 10})
    assert found == pytest.approx((63.636364, 42.727273, 84.545455), abs=1e-6)
    assert combine_indicators(parts, {"response": 0, "resolution": 0}) is None
    assert combine_indicators({"speed": Estimate(0.99, 0.1, 1.0)}, {"speed": 1}).hi == 100


def test_ranks_by_hand():
    a, b, c = Estimate(90, 85, 95), Estimate(86, 80, 90), Estimate(50, 40, 60)
    assert rank_ranges({"a": a, "b": b, "c": c}) == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}
    touching = rank_ranges({"a": Estimate(2, 1, 3), "b": Estimate(4, 3, 5)})
    assert touching == {"a": (1, 2), "b": (1, 2)}
    assert rank_ranges({}) == {}


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=30))
def test_ranks_are_consistent(ends):
    parts = {str(at): Estimate(sum(pair) / 2, min(pair), max(pair)) for at, pair in enumerate(ends)}
    ranks = rank_ranges(parts)
    for one, (best, worst) in ranks.items():
        assert 1 <= best <= worst <= len(parts)
        for other, (their_best, their_worst) in ranks.items():
            if parts[one].lo > parts[other].hi:
                assert best <= their_best
                assert worst < their_best or worst <= their_worst
    assert all(math.isfinite(rank) for pair in ranks.values() for rank in pair)
