"""The physical lines of a file: they end with CR, LF or both, and some of them can be put back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

BLANKS = " \t\r\n\v\f"
MAX_LINE_CHARS = 2**20  # what is longer comes in parts, so that no line fills the memory


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line with its end; `part` counts, from 1, the parts of one that is too long."""

    number: int
    text: str
    part: int = 0

    @property
    def is_blank(self) -> bool:
        return not self.part and not self.text.strip(BLANKS)


class Lines:
    """Reads lines one by one. `read` and `blank` are counts of physical lines."""

    def __init__(self, text: IO[str]) -> None:
        self._text, self._waiting = text, list[FileLine]()
        self._part = 0  # of the line that the last piece belongs to, if it goes on
        self._rest = ""  # a character that was read too many
        self.read = self.blank = 0

    def take(self) -> FileLine | None:
        """The next line; None at the end."""
        if self._waiting:
            return self._waiting.pop()
        text = self._piece()
        if not text:
            return None
        whole = text.endswith(("\n", "\r")) or len(text) < MAX_LINE_CHARS
        if not self._part:
            self.read += 1
        part = 0 if whole and not self._part else self._part + 1
        self._part = 0 if whole else part
        return FileLine(self.read, text.removeprefix("\ufeff"), part)

    def take_filled(self) -> FileLine | None:
        """The next line that is not blank; blank ones are counted."""
        while (line := self.take()) is not None and line.is_blank:
            self.blank += 1
        return line

    def put_back(self, lines: Iterable[FileLine]) -> None:
        """Let lines that were taken come again, in their order."""
        self._waiting += reversed(list(lines))

    def _piece(self) -> str:
        text, self._rest = self._rest, ""
        rest_is_cr = text == "\r"
        if not rest_is_cr:
            text += self._text.readline(MAX_LINE_CHARS - len(text))
        if rest_is_cr or (len(text) == MAX_LINE_CHARS and text.endswith("\r")):  # LF may be still to come
            after = self._text.readline(1)
            text, self._rest = (text + after, "") if after == "\n" else (text, after)
        return text
