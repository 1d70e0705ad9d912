"""Tables as CSV for people: their spreadsheet program knows the encoding, and runs nothing of what is in them."""

import codecs
import csv
import io
import unicodedata
from collections.abc import Mapping, Sequence

from civic.text import UNSEEN_CHARACTERS

Value = str | float | None
Cells = Mapping[str, Value]
CSV_TYPE = "text/csv; charset=utf-8"


def write_spreadsheet(rows: Sequence[Cells], columns: Sequence[str] = ()) -> bytes:
    """Write the rows under these columns (else those that they have), with the byte order mark that Excel needs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(columns) or list(dict.fromkeys(name for row in rows for name in row))
    writer.writerow(map(escape_cell, names))
    writer.writerows([escape_cell(row.get(name)) for name in names] for row in rows)
    return codecs.BOM_UTF8 + out.getvalue().encode()


def escape_cell(value: Value) -> str:
    """Write a value; a text that a spreadsheet program would take for a formula gets an apostrophe before it.

    Programs for East Asia take full-width signs as they take the narrow ones, and blanks before a sign are skipped.
    """
    text = "" if value is None else str(value)
    if not isinstance(value, str) or not text:
        return text
    shown = unicodedata.normalize("NFKC", UNSEEN_CHARACTERS.sub("", text)).lstrip()
    return f"'{text}" if shown.startswith(("=", "+", "-", "@")) or text[0] in "\t\r\n" else text
