"""Random rows of every kind there is, in and around January 2024: a small city that nobody would want to live in."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from civic.scores.method.rows import ClockRow, RatingRow
from tests.builders.score_rows import JANUARY, make_case, make_row

LEAD_ENDS = ("resolved",) * 8 + (
    "open",
    "declined",
    "declined",
    "handed_over",
    "returned",
    "reassigned",
    "closed",
    "merged",
)
SUPPORT_ENDS = ("done", "done", "open", "closed", "merged")
CATEGORIES = ("pothole", "lamp", "tree, fallen", "")


@dataclass(frozen=True)
class MadeUpCity:
    """Rows from a seed and a size: so many assignments, nearly as many cases, a third as many ratings."""

    clocks: list[ClockRow]
    ratings: list[RatingRow]


def make_city(seed: int, size: int, departments: int = 5) -> MadeUpCity:
    chance = random.Random(seed)
    names = [f"d{number}" for number in range(departments)]
    received = {f"24-{number}": _moment(chance) for number in range(max(1, size * 4 // 5))}
    assignments = [_assignment(chance, str(number), received, names) for number in range(size)]
    first = {row.case: row for row in reversed(assignments)}
    cases = [_case(chance, number, received, first.get(number)) for number in received]
    ratings = [_rating(chance, f"r{number}", received, names) for number in range(size // 3)]
    rows = [*cases, *assignments]
    chance.shuffle(rows)
    return MadeUpCity(rows, ratings)


def _moment(chance: random.Random) -> datetime:
    """Most of them in January; some on the very edge, where `[from, to)` shows."""
    edge = chance.random()
    if edge < 0.08:
        return JANUARY[edge < 0.04]
    hours = chance.randrange(-240, 31 * 24 + 100)
    return JANUARY[0] + timedelta(hours=hours, microseconds=chance.choice([0, 7]))


def _assignment(chance: random.Random, number: str, received: dict[str, datetime], names: list[str]) -> ClockRow:
    case = chance.choice(list(received))
    start = received[case] + timedelta(hours=chance.choice([0, 0, 0, chance.randrange(60)]))
    place = int(len(names) * chance.random() ** 1.5)
    # Departments differ, and so do categories; some departments do most of a category.
    category = CATEGORIES[(place + chance.choice([0, 0, 0, 1, 2])) % len(CATEGORIES)]
    role, pace = chance.choice(["lead"] * 6 + ["support"]), 20 * (1 + place) * (1 + len(category))
    row = make_row(
        start,
        id=number,
        case=case,
        department=names[place],
        category=category,
        role=role,
        added_by=chance.choice(["system", "system", "dispatcher", "department"]),
        received_at=received[case],
        given_at=start + timedelta(hours=chance.choice([0, 0, 7])),
    )
    row = row._replace(**_words(chance, row), **_moved(chance, row))
    reason = chance.choice(LEAD_ENDS if role == "lead" else SUPPORT_ENDS)
    return row if reason == "open" else row._replace(**_ending(chance, row, reason, pace))


def _words(chance: random.Random, row: ClockRow) -> dict[str, Any]:
    word = chance.choice([None, row.response_due, row.started_at + timedelta(hours=chance.randrange(16))])
    asked = row.started_at + timedelta(hours=chance.randrange(1, 14)) if chance.random() < 0.2 else None
    return {
        "first_word_at": word,
        "same_word": chance.randrange(1, 4) if word and chance.random() < 0.2 else None,
        "unanswered_at": asked,
        "paused": asked is not None or chance.random() < 0.1,
    }


def _moved(chance: random.Random, row: ClockRow) -> dict[str, Any]:
    """Some due instants were moved later, some clocks are paused."""
    if row.resolution_due is None or chance.random() < 0.9:
        return {}
    if chance.random() < 0.4:
        return {"resolution_due": None, "resolution_counts_at": None}
    return {"resolution_counts_at": row.resolution_due + timedelta(hours=chance.randrange(200))}


def _ending(chance: random.Random, row: ClockRow, reason: str, pace: int) -> dict[str, Any]:
    hours = chance.choice([5, 10, 100, chance.expovariate(1 / pace), chance.expovariate(1 / pace)])
    at = row.started_at + timedelta(hours=round(hours, 3))
    by = "dispatcher" if reason in ("reassigned", "closed") or chance.random() < 0.2 else "department"
    parts: dict[str, Any] = {"ended_at": at, "end_reason": reason, "ended_by": by}
    if row.first_word_at is not None and row.first_word_at > at:
        parts |= {"first_word_at": at}
    if reason == "resolved" or (reason == "merged" and row.role == "lead" and chance.random() < 0.6):
        standing = reason == "merged" or chance.random() < 0.85
        parts |= {"resolved_at": at if reason == "resolved" else at + timedelta(hours=20), "standing": standing}
        parts |= {"waited_s": chance.choice([0, 0, 3600, 10**6])}
        if standing and reason == "resolved":
            parts |= {"confirmed_by": chance.choice(["", "reporter", "time"]), "rated": chance.random() < 0.4}
    if reason == "declined":
        parts |= {"decline_stands": chance.random() < 0.8, "rated": chance.random() < 0.2}
    if reason in ("handed_over", "returned"):
        parts |= {"misrouted": chance.random() < 0.3, "came_back": chance.random() < 0.2}
    return parts


def _case(chance: random.Random, number: str, received: dict[str, datetime], first: ClockRow | None) -> ClockRow:
    start = received[number]
    row = first if first is not None and first.role == "lead" else make_row(start, case=number, category="lamp")
    if row.end_reason == "merged":
        row = row._replace(end_reason="resolved" if row.standing else "open", ended_at=row.resolved_at)
    return make_case(row, id=number, case=number, received_at=start, handovers=chance.choice([0, 0, 0, 1, 3]))._replace(
        started_at=start, given_at=start
    )


def _rating(chance: random.Random, number: str, received: dict[str, datetime], names: list[str]) -> RatingRow:
    case = chance.choice(list(received))
    department = chance.choice(["", *names, *names])
    worse = names.index(department) if department else 0
    stars = min(5, max(1, round(chance.gauss(4.2 - worse / 2, 1))))
    return RatingRow(number, case, received[case], department, stars, _moment(chance))
