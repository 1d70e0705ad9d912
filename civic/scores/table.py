"""The table of a release: as CSV, not rounded, and as text for a terminal."""

import csv
import io

from civic import formats
from civic.city.settings import INDICATORS
from civic.scores.labels import INDICATOR_NAMES
from civic.scores.presentation import Names, ScoreLine, present_city, present_departments
from civic.scores.release_format import ReleaseDocument

Value = str | float | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(value: Value) -> str:
    """Write a value; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text


def write_csv_table(document: ReleaseDocument, names: Names) -> bytes:
    """Write a line for each department, then the city's with an empty `department`.

    Indicators are 0 to 1, the score is 0 to 100.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = [_csv_row(line) for line in (*present_departments(document, names), present_city(document))]
    writer.writerow(rows[0])
    writer.writerows([escape_cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode()


def _csv_row(line: ScoreLine) -> dict[str, Value]:
    rank, score, declined = line.data["rank"], line.data["composite"], line.data["declined"]
    row: dict[str, Value] = {
        "department": line.slug,
        "name": line.name,
        "rank_best": rank["best"] if rank else None,
        "rank_worst": rank["worst"] if rank else None,
        "score": score["value"] if score else None,
        "score_lo": score["lo"] if score else None,
        "score_hi": score["hi"] if score else None,
        "counted": line.counted,
    }
    for name in INDICATORS:
        row |= _indicator_cells(line, name)
    return row | {"declined": declined["declined"], "declined_of": declined["n"]}


def _indicator_cells(line: ScoreLine, name: str) -> dict[str, Value]:
    figure = line.data["indicators"][name]
    cells: dict[str, Value] = {
        name: figure["value"],
        f"{name}_lo": figure["lo"],
        f"{name}_hi": figure["hi"],
        f"{name}_n": figure["n"],
    }
    return cells | {f"{name}_raw": figure["raw"]} if "raw" in figure else cells


def format_table(document: ReleaseDocument) -> str:
    """Write the lines of a release for a terminal, departments by their slugs."""
    header = ["rank", "department", "score", "", *(str(INDICATOR_NAMES[name]) for name in INDICATORS), "counted"]
    rows = [header, *map(_text_row, (*present_departments(document, {}), present_city(document)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{document['release']}: {document['period']['from']} to {document['period']['to']}", *text])


def _text_row(line: ScoreLine) -> list[str]:
    figures = [f"{figure.text} ({figure.between})" if figure.bar else "-" for figure in line.figures.values()]
    score = [line.score, f"({line.between})"] if line.has_score else ["-", ""]
    return [line.rank, line.name, *score, *figures, formats.number(line.counted)]
