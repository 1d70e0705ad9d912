"""`civic load` and `civic due`, as they are typed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import civic.demo
from civic.__main__ import build
from tests.packs.conftest import SOUND, WritePack

PACK = Path(civic.demo.__file__).parent / "pack"
RUNNER = CliRunner()


@pytest.fixture
def environment(empty_database: str, tmp_path: Path) -> dict[str, str]:
    return {"CIVIC_DATABASE__URL": empty_database, "CIVIC_PATHS__VAR": str(tmp_path / "var")}


def test_loading_once_and_again(environment: dict[str, str]) -> None:
    first = RUNNER.invoke(build(), ["load", str(PACK)], env=environment)
    assert first.exit_code == 0, first.output
    assert "Loaded 河滨市 / Riverside." in first.output
    assert "departments  12 added" in first.output
    again = RUNNER.invoke(build(), ["load", str(PACK), "--json"], env=environment)
    assert json.loads(again.output)["changed"] is False


def test_problems_as_json(environment: dict[str, str], write_pack: WritePack) -> None:
    broken = write_pack({"city.toml": SOUND["city.toml"].replace("office", "ofice")})
    said = RUNNER.invoke(build(), ["load", str(broken), "--json"], env=environment)
    assert said.exit_code == 2
    assert json.loads(said.output)["problems"] == [
        {
            "file": "city.toml",
            "line": 4,
            "where": "calendar",
            "message": "There is no “ofice”. Did you mean office?",
            "unreadable": False,
        }
    ]


# CLOCK-AND-SCORES 6, on the demo city's own calendars with their real holidays.
@pytest.mark.parametrize(
    ("calendar", "start", "target", "due"),
    [
        ("office", "2026-11-13T16:30", "4 working hours", "Mon 2026-11-16 12:00"),
        ("office", "2026-11-14T10:00", "3 working days", "Wed 2026-11-18 17:30"),
        ("office", "2026-02-11T10:00", "5 working days", "Wed 2026-02-25 17:30"),
        ("office", "2026-09-24T16:30", "3 working days", "Wed 2026-09-30 17:30"),
        ("office", "2026-09-29T10:00", "2 working days", "Thu 2026-10-08 17:30"),
        ("duty", "2026-11-13T16:30", "4 working hours", "Fri 2026-11-13 20:30"),
        ("office", "2026-11-13T16:30", "48 hours", "Sun 2026-11-15 16:30"),
    ],
)
def test_trying_a_promise(calendar: str, start: str, target: str, due: str) -> None:
    said = RUNNER.invoke(build(), ["due", str(PACK), calendar, start, target])
    assert said.output == f"{due} (Asia/Shanghai)\n"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["ofice", "2026-11-13T16:30", "4 working hours"], "CALENDAR"),
        (["office", "yesterday", "4 working hours"], "START"),
        (["office", "2400-11-13T16:30", "4 working hours"], "START"),
        (["office", "2026-11-13T16:30", "soon"], "TARGET"),
    ],
)
def test_what_cannot_be_tried_is_named(arguments: list[str], field: str) -> None:
    said = RUNNER.invoke(build(), ["due", str(PACK), *arguments])
    assert set(said.exception.fields) == {field}  # type: ignore[union-attr]
