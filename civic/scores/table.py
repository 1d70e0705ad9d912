"""The tables of the scores: as CSV for people, not rounded, and as text for a terminal."""

from collections.abc import Iterable, Mapping

from civic import formats
from civic.city.settings import INDICATORS
from civic.scores.labels import INDICATOR_NAMES, SHARE_NAMES
from civic.scores.method.release_format import CityFigures, LineFigures, ReleaseDocument, Results
from civic.scores.presentation import Names, ScoreLine, present_city, present_departments
from civic.spreadsheets import Value, write_spreadsheet

Row = dict[str, Value]


def write_csv_table(results: Results, names: Names, year: Results | None = None) -> bytes:
    """Write a line for each department, then the city's with an empty `department`.

    Shares are 0 to 1, stars 1 to 5, the score is 0 to 100, times are seconds.
    """
    city = results["city"]
    rows = [_department_cells(line) for line in present_departments(results, names, _present_year(year, names))]
    rows.append(_common_cells(present_city(results), city) | {"score": city["composite"]})
    return write_spreadsheet(rows)


def _present_year(year: Results | None, names: Names) -> list[ScoreLine]:
    return present_departments(year, names) if year else []


def write_csv_history(lines: Iterable[tuple[str, str, str, ScoreLine]]) -> bytes:
    """Write a line for each period of a department: its release, its first and its last day, and the figures."""
    rows: list[Row] = []
    for release, first, last, line in lines:
        head: Row = {"release": release, "from": first, "to": last}
        rows.append(head | _department_cells(line))
    return write_spreadsheet(rows)


def _department_cells(line: ScoreLine) -> Row:
    assert line.data is not None
    own: Row = {"department": line.slug, "name": line.name}
    return own | _composite_cells(line.data, "") | _year_cells(line.year) | _common_cells(line, line.data)


def _composite_cells(data: LineFigures, prefix: str) -> Row:
    score, standing, rank = data["composite"], data["standing"], data["rank"]
    cells: Row = {
        "standing": standing["code"] if standing else None,
        "alone": int(standing["alone"]) if standing else None,
        "rank_best": rank["best"] if rank else None,
        "rank_worst": rank["worst"] if rank else None,
        "score": score["value"] if score else None,
        "score_lo": score["lo"] if score else None,
        "score_hi": score["hi"] if score else None,
    }
    return {f"{prefix}{name}": value for name, value in cells.items()}


def _year_cells(year: ScoreLine | None) -> Row:
    return _composite_cells(year.data, "twelve_months_") if year and year.data else {}


def _common_cells(line: ScoreLine, data: LineFigures | CityFigures) -> Row:
    row: Row = {"department": line.slug, "name": line.name, "counted": line.counted}
    for name in INDICATORS:
        figure: Mapping[str, Value] = data["indicators"][name]  # type: ignore[literal-required]
        row |= {name if part == "value" else f"{name}_{part}": value for part, value in figure.items()}
    for name in SHARE_NAMES:
        share = data["shares"][name]  # type: ignore[literal-required]
        row |= {name: share["count"], f"{name}_of": share["n"]}
    return row


def format_table(document: ReleaseDocument) -> str:
    """Write the lines of a release for a terminal, departments by their slugs."""
    results, twelve = document["results"], document["twelve_months"]
    header = ["department", "standing", *(str(INDICATOR_NAMES[name]) for name in INDICATORS), "score", "", "rank"]
    years = _present_year(twelve["results"] if twelve else None, {})
    lines = [*present_departments(results, {}, years), present_city(results)]
    rows = [[*header, "counted"], *map(_text_row, lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"{document['release']}: {document['period']['from']} to {document['period']['to']}", *text])


def _text_row(line: ScoreLine) -> list[str]:
    figures = [figure.text if figure.has_data else "-" for figure in line.figures.values()]
    score = [line.score, f"({line.between})"] if line.has_score else [line.score if not line.slug else "-", ""]
    return [line.name, line.standing, *figures, *score, line.rank_of_year, formats.number(line.counted)]
