"""Reading the files of a pack: checked text, and the line on which each key of a TOML file stands."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from civic.i18n import gettext as _
from civic.packs.fields import PackNames
from civic.packs.problems import Problems
from civic.validation import Location, explain_errors, write_location

M = TypeVar("M", bound=BaseModel)

BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
MAX_FILE_BYTES = 100 * 2**20


def read_text(path: Path, problems: Problems) -> str | None:
    """The file's text; None, with a problem noted, if it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            problems.add(path.name, _("The file is larger than 100 MB."), unreadable=True)
            return None
        data = path.read_bytes()
    except FileNotFoundError:
        problems.add(path.name, _("The file is missing."), unreadable=True)
        return None
    except OSError as error:
        problems.add(path.name, _("The file cannot be read: %(error)s", error=error.strerror or error), unreadable=True)
        return None
    if data.startswith(BOMS):
        message = _("The file begins with a byte order mark (BOM). Save it as UTF-8 without a BOM.")
        problems.add(path.name, message, line=1, unreadable=True)
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problems.add(path.name, _("This is not UTF-8. Save the file as UTF-8."), line=line, unreadable=True)
        return None


class TomlFile:
    """A TOML file of the pack. If it cannot be read, `broken` is true and `data` is empty."""

    def __init__(self, path: Path, problems: Problems, *, optional: bool = False) -> None:
        self.name, self.problems = path.name, problems
        self.data: dict[str, object] = {}
        self._lines: dict[Location, int] = {}
        text = "" if optional and not path.exists() else read_text(path, problems)
        self.broken = text is None
        if text:
            self._parse(text)

    def _parse(self, text: str) -> None:
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.broken = True
            reason, _at, place = str(error).partition(" (at ")
            line = re.match(r"line (\d+)", place)
            message = _("This is not valid TOML: %(error)s", error=reason)
            self.problems.add(self.name, message, line=int(line[1]) if line else text.count("\n") + 1, unreadable=True)
            return
        self._lines = dict(key_lines(text))

    def read(self, model: type[M], names: PackNames) -> M | None:
        """Validate the file; None, with the problems noted, if anything is wrong with it."""
        if self.broken:
            return None
        try:
            return model.model_validate(self.data, context=names)
        except ValidationError as error:
            for location, message in explain_errors(error, model):
                self.note(location, message)
            return None

    def note(self, location: Location, message: str) -> None:
        """Note a problem at a key."""
        self.problems.add(self.name, message, where=write_location(location), line=self.line_of(location))

    def tables(self, name: str) -> list[dict[str, object]]:
        """The tables of an array of tables (`[[name]]`) as written, before validation."""
        tables = self.data.get(name)
        return [one for one in tables if isinstance(one, dict)] if isinstance(tables, list) else []

    def short_names(self, name: str, key: str) -> set[str] | None:
        """The values of `key` in an array of tables; None if the file cannot be read."""
        return None if self.broken else {str(one[key]) for one in self.tables(name) if key in one}

    def line_of(self, location: Location) -> int | None:
        """The line of a key, else of the nearest table around it; None if that is the whole file."""
        while location:
            if location in self._lines:
                return self._lines[location]
            location = location[:-1]
        return None


_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]\]?")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_STRING = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*|[\[\]{}]')


def key_lines(text: str) -> Iterator[tuple[Location, int]]:
    """Yield (key, line) for each table and each key at the beginning of a line. The text is valid TOML.

    The parser of the standard library does not say where a value stood, so this only looks at the beginnings of
    lines. Keys within inline tables are found with the line of the table that holds them.
    """
    table: Location = ()
    counts: dict[Location, int] = {}
    depth, quote = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not depth and not quote:
            if header := _HEADER.match(line):
                table = _resolve(_split(header[2]), counts, opens=header[1] == "[[")
                yield table, number
                continue
            if key := _KEY.match(line):
                yield (*table, *_split(key[1])), number
                line = line[key.end() :]
        depth, quote = _after(line, depth, quote)


def _split(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _resolve(parts: list[str], counts: dict[Location, int], *, opens: bool) -> Location:
    """The key that a table header means; in an array of tables it is the newest element."""
    key: Location = ()
    for index, part in enumerate(parts):
        key = (*key, part)
        if opens and index == len(parts) - 1:
            counts[key] = counts.get(key, -1) + 1
        if key in counts:
            key = (*key, counts[key])
    return key


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """How many brackets are open after the line, and the quotes of the long string in which it ends ("" if none)."""
    while True:
        if quote:
            _text, ended, line = line.partition(quote)
            if not ended:
                return depth, quote
            quote = ""
        mark = _STRING.search(line)
        if mark is None or mark[0].startswith("#"):
            return depth, ""
        if mark[0] in ('"""', "'''"):
            quote = mark[0]
        elif mark[0] in "[{":
            depth += 1
        elif mark[0] in "]}":
            depth -= 1
        line = line[mark.end() :]
