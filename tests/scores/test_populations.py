"""Who counts: one row and one rule at a time, with the method's sentence as the test's name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from civic.scores.compute import compute_results
from civic.scores.inclusion import is_declined, ownership_met, resolution_met, response_met, worked_seconds
from civic.scores.rows import ClockRow, RatingRow, write_assignments

START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
PERIOD, DUE, HOUR = (START, END), datetime(2024, 1, 10, tzinfo=UTC), timedelta(hours=1)

OPEN = ClockRow(
    clock_of="assignment",
    id="1",
    case="24-1",
    department="parks",
    category="tree",
    role="lead",
    started_at=DUE - 48 * HOUR,
    response_due=DUE,
    first_word_at=None,
    resolution_due=DUE,
    resolved_at=None,
    standing=False,
    ended_at=None,
    end_reason="open",
    misrouted=False,
    decline_overturned=False,
    handovers=0,
    worked_s=None,
)
RESOLVED = replace(OPEN, end_reason="resolved", ended_at=DUE, resolved_at=DUE, standing=True, worked_s=7200)
DECLINED = replace(OPEN, end_reason="declined", ended_at=DUE - HOUR, first_word_at=DUE - HOUR)
GONE = ("handed_over", "returned", "reassigned", "closed")


def gone(reason: str, at: datetime, **more) -> ClockRow:
    passed_on = reason in ("handed_over", "returned")
    return replace(OPEN, end_reason=reason, ended_at=at, handovers=int(passed_on), **more)


@pytest.mark.parametrize(("word", "in_time"), [(DUE, True), (DUE + timedelta(microseconds=1), False), (None, False)])
def test_a_response_is_in_time_at_or_before_its_due_instant(word, in_time):
    assert response_met(replace(OPEN, first_word_at=word), PERIOD) is in_time
    assert response_met(replace(OPEN, first_word_at=word, role="support"), PERIOD) is in_time


@pytest.mark.parametrize(
    ("due", "counts"), [(START, True), (END, False), (START - HOUR, False), (END - HOUR, True), (None, False)]
)
def test_what_counts_is_the_due_instant_in_the_period_not_the_start(due, counts):
    assert (response_met(replace(OPEN, response_due=due), PERIOD) is not None) is counts
    assert (resolution_met(replace(OPEN, resolution_due=due), PERIOD) is not None) is counts


@pytest.mark.parametrize("reason", GONE)
def test_a_assignment_that_was_taken_away_before_it_fell_due_is_not_counted(reason):
    before, at = gone(reason, DUE - HOUR), gone(reason, DUE)
    assert response_met(before, PERIOD) is None
    assert resolution_met(before, PERIOD) is None
    assert response_met(at, PERIOD) is False
    assert resolution_met(at, PERIOD) is False


@pytest.mark.parametrize("reason", GONE)
def test_a_word_before_it_was_taken_away_counts(reason):
    assert response_met(gone(reason, DUE - HOUR, first_word_at=DUE - 2 * HOUR), PERIOD) is True


def test_a_supporter_whose_part_was_done_without_a_word_did_not_answer():
    row = replace(OPEN, role="support", resolution_due=None, end_reason="done", ended_at=DUE - HOUR)
    assert response_met(row, PERIOD) is False
    assert resolution_met(row, PERIOD) is None


def test_a_resolution_counts_at_or_before_its_due_instant_while_it_stands():
    assert resolution_met(RESOLVED, PERIOD) is True
    assert resolution_met(replace(RESOLVED, resolved_at=DUE + HOUR, ended_at=DUE + HOUR), PERIOD) is False
    assert resolution_met(replace(RESOLVED, standing=False), PERIOD) is False
    assert resolution_met(OPEN, PERIOD) is False


def test_a_declined_assignment_is_set_aside_unless_that_was_overturned():
    overturned = replace(DECLINED, decline_overturned=True)
    assert (resolution_met(DECLINED, PERIOD), is_declined(DECLINED, PERIOD)) == (None, True)
    assert (resolution_met(overturned, PERIOD), is_declined(overturned, PERIOD)) == (False, False)
    assert response_met(DECLINED, PERIOD) is True


def test_speed_is_of_standing_resolutions_made_in_the_period():
    assert worked_seconds(RESOLVED, PERIOD) == 7200
    assert worked_seconds(replace(RESOLVED, worked_s=3), PERIOD) == 60
    assert worked_seconds(replace(RESOLVED, standing=False), PERIOD) is None
    assert worked_seconds(replace(RESOLVED, resolved_at=END), PERIOD) is None
    assert worked_seconds(OPEN, PERIOD) is None


def test_ownership_is_of_assignments_begun_in_the_period():
    assert ownership_met(OPEN, PERIOD) is True
    assert ownership_met(gone("handed_over", DUE), PERIOD) is False
    assert ownership_met(gone("returned", DUE), PERIOD) is False
    assert ownership_met(replace(gone("handed_over", DUE), misrouted=True, handovers=0), PERIOD) is True
    assert ownership_met(gone("reassigned", DUE), PERIOD) is True
    assert ownership_met(replace(OPEN, started_at=START - HOUR), PERIOD) is None


def results(assignments, ratings=(), **terms):
    return compute_results(assignments, ratings, period=PERIOD, release_id="2024-01", **terms)


def resolved(count: int, department: str, worked: int, first: int = 0) -> list[ClockRow]:
    return [
        replace(RESOLVED, id=str(first + at), case=f"24-{first + at}", department=department, worked_s=worked)
        for at in range(count)
    ]


def test_nine_are_not_enough_and_ten_are():
    rows = resolved(9, "parks", 100) + resolved(10, "roads", 100, first=9)
    found = results(rows)["departments"]
    nothing = found["parks"]["indicators"]["resolution"]
    assert nothing.pop("n") == 9
    assert set(nothing.values()) == {None}
    assert found["roads"]["indicators"]["resolution"]["value"] == 1
    assert found["roads"]["composite"] is None  # ten assignments are not thirty


def test_a_composite_needs_thirty_assignments_and_three_indicators():
    thirty, fewer = resolved(30, "parks", 100), resolved(29, "parks", 100)
    assert results(thirty)["departments"]["parks"]["composite"] is not None
    assert results(fewer)["departments"]["parks"]["composite"] is None
    two = [replace(row, resolution_due=None, standing=False) for row in thirty]
    assert results(two)["departments"]["parks"]["composite"] is None


def test_the_composite_of_a_department_by_hand():
    # 30 assignments, all silent, all resolved in time, at the city's pace, none handed over, no ratings:
    # response 0 (expected 0), resolution 1, speed 0.5, ownership 1; (25·0 + 30·1 + 10·0.5 + 10·1) / 75 = 60
    line = results(resolved(30, "parks", 100))["departments"]["parks"]
    assert line["composite"]["value"] == pytest.approx(60)
    # Wilson: of 0 of 30 from 0 to 0.113512, of 30 of 30 from 0.886488 to 1, both 0.113512 wide
    half = 100 * (25 + 30 + 10) * 0.1135 / 2 / 75
    assert line["composite"]["lo"] == pytest.approx(60 - half, abs=0.01)
    assert line["rank"] == {"best": 1, "worst": 1}


def test_the_weights_are_those_of_the_release():
    weights = {"response": 1, "resolution": 1, "speed": 0, "satisfaction": 0, "ownership": 0}
    line = results(resolved(30, "parks", 100), weights=weights)["departments"]["parks"]
    assert line["composite"]["value"] == pytest.approx(50)


def test_the_city_counts_whole_cases_against_the_pace_of_assignments():
    # each case went through a department that kept it for twice as long as the one that then resolved it
    case = replace(RESOLVED, clock_of="case", department="", role="", worked_s=300, handovers=1)
    cases = [replace(case, id=f"24-{at}", case=f"24-{at}") for at in range(10)]
    found = results([*cases, *resolved(10, "parks", 100)])
    assert found["city"]["counted"] == 10
    assert found["city"]["indicators"]["ownership"]["value"] == 0
    assert found["city"]["indicators"]["speed"]["value"] == pytest.approx(1 / 4)  # x = 100 / 300
    assert found["departments"]["parks"]["indicators"]["speed"]["value"] == 0.5
    assert list(found["departments"]) == ["parks"]


def test_a_rating_of_two_departments_counts_once_for_each_and_once_for_the_city():
    both = [RatingRow(str(at), f"24-{at}", ("parks", "roads"), 4, DUE) for at in range(10)]
    nobody = [RatingRow("99", "24-99", (), 2, DUE), RatingRow("98", "24-98", ("parks",), 1, END)]
    found = results([], both + nobody)
    assert [found["departments"][slug]["indicators"]["satisfaction"]["n"] for slug in ("parks", "roads")] == [
        10,
        10,
    ]
    assert found["yardsticks"]["satisfaction"] == pytest.approx({"n": 11, "mean": 42 / 11, "variance": 40 / 121})
    assert found["city"]["indicators"]["satisfaction"]["value"] == pytest.approx((42 / 11 - 1) / 4)


def test_nothing_at_all_has_results_too():
    found = results([])
    assert found["departments"] == {}
    assert found["city"]["counted"] == 0
    assert found["city"]["composite"] is None
    assert found["yardsticks"]["satisfaction"] == {"n": 0, "mean": None, "variance": None}


@pytest.mark.parametrize(
    "terms",
    [
        {"weights": {"response": 1}},
        {"weights": {"response": -1, "resolution": 1, "speed": 1, "satisfaction": 1, "ownership": 1}},
        {"weights": {"response": float("nan"), "resolution": 1, "speed": 1, "satisfaction": 1, "ownership": 1}},
        {"minimums": {"indicator": 0, "assignments": 30, "indicators": 3}},
        {"minimums": {"indicator": 10}},
    ],
)
def test_other_weights_and_minimums_are_refused(terms):
    with pytest.raises(ValueError, match=r"weight|minimum"):
        results([], **terms)


def test_the_rows_of_these_tests_are_rows_that_can_be_published():
    rows = [OPEN, RESOLVED, DECLINED, *(gone(reason, DUE) for reason in GONE)]
    assert write_assignments(replace(row, id=str(at)) for at, row in enumerate(rows))
