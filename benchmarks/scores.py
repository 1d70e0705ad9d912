"""How long a year's release takes: 20,000 assignments, as many cases and 6,000 ratings of 24 departments, made up.

python benchmarks/scores.py [ASSIGNMENTS]
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from civic.scores.release import make_release, read_release, write_release
from civic.scores.rows import ClockRow, RatingRow, write_assignments, write_ratings
from civic.scores.verify import verify_release

YEAR = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))
Answer = TypeVar("Answer")


def made_up_clock(chance: random.Random, number: int, clock_of: str) -> ClockRow:
    """A clock that began some time in 2024; four in five are resolved and one in twenty is handed over."""
    start = YEAR[0] + timedelta(seconds=chance.randrange(366 * 86_400))
    worked = int(chance.lognormvariate(11, 1))
    fate = chance.random()
    end = "resolved" if fate < 0.8 else "handed_over" if fate < 0.85 and clock_of == "assignment" else "open"
    ended = start + timedelta(seconds=4 * worked) if end != "open" else None
    return ClockRow(
        clock_of=clock_of,
        id=str(number),
        case=f"24-{number}",
        department=f"department-{int(24 * chance.random() ** 2)}" if clock_of == "assignment" else "",
        category=f"category-{chance.randrange(40)}",
        role="lead" if clock_of == "assignment" else "",
        started_at=start,
        response_due=start + timedelta(days=2),
        first_word_at=start + timedelta(hours=chance.randrange(72)),
        resolution_due=start + timedelta(days=14),
        resolved_at=ended if end == "resolved" else None,
        standing=end == "resolved",
        ended_at=ended,
        end_reason=end,
        misrouted=False,
        decline_overturned=False,
        handovers=int(end == "handed_over"),
        worked_s=worked if end == "resolved" else None,
    )


def made_up_rating(chance: random.Random, number: int) -> RatingRow:
    """Stars for one department's case, given some time in 2024."""
    given = YEAR[0] + timedelta(seconds=chance.randrange(366 * 86_400))
    return RatingRow(str(number), f"24-{number}", (f"department-{number % 24}",), chance.randint(1, 5), given)


def timed(what: str, work: Callable[[], Answer]) -> Answer:
    """Do the work and print how long it took."""
    start = time.perf_counter()
    answer = work()
    print(f"{what:30} {time.perf_counter() - start:6.2f} s")
    return answer


def main() -> None:
    """Print the seconds of each step."""
    count, chance = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000, random.Random(1)
    clocks = [made_up_clock(chance, number, kind) for kind in ("case", "assignment") for number in range(count)]
    given = [made_up_rating(chance, number) for number in range(count * 3 // 10)]
    assignments = timed("write assignments.csv", lambda: write_assignments(clocks))
    ratings = timed("write ratings.csv", lambda: write_ratings(given))
    release = timed("make the release", lambda: make_release("2024", YEAR, YEAR[1], assignments, ratings))
    data = timed("write release.json", lambda: write_release(release))
    differences = timed("verify", lambda: verify_release(read_release(data), assignments, ratings))
    print(f"{count} assignments, {len(assignments) / 1e6:.1f} MB; {len(differences)} differences")


if __name__ == "__main__":
    main()
