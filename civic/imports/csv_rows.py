"""Rows of CSV. What is broken ends at its line: the lines after it are read as if it were not there.

A quoted cell may have line ends in it. An opening quote is *stray* if it is never closed within MAX_RECORD_LINES, if
text follows its end, if the record has too few or too many cells, or if a line that it runs over is a row by itself,
its first line with the quote taken as an ordinary character included.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from civic.i18n import gettext as _
from civic.imports.encoding import UNDECODED
from civic.imports.lines import MAX_LINE_CHARS, FileLine, Lines
from civic.imports.mapping import ImportFault, ImportMapping
from civic.imports.source_rows import SourceRow

MAX_RECORD_LINES, MAX_RECORD_CHARS = 1000, 2**17
DELIMITERS = ",;\t|"
# Excel reads the delimiter from such a first line.
SEP_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


class CsvRows:
    """The rows of a file of CSV; `is_row` tells whether some values could be a row of the source.

    `header_lines` is how many lines stand before the rows.
    """

    def __init__(self, lines: Lines, mapping: ImportMapping, is_row: Callable[[Mapping[str, str]], bool]) -> None:
        csv.field_size_limit(MAX_LINE_CHARS)
        self.lines, self.mapping, self._is_row = lines, mapping, is_row
        self.delimiter = ","
        self.header: tuple[str, ...] = ()
        self.header_lines = 0

    def read_header(self) -> bool:
        """Read the names of the columns; whether there are any. Raises ImportFault if one that matters stands twice."""
        said = self.mapping.delimiter
        line = self.lines.take_filled()
        if line and (sep := SEP_LINE.fullmatch(line.text)):
            said, self.header_lines = said or sep[1], 1
            line = self.lines.take_filled()
        if line is None:
            return False
        if line.part:
            raise ImportFault(_("The file has no header: its first line has to name the columns."))
        found = [(one, self._split(line, one)) for one in said or DELIMITERS]
        # The delimiter that gives the mapping's columns; a comma where none does.
        self.delimiter, (header, taken) = max(found, key=lambda one: self._count_known(one[1][0]))
        self.lines.put_back(taken)
        for _line in taken:
            self.lines.take()
        self.header = tuple(_clean_name(name) for name in header)
        self.header_lines += 1 + len(taken)
        twice = [name for name, n in Counter(self.header).items() if n > 1 and name in self.mapping.named_columns]
        if twice:
            raise ImportFault(
                "\n".join(_("The column “%(name)s” is in the file more than once.", name=name) for name in twice)
            )
        return True

    def __iter__(self) -> Iterator[SourceRow]:
        while (line := self.lines.take_filled()) is not None:
            yield self._row(line)

    def _split(self, line: FileLine, delimiter: str) -> tuple[list[str], list[FileLine]]:
        """The cells of the header, and the lines that it has after its first; all are put back."""
        try:
            cells, taken = self._record(line, delimiter)
        except csv.Error as error:
            raise ImportFault(_("The header is not valid CSV: %(error)s", error=error)) from None
        self.lines.put_back(taken)
        return cells, taken

    def _count_known(self, header: Sequence[str]) -> int:
        return len(self.mapping.named_columns.intersection(map(_clean_name, header)))

    def _row(self, line: FileLine) -> SourceRow:
        if line.part:
            return self._broken([line], _("This line has more than %(n)s characters.", n=MAX_LINE_CHARS))
        try:
            cells, after = self._record(line, self.delimiter)
        except csv.Error as error:
            return self._broken([line], _("This line is not valid CSV: %(error)s", error=error))
        wrong = ""
        if len(cells) != len(self.header):
            wrong = _("This line has %(n)s cells instead of %(right)s.", n=len(cells), right=len(self.header))
        elif after and (whole := self._swallowed([line, *after])):
            wrong = _("A quote that opens here would run over line %(line)s, which is a row by itself.", line=whole)
        if wrong:
            self.lines.put_back(after)
            return self._broken([line], wrong)
        taken = [line, *after]
        if any(UNDECODED.search(one.text) for one in taken):
            return self._broken(taken, _("This line is not in the encoding of the file."), "encoding")
        return SourceRow(line.number, self._values(cells), lines=len(taken))

    def _record(self, first: FileLine, delimiter: str) -> tuple[list[str], list[FileLine]]:
        """The cells of a record and its further lines. Raises csv.Error, with these lines put back."""
        if '"' not in first.text:
            return first.text.rstrip("\r\n").split(delimiter), []
        after: list[FileLine] = []
        try:
            return next(csv.reader(self._feed(first, after), delimiter=delimiter, strict=True)), after
        except csv.Error:
            self.lines.put_back(after)
            raise

    def _feed(self, first: FileLine, after: list[FileLine]) -> Iterator[str]:
        yield first.text
        chars = len(first.text)
        while len(after) < MAX_RECORD_LINES and chars < MAX_RECORD_CHARS and (line := self.lines.take()) is not None:
            after.append(line)
            if line.part:
                return
            yield line.text
            chars += len(line.text)

    def _swallowed(self, taken: Sequence[FileLine]) -> int:
        """The number of a line of the record that is a row by itself; 0 if none is.

        The last line is left out: where the first column has the line ends, it looks like one.
        """
        *whole, open_cell = next(csv.reader([taken[0].text], delimiter=self.delimiter))
        if self._could_be_row([*whole, *open_cell.rstrip("\r\n").split(self.delimiter)]):
            return taken[0].number
        for line in taken[1:-1]:
            cells = next(csv.reader([line.text], delimiter=self.delimiter), [])
            if self._could_be_row(cells):
                return line.number
        return 0

    def _could_be_row(self, cells: Sequence[str]) -> bool:
        return len(cells) == len(self.header) and self._is_row(self._values(cells))

    def _values(self, cells: Sequence[str]) -> dict[str, str]:
        return dict(zip(self.header, cells, strict=True))

    def _broken(self, taken: Sequence[FileLine], wrong: str, fault: str = "broken") -> SourceRow:
        raw = "".join(line.text for line in taken)
        first = taken[0]
        return SourceRow(
            first.number,
            {},
            wrong,
            fault,
            lines=len(taken),
            raw=raw,
            header=self.header,
            delimiter=self.delimiter,
            part=first.part,
        )


def _clean_name(name: str) -> str:
    return name.replace("\ufeff", "").strip()
