"""What a row says, understood: positions, times, zones, supporters, and what is left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from civic.imports.mapping import ImportMapping
from civic.imports.parser import Box, ImportedReport, RowParser, RowRefused, RowSkipped
from civic.imports.source_rows import SourceRow

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NEW_YORK: Box = (-74.3, 40.4, -73.6, 41.0)
MAPPING: dict[str, Any] = {
    "name": "field",
    "times": {"zone": "America/New_York", "formats": ["iso", "%m/%d/%Y %I:%M:%S %p"]},
    "columns": {
        "id": "id",
        "text": "text",
        "lat": "lat",
        "lon": "lon",
        "received": "opened",
        "resolved": "closed",
        "first_answer": "answered",
        "status": "status",
        "category": "kind",
        "votes": "votes",
        "url": "url",
        "reopened": "reopened",
        "first_resolved": "first_closed",
    },
    "history": {"statuses": {"Open": "open", "Closed": "resolved", "Test": "skipped"}},
    "departments": {"default": "roads"},
}
ROW = {"id": "1", "text": "hole", "lat": "40.71", "lon": "-74.00", "status": "Open", "opened": "2026-11-27T09:30:00"}


def parse(box: Box | None = NEW_YORK, mapping: dict[str, Any] | None = None, **values: str) -> ImportedReport:
    parser = RowParser(ImportMapping.model_validate(mapping or MAPPING), NOW, box)
    return parser.parse(SourceRow(1, ROW | values))


def why_refused(box: Box | None = NEW_YORK, **values: str) -> str:
    with pytest.raises(RowRefused) as refused:
        parse(box, **values)
    return refused.value.kind


@pytest.mark.parametrize(
    ("lat", "lon", "kind"),
    [
        ("0", "0", "no_position"),
        ("0.0", "-74.0", "no_position"),
        ("40.7", "0", "no_position"),
        ("-74.0", "40.71", "swapped"),
        ("4_0.7", "-7_4", "no_position"),
        ("982000", "201000", "no_position"),
        ("982,000", "201,000", "no_position"),
        ("nan", "nan", "no_position"),
        ("inf", "40", "no_position"),
        ("40.71.2", "-74", "no_position"),
        ("91", "-74", "no_position"),
        ("40.7 N", "-74", "no_position"),
        ("1e400", "-74", "no_position"),
    ],
)
def test_positions_that_are_none(lat: str, lon: str, kind: str) -> None:
    assert why_refused(lat=lat, lon=lon) == kind


@pytest.mark.parametrize(("lat", "lon"), [("40,71", "-74,0"), ("+40.71", "-7.4e1"), ("４０.71", "−74")])
def test_positions_as_people_and_programs_write_them(lat: str, lon: str) -> None:
    report = parse(lat=lat, lon=lon)
    assert (report.lat, report.lon) == (40.71, -74.0)


def test_zero_is_a_position_where_the_city_lies_there() -> None:
    assert parse((-0.5, 51.3, 0.3, 51.7), lat="51.5", lon="0").lon == 0
    assert parse(None, lat="-74.0", lon="40.71").lat == -74.0  # nothing says that they are interchanged


def test_texts_are_cleaned_as_posted_ones_are() -> None:
    report = parse(text="vertical\x0btab \x1besc \x85nel\r\nline", kind="Pot\x0bhole", id="\ufeff7\x00")
    assert (report.text, report.category, report.source) == ("verticaltab esc nel\nline", "Pothole", "field:7")
    assert why_refused(text="\u200b \u3164") == "no_text"
    assert why_refused(id="\u200b") == "no_id"


def test_an_hour_that_the_clocks_showed_twice() -> None:
    report = parse(status="Closed", opened="11/01/2026 01:50:00 AM", closed="11/01/2026 01:10:00 AM")
    assert report.ended_at
    assert report.ended_at - report.received_at == timedelta(minutes=20)
    report = parse(opened="2026-11-01T01:50:00", answered="2026-11-01T01:10:00")
    assert report.answered_at == report.received_at + timedelta(minutes=20)
    assert why_refused(status="Closed", opened="2026-11-01T02:50:00", closed="2026-11-01T01:10:00") == "order"
    skipped = parse(status="Closed", opened="2026-03-08T02:50:00", closed="2026-03-08T03:10:00")
    assert skipped.ended_at == skipped.received_at + timedelta(minutes=10)


def test_a_column_that_names_the_zone() -> None:
    times = MAPPING["times"] | {"zone_column": "tz", "zones": {"MT": "America/Denver"}}
    mapping = MAPPING | {"times": times}
    hours = {zone: parse(mapping=mapping, tz=zone).received_at.hour for zone in ("", "MT", "America/Chicago", "UTC")}
    assert hours == {"": 14, "MT": 16, "America/Chicago": 15, "UTC": 9}
    assert parse(mapping=mapping, tz="MT", opened="2026-11-27T09:30:00Z").received_at.hour == 9
    for wrong in ("Mars", "../etc/passwd", "/", "MST/"):
        with pytest.raises(RowRefused, match="is no time zone"):
            parse(mapping=mapping, tz=wrong)


def test_supporters() -> None:
    assert [parse(votes=text).votes for text in ("", "0", "12", "12.0")] == [0, 0, 12, 12]
    for wrong in ("-1", "many", "1e9", "99999999", "1_0"):
        assert why_refused(votes=wrong) == "votes"


def test_rows_that_are_left_out() -> None:
    with pytest.raises(RowSkipped):
        parse(status="Test", lat="", opened="")
    when = {"column": "text", "contains": "do not import", "outcome": "skipped"}
    mapping = MAPPING | {"history": MAPPING["history"] | {"when": [when]}}
    with pytest.raises(RowSkipped):
        parse(mapping=mapping, text="A test: DO NOT IMPORT")


def test_the_end_of_an_open_report_is_told() -> None:
    parser = RowParser(ImportMapping.model_validate(MAPPING), NOW)
    assert parser.parse(SourceRow(1, ROW | {"closed": "2026-11-27T10:00:00"})).ended_at is None
    assert parser.adjustments == {"end_of_open": 1}


def count_adjustments(**values: str) -> tuple[ImportedReport, dict[str, int]]:
    parser = RowParser(ImportMapping.model_validate(MAPPING), NOW)
    return parser.parse(SourceRow(1, ROW | values)), dict(parser.adjustments)


CLOSED_AGAIN = {"status": "Closed", "opened": "2026-11-02", "reopened": "2026-11-05", "closed": "2026-11-09"}


def test_which_resolution_is_the_first() -> None:
    report, noted = count_adjustments(**CLOSED_AGAIN, first_closed="2026-11-04")
    assert report.reopening
    assert report.ended_at
    days = [one.day for one in (report.reopening.resolved_at, report.reopening.at, report.ended_at)]
    assert (days, noted) == ([4, 5, 9], {})

    report, noted = count_adjustments(**CLOSED_AGAIN)
    assert report.reopening
    assert report.reopening.resolved_at == report.reopening.at
    assert report.reopening.resolution_text.startswith("Resolved before it was reopened, says the source.")
    assert noted == {"first_end_unknown": 1}

    report, noted = count_adjustments(opened="2026-11-02", closed="2026-11-04", reopened="2026-11-05")
    assert report.reopening
    assert (report.reopening.resolved_at.day, report.ended_at, noted) == (4, None, {})

    report, noted = count_adjustments(
        opened="2026-11-02", first_closed="2026-11-04", reopened="2026-11-05", closed="2026-11-09"
    )
    assert report.reopening
    assert (report.reopening.resolved_at.day, report.ended_at, noted) == (4, None, {"end_of_open": 1})

    report, noted = count_adjustments(**CLOSED_AGAIN, first_closed="2026-11-04", answered="2026-11-05T09:00")
    assert (report.answered_at, noted) == (None, {"answer_after_end": 1})
    report, noted = count_adjustments(opened="2026-11-02", first_closed="2026-11-04")  # never reopened
    assert (report.reopening, noted) == (None, {})


def test_a_reopening_without_a_department() -> None:
    mapping = MAPPING | {"history": {"statuses": {"Open": "triage", "Closed": "resolved"}}}
    parser = RowParser(ImportMapping.model_validate(mapping), NOW)
    values = {"opened": "2026-11-02", "closed": "2026-11-04", "reopened": "2026-11-05"}
    assert parser.parse(SourceRow(1, ROW | values)).reopening is None
    assert parser.adjustments == {"reopening_unused": 1, "end_of_open": 1}


@pytest.mark.parametrize(
    "url",
    [
        "https://issues.example/17",
        "http://issues.example:8080/a?b=c&d=%20#e",
        "HTTPS://Issues.example/17",
        "https://例子.example/路面?页=1",
        "https://[2001:db8::1]/17",
        "https://issues.example/" + "x" * 477,
    ],
)
def test_links_that_are_kept(url: str) -> None:
    report, noted = count_adjustments(url=f" {url} ")
    assert (report.url, noted) == (url, {})


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "data:text/html,x", "ftp://issues.example/17", "//issues.example/17", "/17", "17"),
        *("issues.example/17", "https:17", "https://", "https:///17", "http:\\\\issues.example", "https://?x"),
        *("https://user:word@issues.example/17", "https://user@issues.example/17", "https://@issues.example/17"),
        *("https://issues.example\\@other.example/", "https://issues.example:99999/", "https://issues.example:x/"),
        *("https://issues.example/a b", "https://issues.example/\u202egnp.exe", "java\nscript:alert(1)"),
        *(
            "https://issues.example/a\tb",
            "https://[2001:db8::1/17",
            'https://issues.example/"onclick=',
            "https://a/<b>",
        ),
        "https://issues.example/" + "x" * 478,
    ],
)
def test_links_that_are_left_out(url: str) -> None:
    report, noted = count_adjustments(url=url)
    assert (report.url, noted) == ("", {"url_left_out": 1})
