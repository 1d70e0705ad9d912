"""A release and its check: the same rows are the same release, and one changed digit is found."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.scores.compute import compute_results
from civic.scores.release import Correction, compute_seal, make_release, read_release, write_release
from civic.scores.release_format import TreeDigest
from civic.scores.rows import write_assignments, write_ratings
from civic.scores.verify import Discrepancy, verify_release

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


TREE = TreeDigest(root="00" * 32, size=50)


@pytest.fixture(scope="module")
def published(made_up, january):
    """A release, and its two files."""
    assignments, ratings = made_up(3, 300)
    files = write_assignments(assignments), write_ratings(ratings)
    return make_release("2024-01", january, january[1], *files, chains=TREE), *files


def other_digit(text: str, at: int, by: int) -> str:
    """The text with the digit at a place changed to another one."""
    return text[:at] + str((int(text[at]) + by) % 10) + text[at + 1 :]


def digits(text: str, start: int = 0) -> list[int]:
    return [at for at in range(start, len(text)) if text[at] in "0123456789"]


def test_a_release_is_as_it_says(published):
    release, assignments, ratings = published
    assert verify_release(release, assignments, ratings) == []
    assert verify_release(read_release(write_release(release)), assignments, ratings) == []


def test_a_release_that_went_through_jsonb_is_as_it_says(published):
    release, assignments, ratings = published
    shuffled = json.loads(json.dumps(release, sort_keys=True))  # jsonb keeps no order of keys
    assert verify_release(shuffled, assignments, ratings) == []


def test_the_same_rows_are_the_same_release(published, made_up, january):
    release, assignments, ratings = published
    again = make_release("2024-01", january, january[1], assignments, ratings, chains=TREE)
    assert write_release(again) == write_release(release)
    other = make_release("2024-01b", january, january[1], assignments, ratings, chains=TREE)
    assert other["results"] != release["results"]  # another seed


@SLOW
@given(seed=st.integers(0, 99), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(made_up, january, seed, order):
    assignments, ratings = made_up(seed, 120)
    results = compute_results(assignments, ratings, period=january, release_id="x")
    order.shuffle(assignments)
    order.shuffle(ratings)
    assert json.dumps(compute_results(assignments, ratings, period=january, release_id="x")) == json.dumps(results)


@SLOW
@given(data=st.data(), by=st.integers(1, 9))
def test_a_changed_digit_in_a_file_is_found(published, data, by):
    release, assignments, ratings = published
    for name, path in (
        ("assignments", '$.files["assignments.csv"].sha256'),
        ("ratings", '$.files["ratings.csv"].sha256'),
    ):
        files = {"assignments": assignments, "ratings": ratings}
        text = files[name].decode()
        at = data.draw(st.sampled_from(digits(text, text.index("\n"))))
        files[name] = other_digit(text, at, by).encode()
        assert verify_release(release, **files)[0].path == path


@SLOW
@given(data=st.data(), by=st.integers(1, 9))
def test_a_changed_digit_in_the_release_is_found(published, data, by):
    release, assignments, ratings = published
    text = write_release(release).decode()
    changed_text = other_digit(text, data.draw(st.sampled_from(digits(text))), by)
    try:
        changed = read_release(changed_text.encode())
    except ValueError:
        return  # a number may not begin with 0: not even JSON
    if changed != release:  # the last digit of a float may name the same double
        assert verify_release(changed, assignments, ratings)


def numbers(value, path=()):
    """The path of each number in the results."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, (int, float)):
        yield path


def test_every_figure_is_checked_even_under_a_new_seal(published):
    release, assignments, ratings = published
    for path in random.Random(5).sample(list(numbers(release["results"])), 60):
        forged = json.loads(json.dumps(release))
        place = forged["results"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] += 1e-6
        forged["seal"] = compute_seal(forged)
        found = verify_release(forged, assignments, ratings)
        assert len(found) == 1
        assert found[0].path.endswith(path[-1])
        assert abs(found[0].published - found[0].computed - 1e-6) < 1e-9


def test_files_that_fit_their_hashes_but_not_the_figures_are_found(published, made_up, january):
    release, _, ratings = published
    rows, _ = made_up(3, 300)
    at = next(n for n, row in enumerate(rows) if row.clock_of == "assignment" and row.end_reason == "resolved")
    rows[at] = replace(rows[at], worked_s=rows[at].worked_s + 1000, standing=not rows[at].standing)
    other = make_release("2024-01", january, january[1], write_assignments(rows), ratings, chains=TREE)
    forged = other | {"results": release["results"]}
    forged["seal"] = compute_seal(forged)
    found = verify_release(forged, write_assignments(rows), ratings)
    assert found
    assert all(difference.path.startswith("$.results") for difference in found)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"results": None},
        {"results": {}},
        {"files": None},
        {"files": {"assignments.csv": {}}},
        {"weights": None},
        {"weights": {"response": "25"}},
        {"period": {"from": "never"}},
        {"period": {"from": "2024-01-01", "to": "2024-02-01"}},
        {"release": 7},
        {"minimums": []},
        {"method": "2"},
        {"method": None},
        {"seal": None},
        {"seal": "0"},
        {"made_at": "2025-01-01T00:00:00Z"},
        {"results": float("nan")},
    ],
)
def test_whatever_a_release_holds_is_a_difference_not_a_crash(published, forged):
    release, assignments, ratings = published
    assert verify_release({**release, **forged} if forged else {}, assignments, ratings)


def test_a_file_that_cannot_be_read_is_a_difference(published):
    release, assignments, _ = published
    found = verify_release(release, assignments, b"\xff")
    assert found[0].path == '$.files["ratings.csv"].bytes'
    assert any("cannot be computed" in str(difference) for difference in found)


def test_a_department_too_many_or_too_few_is_named(published):
    release, assignments, ratings = published
    forged = json.loads(json.dumps(release))
    del forged["results"]["departments"]["parks"]
    forged["results"]["departments"]["Ältere Wege"] = {}
    paths = [difference.path for difference in verify_release(forged, assignments, ratings)]
    assert "$.results.departments.parks" in paths
    assert '$.results.departments["Ältere Wege"]' in paths


def test_a_difference_reads_well():
    assert str(Discrepancy("$.results.city.counted", 5, 6)) == "$.results.city.counted: published 5, found 6"
    assert len(str(Discrepancy("$", {"x": "y" * 500}, None))) < 200


def test_a_release_is_made_after_its_period(made_up, january):
    files = write_assignments([]), write_ratings([])
    with pytest.raises(ValueError, match="after its period"):
        make_release("x", january, january[1] - timedelta(seconds=1), *files)
    with pytest.raises(ValueError, match="after its period"):
        make_release("x", (january[1], january[0]), january[1], *files)


def test_a_correction_names_what_it_replaces(january):
    files = write_assignments([]), write_ratings([])
    release = make_release(
        "2024-01-r2", january, january[1], *files, correction=Correction("2024-01", "a wrong calendar")
    )
    assert (release["replaces"], release["reason"]) == ("2024-01", "a wrong calendar")
    assert verify_release(release, *files) == []


def test_what_is_not_a_release_is_refused():
    with pytest.raises(ValueError, match="object"):
        read_release(b"[]")


def intervals(value):
    if isinstance(value, dict):
        if {"value", "lo", "hi"} <= value.keys() and value["value"] is not None:
            yield value
        for item in value.values():
            yield from intervals(item)


@SLOW
@given(seed=st.integers(0, 10**6))
def test_intervals_contain_their_values(made_up, january, seed):
    assignments, ratings = made_up(seed, 200)
    found = list(intervals(compute_results(assignments, ratings, period=january, release_id=str(seed))))
    assert found
    for part in found:
        assert 0 <= part["lo"] <= part["value"] <= part["hi"] <= 100
