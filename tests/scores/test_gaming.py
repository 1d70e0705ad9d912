"""The ten ways in which an audit improved a department's score without better work, done again on fixed data.

With half of a department's late cases gamed in full knowledge of what comes, the composite rises by at most 1.5 points
for those that the definitions stop. Of the others, which they publish and do not stop, the share beside it moves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from civic.scores.exclusion import CandidateCase, choose_cases
from civic.scores.method.rows import ClockRow, list_clock_faults
from civic.text import is_public_word
from tests.builders.eight_departments import FixedCity, make_fixed_city
from tests.builders.score_rows import make_case, results_of

MAX_RISE_POINTS = 1.5
DEPARTMENTS = ("cleaning", "roads", "management")
CITY = make_fixed_city()
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Played:
    """A department's line before and after."""

    before: Any
    after: Any

    @property
    def rise(self) -> float:
        return float(self.after["composite"]["value"] - self.before["composite"]["value"])

    def share(self, name: str) -> tuple[float, float]:
        """A published share before and after."""
        return self.before["shares"][name]["share"], self.after["shares"][name]["share"]


def is_late(row: ClockRow) -> bool:
    return row.resolved_at is None or row.resolved_at > row.resolution_due  # type: ignore[operator]


def play(
    department: str,
    game: Callable[[ClockRow], ClockRow],
    city: FixedCity = CITY,
    chosen: Callable[[ClockRow], bool] = is_late,
) -> Played:
    """Game every second of the department's late cases."""
    before = results_of(city.clocks(), city.ratings)["departments"][department]
    rows = list(city.rows)
    places = [place for place, row in enumerate(rows) if row.department == department and chosen(row)]
    assert len(places) >= 10
    for place in places[::2]:
        rows[place] = game(rows[place])
        assert list(list_clock_faults(rows[place])) == []
    after = results_of(city.clocks(rows), city.ratings)["departments"][department]
    return Played(before, after)


def merge_when_due(row: ClockRow) -> ClockRow:
    """Into the open case that is solved next: an hour after the merge."""
    at = row.resolution_due + HOUR
    solved = {"resolved_at": at + HOUR, "standing": True, "confirmed_by": "", "rated": False}
    return unsolved(row)._replace(ended_at=at, end_reason="merged", ended_by="department", **solved)


def decline_late(row: ClockRow) -> ClockRow:
    at = row.response_due + HOUR
    word = min(row.first_word_at or at, at)
    end = {"ended_at": at, "end_reason": "declined", "ended_by": "department", "decline_stands": True}
    return unsolved(row)._replace(first_word_at=word, **end)


def ask_and_wait_for_nothing(row: ClockRow) -> ClockRow:
    """A question before 80 % of the allowance pauses; nobody answers, and the case is solved when it would have been.

    The wait counts as if it had not been, so the due instant of before stands again, and counts when that is known.
    """
    counts_at = max(row.resolution_due, row.resolved_at or row.resolution_due)
    return row._replace(paused=True, resolution_counts_at=counts_at, unanswered_at=row.started_at + 70 * HOUR)


def ask_and_be_answered(row: ClockRow) -> ClockRow:
    """The reporter answers two hours later: the wait counts, for two hours."""
    due = row.resolution_due + 2 * HOUR
    waited = 7200 if row.resolved_at else 0
    return row._replace(paused=True, resolution_due=due, resolution_counts_at=due, waited_s=waited)


def pass_on_late(row: ClockRow) -> ClockRow:
    """A minute before the resolution is due."""
    at = row.resolution_due - timedelta(minutes=1)
    word = row.first_word_at if row.first_word_at and row.first_word_at <= at else None
    return unsolved(row)._replace(first_word_at=word, ended_at=at, end_reason="handed_over", ended_by="department")


def unsolved(row: ClockRow) -> ClockRow:
    return row._replace(resolved_at=None, standing=False, waited_s=0, confirmed_by="", rated=False)


STOPPED = {
    "merging after the due instant": merge_when_due,
    "declining late": decline_late,
    "a pointless question": ask_and_wait_for_nothing,
    "a pointless question that is answered": ask_and_be_answered,
    "passing on after the response was due": pass_on_late,
}


@pytest.mark.parametrize("department", DEPARTMENTS)
@pytest.mark.parametrize("name", STOPPED)
def test_it_is_not_worth_it(name: str, department: str) -> None:
    assert play(department, STOPPED[name]).rise <= MAX_RISE_POINTS


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_another_category_changes_nothing(department: str) -> None:
    """A department that recategorises changes the case's category; its assignment keeps the one at its start.

    tests/scores/test_rows_db.py holds that the row does.
    """
    before = results_of(CITY.clocks(), CITY.ratings)
    recategorised = [
        make_case(row, category="drain") if row.department == department and is_late(row) else make_case(row)
        for row in CITY.rows
    ]
    after = results_of([*CITY.rows, *recategorised], CITY.ratings)
    assert after["departments"] == before["departments"]


def test_splitting_nearby_on_one_day_adds_nothing() -> None:
    """Forty easy jobs, each reported as four within 50 m: only the first of each counts."""
    day = date(2024, 1, 10)
    cases = [
        CandidateCase(
            id=4 * job + part,
            number=f"24-{4 * job + part}",
            received_at=datetime(2024, 1, 10, 8, job, part, tzinfo=UTC),
            merged=False,
            due=True,
            reason="",
            department_id=1,
            category_id=1,
            day=day,
            lat=47.5 + 0.01 * job,
            lon=19.0 + 0.0002 * part,  # 15 m
        )
        for job in range(40)
        for part in range(4)
    ]
    found = choose_cases(cases)
    assert found.ids == [4 * job for job in range(40)]
    assert found.left_out["nearby"] == 120


# -- what is published and not stopped -------------------------------------------------------------


def resolve_undone(row: ClockRow) -> ClockRow:
    """An hour before it is due; nobody disputes it, so time closes it."""
    at = row.resolution_due - HOUR
    word = min(row.first_word_at or at, at)
    solved = {"resolved_at": at, "standing": True, "confirmed_by": "time"}
    return row._replace(first_word_at=word, ended_at=at, end_reason="resolved", ended_by="department", **solved)


def answer_alike(row: ClockRow) -> ClockRow:
    """A minute before it is due, with the words of all others."""
    at = row.response_due - timedelta(minutes=1)
    if row.ended_at is not None and row.ended_at < at:
        at = row.ended_at
    return row._replace(first_word_at=at, same_word=1)


def decline_early(row: ClockRow) -> ClockRow:
    at = row.response_due - HOUR
    end = {"ended_at": at, "end_reason": "declined", "ended_by": "department", "decline_stands": True}
    return unsolved(row)._replace(first_word_at=at, **end)


def pass_on_early(row: ClockRow) -> ClockRow:
    at = row.response_half - HOUR
    return unsolved(row)._replace(first_word_at=None, ended_at=at, end_reason="returned", ended_by="department")


def is_answered_late(row: ClockRow) -> bool:
    return row.first_word_at is None or row.first_word_at > row.response_due  # type: ignore[operator]


PUBLISHED = {
    "resolving undone": (resolve_undone, is_late, "closed_by_time"),
    "answers that are word for word the same": (answer_alike, is_answered_late, "repeated_words"),
    "declining early": (decline_early, is_late, "declined"),
    "passing on early": (pass_on_early, is_late, "passed_on"),
    "merging": (merge_when_due, is_late, "merged"),
    "a pointless question": (ask_and_wait_for_nothing, is_late, "paused"),
}


@pytest.mark.parametrize("department", DEPARTMENTS)
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_share_beside_the_score_moves(name: str, department: str) -> None:
    game, chosen, share = PUBLISHED[name]
    before, after = play(department, game, chosen=chosen).share(share)
    assert after > before + 0.03


def test_few_ratings_show_in_the_share_that_was_rated() -> None:
    """Kept below ten, the bad stars are drawn to the city's mean, and one sees how few were asked."""
    few = [rating for rating in CITY.ratings if rating.department == "roads"][:9]
    rated = {rating.case for rating in few}
    rows = [row._replace(rated=row.case in rated) if row.department == "roads" else row for row in CITY.rows]
    ratings = [rating for rating in CITY.ratings if rating.department != "roads"] + few
    before = results_of(CITY.clocks(), CITY.ratings)["departments"]["roads"]
    after = results_of(CITY.clocks(rows), ratings)["departments"]["roads"]
    played = Played(before, after)
    assert after["indicators"]["satisfaction"]["value"] is None
    assert played.share("rated")[1] < played.share("rated")[0] - 0.1
    assert after["composite"]["hi"] - after["composite"]["lo"] > before["composite"]["hi"] - before["composite"]["lo"]


def test_a_solution_of_the_last_day_that_is_disputed_is_not_kept() -> None:
    """The release is made when it can have been disputed: by then it no longer stands, and counts as reopened."""
    undone = play("roads", resolve_undone)
    disputed = play("roads", lambda row: resolve_undone(row)._replace(standing=False, confirmed_by=""))
    assert undone.rise > disputed.rise
    assert disputed.rise <= MAX_RISE_POINTS
    assert disputed.share("reopened")[1] > disputed.share("reopened")[0]


@pytest.mark.parametrize("text", [".", "👍", "\u200b", "?", "\u2060\u200b \u00a0", "收到"])
def test_an_empty_word_is_refused(text: str) -> None:
    """Every action that asks for a public text refuses it: tests/cases/test_public_word.py."""
    assert not is_public_word(text)
