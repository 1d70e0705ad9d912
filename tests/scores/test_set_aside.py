"""Who counts: one row and one rule at a time. The first table is that of the definitions, section 6, line by line."""

from datetime import timedelta

import pytest

from civic.scores.method.inclusion import include_assignment, include_case, taken_seconds
from civic.scores.method.rows import ClockRow, list_clock_faults
from tests.builders.score_rows import JANUARY, after, end, make_case, make_row

ASIDE, KEPT, NOT_KEPT = None, True, False
ROW = make_row()
WORD_AT_7 = make_row(first_word_at=after(7))


def declined(row: ClockRow, hours: float, **parts: object) -> ClockRow:
    """The text of a decline is a word."""
    return end(row._replace(first_word_at=row.first_word_at or after(hours)), hours, "declined", **parts)


def merged(row: ClockRow, hours: float, solved: float | None, **parts: object) -> ClockRow:
    solution = {"resolved_at": after(solved), "standing": True} if solved else {}
    return end(row, hours, "merged", **solution, **parts)


SECTION_6 = {
    "passed on at 5, no word": (end(ROW, 5, "handed_over"), ASIDE, ASIDE),
    "passed on at 6, no word": (end(ROW, 6, "handed_over"), NOT_KEPT, ASIDE),
    "word at 7, passed on at 11": (end(WORD_AT_7, 11, "handed_over"), KEPT, NOT_KEPT),
    "declined at 9": (declined(ROW, 9), ASIDE, ASIDE),
    "declined at 50, no word before": (declined(ROW, 50), NOT_KEPT, NOT_KEPT),
    "merged at 4, no word, into a case resolved at 101": (merged(ROW, 4, 101), ASIDE, NOT_KEPT),
    "word at 7, merged at 60 into a case resolved at 99": (merged(WORD_AT_7, 60, 99), KEPT, KEPT),
    "asked at 7, unanswered to the limit, declined at 150": (
        declined(WORD_AT_7._replace(unanswered_at=after(7), paused=True), 150),
        KEPT,
        ASIDE,
    ),
    "word at 7, asked at 11, unanswered to the limit, declined at 150": (
        declined(WORD_AT_7._replace(unanswered_at=after(11)), 150),
        KEPT,
        NOT_KEPT,
    ),
    "reassigned by a dispatcher at 11, no word": (
        end(ROW, 11, "reassigned", ended_by="dispatcher"),
        NOT_KEPT,
        ASIDE,
    ),
}

FURTHER = {
    "returned to triage is passed on": (end(ROW, 5, "returned"), ASIDE, ASIDE),
    "passed on at the response due instant": (end(WORD_AT_7, 10, "returned"), KEPT, ASIDE),
    "misrouted, however late": (end(ROW, 90, "handed_over", misrouted=True), ASIDE, ASIDE),
    "passed on late and come back": (end(ROW, 90, "handed_over", came_back=True), ASIDE, ASIDE),
    "declined at the response due instant": (declined(ROW, 10), ASIDE, ASIDE),
    "declined in time, and the decline no longer stands": (declined(ROW, 9, decline_stands=False), KEPT, NOT_KEPT),
    "unanswered to the limit, declined, and the decline no longer stands": (
        declined(WORD_AT_7._replace(unanswered_at=after(7)), 150, decline_stands=False),
        KEPT,
        NOT_KEPT,
    ),
    "merged at 5, no word, into a case that nobody resolved": (merged(ROW, 5, None), ASIDE, NOT_KEPT),
    "merged at 6, no word": (merged(ROW, 6, 99), NOT_KEPT, KEPT),
    "merged by a dispatcher at 9, no word": (merged(ROW, 9, 99, ended_by="dispatcher"), ASIDE, ASIDE),
    "merged by a dispatcher at 9, with a word": (merged(WORD_AT_7, 9, 99, ended_by="dispatcher"), KEPT, ASIDE),
    "merged by a dispatcher at 101": (merged(WORD_AT_7, 101, 99, ended_by="dispatcher"), KEPT, KEPT),
    "reassigned at the due instants": (end(ROW, 10, "reassigned", ended_by="dispatcher"), ASIDE, ASIDE),
    "reassigned at 9, with a word": (end(WORD_AT_7, 9, "reassigned", ended_by="dispatcher"), KEPT, ASIDE),
    "reassigned after the resolution was due": (end(WORD_AT_7, 101, "reassigned"), KEPT, NOT_KEPT),
    "a dispatcher declines at 20": (end(ROW, 20, "closed", ended_by="dispatcher"), NOT_KEPT, ASIDE),
    "resolved at the due instant": (end(WORD_AT_7, 100, "resolved"), KEPT, KEPT),
    "resolved, and disputed with success": (end(WORD_AT_7, 90, "resolved", standing=False), KEPT, NOT_KEPT),
    "still open": (ROW, NOT_KEPT, NOT_KEPT),
    "waits for the reporter": (
        WORD_AT_7._replace(resolution_due=None, resolution_counts_at=None),
        KEPT,
        None,
    ),
}

SUPPORT = make_row(role="support", added_by="dispatcher")
SUPPORTS = {
    "done with a word in time": (end(SUPPORT._replace(first_word_at=after(9)), 20, "done"), KEPT),
    "done without a word": (end(SUPPORT, 9, "done"), NOT_KEPT),
    "added by the department that leads": (SUPPORT._replace(added_by="department"), None),
    "added by the router": (SUPPORT._replace(added_by="system"), NOT_KEPT),
    "the case closes under it before the due instant": (end(SUPPORT, 9, "closed"), ASIDE),
    "the case closes under it after the due instant": (end(SUPPORT, 11, "closed"), NOT_KEPT),
    "the case closes under it, which had said a word": (
        end(SUPPORT._replace(first_word_at=after(3)), 9, "closed"),
        KEPT,
    ),
    "the case is merged under it": (end(SUPPORT, 9, "merged"), ASIDE),
}


@pytest.mark.parametrize("name", SECTION_6 | FURTHER)
def test_what_is_set_aside(name: str) -> None:
    row, response, resolution = (SECTION_6 | FURTHER)[name]
    assert list(list_clock_faults(row)) == []
    found = include_assignment(row, JANUARY)
    assert (found.response, found.resolution) == (response, resolution)


@pytest.mark.parametrize("name", SUPPORTS)
def test_a_support_counts_for_response_only(name: str) -> None:
    row, response = SUPPORTS[name]
    assert list(list_clock_faults(row)) == []
    found = include_assignment(row, JANUARY)
    assert (found.response, found.resolution, found.ownership) == (response, None, None)


@pytest.mark.parametrize("kind", ["response", "resolution"])
def test_a_due_instant_that_was_moved_counts_when_it_was_moved(kind: str) -> None:
    """In the period in which that happened, if later; the promise is judged by the due instant."""
    row = end(WORD_AT_7, 90, "resolved")
    for moment, counts in ((JANUARY[0], True), (JANUARY[1], False), (JANUARY[1] - timedelta(microseconds=1), True)):
        found = include_assignment(row._replace(**{f"{kind}_counts_at": moment}), JANUARY)
        assert getattr(found, kind) is (True if counts else None)
    early = row._replace(**{f"{kind}_counts_at": JANUARY[0] - timedelta(microseconds=1)})
    assert getattr(include_assignment(early, JANUARY), kind) is None


def test_ownership_goes_by_when_the_department_was_given_the_case() -> None:
    early = make_row(JANUARY[0] - timedelta(days=3), given_at=JANUARY[0])
    assert include_assignment(early, JANUARY).ownership is True
    assert include_assignment(early._replace(given_at=JANUARY[1]), JANUARY).ownership is None
    for reason in ("handed_over", "returned"):
        gone = end(early, 5, reason)
        assert include_assignment(gone, JANUARY).ownership is False
        assert include_assignment(gone._replace(came_back=True), JANUARY).ownership is False
        assert include_assignment(gone._replace(misrouted=True), JANUARY).ownership is True
    for reason in ("reassigned", "declined", "resolved", "merged", "closed"):
        assert include_assignment(end(early, 5, reason), JANUARY).ownership is True


def test_of_whole_cases_only_declines_that_stand_are_set_aside() -> None:
    case = make_case(end(WORD_AT_7, 50, "declined"))
    assert include_case(case, JANUARY)[:2] == (True, None)
    assert include_case(case._replace(decline_stands=False), JANUARY)[:2] == (True, False)
    assert include_case(make_case(ROW), JANUARY)[:2] == (False, False)
    assert include_case(make_case(ROW, handovers=1), JANUARY).ownership is False
    assert include_case(make_case(ROW), JANUARY).ownership is True


def test_time_is_what_a_citizen_waits_less_the_waits_that_count() -> None:
    row = end(WORD_AT_7, 90, "resolved")
    assert taken_seconds(row) == 90 * 3600
    assert taken_seconds(row._replace(waited_s=3600)) == 89 * 3600
    assert taken_seconds(row._replace(waited_s=90 * 3600 - 59)) == 60
    assert taken_seconds(row._replace(standing=False)) is None
    assert taken_seconds(ROW) is None
