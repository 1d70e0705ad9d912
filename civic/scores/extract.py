"""Reading the rows that a release is computed from out of the database. sql.py says which rows do not count."""

from collections.abc import Iterator

from civic import db
from civic.scores.chains import HistoryTree, build_history_tree
from civic.scores.inclusion import Period
from civic.scores.rows import ClockRow, RatingRow
from civic.scores.sql import CLOCK_ROWS, HISTORY_HEADS, RATING_ROWS


async def extract_clocks(period: Period) -> Iterator[ClockRow]:
    """Read every clock, of assignments and of whole cases, that may count for the period."""
    # The statement names the columns in the order of the fields: twice as fast as by name.
    return (ClockRow(*row.values()) for row in await db.fetch(CLOCK_ROWS, *period))


async def extract_ratings(period: Period) -> Iterator[RatingRow]:
    """Read every handling rating that was given in the period."""
    rows = await db.fetch(RATING_ROWS, *period)
    return (RatingRow(**row | {"departments": tuple(sorted(filter(None, row["departments"])))}) for row in rows)


async def extract_histories() -> HistoryTree:
    """Read the latest hash of every case's history, and build the tree over them."""
    rows = await db.fetch(HISTORY_HEADS)
    return build_history_tree((row["number"], bytes(row["head"])) for row in rows)
