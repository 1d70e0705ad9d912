"""The cases behind a figure: the very rows that it is counted from, and whether each did well.

A list is of one figure (of `FIGURES`) and, if asked, of one answer: yes, no, or set aside. The rows are those of the
release's files, so that a list has as many lines as the figure counts.
"""

import gzip
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from civic.scores.labels import SHARE_NAMES
from civic.scores.method.files import read_assignments, read_ratings
from civic.scores.method.inclusion import (
    Inclusion,
    Period,
    include_assignment,
    include_case,
    is_due_lead,
    is_response_due,
)
from civic.scores.method.published_shares import SHARE_BASES, list_marks
from civic.scores.method.rows import ClockRow, RatingRow

RATED_FIGURE = "satisfaction"
FIGURES = ("counted", "response", "resolution", "speed", "ownership", RATED_FIGURE, *SHARE_NAMES)


class Answer(StrEnum):
    """What a row says of a figure. An empty answer in `CaseLine`: it says nothing of that."""

    YES = "yes"
    NO = "no"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One row of a list: an assignment, or of the city's line a whole case; or a rating (`stars`)."""

    case: str
    category: str
    received_at: datetime
    answer: str
    response: str = ""
    response_due: datetime | None = None
    first_word_at: datetime | None = None
    resolution: str = ""
    resolution_due: datetime | None = None
    resolved_at: datetime | None = None
    seconds: int | None = None
    end_reason: str = ""
    marks: tuple[str, ...] = ()
    stars: int | None = None
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListWanted:
    """Whose list of which figure. `department` is "" for the city; `speed_categories`: those that `speed` counts."""

    department: str
    figure: str
    period: Period
    speed_categories: Collection[str]


def read_rows(packed: bytes, department: str) -> list[ClockRow]:
    """Read the rows of a department from a gzipped `assignments.csv`; of whole cases for the department ""."""
    header, *lines = gzip.decompress(packed).splitlines(keepends=True)
    # Most lines are of others: they are left out before they are parsed, which takes far longer.
    wanted = f",{department},".encode() if department else b"case,"
    kept = [line for line in lines if (wanted in line if department else line.startswith(wanted))]
    return [row for row in read_assignments(b"".join([header, *kept])) if row.department == department]


def read_department_ratings(packed: bytes, department: str) -> list[RatingRow]:
    """Read the ratings of a department from a gzipped `ratings.csv`; all for the department ""."""
    return [row for row in read_ratings(gzip.decompress(packed)) if department in ("", row.department)]


def list_rated(ratings: Iterable[RatingRow], wanted: ListWanted) -> list[CaseLine]:
    """List the ratings of the period, the latest first."""
    lines = [
        CaseLine(row.case, "", row.received_at, Answer.YES, stars=row.stars, given_at=row.given_at)
        for row in ratings
        if wanted.department in ("", row.department) and wanted.period[0] <= row.given_at < wanted.period[1]
    ]
    return sorted(lines, key=lambda line: (line.given_at or line.received_at, line.case), reverse=True)


def list_cases(rows: Iterable[ClockRow], wanted: ListWanted) -> list[CaseLine]:
    """List the rows of a figure, the latest receipt first."""
    of = "assignment" if wanted.department else "case"
    chosen = (row for row in rows if row.clock_of == of and row.department == wanted.department)
    lines = [line for row in chosen if (line := _make_line(row, wanted)) is not None]
    return sorted(lines, key=lambda line: (line.received_at, line.case), reverse=True)


def _make_line(row: ClockRow, wanted: ListWanted) -> CaseLine | None:
    include = include_assignment if wanted.department else include_case
    inclusion = include(row, wanted.period)
    marks = tuple(list_marks(row, wanted.period)) if wanted.department else ()
    answer = _answer(row, inclusion, marks, wanted)
    if answer is None:
        return None
    return CaseLine(
        case=row.case,
        category=row.category,
        received_at=row.received_at,
        answer=answer,
        response=_judge(inclusion.response, due=_is_response_due(row, wanted)),
        response_due=row.response_due,
        first_word_at=row.first_word_at,
        resolution=_judge(inclusion.resolution, due=_is_resolution_due(row, wanted)),
        resolution_due=row.resolution_due,
        resolved_at=row.resolved_at if row.standing else None,
        seconds=inclusion.seconds,
        end_reason=row.end_reason,
        marks=tuple(mark for mark in marks if mark in SHARE_NAMES),
    )


def _is_response_due(row: ClockRow, wanted: ListWanted) -> bool:
    if wanted.department:
        return is_response_due(row, wanted.period)
    return row.response_counts_at is not None and wanted.period[0] <= row.response_counts_at < wanted.period[1]


def _is_resolution_due(row: ClockRow, wanted: ListWanted) -> bool:
    if wanted.department:
        return is_due_lead(row, wanted.period)
    return row.resolution_counts_at is not None and wanted.period[0] <= row.resolution_counts_at < wanted.period[1]


def _judge(did_well: bool | None, *, due: bool) -> str:
    if did_well is None:
        return Answer.ASIDE if due else ""
    return Answer.YES if did_well else Answer.NO


def _answer(row: ClockRow, inclusion: Inclusion, marks: Collection[str], wanted: ListWanted) -> str | None:
    """Say what a row answers to the figure that is wanted; None if it is not in its list."""
    figure = wanted.figure
    if figure == "counted":
        return Answer.YES if inclusion.is_counted else None
    if figure == "response":
        return _judge(inclusion.response, due=_is_response_due(row, wanted)) or None
    if figure == "resolution":
        return _judge(inclusion.resolution, due=_is_resolution_due(row, wanted)) or None
    if figure == "speed":
        counts = inclusion.resolution is not None and row.category in wanted.speed_categories
        return _judge(inclusion.seconds is not None, due=True) if counts else None
    if figure == "ownership":
        return _judge(inclusion.ownership, due=False) or None
    if SHARE_BASES[figure] not in marks:
        return None
    return Answer.YES if figure in marks else Answer.NO


def count_answers(lines: Iterable[CaseLine]) -> dict[str, int]:
    """Count the lines by their answer."""
    counts = dict.fromkeys(map(str, Answer), 0)
    for line in lines:
        counts[line.answer] += 1
    return counts


def cut_page(lines: list[CaseLine], after: int, size: int) -> tuple[list[CaseLine], int | None]:
    """Return the lines of a page that begins `after` so many, and where the next one begins."""
    end = after + size
    return lines[after:end], end if end < len(lines) else None
