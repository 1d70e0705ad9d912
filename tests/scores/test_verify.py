"""A release and its check: the same rows are the same release, and whatever is changed is found, never a traceback."""

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.scores.method.files import sha256_hex, write_assignments, write_ratings
from civic.scores.method.release import Correction, ReleaseHead, compute_seal, make_release, read_release, write_release
from civic.scores.method.release_head import Discrepancy
from civic.scores.method.spans import Span, read_span
from civic.scores.verify import verify_release
from tests.builders.made_up_city import MadeUpCity
from tests.builders.score_rows import MINIMUMS, WEIGHTS, results_of

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
LEFT_OUT = {
    "cases": {"spam": 1, "test": 0, "own": 0, "nearby": 2, "merged": 0},
    "ratings": {"unconfirmed": 3, "own": 0, "case": 0},
}
Published = tuple[dict[str, Any], bytes, bytes]


def head_of(span: Span, release_id: str = "", **parts: Any) -> ReleaseHead:
    made_at = datetime(span.last.year, span.last.month, 28, tzinfo=UTC) + timedelta(days=20)
    given: dict[str, Any] = {
        "release_id": release_id or span.id,
        "span": span,
        "zone": "UTC",
        "confirm_days": 10,
        "made_at": made_at,
        "weights": WEIGHTS,
        "minimums": MINIMUMS,
        "left_out": LEFT_OUT,
        "chains": {"root": "00" * 32, "size": 50},
        "previous": {"release": "2023-12", "seal": "ab" * 32},
    }
    return ReleaseHead(**given | parts)


@pytest.fixture(scope="module")
def files(small_city: MadeUpCity) -> tuple[bytes, bytes]:
    return write_assignments(small_city.clocks), write_ratings(small_city.ratings)


@pytest.fixture(scope="module", params=["2024-01", "2024-q1"])
def published(files: tuple[bytes, bytes], request: pytest.FixtureRequest) -> Published:
    """A release, and its two files; a quarter has the twelve months beside it."""
    return json.loads(write_release(make_release(head_of(read_span(request.param)), *files))), *files


def found_in(release: Any, assignments: bytes, ratings: bytes) -> list[str]:
    return [difference.path for difference in verify_release(release, assignments, ratings).discrepancies]


def sealed(release: dict[str, Any]) -> dict[str, Any]:
    """With a new seal, as a forger makes it."""
    return release | {"seal": compute_seal(release)}


def test_a_release_is_as_it_says(published: Published) -> None:
    assert found_in(*published) == []
    shuffled = json.loads(json.dumps(published[0], sort_keys=True))  # jsonb keeps no order of keys
    assert found_in(shuffled, *published[1:]) == []


def test_only_twelve_months_have_ranks(files: tuple[bytes, bytes]) -> None:
    for span, own, beside in (("2024-01", False, None), ("2024-q1", False, True), ("2024", True, None)):
        made = make_release(head_of(read_span(span)), *files)
        ranks = [line["rank"] for line in made["results"]["departments"].values() if line["composite"]]
        assert ranks
        assert any(ranks) is own
        assert (made["twelve_months"] is not None) is bool(beside)
        if made["twelve_months"]:
            lines = made["twelve_months"]["results"]["departments"].values()
            assert any(line["rank"] for line in lines) is beside


def test_history_that_is_not_beside_is_said_not_to_be_checked(published: Published) -> None:
    check = verify_release(*published)
    assert check.verdict == f"{check.figures} figures verified; history not checked: chains.csv is not beside"
    assert check.figures > 200
    assert "$.chains.root" in [one.path for one in verify_release(*published, chains=b"case,head\n").discrepancies]


@SLOW
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(small_city: MadeUpCity, order: random.Random) -> None:
    clocks, ratings = list(small_city.clocks), list(small_city.ratings)
    results = json.dumps(results_of(clocks, ratings))
    order.shuffle(clocks)
    order.shuffle(ratings)
    assert json.dumps(results_of(clocks, ratings)) == results


@SLOW
@given(data=st.data(), by=st.integers(1, 9))
def test_a_changed_digit_is_found(published: Published, data: st.DataObject, by: int) -> None:
    release, assignments, ratings = published
    texts = [write_release(release).decode(), assignments.decode(), ratings.decode()]  # type: ignore[arg-type]
    which = data.draw(st.integers(0, 2))
    text = texts[which]
    place = data.draw(st.sampled_from([at for at, one in enumerate(text) if one in "0123456789"]))
    texts[which] = text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]
    try:
        changed = read_release(texts[0].encode())
    except ValueError:
        return  # a number may not begin with 0: not even JSON
    if which or changed != release:  # the last digit of a float may name the same double
        assert found_in(changed, texts[1].encode(), texts[2].encode())


def numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each number in the results."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path


def test_every_figure_is_checked_even_under_a_new_seal(published: Published) -> None:
    release, *files = published
    for path in random.Random(5).sample(list(numbers(release["results"])), 25):
        forged = copy.deepcopy(release)
        place = forged["results"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] += 1e-6
        [found] = verify_release(sealed(forged), *files).discrepancies
        assert path[-1] in found.path
        assert abs(found.published - found.computed - 1e-6) < 1e-9


def swap_lines(data: bytes, one: int) -> bytes:
    lines = data.split(b"\n")
    lines[one], lines[one + 1] = lines[one + 1], lines[one]
    return b"\n".join(lines)


@pytest.mark.parametrize("name", ["assignments.csv", "ratings.csv"])
def test_rows_out_of_order_are_refused_under_new_hashes(published: Published, name: str) -> None:
    release, assignments, ratings = copy.deepcopy(published)
    both = {"assignments.csv": assignments, "ratings.csv": ratings}
    for line in (1, 30):
        both[name] = swap_lines(both[name], line)
        release["files"][name] = {"bytes": len(both[name]), "sha256": sha256_hex(both[name])}
        [found] = verify_release(sealed(release), both["assignments.csv"], both["ratings.csv"]).discrepancies
        assert "not in its place in the order" in str(found)
        both[name] = swap_lines(both[name], line)


HUGE, DEEP = 10**400, json.loads("[" * 900 + "]" * 900)
FORGED: dict[str, tuple[str, Any]] = {
    # what is written over a key, and the path that is named
    "no files": ("$.files", {"files": None}),
    "an empty file": ("$.files", {"files": {"assignments.csv": {}}}),
    "another file": ("$.files", {"files": {"x.csv": {}}}),
    "no weights": ("$.weights", {"weights": None}),
    "a weight in words": ("$.weights", {"weights": {"response": "25"}}),
    "a weight of 400 digits": ("$.results", {"weights": WEIGHTS | {"speed": HUGE}}),
    "a weight that is no number": ("$.results", {"weights": WEIGHTS | {"speed": float("nan")}}),
    "a weight without end": ("$.results", {"weights": WEIGHTS | {"speed": float("inf")}}),
    "a weight below 0": ("$.results", {"weights": WEIGHTS | {"speed": -1}}),
    "a weight next to nothing": ("$.results", {"weights": WEIGHTS | {"speed": 5e-324}}),
    "one weight too many": ("$.results", {"weights": WEIGHTS | {"luck": 1}}),
    "a minimum of 0": ("$.results", {"minimums": MINIMUMS | {"indicator": 0}}),
    "a minimum of 400 digits": ("$.minimums", {"minimums": MINIMUMS | {"indicator": HUGE}}),
    "a minimum of a half": ("$.minimums", {"minimums": MINIMUMS | {"indicator": 0.5}}),
    "minimums in a list": ("$.minimums", {"minimums": []}),
    "a period in words": ("$.period", {"period": {"from": "never", "to": "always"}}),
    "a period without instants": ("$.period", {"period": {"from": "2024-01-01", "to": "2024-02-01"}}),
    "a period that ends before it begins": (
        "$.period",
        {"period": {"from": "2024-02-01T00:00:00Z", "to": "2024-01-01T00:00:00Z"}},
    ),
    "a period that ends a second later": (
        "$.period",
        {"period": {"from": "2024-01-01T00:00:00Z", "to": "2024-02-01T00:00:01Z"}},
    ),
    "a period of the year 0": ("$.period", {"period": {"from": "0000-01-01T00:00:00Z", "to": "2024-02-01T00:00:00Z"}}),
    "made before its period ends": ("$.made_at", {"made_at": "2024-01-15T00:00:00Z"}),
    "made before resolutions are settled": ("$.made_at", {"made_at": "2024-02-11T23:59:59Z"}),
    "no days to confirm": ("$.confirm_days", {"confirm_days": None}),
    "other days to confirm": ("$.confirm_days", {"confirm_days": -1}),
    "many days to confirm": ("$.confirm_days", {"confirm_days": HUGE}),
    "another zone": ("$.period", {"zone": "Asia/Shanghai"}),
    "a folder of zones": ("$.zone", {"zone": "Asia"}),
    "a path as a zone": ("$.zone", {"zone": "../../etc/passwd"}),
    "a zone of one character that is none": ("$.zone", {"zone": "\x00"}),
    "no id": ("$.release", {"release": 7}),
    "an id of no period": ("$.release", {"release": "2024-13"}),
    "an id with blanks": ("$.release", {"release": " 2024-01"}),
    "an id of another period": ("$.period", {"release": "2024-02", "made_at": "2024-06-01T00:00:00Z"}),
    "another method": ("$.method", {"method": "2"}),
    "no method": ("$.method", {"method": None}),
    "a reason without a release": ("$.replaces", {"reason": "A test."}),
    "a release without a reason": ("$.replaces", {"replaces": "2024-01"}),
    "a first release that corrects": ("$.replaces", {"replaces": "2023-12", "reason": "A test."}),
    "a long reason": ("$.reason", {"reason": "x" * 501}),
    "a reason in a list": ("$.reason", {"reason": ["x"]}),
    "a correction that says nothing": ("$.replaces", {"release": "2024-01-r2"}),
    "a correction of the next": ("$.replaces", {"release": "2024-01-r2", "replaces": "2024-01-r2", "reason": "x"}),
    "itself before": ("$.previous.release", {"previous": {"release": "2024-01", "seal": "0" * 64}}),
    "no seal before": ("$.previous", {"previous": {"release": "2023-12"}}),
    "a short seal before": ("$.previous", {"previous": {"release": "2023-12", "seal": "0"}}),
    "no reasons": ("$.left_out", {"left_out": {}}),
    "a reason too many": ("$.left_out", {"left_out": {**LEFT_OUT, "cases": LEFT_OUT["cases"] | {"luck": 1}}}),
    "minus one left out": ("$.left_out", {"left_out": {**LEFT_OUT, "cases": LEFT_OUT["cases"] | {"spam": -1}}}),
    "a root in words": ("$.chains", {"chains": {"root": "x", "size": 1}}),
    "twelve months of a month": (
        "$.twelve_months",
        {"twelve_months": {"period": {"from": "2023-02-01T00:00:00Z", "to": "2024-02-01T00:00:00Z"}, "results": {}}},
    ),
    "no results": ("$.results", {"results": None}),
    "empty results": ("$.results.departments", {"results": {}}),
    "results of one number": ("$.results", {"results": float("nan")}),
    "deep results": ("$.results", {"results": DEEP}),
    "a deep key": ("$.luck", {"luck": DEEP}),
    "a key too many": ("$.luck", {"luck": 1}),
    "a deep period": ("$.period", {"period": {"from": DEEP, "to": DEEP}}),
    "a deep zone": ("$.zone", {"zone": DEEP}),
    "no seal": ("$.seal", {"seal": None}),
    "another seal": ("$.seal", {"seal": "0" * 64}),
}


@pytest.fixture(scope="module")
def january_release(files: tuple[bytes, bytes]) -> Published:
    return json.loads(write_release(make_release(head_of(read_span("2024-01")), *files))), *files


@pytest.mark.parametrize("name", FORGED)
def test_whatever_a_release_holds_is_a_difference_and_no_traceback(january_release: Published, name: str) -> None:
    """Under a new seal, where one can be made."""
    path, change = FORGED[name]
    release = january_release[0] | change
    if "seal" not in change:
        with contextlib.suppress(ValueError):  # what no canonical JSON can hold has no seal
            release = sealed(release)
    check = verify_release(release, *january_release[1:])
    assert path in [difference.path for difference in check.discrepancies]
    assert check.verdict.startswith("Different: ")
    assert len(check.verdict) < 400


@pytest.mark.parametrize("key", ["release", "zone", "period", "previous", "left_out", "results", "seal", "files"])
def test_a_key_too_few_is_named(january_release: Published, key: str) -> None:
    release = {name: value for name, value in january_release[0].items() if name != key}
    assert f"$.{key}" in found_in(release, *january_release[1:])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def every_path(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from every_path(item, (*path, key))


@SLOW
@given(data=st.data(), value=json_values, new_seal=st.booleans())
def test_any_value_in_any_place_is_a_difference(
    january_release: Published, data: st.DataObject, value: Any, new_seal: bool
) -> None:
    release, *files = january_release
    changed = copy.deepcopy(release)
    path = data.draw(st.sampled_from([path for path in every_path(release) if path]))
    place = changed
    for key in path[:-1]:
        place = place[key]
    if place[path[-1]] == value:
        return
    place[path[-1]] = value
    if new_seal and path[0] != "seal":
        with contextlib.suppress(ValueError, TypeError):
            changed = sealed(changed)
    # Under a new seal some words can be others: nothing in the files contradicts them.
    free = {"made_at", "previous", "chains", "left_out", "confirm_days"}
    if not (new_seal and path[0] in free):
        check = verify_release(changed, *files)
        assert check.discrepancies or _is_within_tolerance(release, path, value)
    else:
        verify_release(changed, *files)


def _is_within_tolerance(release: Any, path: tuple[str, ...], value: Any) -> bool:
    before = release
    for key in path:
        before = before[key]
    return isinstance(value, float) and abs(before - value) <= 1e-9


@SLOW
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(january_release: Published, data: bytes) -> None:
    release, assignments, ratings = january_release
    assert found_in(release, data, ratings)
    assert found_in(release, assignments, data)
    assert verify_release(release, assignments, ratings, chains=data).discrepancies
    try:
        read_release(data)
    except ValueError:
        return
    assert found_in(read_release(data), assignments, ratings)


@pytest.mark.parametrize(
    "text", [b"[]", b"[" * 10**6, b'{"a":' * 10**5, b'{"a": NaN}', b'{"a": 1, "a": 1}', b"\xff", b"", b"1" * 10**6]
)
def test_what_is_no_release_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_release(text)


def test_a_release_is_made_when_resolutions_are_settled(files: tuple[bytes, bytes]) -> None:
    span = Span(date(2024, 1, 1), date(2024, 1, 31))
    earliest = datetime(2024, 2, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="11 days after"):
        make_release(head_of(span, made_at=earliest - timedelta(microseconds=1)), *files)
    assert make_release(head_of(span, made_at=earliest), *files)["made_at"] == "2024-02-12T00:00:00Z"


def test_a_correction_names_what_it_replaces(files: tuple[bytes, bytes]) -> None:
    span = read_span("2024-01")
    for number, replaces in (("2024-01-r2", "2024-01"), ("2024-01-r10", "2024-01-r9")):
        made = make_release(head_of(span, number, correction=Correction(replaces, "a wrong calendar")), *files)
        assert (made["replaces"], made["reason"]) == (replaces, "a wrong calendar")
        assert found_in(made, *files) == []


def test_a_department_too_many_or_too_few_is_named(published: Published) -> None:
    release, *files = copy.deepcopy(published)
    del release["results"]["departments"]["d1"]
    release["results"]["departments"]["Ältere Wege"] = {}
    paths = found_in(release, *files)
    assert "$.results.departments.d1" in paths
    assert '$.results.departments["Ältere Wege"]' in paths


def test_a_difference_reads_well() -> None:
    assert str(Discrepancy("$.results.city.counted", 5, 6)) == "$.results.city.counted: published 5, found 6"
    assert str(Discrepancy("$.x", {"a": 1}, None)) == "$.x: published an object of 1, found null"
    assert str(Discrepancy("$.x", True, "y")) == "$.x: published true, found y"
    assert len(str(Discrepancy("$", "x" * 500, HUGE))) < 200


def intervals(value: Any) -> Iterator[dict[str, float]]:
    if isinstance(value, dict):
        if {"value", "lo", "hi"} <= value.keys() and value["value"] is not None:
            yield value
        for item in value.values():
            yield from intervals(item)


def test_intervals_contain_their_values(published: Published) -> None:
    found = list(intervals(published[0]))
    assert len(found) > 20
    for part in found:
        assert 0 <= part["lo"] <= part["value"] <= part["hi"] <= 100
