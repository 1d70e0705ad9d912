"""Reading the rows that scores are computed from out of the database, as they are at one instant."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from civic import db
from civic.scores.chains import HistoryTree, build_history_tree
from civic.scores.exclusion import CandidateCase, choose_cases
from civic.scores.method.inclusion import Period
from civic.scores.method.release_format import LeftOut
from civic.scores.method.release_head import CASE_REASONS, RATING_REASONS
from civic.scores.method.rows import ClockRow, RatingRow
from civic.scores.sql import CASES, CLOCK_ROWS, HISTORY_HEADS, RATING_ROWS


@dataclass(frozen=True, slots=True)
class ExtractedRows:
    """The rows of a period, and how many cases and ratings are left out for which reason."""

    clocks: list[ClockRow]
    ratings: list[RatingRow]
    left_out: LeftOut


async def extract_rows(period: Period, zone: ZoneInfo, made_at: datetime) -> ExtractedRows:
    """Read every row that may count for the period, by what stands at `made_at`."""
    candidates = [_make_candidate(row, zone) for row in await db.fetch(CASES, *period)]
    cases = choose_cases(candidates)
    rows = await db.fetch(CLOCK_ROWS, *period, cases.ids, made_at)
    ratings = await db.fetch(RATING_ROWS, *period, cases.ids)
    reasons = Counter(row["reason"] for row in ratings)
    return ExtractedRows(
        _number_words(rows),
        [RatingRow(*(row[name] for name in RatingRow._fields)) for row in ratings if not row["reason"]],
        {
            "cases": {reason: cases.left_out.get(reason, 0) for reason in CASE_REASONS},
            "ratings": {reason: reasons[reason] for reason in RATING_REASONS},
        },
    )


def _make_candidate(row: db.Row, zone: ZoneInfo) -> CandidateCase:
    return CandidateCase(**row, day=row["received_at"].astimezone(zone).date())


def _number_words(rows: list[db.Row]) -> list[ClockRow]:
    """Make the rows; first words that are word for word the same share a number, from 1, and others have none."""
    said = Counter(row["word"] for row in rows if row["word"])
    numbers: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row["id"]):
        if said[row["word"]] > 1:
            numbers.setdefault(row["word"], len(numbers) + 1)
    # The statement names the columns in the order of the fields: twice as fast as by name.
    return [ClockRow(*(row | {"word": numbers.get(row["word"])}).values()) for row in rows]


async def extract_histories() -> HistoryTree:
    """Read the latest hash of every case's history, and build the tree over them."""
    rows = await db.fetch(HISTORY_HEADS)
    return build_history_tree((row["number"], bytes(row["head"])) for row in rows)
