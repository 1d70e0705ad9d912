"""How long a large city's year takes, and how much memory: 63,000 assignments, as many cases, 15,000 ratings.

python -m benchmarks scores [ASSIGNMENTS]: the files are made up with a fixed seed; a process of its own then does what
`verify.py` does: it reads both files and computes every figure of the fourth quarter and of the year, intervals too.
"""

import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from civic.scores.method.files import read_assignments, read_ratings, write_assignments, write_ratings
from civic.scores.method.release import ReleaseHead, make_release, write_release
from civic.scores.method.results import collect_facts, compute_results
from civic.scores.method.rows import ClockRow, RatingRow
from civic.scores.method.spans import Span
from civic.scores.verify import verify_folder
from tests.builders.score_rows import make_row

YEAR_START = datetime(2024, 1, 1, tzinfo=UTC)
QUARTER = Span(date(2024, 10, 1), date(2024, 12, 31))
UTC_ZONE = ZoneInfo("UTC")
DEPARTMENTS, CATEGORIES = 50, 80
WEIGHTS = {"response": 25, "resolution": 30, "speed": 10, "satisfaction": 25, "ownership": 10}
MINIMUMS = {"indicator": 10, "assignments": 30, "indicators": 3}


def made_up_assignment(chance: random.Random, number: int) -> ClockRow:
    """An assignment that began some time in 2024: four in five are resolved, one in twenty is handed over."""
    start = YEAR_START + timedelta(seconds=chance.randrange(366 * 86_400))
    department = int(DEPARTMENTS * chance.random() ** 1.5)
    took = timedelta(seconds=int(chance.lognormvariate(12, 1)))
    fate = chance.random()
    reason = "resolved" if fate < 0.8 else "handed_over" if fate < 0.85 else "open"
    ended = None if reason == "open" else start + took
    word = start + timedelta(hours=chance.randrange(72))
    return make_row(
        start,
        id=str(number),
        case=f"24-{number}",
        department=f"department-{department}",
        category=f"category-{(department + chance.choice([0, 0, 1, 2, 5])) % CATEGORIES}",
        response_due=start + timedelta(days=2),
        response_half=start + timedelta(days=1),
        response_counts_at=start + timedelta(days=2),
        first_word_at=word if ended is None or word < ended else ended,
        resolution_due=start + timedelta(days=10),
        resolution_counts_at=start + timedelta(days=10),
        resolved_at=ended if reason == "resolved" else None,
        standing=reason == "resolved",
        ended_at=ended,
        end_reason=reason,
        ended_by="department" if ended else "",
        confirmed_by="time" if reason == "resolved" else "",
    )


def made_up_case(row: ClockRow) -> ClockRow:
    """The whole case of an assignment."""
    return row._replace(
        clock_of="case",
        id=row.case,
        department="",
        role="",
        added_by="",
        response_half=None,
        ended_at=row.resolved_at,
        end_reason="resolved" if row.standing else "open",
        ended_by="",
        handovers=int(row.end_reason == "handed_over"),
    )


def made_up_rating(chance: random.Random, number: int, row: ClockRow) -> RatingRow:
    """Stars for an assignment, three days after it began."""
    given = row.started_at + timedelta(days=3)
    return RatingRow(str(number), row.case, row.received_at, row.department, chance.randint(1, 5), given)


def make_files(folder: Path, count: int) -> None:
    """Write a release and its files."""
    chance = random.Random(1)
    rows = [made_up_assignment(chance, number) for number in range(count)]
    ratings = [made_up_rating(chance, number, row) for number, row in enumerate(rows[: count // 4])]
    files = write_assignments([*rows, *map(made_up_case, rows)]), write_ratings(ratings)
    left_out = {
        "cases": dict.fromkeys(("spam", "test", "own", "nearby", "merged"), 0),
        "ratings": dict.fromkeys(("unconfirmed", "own", "case"), 0),
    }
    made_at = YEAR_START + timedelta(days=400)
    head = ReleaseHead("2024-q4", QUARTER, "UTC", 10, made_at, WEIGHTS, MINIMUMS, left_out)
    (folder / "release.json").write_bytes(write_release(make_release(head, *files)))
    for name, data in zip(("assignments.csv", "ratings.csv"), files, strict=True):
        (folder / name).write_bytes(data)


def measure_check(folder: Path) -> None:
    """Check a release in this process, and print the seconds and the most memory that the process held."""
    start, clock = time.process_time(), time.perf_counter()
    _document, check = verify_folder(folder / "release.json", folder)
    seconds, elapsed = time.process_time() - start, time.perf_counter() - clock
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"read and computed in {seconds:.2f} s of the processor, {elapsed:.2f} s in all, with {megabytes:.0f} MB")
    print(check.verdict)
    print(f"computed alone, from rows that were read: {measure_computing(folder):.2f} s of the processor")


def measure_computing(folder: Path) -> float:
    """Return the seconds that the figures of the quarter and of the year take from rows in memory."""
    rows = list(read_assignments((folder / "assignments.csv").read_bytes()))
    ratings = list(read_ratings((folder / "ratings.csv").read_bytes()))
    start = time.process_time()
    facts = collect_facts(rows, ratings, [QUARTER.instants(UTC_ZONE), QUARTER.twelve_months().instants(UTC_ZONE)])
    for one in facts.periods:
        compute_results(one, facts.groups, weights=WEIGHTS, minimums=MINIMUMS, ranked=True)
    return time.process_time() - start


def main() -> None:
    """Make the files, and check them in a process of its own."""
    if sys.argv[1:2] == ["check"]:
        measure_check(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 63_000
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        make_files(Path(folder), count)
        size = (Path(folder) / "assignments.csv").stat().st_size / 1e6
        print(f"{count} assignments, {size:.0f} MB; made and written in {time.perf_counter() - start:.1f} s")
        subprocess.run([sys.executable, "-m", "benchmarks.scores", "check", folder], check=True)


if __name__ == "__main__":
    main()
