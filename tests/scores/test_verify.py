"""A release and its check: the same rows are the same release, and one changed digit is found."""

import json
import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.scores.compute import compute
from civic.scores.release import Chains, Correction, make, read, seal, write
from civic.scores.rows import write_ratings, write_stints
from civic.scores.verify import Difference, verify

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def published(made_up, january):
    """A release, and its two files."""
    stints, ratings = made_up(3, 300)
    files = write_stints(stints), write_ratings(ratings)
    return make("2024-01", january, january[1], *files, chains=Chains(bytes(32), 50)), *files


def other_digit(text: str, at: int, by: int) -> str:
    """The text with the digit at a place changed to another one."""
    return text[:at] + str((int(text[at]) + by) % 10) + text[at + 1 :]


def digits(text: str, start: int = 0) -> list[int]:
    return [at for at in range(start, len(text)) if text[at] in "0123456789"]


def test_a_release_is_as_it_says(published):
    release, stints, ratings = published
    assert verify(release, stints, ratings) == []
    assert verify(read(write(release)), stints, ratings) == []


def test_a_release_that_went_through_jsonb_is_as_it_says(published):
    release, stints, ratings = published
    shuffled = json.loads(json.dumps(release, sort_keys=True))  # jsonb keeps no order of keys
    assert verify(shuffled, stints, ratings) == []


def test_the_same_rows_are_the_same_release(published, made_up, january):
    release, stints, ratings = published
    again = make("2024-01", january, january[1], stints, ratings, chains=Chains(bytes(32), 50))
    assert write(again) == write(release)
    other = make("2024-01b", january, january[1], stints, ratings, chains=Chains(bytes(32), 50))
    assert other["results"] != release["results"]  # another seed


@SLOW
@given(seed=st.integers(0, 99), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(made_up, january, seed, order):
    stints, ratings = made_up(seed, 120)
    results = compute(stints, ratings, period=january, release_id="x")
    order.shuffle(stints)
    order.shuffle(ratings)
    assert json.dumps(compute(stints, ratings, period=january, release_id="x")) == json.dumps(results)


@SLOW
@given(data=st.data(), by=st.integers(1, 9))
def test_a_changed_digit_in_a_file_is_found(published, data, by):
    release, stints, ratings = published
    for name, path in (("stints", '$.files["stints.csv"].sha256'), ("ratings", '$.files["ratings.csv"].sha256')):
        files = {"stints": stints, "ratings": ratings}
        text = files[name].decode()
        at = data.draw(st.sampled_from(digits(text, text.index("\n"))))
        files[name] = other_digit(text, at, by).encode()
        assert verify(release, **files)[0].path == path


@SLOW
@given(data=st.data(), by=st.integers(1, 9))
def test_a_changed_digit_in_the_release_is_found(published, data, by):
    release, stints, ratings = published
    text = write(release).decode()
    changed_text = other_digit(text, data.draw(st.sampled_from(digits(text))), by)
    try:
        changed = read(changed_text.encode())
    except ValueError:
        return  # a number may not begin with 0: not even JSON
    if changed != release:  # the last digit of a float may name the same double
        assert verify(changed, stints, ratings)


def numbers(value, path=()):
    """The path of each number in the results."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, (int, float)):
        yield path


def test_every_figure_is_checked_even_under_a_new_seal(published):
    release, stints, ratings = published
    for path in random.Random(5).sample(list(numbers(release["results"])), 60):
        forged = json.loads(json.dumps(release))
        place = forged["results"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] += 1e-6
        forged["seal"] = seal(forged)
        found = verify(forged, stints, ratings)
        assert len(found) == 1
        assert found[0].path.endswith(path[-1])
        assert abs(found[0].published - found[0].found - 1e-6) < 1e-9


def test_files_that_fit_their_hashes_but_not_the_figures_are_found(published, made_up, january):
    release, _, ratings = published
    rows, _ = made_up(3, 300)
    at = next(n for n, row in enumerate(rows) if row.clock_of == "stint" and row.end_reason == "resolved")
    rows[at] = replace(rows[at], worked_s=rows[at].worked_s + 1000, standing=not rows[at].standing)
    other = make("2024-01", january, january[1], write_stints(rows), ratings, chains=Chains(bytes(32), 50))
    forged = other | {"results": release["results"]}
    forged["seal"] = seal(forged)
    found = verify(forged, write_stints(rows), ratings)
    assert found
    assert all(difference.path.startswith("$.results") for difference in found)


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"results": None},
        {"results": {}},
        {"files": None},
        {"files": {"stints.csv": {}}},
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
    release, stints, ratings = published
    assert verify({**release, **forged} if forged else {}, stints, ratings)


def test_a_file_that_cannot_be_read_is_a_difference(published):
    release, stints, _ = published
    found = verify(release, stints, b"\xff")
    assert found[0].path == '$.files["ratings.csv"].bytes'
    assert any("cannot be computed" in str(difference) for difference in found)


def test_a_department_too_many_or_too_few_is_named(published):
    release, stints, ratings = published
    forged = json.loads(json.dumps(release))
    del forged["results"]["departments"]["parks"]
    forged["results"]["departments"]["Ältere Wege"] = {}
    paths = [difference.path for difference in verify(forged, stints, ratings)]
    assert "$.results.departments.parks" in paths
    assert '$.results.departments["Ältere Wege"]' in paths


def test_a_difference_reads_well():
    assert str(Difference("$.results.city.counted", 5, 6)) == "$.results.city.counted: published 5, found 6"
    assert len(str(Difference("$", {"x": "y" * 500}, None))) < 200


def test_a_release_is_made_after_its_period(made_up, january):
    files = write_stints([]), write_ratings([])
    with pytest.raises(ValueError, match="after its period"):
        make("x", january, january[1] - timedelta(seconds=1), *files)
    with pytest.raises(ValueError, match="after its period"):
        make("x", (january[1], january[0]), january[1], *files)


def test_a_correction_names_what_it_replaces(january):
    files = write_stints([]), write_ratings([])
    release = make("2024-01-r2", january, january[1], *files, correction=Correction("2024-01", "a wrong calendar"))
    assert (release["replaces"], release["reason"]) == ("2024-01", "a wrong calendar")
    assert verify(release, *files) == []


def test_what_is_not_a_release_is_refused():
    with pytest.raises(ValueError, match="object"):
        read(b"[]")


def intervals(value):
    if isinstance(value, dict):
        if {"value", "lo", "hi"} <= value.keys() and value["value"] is not None:
            yield value
        for item in value.values():
            yield from intervals(item)


@SLOW
@given(seed=st.integers(0, 10**6))
def test_intervals_contain_their_values(made_up, january, seed):
    stints, ratings = made_up(seed, 200)
    found = list(intervals(compute(stints, ratings, period=january, release_id=str(seed))))
    assert found
    for part in found:
        assert 0 <= part["lo"] <= part["value"] <= part["hi"] <= 100
