"""Reading the rows of a file: JSON lines or CSV, plain or gzip, told apart by the first bytes."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from civic.i18n import gettext as _
from civic.imports.mapping import ImportFault, ImportMapping
from civic.suggestions import name_one_of

GZIP_MAGIC = b"\x1f\x8b"
MAX_CELL_CHARS = 2**20
SAMPLE_ROWS = 1000  # every column of the mapping has to occur in these


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file: texts by column, or, in `wrong`, why it cannot be read. `line` is where it ends, from 1."""

    line: int
    values: dict[str, str]
    wrong: str = ""


class SourceFile:
    """A file being read. `position` bytes of `size` are read, counted on the disk (before unpacking)."""

    def __init__(self, path: Path, mapping: ImportMapping) -> None:
        self.path, self.mapping = path, mapping
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
        """Yield every row. Raises ImportFault if the file is broken or ends too early."""
        packed = self._raw.read(2) == GZIP_MAGIC
        self._raw.seek(0)
        content: Any = io.BufferedReader(gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        try:
            yield from self._csv(content) if self._is_csv(content) else self._json(content)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ImportFault(_("%(path)s: the file is broken, or ends too early.", path=self.path)) from error

    def _is_csv(self, content: Any) -> bool:
        if self.mapping.format != "auto":
            return self.mapping.format == "csv"
        return not content.peek(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))

    def _json(self, content: Any) -> Iterator[SourceRow]:
        for line, data in enumerate(content, 1):
            if data.strip():
                yield _json_row(line, data.removeprefix(b"\xef\xbb\xbf") if line == 1 else data)

    def _csv(self, content: Any) -> Iterator[SourceRow]:
        csv.field_size_limit(MAX_CELL_CHARS)
        text = io.TextIOWrapper(content, "utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.reader(text, delimiter=self.mapping.delimiter, strict=True)
        try:
            header = next(reader, None)
            if not header:
                raise ImportFault(_("%(path)s is empty.", path=self.path))
            self.check_columns(set(header))
            while True:
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    yield SourceRow(reader.line_num, {}, _("This line is not valid CSV: %(error)s", error=error))
                    continue
                if cells is None:
                    return
                if cells:
                    yield _csv_row(reader.line_num, header, cells)
        finally:
            text.detach()  # `close` closes the file

    def check_columns(self, have: set[str]) -> None:
        """Raise ImportFault if the file lacks a column of the mapping."""
        missing = [names[0] for names in self.mapping.needed_columns if not have.intersection(names)]
        if missing:
            raise ImportFault("\n".join(_no_column(name, have) for name in missing))


def _no_column(name: str, have: set[str]) -> str:
    return _("The file has no column “%(name)s”.", name=name) + name_one_of(name, have)


def _json_row(line: int, data: bytes) -> SourceRow:
    try:
        row = json.loads(data.decode())
    except (ValueError, RecursionError):
        return SourceRow(line, {}, _("This line is not JSON in UTF-8."))
    if not isinstance(row, dict):
        return SourceRow(line, {}, _("This line is not a JSON object."))
    return SourceRow(line, {key: _text(value) for key, value in row.items() if value is not None})


def _text(value: Any) -> str:
    if isinstance(value, str):
        # JSON can hold half of a surrogate pair, which is not valid text.
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return json.dumps(value, ensure_ascii=False)


def _csv_row(line: int, header: list[str], cells: list[str]) -> SourceRow:
    if len(cells) != len(header):
        return SourceRow(
            line, {}, _("This line has %(n)s cells instead of %(right)s.", n=len(cells), right=len(header))
        )
    values = dict(zip(header, cells, strict=True))
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return SourceRow(line, {}, _("This line is not UTF-8."))
    return SourceRow(line, values)
