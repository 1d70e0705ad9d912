"""The two files: exact bytes, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civic.scores.rows import (
    ClockRow,
    RatingRow,
    format_instant,
    read_assignments,
    read_ratings,
    sha256_hex,
    write_assignments,
    write_ratings,
)

NINE = datetime(2024, 3, 1, 9, tzinfo=UTC)
ASSIGNMENT = ClockRow(
    clock_of="assignment",
    id="17",
    case="24-5",
    department="parks",
    category="tree",
    role="lead",
    started_at=NINE,
    response_due=NINE + timedelta(hours=4),
    first_word_at=NINE + timedelta(microseconds=1500),
    resolution_due=None,
    resolved_at=NINE + timedelta(hours=2),
    standing=True,
    ended_at=NINE + timedelta(hours=2),
    end_reason="resolved",
    misrouted=False,
    decline_overturned=False,
    handovers=0,
    worked_s=7200,
)
CASE = replace(ASSIGNMENT, clock_of="case", id="24-5", department="", role="", handovers=2)
RATING = RatingRow("3", "24-5", ("parks", "roads"), 5, NINE)

ASSIGNMENTS_TEXT = """\
clock_of,id,case,department,category,role,started_at,response_due,first_word_at,resolution_due,resolved_at,\
standing,ended_at,end_reason,misrouted,decline_overturned,handovers,worked_s
assignment,17,24-5,parks,tree,lead,2024-03-01T09:00:00Z,2024-03-01T13:00:00Z,2024-03-01T09:00:00.001500Z,,\
2024-03-01T11:00:00Z,1,2024-03-01T11:00:00Z,resolved,0,0,0,7200
case,24-5,24-5,,tree,,2024-03-01T09:00:00Z,2024-03-01T13:00:00Z,2024-03-01T09:00:00.001500Z,,\
2024-03-01T11:00:00Z,1,2024-03-01T11:00:00Z,resolved,0,0,2,7200
"""
RATINGS_TEXT = "id,case,departments,stars,given_at\n3,24-5,parks roads,5,2024-03-01T09:00:00Z\n"


def test_the_exact_text_of_both_files():
    assert write_assignments([ASSIGNMENT, CASE]).decode() == ASSIGNMENTS_TEXT
    assert write_ratings([RATING]).decode() == RATINGS_TEXT
    assert read_assignments(ASSIGNMENTS_TEXT.encode()) == [ASSIGNMENT, CASE]
    assert read_ratings(RATINGS_TEXT.encode()) == [RATING]


def test_a_moment_of_another_zone_is_written_in_utc():
    assert format_instant(datetime(2024, 3, 1, 17, tzinfo=timezone(timedelta(hours=8)))) == "2024-03-01T09:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2024, 3, 1))  # noqa: DTZ001


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), size=st.integers(0, 60), data=st.data())
def test_rows_in_any_order_are_one_file_and_come_back(made_up, seed, size, data):
    assignments, ratings = made_up(seed, size)
    files = write_assignments(assignments), write_ratings(ratings)
    assert write_assignments(data.draw(st.permutations(assignments))) == files[0]
    assert write_ratings(data.draw(st.permutations(ratings))) == files[1]
    assert set(read_assignments(files[0])) == set(assignments)
    assert write_assignments(read_assignments(files[0])) == files[0]
    assert write_ratings(read_ratings(files[1])) == files[1]


def test_the_order_is_of_time_not_of_text():
    later = replace(ASSIGNMENT, id="18", started_at=NINE + timedelta(microseconds=500))
    lines = write_assignments([later, ASSIGNMENT]).decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["17", "18"]  # as text, "…00.000500Z" comes first


def test_the_hash_is_that_of_sha256sum():
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    "change",
    [
        {"clock_of": "post"},
        {"role": "boss"},
        {"department": ""},
        {"department": "two words"},
        {"category": "tree\n"},
        {"id": ""},
        {"case": "24\x00"},
        {"end_reason": "merged"},
        {"end_reason": "open"},
        {"ended_at": None},
        {"resolved_at": None},
        {"worked_s": None},
        {"worked_s": -1},
        {"worked_s": 2**40},
        {"role": "support"},
        {"end_reason": "handed_over"},
        {"misrouted": True},
        {"handovers": 1},
        {"decline_overturned": True},
    ],
)
def test_a_assignment_that_contradicts_itself_is_refused(change):
    with pytest.raises(ValueError, match=r"(assignment|post) (17)?:"):
        write_assignments([replace(ASSIGNMENT, **change)])


@pytest.mark.parametrize(
    "change",
    [
        {"department": "parks"},
        {"role": "lead"},
        {"end_reason": "handed_over"},
        {"standing": False},
        {"handovers": -1},
        {"misrouted": True},
    ],
)
def test_a_case_that_contradicts_itself_is_refused(change):
    with pytest.raises(ValueError, match="case 24-5"):
        write_assignments([replace(CASE, **change)])


@pytest.mark.parametrize(
    "change", [{"stars": 0}, {"stars": 6}, {"departments": ("roads", "parks")}, {"departments": ("a", "a")}, {"id": ""}]
)
def test_a_rating_that_cannot_be_is_refused(change):
    with pytest.raises(ValueError, match="rating"):
        write_ratings([replace(RATING, **change)])


def test_an_id_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        write_assignments([ASSIGNMENT, ASSIGNMENT])
    with pytest.raises(ValueError, match="twice"):
        read_ratings((RATINGS_TEXT + RATINGS_TEXT.splitlines()[1] + "\n").encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock_of,id", "id,clock_of"),
        ("2024-03-01T13:00:00Z", "2024-03-01 13:00:00Z"),
        ("2024-03-01T13:00:00Z", "2024-03-01T13:00:00+00:00"),
        ("2024-03-01T13:00:00Z", "2024-03-01T13:00:00.000000Z"),
        ("2024-03-01T13:00:00Z", "2024-02-30T13:00:00Z"),
        ("09:00:00.001500Z", "09:00:00.0015Z"),
        ("resolved,0,0,", "resolved,no,0,"),
        (",7200", ",07200"),
        (",7200", ",7_200"),
        (",7200", ",７200"),
        (",7200", ",7200,"),
        ("tree", '"tree'),
        (ASSIGNMENTS_TEXT, ""),
    ],
)
def test_another_writing_of_a_file_is_refused(old, new):
    assert old in ASSIGNMENTS_TEXT
    with pytest.raises(ValueError, match=r"assignments\.csv"):
        read_assignments(ASSIGNMENTS_TEXT.replace(old, new).encode())


def test_bytes_that_are_not_utf8_are_refused():
    with pytest.raises(ValueError, match="utf-8"):
        read_assignments(b"\xff\xfe")
