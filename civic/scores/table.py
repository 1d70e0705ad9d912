"""The table of a release as CSV: what the page shows, unrounded."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from civic.city.settings import INDICATORS
from civic.scores.pages import Line, city_line, lines

_RISKY = ("=", "+", "-", "@", "\t", "\r")


def cell(value: Any) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_RISKY) else text


def write_table(document: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]) -> bytes:
    """One line a department, then the city's with an empty `department`; figures are 0 to 1, the score 0 to 100."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    rows = [_row(one) for one in (*lines(document, names), city_line(document))]
    writer.writerow(rows[0])
    writer.writerows([cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode()


def _row(line: Line) -> dict[str, Any]:
    plain = line.plain
    rank, score = plain["rank"] or {}, plain["composite"] or {}
    row = {
        "department": line.slug,
        "name": line.name,
        "rank_best": rank.get("best"),
        "rank_worst": rank.get("worst"),
        "score": score.get("value"),
        "score_lo": score.get("lo"),
        "score_hi": score.get("hi"),
        "counted": plain["counted"],
    }
    for name in INDICATORS:
        found = plain["indicators"][name]
        row |= {name: found["value"], **{f"{name}_{key}": found[key] for key in ("lo", "hi", "n")}}
        if "raw" in found:
            row[f"{name}_raw"] = found["raw"]
    return row | {"declined": plain["declined"]["declined"], "declined_of": plain["declined"]["n"]}
