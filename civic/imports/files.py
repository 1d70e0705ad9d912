"""Reading the rows of a file: JSON or CSV, plain or gzip, in any encoding, told apart by the first bytes."""

import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

from civic.i18n import gettext as _
from civic.imports.csv_rows import CsvRows
from civic.imports.encoding import KEEP, find_encoding
from civic.imports.json_rows import JsonObjects, is_document, read_json_lines
from civic.imports.lines import Lines
from civic.imports.mapping import ImportFault, ImportMapping
from civic.imports.rejects import REJECTED, reread
from civic.imports.source_rows import SourceRow
from civic.imports.timestamps import Timestamps, UnreadableTimestamp
from civic.suggestions import name_one_of

GZIP_MAGIC = b"\x1f\x8b"
SAMPLE_ROWS = 1000  # every column of the mapping has to occur in these
HEAD_BYTES = 2**18
# Files that people try to import, by their first bytes.
OTHER_FORMATS = {
    b"PK\x03\x04": "ZIP",
    b"\xd0\xcf\x11\xe0": "Excel (.xls)",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
    b"%PDF": "PDF",
    b"PAR1": "Parquet",
    b"SQLite format 3": "SQLite",
    b"<": "XML, HTML",
}
WORKBOOK_PARTS = (b"[Content_Types].xml", b"xl/", b"_rels/", b"docProps/")


class SourceFile:
    """A file being read. `position` bytes of `size` are read, counted on the disk (before unpacking).

    `lines` counts the physical lines, and `header_lines` those before the rows, unless the file is a JSON document.
    """

    def __init__(self, path: Path, mapping: ImportMapping) -> None:
        self.path, self.mapping = path, mapping
        self.lines: Lines | None = None
        self.header_lines = 0
        try:
            self._raw: IO[bytes] = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise ImportFault(f"{path}: {error.strerror or error}") from error

    def close(self) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        return self._raw.tell()

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row. Raises ImportFault if the file is broken, ends too early or is something else."""
        try:
            packed = self._raw.read(2) == GZIP_MAGIC
            self._raw.seek(0)
            content: IO[bytes] = io.BufferedReader(gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
            head = content.read(HEAD_BYTES)
            content.seek(0)
            yield from self._rows(content, head)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImportFault(_("%(path)s: the file is broken, or ends too early.", path=self.path)) from error
        except IsADirectoryError as error:
            raise ImportFault(f"{self.path}: {error.strerror}") from error

    def _rows(self, content: IO[bytes], head: bytes) -> Iterator[SourceRow]:
        self._refuse_other_formats(head)
        if len(head) == HEAD_BYTES:
            head = head[: head.rfind(b"\n") + 1] or head
        rejected = REJECTED.match(head) is not None
        said = "utf-8" if rejected else self.mapping.encoding
        encoding = find_encoding(head, said, self.mapping.language, self.path)
        text = io.TextIOWrapper(content, encoding, errors=KEEP, newline="")
        try:
            begin = head.decode(encoding, KEEP)
            if not rejected and self._is_csv(begin):
                yield from self._csv(Lines(text))
            elif is_document(begin):
                yield from JsonObjects(text)
            else:
                yield from self._json(Lines(text))
        finally:
            text.detach()  # `close` closes the file

    def _refuse_other_formats(self, head: bytes) -> None:
        name = next((name for magic, name in OTHER_FORMATS.items() if head.lstrip().startswith(magic)), None)
        if name == "ZIP" and any(part in head[:4096] for part in WORKBOOK_PARTS):
            name = "Excel (.xlsx)"
        if name and name.startswith("Excel"):
            how = _("Save it as “CSV UTF-8” and import that.")
        else:
            how = _("JSON, GeoJSON or CSV is wanted, plain or packed with gzip.")
        if name:
            raise ImportFault(_("%(path)s is %(format)s.", path=self.path, format=name) + " " + how)

    def _is_csv(self, begin: str) -> bool:
        if self.mapping.format != "auto":
            return self.mapping.format == "csv"
        return not begin.lstrip("\ufeff\x1e \t\r\n").startswith(("{", "["))

    def _json(self, lines: Lines) -> Iterator[SourceRow]:
        self.lines = lines
        return read_json_lines(lines, lambda record, line: reread(record, line, self._csv_rows))

    def _csv(self, lines: Lines) -> Iterator[SourceRow]:
        rows = self._csv_rows(lines)
        self.lines = lines
        if not rows.read_header():
            return
        self.header_lines = rows.header_lines
        self.check_columns(set(rows.header))
        yield from rows

    def _csv_rows(self, lines: Lines) -> CsvRows:
        columns, timestamps = self.mapping.columns, Timestamps(self.mapping.times)

        def is_row(values: Mapping[str, str]) -> bool:
            row = SourceRow(0, values)
            try:
                timestamps.read(row.value(columns.received), columns.received.time)
            except UnreadableTimestamp:
                return False
            return bool(row.value(columns.id))

        return CsvRows(lines, self.mapping, is_row)

    def check_columns(self, have: Collection[str]) -> None:
        """Raise ImportFault if the file lacks a column of the mapping."""
        missing = [names[0] for names in self.mapping.needed_columns if not set(names).intersection(have)]
        if missing:
            raise ImportFault("\n".join(_no_column(name, have) for name in missing))


def _no_column(name: str, have: Collection[str]) -> str:
    return _("The file has no column “%(name)s”.", name=name) + name_one_of(name, have)
