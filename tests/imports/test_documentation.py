"""The example of docs/import.md reads its file."""

import re
import tomllib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from civic.imports.files import SourceFile
from civic.imports.mapping import ImportMapping
from civic.imports.parser import RowParser
from tests.source import ROOT


def test_the_example_reads_its_file(tmp_path: Path) -> None:
    page = (ROOT / "docs/import.md").read_text("utf-8").partition("## An example")[2]
    rows, mapping = re.findall(r"```(?:toml)?\n(.*?)```", page, re.DOTALL)[:2]
    path = tmp_path / "issues.csv"
    path.write_text(rows, "utf-8")
    read = ImportMapping.model_validate(tomllib.loads(mapping))
    with closing(SourceFile(path, read)) as source:
        [row] = source.rows()
    report = RowParser(read, datetime(2026, 11, 28, tzinfo=UTC)).parse(row)
    assert (report.source, report.title, report.votes, report.department) == (
        "issues:17",
        "Deep hole",
        4,
        "Street Maintenance",
    )
    assert report.answered_at
    assert report.reopening
    assert report.ended_at
    assert report.ended_at > report.reopening.at == report.reopening.resolved_at
    assert report.url == "https://issues.example/17"
