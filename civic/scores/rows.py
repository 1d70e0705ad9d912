"""The two published files, row by row: `stints.csv` and `ratings.csv`.

Both are UTF-8 with a header line and "\\n" line ends. An instant is UTC ISO 8601 ending in Z, with six
digits of microseconds if there are any; a truth is 1 or 0; what is not there is empty. Rows are in one
order, so that the same rows are the same bytes. What each column means is in docs/method.md.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

STINTS_FILE, RATINGS_FILE = "stints.csv", "ratings.csv"

TAKEN_AWAY = frozenset({"handed_over", "returned", "reassigned", "closed"})
"""Ends by which a department lost a case: by its own handover, by giving it back to triage, by a
dispatcher's reassignment, or because somebody else closed the case."""

HANDED_ON = frozenset({"handed_over", "returned"})
"""Ends by which a department passed the case on of its own accord."""

STINT_ENDS = TAKEN_AWAY | {"open", "resolved", "declined", "done"}
CASE_ENDS = frozenset({"open", "resolved", "declined"})

LONGEST = 2**40
"""Seconds that no stint reaches; below it all sums of the method are exact."""

# one value has one writing, or two different files could hold the same rows
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class StintRow:
    """One clock: a department's turn at a case (`clock_of` stint), or a whole case (`clock_of` case).

    A case has no department and no role, and its id is its number. `worked_s` is whole seconds of working
    time from `started_at` to `resolved_at`, without the time spent waiting for the reporter. `handovers`
    counts those that no dispatcher marked as misrouted.
    """

    clock_of: str
    id: str
    case: str
    department: str
    category: str
    role: str
    started_at: datetime
    response_due: datetime | None
    first_word_at: datetime | None
    resolution_due: datetime | None
    resolved_at: datetime | None
    standing: bool
    ended_at: datetime | None
    end_reason: str
    misrouted: bool
    decline_overturned: bool
    handovers: int
    worked_s: int | None


@dataclass(frozen=True, slots=True)
class RatingRow:
    """What one reporter last said of how one case was handled: 1 to 5 stars, without the reporter.

    `departments` are those that had resolved or declined the case when the stars were given.
    """

    id: str
    case: str
    departments: tuple[str, ...]
    stars: int
    given_at: datetime


def stint_order(row: StintRow) -> tuple[Any, ...]:
    """Cases before stints, each from the earliest start; then by case and by id, as text."""
    return row.clock_of, row.started_at, row.case, row.id


def rating_order(row: RatingRow) -> tuple[Any, ...]:
    """From the earliest given; then by case and by id, as text."""
    return row.given_at, row.case, row.id


def instant(moment: datetime) -> str:
    """An aware moment in the files' form, 2024-03-01T08:30:00Z. Raises ValueError for one without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    # the slice is cheaper than taking the zone away first, and a year's file has 150,000 of them
    return moment.astimezone(UTC).isoformat()[:-6] + "Z"


def write_stints(rows: Iterable[StintRow]) -> bytes:
    """The bytes of `stints.csv`. Raises ValueError for a row that contradicts itself or an id used twice."""
    ordered = sorted(rows, key=stint_order)
    for row in ordered:
        _refuse(_stint_faults(row), f"{row.clock_of} {row.id}")
    _refuse_twice(((row.clock_of, row.id) for row in ordered), STINTS_FILE)
    return _write(StintRow, map(_stint_cells, ordered))


def write_ratings(rows: Iterable[RatingRow]) -> bytes:
    """The bytes of `ratings.csv`. Raises ValueError as `write_stints` does."""
    ordered = sorted(rows, key=rating_order)
    for row in ordered:
        _refuse(_rating_faults(row), f"rating {row.id}")
    _refuse_twice((row.id for row in ordered), RATINGS_FILE)
    return _write(RatingRow, map(_rating_cells, ordered))


def read_stints(data: bytes) -> list[StintRow]:
    """The rows of `stints.csv`. Raises ValueError, naming the line, for anything that is not such a file."""
    rows = [_stint_row(cells, line) for line, cells in _read(StintRow, data, STINTS_FILE)]
    _refuse_twice(((row.clock_of, row.id) for row in rows), STINTS_FILE)
    return rows


def read_ratings(data: bytes) -> list[RatingRow]:
    """The rows of `ratings.csv`. Raises ValueError as `read_stints` does."""
    rows = [_rating_row(cells, line) for line, cells in _read(RatingRow, data, RATINGS_FILE)]
    _refuse_twice((row.id for row in rows), RATINGS_FILE)
    return rows


def sha256(data: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# -- what a row may say ----------------------------------------------------------------------------


SLUG_FAULT = "a department's slug is printable and without spaces"


def _stint_faults(row: StintRow) -> Iterator[str]:
    is_case = row.clock_of == "case"
    if row.clock_of not in ("case", "stint"):
        yield "clock_of is case or stint"
    if row.role not in (("",) if is_case else ("lead", "support")) or bool(row.department) == is_case:
        yield "a stint has a department and the role lead or support, a case has neither"
    if row.end_reason not in (CASE_ENDS if is_case else STINT_ENDS):
        yield f"unknown end_reason {row.end_reason!r}"
    if (row.ended_at is None) != (row.end_reason == "open"):
        yield "ended_at is empty when the end_reason is open, and only then"
    yield from _resolution_faults(row, is_case)
    yield from _handover_faults(row, is_case)
    yield from _text_faults(row.id, row.case)
    if not row.category.isprintable():
        yield "a category is printable"
    if " " in row.department or not row.department.isprintable():
        yield SLUG_FAULT


def _resolution_faults(row: StintRow, is_case: bool) -> Iterator[str]:
    resolved = row.resolved_at is not None
    if resolved != (row.end_reason == "resolved") or (row.standing and not resolved):
        yield "resolved_at is given, and may stand, when the end_reason is resolved, and only then"
    if is_case and resolved != row.standing:
        yield "a case is resolved only by a resolution that stands"
    if resolved != (row.worked_s is not None) or not 0 <= (row.worked_s or 0) < LONGEST:
        yield "worked_s is whole seconds, given with resolved_at"
    if row.role == "support" and row.end_reason in ("resolved", "declined"):
        yield "a support department neither resolves nor declines"
    if row.decline_overturned and (row.end_reason == "declined") == is_case:
        yield "decline_overturned is said of a stint that declined, or of a case that is declined no more"


def _handover_faults(row: StintRow, is_case: bool) -> Iterator[str]:
    on = row.end_reason in HANDED_ON
    if row.misrouted and not on:
        yield "misrouted is said of a stint that was handed over or returned"
    if row.handovers < 0 or (not is_case and row.handovers != int(on and not row.misrouted)):
        yield "handovers is 1 for a stint handed over or returned and not misrouted, else 0"


def _rating_faults(row: RatingRow) -> Iterator[str]:
    if not 1 <= row.stars <= 5:
        yield "stars are 1 to 5"
    if list(row.departments) != sorted(set(row.departments)):
        yield "departments are named once each, in order"
    yield from _slug_faults(row.departments)
    yield from _text_faults(row.id, row.case)


def _text_faults(*texts: str) -> Iterator[str]:
    if not (all(texts) and "".join(texts).isprintable()):
        yield "id, case and category are printable and not empty"


def _slug_faults(slugs: Iterable[str]) -> Iterator[str]:
    if not all(slug.isprintable() and slug and " " not in slug for slug in slugs):
        yield SLUG_FAULT


def _refuse(faults: Iterator[str], where: str) -> None:
    fault = next(faults, None)
    if fault is not None:
        raise ValueError(f"{where}: {fault}")


def _refuse_twice(keys: Iterable[object], file: str) -> None:
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"{file}: {key} comes twice")
        seen.add(key)


# -- cells -----------------------------------------------------------------------------------------


def _write(row_type: type[Any], lines: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(row_type))
    writer.writerows(lines)
    return out.getvalue().encode()


def _read(row_type: type[Any], data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    header = [field.name for field in fields(row_type)]
    reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    try:
        if next(reader, None) != header:
            raise ValueError(f"{file}: the first line must be {','.join(header)}")
        for cells in reader:
            if len(cells) != len(header):
                raise ValueError(f"{file} line {reader.line_num}: {len(cells)} cells instead of {len(header)}")
            yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"{file} line {reader.line_num}: {error}") from error


def _stint_cells(row: StintRow) -> list[str]:
    return [
        *(row.clock_of, row.id, row.case, row.department, row.category, row.role),
        *(instant(row.started_at), _maybe(row.response_due), _maybe(row.first_word_at)),
        *(_maybe(row.resolution_due), _maybe(row.resolved_at), str(int(row.standing)), _maybe(row.ended_at)),
        *(row.end_reason, str(int(row.misrouted)), str(int(row.decline_overturned)), str(row.handovers)),
        "" if row.worked_s is None else str(row.worked_s),
    ]


def _stint_row(cells: list[str], line: int) -> StintRow:
    try:
        row = StintRow(
            clock_of=cells[0],
            id=cells[1],
            case=cells[2],
            department=cells[3],
            category=cells[4],
            role=cells[5],
            started_at=_moment(cells[6]),
            response_due=_moment_if_any(cells[7]),
            first_word_at=_moment_if_any(cells[8]),
            resolution_due=_moment_if_any(cells[9]),
            resolved_at=_moment_if_any(cells[10]),
            standing=_truth(cells[11]),
            ended_at=_moment_if_any(cells[12]),
            end_reason=cells[13],
            misrouted=_truth(cells[14]),
            decline_overturned=_truth(cells[15]),
            handovers=_whole(cells[16]),
            worked_s=_whole(cells[17]) if cells[17] else None,
        )
        _refuse(_stint_faults(row), f"{row.clock_of} {row.id}")
    except ValueError as error:
        raise ValueError(f"{STINTS_FILE} line {line}: {error}") from error
    return row


def _rating_cells(row: RatingRow) -> list[str]:
    return [row.id, row.case, " ".join(row.departments), str(row.stars), instant(row.given_at)]


def _rating_row(cells: list[str], line: int) -> RatingRow:
    try:
        departments = tuple(cells[2].split(" ")) if cells[2] else ()
        row = RatingRow(cells[0], cells[1], departments, _whole(cells[3]), _moment(cells[4]))
        _refuse(_rating_faults(row), f"rating {row.id}")
    except ValueError as error:
        raise ValueError(f"{RATINGS_FILE} line {line}: {error}") from error
    return row


def _maybe(moment: datetime | None) -> str:
    return "" if moment is None else instant(moment)


def _moment(text: str) -> datetime:
    if not _INSTANT.fullmatch(text) or text.endswith(".000000Z"):
        raise ValueError(f"{text!r} is not an instant as 2024-03-01T08:30:00Z")
    return datetime.fromisoformat(text)


def _moment_if_any(text: str) -> datetime | None:
    return _moment(text) if text else None


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _truth(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"
