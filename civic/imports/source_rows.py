"""A row of a source file, as texts by column."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from civic.imports.mapping import Column
from civic.text import clean_lines

MAX_NESTING = 4  # of the values of a JSON object that get columns of their own


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the file: texts by column, or, in `wrong`, why it cannot be read.

    It begins at `line`, from 1, and has `lines` physical lines. `raw` are these as they stand in the file, of a row
    that cannot be read; `header` and `delimiter` say how such a line of CSV is read. A line too long for the memory
    comes in several rows, whose `part` counts from 1.
    """

    line: int
    values: Mapping[str, str]
    wrong: str = ""
    fault: str = "broken"  # the kind of what is wrong, for counting
    lines: int = 1
    raw: str = ""
    header: tuple[str, ...] = ()
    delimiter: str = ""
    part: int = 0

    def value(self, column: Column) -> str:
        """The value of the first column that has one, cleaned as posted texts are; if there is a pattern, its group."""
        for name in column.column:
            text = clean_lines(self.values.get(name, "").replace("\ufeff", ""))
            if text and column.pattern:
                match = column.pattern.search(text)
                text = ((match[1] if column.pattern.groups else match[0]) or "").strip() if match else ""
            if text:
                return text
        return ""


def flatten_object(row: Mapping[str, object]) -> dict[str, str]:
    """The texts of a JSON object by column; a feature of GeoJSON gives its properties.

    A value within a value is a column too, `location.city`; a point is `geometry.lat` and `geometry.lon`.
    """
    properties = row.get("properties")
    if row.get("type") == "Feature" and isinstance(properties, dict):
        rest = {name: value for name, value in row.items() if name not in ("type", "properties")}
        row = rest | properties
    texts: dict[str, str] = {}
    _add_texts(texts, "", row, MAX_NESTING)
    return texts


def _add_texts(texts: dict[str, str], prefix: str, row: Mapping[str, object], depth: int) -> None:
    for name, value in row.items():
        texts[prefix + name] = "" if value is None else _write_text(value)  # null: the column is there
        if isinstance(value, dict) and depth:
            _add_texts(texts, f"{prefix}{name}.", value, depth - 1)
            texts |= _point(f"{prefix}{name}.", value)


def _point(prefix: str, value: Mapping[str, object]) -> dict[str, str]:
    """The columns of a point of GeoJSON, whose longitude stands first."""
    pair = value.get("coordinates")
    if value.get("type") != "Point" or not isinstance(pair, list) or len(pair) < 2:
        return {}
    return {f"{prefix}lat": _write_text(pair[1]), f"{prefix}lon": _write_text(pair[0])}


def _write_text(value: object) -> str:
    if isinstance(value, str):
        # JSON can hold half of a surrogate pair, which is not valid text.
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace").decode()
