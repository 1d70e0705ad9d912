"""The two published files, row by row: `assignments.csv` and `ratings.csv`.

Both are UTF-8 with a header line and "\\n" line ends. An instant is UTC in ISO 8601 and ends in Z; it has six
digits of microseconds unless they are zero. True is 1 and false is 0; a missing value is an empty cell. The
order of the rows is fixed, so that the same rows are always the same bytes. docs/method.md explains each column.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter

ASSIGNMENTS_FILE, RATINGS_FILE = "assignments.csv", "ratings.csv"

TAKEN_AWAY_ENDS = frozenset({"handed_over", "returned", "reassigned", "closed"})
"""Ends by which a department lost a case: it handed the case over or returned it to triage, a dispatcher
reassigned it, or somebody else closed it."""

PASSED_ON_ENDS = frozenset({"handed_over", "returned"})
"""Ends by which a department itself passed the case on."""

ASSIGNMENT_ENDS = TAKEN_AWAY_ENDS | {"open", "resolved", "declined", "done"}
CASE_ENDS = frozenset({"open", "resolved", "declined"})

MAX_WORKED_SECONDS = 2**40
"""Every working time is shorter; below this limit all sums of the method are exact."""

# Each value can be written in one way only: otherwise two different files could hold the same rows.
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class ClockRow:
    """One clock: of a department's assignment (`clock_of` assignment) or of a whole case (`clock_of` case).

    The row of a case has no department and no role, and its id is the case's number. `worked_s` is the working
    time from `started_at` to `resolved_at` in whole seconds, without the time of waiting for the reporter.
    `handovers` leaves out those that a dispatcher marked as misrouted.
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
    """The latest handling rating that one reporter gave one case: 1 to 5 stars. The reporter is not named.

    `departments` are those that had resolved or declined the case by then.
    """

    id: str
    case: str
    departments: tuple[str, ...]
    stars: int
    given_at: datetime


def clock_order(row: ClockRow) -> tuple[str, datetime, str, str]:
    """Sort key: assignments before cases, each by start, then by case and id as text."""
    return row.clock_of, row.started_at, row.case, row.id


def rating_order(row: RatingRow) -> tuple[datetime, str, str]:
    """Sort key: by time, then by case and id as text."""
    return row.given_at, row.case, row.id


def format_instant(moment: datetime) -> str:
    """Write an instant as the files do: 2024-03-01T08:30:00Z. Raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    # Cutting the text is quicker than removing the zone first, and a year's file has 150,000 instants.
    return moment.astimezone(UTC).isoformat()[:-6] + "Z"


def write_assignments(rows: Iterable[ClockRow]) -> bytes:
    """Return the bytes of `assignments.csv`. Raises ValueError for contradictory rows and repeated ids."""
    ordered = sorted(rows, key=clock_order)
    for row in ordered:
        _raise_first(_clock_faults(row), f"{row.clock_of} {row.id}")
    _check_unique(((row.clock_of, row.id) for row in ordered), ASSIGNMENTS_FILE)
    return _write_csv(ClockRow, map(_clock_cells, ordered))


def write_ratings(rows: Iterable[RatingRow]) -> bytes:
    """Return the bytes of `ratings.csv`. Raises ValueError as `write_assignments` does."""
    ordered = sorted(rows, key=rating_order)
    for row in ordered:
        _raise_first(_rating_faults(row), f"rating {row.id}")
    _check_unique((row.id for row in ordered), RATINGS_FILE)
    return _write_csv(RatingRow, map(_rating_cells, ordered))


def read_assignments(data: bytes) -> list[ClockRow]:
    """Parse `assignments.csv`. Raises ValueError that names the line, for anything that is not such a file."""
    rows = [_parse_clock(cells, line) for line, cells in _read_csv(ClockRow, data, ASSIGNMENTS_FILE)]
    _check_unique(((row.clock_of, row.id) for row in rows), ASSIGNMENTS_FILE)
    return rows


def read_ratings(data: bytes) -> list[RatingRow]:
    """Parse `ratings.csv`. Raises ValueError as `read_assignments` does."""
    rows = [_parse_rating(cells, line) for line, cells in _read_csv(RatingRow, data, RATINGS_FILE)]
    _check_unique((row.id for row in rows), RATINGS_FILE)
    return rows


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# -- what a row may say ----------------------------------------------------------------------------


SLUG_FAULT = "a department's slug is printable and without spaces"


def _clock_faults(row: ClockRow) -> Iterator[str]:
    is_case = row.clock_of == "case"
    if row.clock_of not in ("case", "assignment"):
        yield "clock_of is case or assignment"
    if row.role not in (("",) if is_case else ("lead", "support")) or bool(row.department) == is_case:
        yield "an assignment has a department and the role lead or support, a case has neither"
    if row.end_reason not in (CASE_ENDS if is_case else ASSIGNMENT_ENDS):
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


def _resolution_faults(row: ClockRow, is_case: bool) -> Iterator[str]:
    resolved = row.resolved_at is not None
    if resolved != (row.end_reason == "resolved") or (row.standing and not resolved):
        yield "resolved_at is given, and may stand, when the end_reason is resolved, and only then"
    if is_case and resolved != row.standing:
        yield "a case is resolved only by a resolution that stands"
    if resolved != (row.worked_s is not None) or not 0 <= (row.worked_s or 0) < MAX_WORKED_SECONDS:
        yield "worked_s is whole seconds, given with resolved_at"
    if row.role == "support" and row.end_reason in ("resolved", "declined"):
        yield "a support department neither resolves nor declines"
    if row.decline_overturned and (row.end_reason == "declined") == is_case:
        yield "decline_overturned is for an assignment that declined, or for a case that is no longer declined"


def _handover_faults(row: ClockRow, is_case: bool) -> Iterator[str]:
    on = row.end_reason in PASSED_ON_ENDS
    if row.misrouted and not on:
        yield "misrouted is for an assignment that was handed over or returned"
    if row.handovers < 0 or (not is_case and row.handovers != int(on and not row.misrouted)):
        yield "handovers is 1 for an assignment handed over or returned and not misrouted, else 0"


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


def _raise_first(faults: Iterator[str], where: str) -> None:
    fault = next(faults, None)
    if fault is not None:
        raise ValueError(f"{where}: {fault}")


def _check_unique(keys: Iterable[object], file: str) -> None:
    seen: set[object] = set()
    for key in keys:
        if key in seen:
            raise ValueError(f"{file}: {key} occurs twice")
        seen.add(key)


# -- cells -----------------------------------------------------------------------------------------


def _write_csv(row_type: type[ClockRow | RatingRow], lines: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(row_type))
    writer.writerows(lines)
    return out.getvalue().encode()


def _read_csv(row_type: type[ClockRow | RatingRow], data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
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


_clock_values = attrgetter(*(field.name for field in fields(ClockRow)))


def _clock_cells(row: ClockRow) -> list[str]:
    return [_format_cell(value) for value in _clock_values(row)]


def _format_cell(value: str | int | datetime | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return format_instant(value) if isinstance(value, datetime) else str(int(value))


def _parse_clock(cells: list[str], line: int) -> ClockRow:
    try:
        row = ClockRow(
            clock_of=cells[0],
            id=cells[1],
            case=cells[2],
            department=cells[3],
            category=cells[4],
            role=cells[5],
            started_at=_parse_instant(cells[6]),
            response_due=_parse_optional(cells[7]),
            first_word_at=_parse_optional(cells[8]),
            resolution_due=_parse_optional(cells[9]),
            resolved_at=_parse_optional(cells[10]),
            standing=_parse_truth(cells[11]),
            ended_at=_parse_optional(cells[12]),
            end_reason=cells[13],
            misrouted=_parse_truth(cells[14]),
            decline_overturned=_parse_truth(cells[15]),
            handovers=_parse_whole(cells[16]),
            worked_s=_parse_whole(cells[17]) if cells[17] else None,
        )
        _raise_first(_clock_faults(row), f"{row.clock_of} {row.id}")
    except ValueError as error:
        raise ValueError(f"{ASSIGNMENTS_FILE} line {line}: {error}") from error
    return row


def _rating_cells(row: RatingRow) -> list[str]:
    return [row.id, row.case, " ".join(row.departments), str(row.stars), format_instant(row.given_at)]


def _parse_rating(cells: list[str], line: int) -> RatingRow:
    try:
        departments = tuple(cells[2].split(" ")) if cells[2] else ()
        row = RatingRow(cells[0], cells[1], departments, _parse_whole(cells[3]), _parse_instant(cells[4]))
        _raise_first(_rating_faults(row), f"rating {row.id}")
    except ValueError as error:
        raise ValueError(f"{RATINGS_FILE} line {line}: {error}") from error
    return row


def _parse_instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text) or text.endswith(".000000Z"):
        raise ValueError(f"{text!r} is not an instant as 2024-03-01T08:30:00Z")
    return datetime.fromisoformat(text)


def _parse_optional(text: str) -> datetime | None:
    return _parse_instant(text) if text else None


def _parse_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _parse_truth(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text!r} is neither 0 nor 1")
    return text == "1"
