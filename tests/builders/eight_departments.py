"""A quarter of a city like the demo's, on fixed data: eight departments that share ten categories."""

import random
from dataclasses import dataclass
from datetime import timedelta

from civic.scores.method.rows import ClockRow, RatingRow
from tests.builders.score_rows import JANUARY, end, make_case, make_rating, make_row

# How long each takes compared with the others (1 is average).
PACE = {
    "water": 0.5,
    "parks": 0.8,
    "lighting": 0.9,
    "cleaning": 1.0,
    "police": 1.2,
    "roads": 1.6,
    "drainage": 1.3,
    "management": 1.3,
}
DEPARTMENTS_BY_CATEGORY = {
    "pothole": ("roads", "management"),
    "lamp": ("lighting", "management"),
    "bin": ("cleaning", "parks"),
    "collection": ("cleaning", "management"),
    "tree": ("parks", "cleaning"),
    "leak": ("water", "drainage"),
    "parking": ("police", "management"),
    "sign": ("police", "roads"),
    "lawn": ("parks", "cleaning"),
    "drain": ("drainage", "water", "roads"),
}


@dataclass(frozen=True)
class FixedCity:
    """Lead assignments, one a case, and ratings."""

    rows: list[ClockRow]
    ratings: list[RatingRow]

    def clocks(self, rows: list[ClockRow] | None = None) -> list[ClockRow]:
        """All rows of the file, with the assignments or with others in their place."""
        assignments = self.rows if rows is None else rows
        return [*assignments, *(make_case(row) for row in assignments if row.end_reason != "merged")]


def make_fixed_city(seed: int = 20, cases: int = 480) -> FixedCity:
    chance = random.Random(seed)
    rows, ratings = [], []
    for number in range(cases):
        category = chance.choice(list(DEPARTMENTS_BY_CATEGORY))
        department = chance.choice(DEPARTMENTS_BY_CATEGORY[category])
        pace = PACE[department]
        start = JANUARY[0] + timedelta(minutes=chance.randrange(24 * 24 * 60))
        answered = pace * chance.lognormvariate(1.5, 0.9)
        solved = answered + pace * chance.lognormvariate(3.6, 0.9)
        row = make_row(start, id=str(number), case=f"24-{number}", department=department, category=category)
        row = row._replace(first_word_at=start + timedelta(hours=round(answered, 2)))
        if chance.random() < 0.95:
            row = end(row, round(solved, 2), "resolved", confirmed_by=chance.choice(["reporter", "time", "time"]))
            if chance.random() < 0.45:
                stars = min(5, max(1, round(chance.gauss(4.9 - pace, 0.9))))
                ratings.append(make_rating(number, department, stars, row.case, start)._replace(id=str(number)))
                row = row._replace(rated=True)
        rows.append(row)
    return FixedCity(rows, ratings)
