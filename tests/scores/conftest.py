"""Made-up rows of every kind there is, in and around January 2024."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from civic.scores.rows import ClockRow, RatingRow

JANUARY = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
DEPARTMENTS = ("parks", "roads", "water", "lights", "waste")
LEAD_ENDS = ("resolved",) * 6 + ("open", "declined", "handed_over", "returned", "reassigned", "closed")
SUPPORT_ENDS = ("done", "done", "open", "closed", "handed_over")


def _moment(chance: random.Random) -> datetime:
    """Most of them in January; some on the very edge, where `[from, to)` shows."""
    edge = chance.random()
    if edge < 0.04:
        return JANUARY[0]
    if edge < 0.08:
        return JANUARY[1]
    return JANUARY[0] + timedelta(hours=chance.randrange(-240, 31 * 24 + 240), microseconds=chance.choice([0, 7]))


def _assignment(chance: random.Random, number: int) -> ClockRow:
    start, role = _moment(chance), chance.choice(["lead"] * 5 + ["support"])
    end = chance.choice(LEAD_ENDS if role == "lead" else SUPPORT_ENDS)
    resolution_due = start + timedelta(hours=chance.choice([24, 72, 240])) if role == "lead" else None
    ended = chance.choice([resolution_due or start, start + timedelta(hours=chance.randrange(400))])
    response_due = start + timedelta(hours=24)
    word = chance.choice([None, response_due, start + timedelta(hours=chance.randrange(48))])
    misrouted = end in ("handed_over", "returned") and chance.random() < 0.5
    return ClockRow(
        clock_of="assignment",
        id=str(number),
        case=f"24-{number % 50}",
        department=chance.choice(DEPARTMENTS),
        category=chance.choice(["pothole", "lamp", "tree, fallen", ""]),
        role=role,
        started_at=start,
        response_due=response_due,
        first_word_at=word,
        resolution_due=None if chance.random() < 0.05 else resolution_due,
        resolved_at=ended if end == "resolved" else None,
        standing=end == "resolved" and chance.random() < 0.85,
        ended_at=None if end == "open" else ended,
        end_reason=end,
        misrouted=misrouted,
        decline_overturned=end == "declined" and chance.random() < 0.3,
        handovers=int(end in ("handed_over", "returned") and not misrouted),
        worked_s=chance.choice([0, 59, 61, chance.randrange(400_000)]) if end == "resolved" else None,
    )


def _case(chance: random.Random, number: int) -> ClockRow:
    row = _assignment(chance, number)
    end = row.end_reason if row.end_reason in ("resolved", "declined") else "open"
    if end == "resolved" and not row.standing:
        row, end = replace(row, resolved_at=None, worked_s=None), "open"
    return replace(
        row,
        **{"clock_of": "case", "id": row.case, "department": "", "role": "", "end_reason": end},
        ended_at=None if end == "open" else row.ended_at,
        misrouted=False,
        decline_overturned=end == "open" and chance.random() < 0.1,
        handovers=chance.choice([0, 0, 0, 1, 3]),
    )


def _rating(chance: random.Random, number: int) -> RatingRow:
    departments = tuple(sorted(chance.sample(DEPARTMENTS, chance.choice([0, 1, 1, 1, 2]))))
    return RatingRow(str(number), f"24-{number}", departments, chance.randint(1, 5), _moment(chance))


MadeUp = Callable[[int, int], tuple[list[ClockRow], list[RatingRow]]]


@pytest.fixture(scope="session")
def made_up() -> MadeUp:
    """Rows from a seed and a size: so many assignments, up to 50 cases, a third as many ratings."""

    def rows(seed: int, size: int) -> tuple[list[ClockRow], list[RatingRow]]:
        chance = random.Random(seed)
        assignments = [_assignment(chance, number) for number in range(size)]
        cases = [_case(chance, number) for number in range(min(size, 50))]
        return cases + assignments, [_rating(chance, number) for number in range(size // 3)]

    return rows


@pytest.fixture(scope="session")
def january() -> tuple[datetime, datetime]:
    """The period that most made-up rows lie in."""
    return JANUARY
