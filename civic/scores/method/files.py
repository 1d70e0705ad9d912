"""`assignments.csv` and `ratings.csv`: from rows to bytes and back.

Both are UTF-8 without a byte order mark, with a header line and "\\n" line ends. An instant is UTC in ISO 8601 and ends
in Z; it has six digits of microseconds unless they are zero. True is 1 and false is 0; a missing value is an empty
cell. Each value can be written in one way only and the order of the rows is fixed, so that the same rows are always the
same bytes.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from civic.scores.method.rows import (
    ClockRow,
    RatingRow,
    clock_order,
    list_clock_faults,
    list_rating_faults,
    rating_order,
)

ASSIGNMENTS_FILE, RATINGS_FILE = "assignments.csv", "ratings.csv"

# Digits that are told apart by place only: twice as fast as a regular expression, for a million instants.
_DIGITS = str.maketrans("123456789", "0" * 9)
_INSTANT_FORMS = ("0000-00-00T00:00:00Z", "0000-00-00T00:00:00.000000Z")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_Row = TypeVar("_Row", ClockRow, RatingRow)
_REMEMBERED_INSTANTS = 4096  # a row says the same instant several times


def format_instant(moment: datetime) -> str:
    """Write an instant as the files do: 2024-03-01T08:30:00Z. Raises ValueError for one without a time zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    # Cutting the text is quicker than removing the zone first, and a year's file has a million instants.
    return moment.astimezone(UTC).isoformat()[:-6] + "Z"


@lru_cache(_REMEMBERED_INSTANTS)
def parse_instant(text: str) -> datetime:
    """Read an instant of the years 1900 to 2999 as `format_instant` writes it. Raises ValueError for anything else."""
    is_written_so = text.translate(_DIGITS) in _INSTANT_FORMS and not text.endswith(".000000Z")
    if not is_written_so or not "1900" <= text < "3":
        raise ValueError(f"{text[:40]!r} is not an instant as 2024-03-01T08:30:00Z")
    return datetime.fromisoformat(text)


def write_assignments(rows: Iterable[ClockRow]) -> bytes:
    """Return the bytes of `assignments.csv`. Raises ValueError for impossible rows and repeated ids."""
    ordered = sorted(rows, key=clock_order)
    file = _write_csv(ClockRow._fields, ordered)
    for _row in read_assignments(file):  # what cannot be read is not published
        pass
    return file


def write_ratings(rows: Iterable[RatingRow]) -> bytes:
    """Return the bytes of `ratings.csv`. Raises ValueError as `write_assignments` does."""
    ordered = sorted(rows, key=rating_order)
    file = _write_csv(RatingRow._fields, ordered)
    for _row in read_ratings(file):
        pass
    return file


def read_assignments(data: bytes) -> Iterator[ClockRow]:
    """Read `assignments.csv` row by row. Raises ValueError that names the line, for anything but such a file."""
    last: tuple[str, datetime, str, str] | None = None
    seen: dict[str, set[str]] = {"assignment": set(), "case": set()}
    for line, cells in _read_csv(ClockRow._fields, data, ASSIGNMENTS_FILE):
        row = _at_line(ASSIGNMENTS_FILE, line, _parse_clock, cells)
        order, ids = clock_order(row), seen[row.clock_of]
        if row.id in ids:
            raise ValueError(f"{ASSIGNMENTS_FILE} line {line}: {row.clock_of} {row.id} occurs twice")
        if last is not None and order <= last:
            raise ValueError(f"{ASSIGNMENTS_FILE} line {line}: the row is not in its place in the order")
        last = order
        ids.add(row.id)
        yield row


def read_ratings(data: bytes) -> Iterator[RatingRow]:
    """Read `ratings.csv` row by row. Raises ValueError as `read_assignments` does."""
    last: tuple[datetime, str, str] | None = None
    seen: set[str] = set()
    for line, cells in _read_csv(RatingRow._fields, data, RATINGS_FILE):
        row = _at_line(RATINGS_FILE, line, _parse_rating, cells)
        order = rating_order(row)
        if row.id in seen:
            raise ValueError(f"{RATINGS_FILE} line {line}: rating {row.id} occurs twice")
        if last is not None and order <= last:
            raise ValueError(f"{RATINGS_FILE} line {line}: the row is not in its place in the order")
        last = order
        seen.add(row.id)
        yield row


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# -- cells -----------------------------------------------------------------------------------------


def _write_csv(header: Iterable[str], rows: Iterable[ClockRow] | Iterable[RatingRow]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_format_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _format_cell(value: str | int | datetime | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return format_instant(value) if isinstance(value, datetime) else str(int(value))


def _read_csv(header: Iterable[str], data: bytes, file: str) -> Iterator[tuple[int, list[str]]]:
    names = list(header)
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")
    reader = csv.reader(text, strict=True)
    try:
        if next(reader, None) != names:
            raise ValueError(f"{file}: the first line must be {','.join(names)}")
        for cells in reader:
            if len(cells) != len(names):
                raise ValueError(f"{file} line {reader.line_num}: {len(cells)} cells instead of {len(names)}")
            yield reader.line_num, cells
    except csv.Error as error:
        raise ValueError(f"{file} line {reader.line_num}: {error}") from error
    if b"\r" in data or not data.endswith(b"\n") or data.startswith(b"\xef\xbb\xbf"):
        raise ValueError(f"{file}: every line ends in one line feed, and there is no byte order mark")


def _at_line(file: str, line: int, parse: Callable[[list[str]], _Row], cells: list[str]) -> _Row:
    try:
        return parse(cells)
    except ValueError as error:
        raise ValueError(f"{file} line {line}: {error}") from error


def _parse_clock(cells: list[str]) -> ClockRow:
    """Read the cells in the order of the columns: by place, because a year's file has four million of them."""
    values: list[str | int | datetime | None] = [
        *cells[:7],
        *map(parse_instant, cells[7:10]),
        *_parse_optional(cells[10:14]),
        _parse_whole(cells[14]) if cells[14] else None,
        *_parse_optional(cells[15:18]),
        _parse_truth(cells[18]),
        *_parse_optional(cells[19:20]),
        *cells[20:22],
        *map(_parse_truth, cells[22:25]),
        *_parse_optional(cells[25:26]),
        _parse_truth(cells[26]),
        _parse_whole(cells[27]),
        cells[28],
        _parse_truth(cells[29]),
        _parse_whole(cells[30]),
    ]
    row = ClockRow._make(values)
    for fault in list_clock_faults(row):
        raise ValueError(f"{row.clock_of} {row.id}: {fault}")
    return row


def _parse_rating(cells: list[str]) -> RatingRow:
    rating_id, case, received_at, department, stars, given_at = cells
    row = RatingRow(
        rating_id, case, parse_instant(received_at), department, _parse_whole(stars), parse_instant(given_at)
    )
    for fault in list_rating_faults(row):
        raise ValueError(f"rating {row.id}: {fault}")
    return row


def _parse_optional(texts: list[str]) -> list[datetime | None]:
    return [parse_instant(text) if text else None for text in texts]


def _parse_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(text)


def _parse_truth(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"{text[:40]!r} is neither 0 nor 1")
    return text == "1"
