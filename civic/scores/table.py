"""The table of a release: as CSV, not rounded, and as text for a terminal."""

import csv
import io
from collections.abc import Mapping

from civic import formats
from civic.city.settings import INDICATORS
from civic.scores.labels import INDICATOR_NAMES, SHARE_NAMES
from civic.scores.method.release_format import CityFigures, LineFigures, ReleaseDocument
from civic.scores.presentation import Names, ScoreLine, present_city, present_departments

Value = str | float | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def escape_cell(value: Value) -> str:
    """Write a value; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text


def write_csv_table(document: ReleaseDocument, names: Names) -> bytes:
    """Write a line for each department, then the city's with an empty `department`.

    Shares are 0 to 1, stars 1 to 5, the score is 0 to 100, times are seconds.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    city = document["results"]["city"]
    rows = [_csv_row(line) for line in present_departments(document, names)]
    rows.append(_common_cells(present_city(document), city) | {"score": city["composite"]})
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer.writerow(columns)
    writer.writerows([escape_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue().encode()


def _csv_row(line: ScoreLine) -> dict[str, Value]:
    assert line.data is not None
    score, standing = line.data["composite"], line.data["standing"]
    rank = line.data["rank"] or (line.year["rank"] if line.year else None)
    own: dict[str, Value] = {
        "department": line.slug,
        "name": line.name,
        "standing": standing["code"] if standing else None,
        "alone": int(standing["alone"]) if standing else None,
        "rank_best": rank["best"] if rank else None,
        "rank_worst": rank["worst"] if rank else None,
        "score": score["value"] if score else None,
        "score_lo": score["lo"] if score else None,
        "score_hi": score["hi"] if score else None,
    }
    return own | _common_cells(line, line.data)


def _common_cells(line: ScoreLine, data: LineFigures | CityFigures) -> dict[str, Value]:
    row: dict[str, Value] = {"department": line.slug, "name": line.name, "counted": line.counted}
    for name in INDICATORS:
        figure: Mapping[str, Value] = data["indicators"][name]  # type: ignore[literal-required]
        row |= {name if part == "value" else f"{name}_{part}": value for part, value in figure.items()}
    for name in SHARE_NAMES:
        share = data["shares"][name]  # type: ignore[literal-required]
        row |= {name: share["count"], f"{name}_of": share["n"]}
    return row


def format_table(document: ReleaseDocument) -> str:
    """Write the lines of a release for a terminal, departments by their slugs."""
    header = ["department", "score", "", "standing", "rank", *(str(INDICATOR_NAMES[name]) for name in INDICATORS)]
    rows = [[*header, "counted"], *map(_text_row, (*present_departments(document, {}), present_city(document)))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{document['release']}: {document['period']['from']} to {document['period']['to']}", *text])


def _text_row(line: ScoreLine) -> list[str]:
    figures = [
        f"{figure.text} ({figure.between})" if figure.between else figure.text if figure.has_data else "-"
        for figure in line.figures.values()
    ]
    score = [line.score, f"({line.between})"] if line.has_score else [line.score if not line.slug else "-", ""]
    return [line.name, *score, line.standing, line.rank, *figures, formats.number(line.counted)]
