"""A mapping that is wrong says what is wrong, and names the nearest right key."""

from pathlib import Path

import pytest

from civic.imports.mapping import ImportFault, read_mapping
from tests.builders.harbour import MAPPING
from tests.source import ROOT


@pytest.mark.parametrize("path", sorted((ROOT / "docs/imports").glob("*.toml")), ids=lambda path: path.stem)
def test_the_mappings_that_come_along_are_right(path: Path) -> None:
    assert read_mapping(path).name == path.stem


WRONG = [
    ('lat = "lat"', 'latt = "lat"', "columns.latt: There is no such key here. Did you mean lat?"),
    ("slack_minutes = 30", "slack = 30", "times.slack: There is no such key here. Did you mean slack_minutes?"),
    ("slack_minutes = 30", "slack_minutes = -1", "times.slack_minutes: This has to be from 0 to 1440."),
    ('open = "open"', 'open = "opened"', "history.statuses.open.outcome: There is no “opened”. Did you mean open?"),
    (
        'reason = "not_feasible"',
        'reason = "later"',
        "refused.reason: There is no “later”. There is: cannot_find",
    ),
    (', reason = "not_feasible"', "", "“declined”, and nothing else, needs a reason: not_public, "),
    ('contains = "same as another"', "", "A condition needs “contains” or “equals”."),
    ('"4 working hours"', '"4 working"', "categories.values.Hole.response: '4 working' is no target"),
    ('zone = "Europe/Paris"\nformats', 'zone = "Paris"\nformats', "times.zone: “Paris” is not a time zone"),
    ('"%d.%m.%Y"', '"dd.mm.yyyy"', "“dd.mm.yyyy” is not a format: write “iso”, or something like “%m/%d/%Y”."),
    ('time = "09:00"', 'time = "9 h"', "columns.received.time: Invalid isoformat string"),
    ("'/(\\d+)$'", "'/(\\d+$'", "columns.id.pattern: Input should be a valid regular expression"),
    (
        'calendar = "office"\n\n[calendars',
        'calendar = "ofice"\n\n[calendars',
        "There is no “ofice”. Did you mean office?",
    ),
    ("holidays = [2026-05-01]", "workdays = [2026-05-01]\nholidays = [2026-05-01]", "both a holiday and a workday"),
    ('name = "harbour"', 'name = "The harbour"', "name: “The harbour” is no short name"),
    ('status = "state"', "", "history.default is needed where no column says the status."),
    ('slug = "roads"', 'slug = "Roads!"', "departments.values.Roads.slug: “Roads!” is no short name"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said[:40] for _, _, said in WRONG])
def test_what_is_wrong_is_named(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    assert right in MAPPING
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace(right, wrong), "utf-8")
    with pytest.raises(ImportFault) as failed:
        read_mapping(path)
    assert said in str(failed.value)
    assert "Nothing was imported." in str(failed.value)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace('lat = "lat"', 'latt = "lat"').replace("slack_minutes = 30", "slack = 30"), "utf-8")
    with pytest.raises(ImportFault) as failed:
        read_mapping(path)
    assert "slack_minutes?" in str(failed.value)
    assert "Did you mean lat?" in str(failed.value)


@pytest.mark.parametrize(
    ("content", "said"), [(b"name = ", "Invalid value"), (b"\xff", "utf-8"), (None, "No such file")]
)
def test_a_file_that_is_no_mapping(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "mapping.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ImportFault, match=said):
        read_mapping(path)


@pytest.mark.parametrize(("name", "needed"), [("reopened", "resolved"), ("first_resolved", "reopened")])
def test_columns_that_need_another(tmp_path: Path, name: str, needed: str) -> None:
    path = tmp_path / "mapping.toml"
    lines = [line for line in MAPPING.splitlines() if not line.startswith(f"{needed} = {{")]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(ImportFault, match=rf"columns\.{name} says nothing without columns\.{needed}"):
        read_mapping(path)


def test_a_date_column_is_needed_for_what_is_over(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    unneeded = ("resolved = {", "reopened = {", "first_resolved = {")
    path.write_text("\n".join(line for line in MAPPING.splitlines() if not line.startswith(unneeded)), "utf-8")
    with pytest.raises(ImportFault, match=r"columns\.resolved is needed for the outcome “declined”"):
        read_mapping(path)
