"""Refused rows: written with their reasons, and read again as they are.

A line of such a file is `{"line", "lines", "id", "column", "reason", "row"}`. What could not be read as a row has, in
place of the values of `row`, its lines as they stood in the file, `raw`; of CSV `header` and `delimiter`, too. Either
may be corrected where it stands.
"""

import io
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from pydantic import BaseModel, Field, ValidationError

from civic.i18n import gettext as _
from civic.imports.csv_rows import CsvRows
from civic.imports.json_rows import json_row
from civic.imports.lines import Lines
from civic.imports.mapping import ImportFault
from civic.imports.source_rows import SourceRow, flatten_object

REJECTED = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{"line": ?\d+, ?"lines": ?\d+, ?"')
MAX_FILES = 100_000


def open_rejects(path: Path) -> tuple[Path, IO[str]]:
    """Open a new file that only its owner can read, at `path` or, if there is a file, with a number in its name.

    Raises ImportFault if it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, MAX_FILES):
            one = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
            try:
                descriptor = os.open(one, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            # Half a character that could not be decoded is written as JSON escapes it.
            return one, os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ImportFault(f"{path}: {error.strerror or error}") from error
    raise ImportFault(_("There are too many files of refused rows beside %(path)s.", path=path))


def write_rejected(file: IO[str], row: SourceRow, row_id: str, column: str, reason: str) -> None:
    """Write a row that was refused, so that nothing of it is lost."""
    record: dict[str, object] = {"line": row.line, "lines": row.lines, "id": row_id, "column": column, "reason": reason}
    if row.part:
        record["part"] = row.part
    record["row"] = row.values
    if row.wrong:
        record["raw"] = row.raw
    if row.wrong and row.header:
        record |= {"header": row.header, "delimiter": row.delimiter}
    file.write(json.dumps(record, ensure_ascii=False) + "\n")


class RejectedRow(BaseModel):
    """The record of a refused row, as far as it is read again."""

    line: int
    lines: int
    reason: str
    row: dict[str, object]
    raw: str = ""
    header: tuple[str, ...] = ()
    delimiter: str = Field(",", min_length=1, max_length=1)


def reread(record: Mapping[str, object], line: int, read_csv: Callable[[Lines], CsvRows]) -> SourceRow:
    """The row that an object is: if it is the record of a refused row, that row; `line` is where it stands."""
    try:
        rejected = RejectedRow.model_validate(record)
    except ValidationError:
        return SourceRow(line, flatten_object(record))
    return _reread(rejected, line, read_csv)


def _reread(rejected: RejectedRow, line: int, read_csv: Callable[[Lines], CsvRows]) -> SourceRow:
    if rejected.row:
        return SourceRow(line, flatten_object(rejected.row))
    raw = rejected.raw
    if not rejected.header:
        return json_row(raw, line)
    rows = read_csv(Lines(io.StringIO(raw, newline="")))
    rows.header, rows.delimiter = rejected.header, rejected.delimiter
    read = list(rows)
    if len(read) == 1:
        return replace(read[0], line=line, lines=1)
    wrong = read[0].wrong if read else _("This line is not valid CSV: %(error)s", error="")
    return SourceRow(line, {}, wrong, raw=raw, header=rows.header, delimiter=rows.delimiter)
