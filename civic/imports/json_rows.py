"""Rows of JSON: an object on each line; or objects over lines, in one list, or the features of GeoJSON."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from civic.i18n import gettext as _
from civic.imports.encoding import UNDECODED
from civic.imports.lines import MAX_LINE_CHARS, Lines
from civic.imports.mapping import ImportFault
from civic.imports.source_rows import SourceRow, flatten_object

CHUNK_CHARS = 2**16
MAX_ITEM_CHARS = 2**23  # of one object
RECORD_SEPARATOR = "\x1e"  # before each object of a sequence (RFC 8142)
LINE_END = re.compile(r"\r\n|[\r\n]")
BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")
FEATURES = re.compile(r'"features"\s*:\s*\[\s*(?=\]|\{)')
OF_FEATURES = re.compile(r'"FeatureCollection"|\[\s*\{\s*"type"\s*:\s*"Feature"')
FOREIGN_SYSTEM = re.compile(r'"crs"\s*:\s*\{(?!\s*\}).{0,200}?"name"\s*:\s*"([^"]*)"', re.DOTALL)
WGS84 = re.compile(r"CRS84|EPSG:+4326|WGS ?84", re.IGNORECASE)


class TwiceNamed(ValueError):
    """A key stands twice in an object."""


def load_json(text: str) -> object:
    """The value of a JSON text. Raises ValueError (of which one kind is TwiceNamed)."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TwiceNamed(next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at])))
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def json_row(text: str, line: int, lines: int = 1, part: int = 0) -> SourceRow:
    """The row that a JSON text is; one that is wrong keeps the text."""
    try:
        return SourceRow(line, flatten_object(_read_object(text, part)), lines=lines)
    except _WrongText as wrong:
        return SourceRow(line, {}, wrong.reason, wrong.fault, lines=lines, raw=text, part=part)


class _WrongText(Exception):
    def __init__(self, reason: str, fault: str = "broken") -> None:
        self.reason, self.fault = reason, fault


def _read_object(text: str, part: int) -> dict[str, object]:
    if part:
        raise _WrongText(_("This line has more than %(n)s characters.", n=MAX_LINE_CHARS))
    if UNDECODED.search(text):
        raise _WrongText(_("This line is not in the encoding of the file."), "encoding")
    try:
        row = load_json(text.lstrip(RECORD_SEPARATOR))
    except TwiceNamed as twice:
        raise _WrongText(_("The key “%(name)s” is in this object more than once.", name=twice)) from None
    except ValueError:
        raise _WrongText(_("This line is not JSON.")) from None
    if not isinstance(row, dict):
        raise _WrongText(_("This line is not a JSON object."))
    return row


def read_json_lines(lines: Lines, read_object: Callable[[Mapping[str, object], int], SourceRow]) -> Iterator[SourceRow]:
    """The rows of a file with an object on each line, which `read_object` makes of it and of the line's number."""
    while (line := lines.take_filled()) is not None:
        try:
            row = _read_object(line.text, line.part)
        except _WrongText as wrong:
            yield SourceRow(line.number, {}, wrong.reason, wrong.fault, raw=line.text, part=line.part)
        else:
            yield read_object(row, line.number)


class JsonObjects:
    """Objects that are not one on each line, read one by one; `text` is the file's."""

    def __init__(self, text: IO[str]) -> None:
        self._text, self._buffer, self._at = text, "", 0
        self._line, self._ended = 1, False

    def __iter__(self) -> Iterator[SourceRow]:
        """Yield the rows. Raises ImportFault for coordinates of another system."""
        self._fill()
        within = self._open()
        while self._skip(BETWEEN):
            one = self._buffer[self._at]
            if within and one == "]":
                if within == "features":
                    return  # what stands after the features says nothing of them
                within, self._at = "", self._at + 1
            elif not within and one == "[":
                within, self._at = "list", self._at + 1
            else:
                yield self._item()

    def _open(self) -> str:
        """Go to the features, if there are some; what kind of list the text stands in."""
        head = self._buffer[self._at :]
        features = FEATURES.search(head)
        if features and OF_FEATURES.search(head):
            system = FOREIGN_SYSTEM.search(head)
            if system and not WGS84.search(system[1]):
                raise ImportFault(
                    _("The coordinates are of %(system)s. Convert the file to WGS 84 (EPSG:4326).", system=system[1])
                )
            self._advance(self._at + features.end())
            return "features"
        return ""

    def _item(self) -> SourceRow:
        """The object at which the text stands; if it is none, what stands from there to the end of the line."""
        line, end = self._line, self._find_end()
        if end is None:
            return self._rest_of_line()
        begin = self._at  # which reading on has moved
        self._advance(end)
        return json_row(self._buffer[begin:end], line, lines=self._line - line + 1)

    def _find_end(self) -> int | None:
        """Where the value ends that begins here; None if it is no JSON, or too long."""
        while True:
            try:
                return json.JSONDecoder().raw_decode(self._buffer, self._at)[1]
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._buffer) - 8
            except (ValueError, RecursionError):
                return None
            if not cut or len(self._buffer) - self._at >= MAX_ITEM_CHARS or not self._fill(double=True):
                return None

    def _rest_of_line(self) -> SourceRow:
        line = self._line
        while (match := LINE_END.search(self._buffer, self._at)) is None:
            if len(self._buffer) - self._at >= MAX_ITEM_CHARS or not self._fill():
                break
        end = match.end() if match else len(self._buffer)
        raw = self._buffer[self._at : end]
        self._advance(end)
        wrong = json_row(raw, line)
        # It may be an object that something else follows in the line.
        return wrong if wrong.wrong else SourceRow(line, {}, _("This line is not JSON."), raw=raw)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Go to the next character that counts; whether there is one."""
        while True:
            match = pattern.match(self._buffer, self._at)
            if match:
                self._advance(match.end())
            if self._at < len(self._buffer):
                return True
            if not self._fill():
                return False

    def _advance(self, to: int) -> None:
        self._line += _count_line_ends(self._buffer, self._at, to)
        self._at = to

    def _fill(self, *, double: bool = False) -> bool:
        """Read on, and forget what was used; whether there was more."""
        kept = self._buffer[self._at :]
        more = "" if self._ended else self._text.read(max(CHUNK_CHARS, len(kept) if double else 0))
        self._ended = not more
        self._buffer, self._at = kept + more, 0
        return bool(more)


def _count_line_ends(text: str, begin: int, end: int) -> int:
    lone = text.count("\r", begin, end) - text.count("\r\n", begin, end)
    return text.count("\n", begin, end) + lone


def is_document(head: str) -> bool:
    """Whether a JSON text that begins with `head` is something else than one object on each line."""
    text = head.lstrip(f" \t\r\n\ufeff{RECORD_SEPARATOR}")
    if text.startswith("["):
        return True
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    try:
        row = load_json(first)
        return isinstance(row, dict) and row.get("type") == "FeatureCollection"
    except ValueError:
        pass
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated") or error.pos >= len(text) - 8  # it goes on after the head
    except (ValueError, RecursionError):
        return False
    return True  # an object over several lines


def explain_object(columns: Mapping[str, str]) -> str:
    """What to do with a file that is one object which has the rows in one of its values; "" if it is not."""
    name = next((name for name, text in columns.items() if re.match(r"\[\s*\{", text)), None)
    if name is None:
        return ""
    return _("The file is one JSON object. Take its rows out of “%(name)s” first: jq -c '.%(name)s[]'", name=name)
