"""Some hundred rows of the real sets, by the mappings that come along."""

import gzip
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from civic.cases.history import check_history
from civic.cases.models import Assignment, Case, CaseEvent
from civic.catalogue.models import Department
from civic.imports.actions import Progress, import_file
from civic.imports.mapping import read_mapping
from civic.posts.models import Post
from civic.reports.models import Report
from tests.source import ROOT

ROWS = 300


async def _take(path: Path, mapping: str, folder: Path) -> Progress:
    """The first rows of a gzipped file, or a whole CSV."""
    file = path
    if path.suffix == ".gz":
        file = folder / "part.jsonl"
        with gzip.open(path, "rb") as whole:
            file.write_bytes(b"".join(islice(whole, ROWS)))
    return await import_file(file, read_mapping(ROOT / f"docs/imports/{mapping}.toml"), folder / "rejects.jsonl")


async def _statuses() -> Counter[str]:
    return Counter(await Case.all().values_list("status", flat=True))


async def test_budapest(database: str, data: Path, tmp_path: Path) -> None:
    done = await _take(data / "jarokelo-budapest" / "issues.jsonl.gz", "jarokelo", tmp_path)
    assert (done.imported, done.refused) == (ROWS, 0)
    assert (await _statuses())["confirmed"] > 100
    assert await Department.all().count() > 20
    assignment = await Assignment.filter(outcome="resolved").first().select_related("response_clock", "case")
    assert assignment
    assert assignment.response_clock.stopped_at == assignment.first_word_at
    assert await check_history(assignment.case_id) == []
    assert await Post.filter(source_url__startswith="https://jarokelo.hu/bejelentesek/budapest/").count() == ROWS


@pytest.mark.parametrize("name", ["abandoned_vehicle", "other-to-2016", "unsafe_dangerous"])
async def test_boston(database: str, data: Path, tmp_path: Path, name: str) -> None:
    done = await _take(data / "boston-open311" / f"{name}.jsonl.gz", "boston", tmp_path)
    assert done.imported > ROWS - 10
    assert set(done.reasons) <= {"no_position"}
    statuses = await _statuses()
    assert set(statuses) <= {"assigned", "confirmed", "declined"}
    assert statuses["declined"] > 0
    assert not await CaseEvent.filter(kind="resolved", text__icontains="duplicate of existing").exists()


async def test_new_york(database: str, data: Path, tmp_path: Path) -> None:
    done = await _take(data / "nyc311-small" / "nyc311_2025-03.csv", "nyc", tmp_path)
    assert (done.imported, done.refused, done.reasons) == (232, 3, {"no_position": 3})
    statuses = await _statuses()
    assert statuses["confirmed"] > 100
    assert statuses["declined"] > 10
    assert await Department.all().count() == 12
    assert await Report.filter(lat__gt=40, lon__lt=-73).count() == 232


async def test_three_cities_in_one_database(database: str, data: Path, tmp_path: Path) -> None:
    """Each brings its own departments and calendars; the first one's city stays."""
    for path, mapping in (
        (data / "jarokelo-budapest" / "issues.jsonl.gz", "jarokelo"),
        (data / "boston-open311" / "unsafe_dangerous.jsonl.gz", "boston"),
        (data / "nyc311-small" / "nyc311_2025-03.csv", "nyc"),
    ):
        assert (await _take(path, mapping, tmp_path)).imported > 200
    zones = set(await Department.all().values_list("calendar__zone", flat=True))
    assert zones == {"Europe/Budapest", "America/New_York"}
