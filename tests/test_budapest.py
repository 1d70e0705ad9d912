"""A real city's two years: imported whole, scored for 2024, and every figure computed a second time.

The second computation (tests/builders/plain_year.py) reads the raw file and CLOCK-AND-SCORES (docs/method.md), not the
program: dates, working days, shares and chance in plain Python.
"""

import gzip
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from civic.cases.models import Assignment, Case
from civic.catalogue.models import Department
from civic.db import fetch
from civic.imports.actions import import_file
from civic.imports.mapping import read_mapping
from civic.reports.models import Report
from civic.scores import queries as scores
from civic.scores.actions import publish_release
from civic.scores.periods import parse_span
from civic.scores.verify import verify_release
from tests.builders.plain_year import (
    MAPPING,
    YEAR,
    PlainYear,
    group_cases,
    is_kept,
    is_of_year,
    leave_out_nearby,
    read_turns,
)
from tests.clients import Client

pytestmark = pytest.mark.slow

TOLERANCE = 1e-9


async def test_budapest_is_scored_as_the_definitions_say(database: str, data: Path, tmp_path: Path) -> None:
    path = data / "jarokelo-budapest" / "issues.jsonl.gz"
    turns = list(read_turns(path))
    done = await import_file(path, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    assert (done.imported, done.refused) == (len(turns), done.rows - len(turns))
    assert done.rows == 26_631
    assert done.reasons == Counter(nobody=4, no_end=4)

    made = await publish_release(parse_span(str(YEAR)))
    files = await scores.get_files(made.id)
    check = verify_release(made.document, files["assignments.csv"], files["ratings.csv"], files["chains.csv"])
    assert (check.discrepancies, check.unchecked) == ([], [])

    numbers = {row["report"]: row["number"] for row in await fetch(NUMBERS)}
    counted = leave_out_nearby([turn for turn in turns if is_of_year(turn)], turns, numbers)
    year = PlainYear([turn for turn in counted if turn.department], group_cases(counted, numbers))
    assert sum(made.document["left_out"]["cases"].values()) == made.document["left_out"]["cases"]["nearby"]
    assert made.document["left_out"]["cases"]["nearby"] == sum(map(is_of_year, turns)) - len(counted) > 100

    names = {one.slug: one.names["hu"] for one in await Department.all()}
    lines = {names[slug]: line for slug, line in made.document["results"]["departments"].items()}
    assert set(lines) == {turn.department for turn in year.turns}
    assert sum(line["composite"] is not None for line in lines.values()) > 30
    assert {line["standing"]["code"] for line in lines.values() if line["standing"]} >= {"better", "below"}
    for name, line in lines.items():
        same_line(name, line, year)
    for kind in ("response", "resolution"):
        figure = made.document["results"]["city"]["indicators"][kind]
        due = [turn for turn in counted if getattr(turn, f"{kind}_due").year == YEAR]
        assert (figure["n"], figure["met"]) == (len(due), sum(is_kept(turn, kind) for turn in due))


NUMBERS = """
SELECT split_part(p.source, ':', 2) AS report, c.number
FROM report r JOIN post p ON p.id = r.post_id JOIN case_file c ON c.id = r.case_id
"""


def same_line(name: str, line: dict[str, Any], year: PlainYear) -> None:
    """Every figure of a department's line is that of the plain computation."""
    for kind in ("response", "resolution"):
        figure, (met, n) = line["indicators"][kind], year.whole.totals(kind, name)
        assert figure["n"] == n, (name, kind)
        if n >= 10:
            adjusted = year.whole.adjusted(kind, name)
            assert (figure["met"], figure["value"]) == (met, pytest.approx(met / n, abs=TOLERANCE)), (name, kind)
            assert figure["adjusted"] == pytest.approx(adjusted, abs=TOLERANCE), (name, kind)
    speed = line["indicators"]["speed"]
    if speed["value"] is not None:
        assert speed["ratio"] == pytest.approx(year.whole.ratio(name), abs=TOLERANCE), name
        half = 1.959963984540054 * year.spread([math.log(rest.ratio(name)) for rest in year.left]) ** 0.5
        log = math.log(year.whole.ratio(name))
        ends = [1 / (1 + math.exp(half - log)), 1 / (1 + math.exp(-half - log))]
        assert [speed["lo"], speed["hi"]] == pytest.approx(ends, abs=TOLERANCE), name
    assert (line["composite"] is not None) == (name in year.scored), name
    if line["composite"]:
        value, half = year.composites[name], 1.959963984540054 * year.deviation(name)
        assert line["composite"]["value"] == pytest.approx(value, abs=TOLERANCE), name
        assert line["composite"]["lo"] == pytest.approx(max(0, value - half), abs=TOLERANCE), name
        assert line["standing"]["points"] == pytest.approx(value - year.mean, abs=TOLERANCE), name
        if line["rank"] is not None:
            assert line["rank"] == year.rank(name), name


async def test_a_changed_digit_is_found(database: str, data: Path, tmp_path: Path) -> None:
    """On a part of the set: `verify` names the first difference."""
    part = tmp_path / "part.jsonl"
    with gzip.open(data / "jarokelo-budapest" / "issues.jsonl.gz", "rb") as file:
        part.write_bytes(b"".join(next(file) for _ in range(2000)))
    await import_file(part, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    made = await publish_release(parse_span(str(YEAR)))
    files = await scores.get_files(made.id)
    release, assignments = json.loads(files["release.json"]), files["assignments.csv"]
    assert verify_release(release, assignments, files["ratings.csv"]).discrepancies == []
    last = assignments.rindex(b"2024-")
    changed = assignments[:last] + b"2023-" + assignments[last + 5 :]
    assert verify_release(release, changed, files["ratings.csv"]).discrepancies != []


async def test_the_pages_show_what_was_imported(client: Client, data: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    with gzip.open(data / "jarokelo-budapest" / "issues.jsonl.gz", "rb") as file:
        part.write_bytes(b"".join(next(file) for _ in range(1000)))
    await import_file(part, read_mapping(MAPPING), tmp_path / "rejects.jsonl")
    assert await Case.all().count() == await Assignment.all().count() == 1000
    report = await Report.all().order_by("-id").first()
    assert report
    for address in ("/", "/reports", "/reports?category=pothole", "/map", f"/reports/{report.id}"):
        answer = await client.get(address)
        assert answer.status_code == 200, address
