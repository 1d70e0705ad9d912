"""Reading places.csv, the gazetteer: lat, lon and a name for each language of the city (`name_zh`, `name_en`)."""

import csv
import io
from collections.abc import Collection
from pathlib import Path

from civic.geo.coordinates import Convert
from civic.i18n import gettext as _
from civic.numbers import parse_number
from civic.packs.contents import PackPlace
from civic.packs.files import read_text
from civic.packs.locations import Box, find_box_problem
from civic.packs.polygons import position_error
from civic.packs.problems import Problems
from civic.suggestions import did_you_mean
from civic.text import CONTROL_CHARACTERS, is_seen

FILE_NAME = "places.csv"


def read_places(
    folder: Path, languages: Collection[str], convert: Convert, problems: Problems, box: Box | None
) -> list[PackPlace]:
    """Read the places; empty if there is no such file. `box` is the city's, in WGS-84; None if it is not known."""
    path = folder / FILE_NAME
    if not path.exists() or (text := read_text(path, problems)) is None:
        return []
    reader = csv.DictReader(io.StringIO(text), strict=True)
    columns = ["lat", "lon", *(f"name_{one}" for one in languages)]
    if not _header_is_right(list(reader.fieldnames or ()), columns, problems):
        return []
    try:
        read = [_place(row, reader.line_num, languages, convert, problems, box) for row in reader]
    except csv.Error as error:
        problems.add(FILE_NAME, _("This is not valid CSV: %(error)s", error=error), line=reader.line_num)
        return []
    return [one for one in read if one is not None]


def _header_is_right(header: list[str], columns: list[str], problems: Problems) -> bool:
    for name in columns:
        if name not in header:
            problems.add(FILE_NAME, _("The column “%(name)s” is missing.", name=name), line=1)
    for name in header:
        if name not in columns:
            message = _("There is no column “%(name)s”.", name=name) + did_you_mean(name, columns)
            problems.add(FILE_NAME, message, line=1)
    return set(header) == set(columns) and len(header) == len(columns)


def _place(
    row: dict[str, str],
    line: int,
    languages: Collection[str],
    convert: Convert,
    problems: Problems,
    box: Box | None,
) -> PackPlace | None:
    if None in row or None in row.values():
        problems.add(FILE_NAME, _("This line has more or fewer fields than the first."), line=line)
        return None
    names = {language: row[f"name_{language}"].strip() for language in languages}
    if missing := [language for language, name in names.items() if not is_seen(name)]:
        problems.add(FILE_NAME, _("The name is missing in: %(languages)s.", languages=", ".join(missing)), line=line)
    if any(CONTROL_CHARACTERS.search(name) for name in names.values()):
        problems.add(FILE_NAME, _("This contains a control character."), line=line)
    try:
        lat, lon = (parse_number(row[name], exponent=True) for name in ("lat", "lon"))
    except ValueError:
        problems.add(FILE_NAME, _("lat and lon have to be numbers."), line=line)
        return None
    if wrong := position_error(lat, lon):
        problems.add(FILE_NAME, wrong, line=line)
        return None
    lat, lon = convert(lat, lon)
    if box and (wrong := find_box_problem(box, lat, lon)):
        problems.add(FILE_NAME, wrong, line=line)
    return PackPlace(names, lat, lon)
