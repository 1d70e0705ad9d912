"""What is refused, with its line and its reason; and what stops an import before it begins."""

import gzip
import json
import stat
from typing import Any

import pytest

from civic import db
from civic.cases.models import Case, CaseEvent
from civic.catalogue.models import Department
from civic.imports.mapping import ImportFault
from civic.posts.models import Post
from civic.reports.models import Report
from tests.builders.harbour import Harbour, make_areas, make_resolved, make_row, write_rows

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    (make_row(text=None, title=None), "text", "It has no text."),
    (make_row(text="x" * 20_001), "text", "Its text has more than 20000 characters."),
    (make_row(url="https://harbour.example/reports"), "id", "It has no id"),
    (make_row(sent=None), "received", "It does not say when it was received."),
    (
        make_row(sent="2. März 2026"),
        "received",
        "“2. März 2026” is not a date in a format of the mapping (iso, %d.%m.%Y).",
    ),
    (make_row(sent="1999-12-31"), "received", "It was received before 2000."),
    (make_row(sent="0001-01-01T00:00:00+14:00"), "received", "“0001-01-01T00:00:00+14:00” is not a date"),
    (make_row(sent="2027-01-01"), "received", "The date of “received” is in the future."),
    (make_row(answered="2026-12-24"), "first_answer", "The date of “first_answer” is in the future."),
    (make_row(answered="2026-03-01"), "first_answer", "The date of “first_answer” is before the date of receipt."),
    (
        make_resolved(done="2026-03-01", answered=None),
        "resolved",
        "The date of “resolved” is before the date of receipt.",
    ),
    (make_resolved(done=None), "resolved", "Its status says that it is closed, but no column says when."),
    (make_resolved(body=None), "department", "It was answered or is closed, but no department is named."),
    (make_row(lat=None), "lat", "It gives no position."),
    (make_row(lat="north"), "lat", "Its position is not a latitude and longitude in degrees."),
    (make_row(lon=181), "lat", "Its position is not a latitude and longitude in degrees."),
    (make_row(lat=10), "lat", "Its place is outside the city."),
    (make_row(state="lost"), "status", "The mapping does not know the status “lost”."),
    (make_row(state=None), "status", "The mapping does not know the status “”."),
    (make_resolved(note="x" * 10_001), "resolution_text", "Its text has more than 10000 characters."),
    (make_row(again="2026-03-20"), "reopened", "It was reopened, but no column says that it had been resolved before."),
    (make_row(again="2026-03-20", done="2026-03-21"), "reopened", "It was reopened, but no column says that it had"),
    (
        make_resolved(first_done="2026-03-07", again="2026-03-06", done="2026-03-20"),
        "reopened",
        "It was reopened, but no column says that it had",
    ),
    (
        make_resolved(again="2026-03-06", answered="2026-03-09", done="2026-03-20"),
        "reopened",
        "It was reopened before it was first answered.",
    ),
    (
        make_resolved(again="2026-03-06", done="2026-03-05"),
        "resolved",
        "It was reopened after it was resolved, but no column says when it was closed again.",
    ),
    (
        make_resolved(again="2026-03-01", done="2026-03-05"),
        "reopened",
        "The date of “reopened” is before the date of receipt.",
    ),
    (make_row(again="2026-03-20", done="2026-03-05", body=None), "department", "It was answered or is closed, but no"),
]


@pytest.mark.parametrize(("wrong", "column", "reason"), REFUSED, ids=[reason[:45] for _, _, reason in REFUSED])
async def test_a_row_is_refused_with_its_reason(
    harbour: Harbour, wrong: dict[str, Any], column: str, reason: str
) -> None:
    await make_areas()
    done = await harbour.import_rows(make_row(), wrong, make_row(answered="2026-03-03"))
    assert (done.imported, done.refused) == (2, 1)
    (refused,) = harbour.read_rejects()
    assert (refused["line"], refused["column"]) == (2, column)
    assert refused["reason"].startswith(reason)
    assert refused["row"] == {key: str(value) for key, value in wrong.items()}


async def test_refused_rows_never_go_over_a_file_and_are_their_owners_alone(harbour: Harbour) -> None:
    harbour.rejects.write_text("of another time")
    done = [await harbour.import_rows(make_row(), make_row(lat=None)) for _ in range(2)]
    assert (await harbour.import_rows(make_row())).rejects is None
    assert [one.rejects for one in done] == [harbour.folder / f"rejects-{n}.jsonl" for n in (2, 3)]
    assert sorted(harbour.folder.glob("rejects*")) == sorted([harbour.rejects, *(one.rejects for one in done)])
    assert harbour.rejects.read_text() == "of another time"
    assert done[1].rejects
    assert stat.S_IMODE(done[1].rejects.stat().st_mode) == 0o600
    assert len(done[1].rejects.read_text().splitlines()) == 1


async def test_refused_rows_are_imported_as_they_are_once_they_are_right(harbour: Harbour) -> None:
    lines = [*harbour_csv(make_row(id=1)), '2,"bad "inner" quote"', *harbour_csv(make_row(id=3, lat=None))[1:]]
    path = harbour.folder / "rows.csv"
    last = harbour_csv(make_row(id=4, text="caf\xe9"))[1]
    path.write_bytes("\n".join([*lines, ""]).encode() + last.encode("latin-1"))
    harbour.change_mapping('language = "en"', 'language = "en"\nformat = "csv"\nencoding = "utf-8"')
    first = await harbour.import_rows(file=path)
    assert (first.imported, first.refused, first.reasons) == (1, 3, {"broken": 1, "no_position": 1, "encoding": 1})
    again = await harbour.import_rows(file=harbour.rejects)
    assert (again.imported, again.reasons) == (0, first.reasons)
    assert again.rejects
    second, third = (one.read_text("utf-8").splitlines() for one in (harbour.rejects, again.rejects))
    for before, after in zip(second, third, strict=True):
        assert json.loads(before) | {"line": 0} == json.loads(after) | {"line": 0}
    right = harbour_csv(make_row(id=2))[1]
    mended = json.loads(third[0]) | {"raw": right}, json.loads(third[1]), json.loads(third[2])
    mended[1]["row"]["lat"] = 48.6
    mended[2]["raw"] = mended[2]["raw"].replace("\udce9", "é")
    path.write_text("".join(json.dumps(one) + "\n" for one in mended))
    assert (await harbour.import_rows(file=path)).imported == 3
    assert await Post.filter(source__in=["harbour:2", "harbour:3", "harbour:4"], text__endswith="é").count() == 1


def harbour_csv(row: dict[str, Any]) -> list[str]:
    """The header, and a row as a line of CSV."""
    columns = ["url", "title", "text", "summary", "kind", "body", "street", "lat", "lon", "state", "sent"]
    return [",".join(columns), ",".join('"{}"'.format(row.get(name, "")) for name in columns)]


async def test_broken_lines_are_refused_and_the_others_taken(harbour: Harbour) -> None:
    path = write_rows(harbour.folder / "broken.jsonl", [make_row(), make_row()])
    broken = b'{"a": 1\n[1, 2]\n\n\xff\xfe\n"text"\n' + path.read_bytes() + b'{"title": "\\ud800"}\n'
    path.write_bytes(b"\xef\xbb\xbf" + write_rows(path, [make_row()]).read_bytes() + broken)
    done = await harbour.import_rows(file=path)
    assert (done.imported, done.refused) == (3, 5)
    assert [one["line"] for one in harbour.read_rejects()] == [2, 3, 5, 6, 9]


async def test_one_id_twice_is_taken_once(harbour: Harbour) -> None:
    done = await harbour.import_rows(make_row(id=7), make_row(id=8), make_row(id=7, text="Another text"))
    assert (done.imported, done.refused) == (2, 1)
    assert harbour.read_rejects()[0]["reason"] == "Line 1 has the same id."


async def test_csv_in_another_form(harbour: Harbour) -> None:
    rows = [make_resolved(text='Two lines,\nand "quotes"'), make_row(answered="2026-03-03"), make_row(state="lost")]
    columns = ["url", "title", "text", "summary", "kind", "body", "street", "lat", "lon", "state", "sent", "answered"]
    columns += ["done", "answer", "note"]
    lines = [";".join(columns)]
    lines += [";".join('"' + str(one.get(name, "")).replace('"', '""') + '"' for name in columns) for one in rows]
    path = harbour.folder / "rows"
    path.write_bytes(gzip.compress(("\ufeff" + "\r\n".join([*lines, "only;three;cells", ""])).encode()))
    harbour.change_mapping('language = "en"', 'language = "en"\ndelimiter = ";"')
    done = await harbour.import_rows(file=path)
    assert (done.imported, done.refused) == (2, 2)
    assert harbour.list_rejects() == [(5, "status"), (6, "")]
    assert (await Post.get(title="A hole", text='Two lines,\nand "quotes"')).source


async def test_an_unknown_department_or_category_where_none_is_made(harbour: Harbour) -> None:
    await harbour.import_rows(make_row())
    harbour.change_mapping("[departments]\ncreate = true", "[departments]")
    harbour.change_mapping("[categories]\ncreate = true", "[categories]")
    done = await harbour.import_rows(make_row(), make_row(body="Nobody"), make_row(kind="Nothing"))
    assert (done.imported, done.reasons) == (1, {"department": 1, "category": 1})
    assert await Department.all().values_list("slug", flat=True) == ["roads"]


async def test_defaults_stand_in(harbour: Harbour) -> None:
    harbour.change_mapping(
        "[departments]\n", "[place]\ndefault = [48.7, 2.2]\nunknown = [[48.1, 2.1]]\n\n[departments]\n"
    )
    harbour.change_mapping('calendar = "office"\nvalues.Roads', 'calendar = "office"\ndefault = "Parks"\nvalues.Roads')
    done = await harbour.import_rows(make_row(lat=None), make_row(lat=48.1, lon=2.1), make_resolved(body=None))
    assert (done.imported, done.adjustments) == (3, {"default_position": 2})
    assert await Report.filter(lat=48.7, lon=2.2).count() == 2
    assert await Case.filter(department__slug="parks").count() == 1


async def test_outside_of_the_city_where_the_mapping_keeps_it(harbour: Harbour) -> None:
    await make_areas()
    harbour.change_mapping("[departments]\n", '[place]\noutside = "keep"\n\n[departments]\n')
    assert (await harbour.import_rows(make_row(lat=10))).imported == 1
    assert (await Report.get()).area_id is None


async def test_control_characters_and_long_titles(harbour: Harbour) -> None:
    await harbour.import_rows(make_row(text="a\x00b\r\nc\u202e", title="word " * 60, street="y" * 400))
    post = await Post.get()
    assert post.text == "ab\nc\u202e"
    assert len(post.title) <= 200
    assert post.title.endswith("…")
    assert len((await Report.get()).address) == 300


STOPS = [
    ('lon = "lon"', 'lon = "lomg"', "The file has no column “lomg”. Did you mean lon?"),
    ('lon = "lon"', 'lon = "x-ray"', "The file has no column “x-ray”. There is: body, "),
    ('formats = ["iso", "%d.%m.%Y"]', 'formats = ["%d/%m/%Y"]', "2 × received: “2026-03-02” is not a date in a format"),
    ('open = "open"', "", "2 × status: The mapping does not know the status “open”."),
    (
        '[departments]\ncreate = true\ncalendar = "office"',
        '[departments]\ncreate = true\ncalendar = "oh"',
        "calendar “oh”",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "said"), STOPS, ids=[said[:40] for _, _, said in STOPS])
async def test_a_mapping_that_does_not_fit_the_file_stops_it(
    harbour: Harbour, right: str, wrong: str, said: str
) -> None:
    harbour.change_mapping(right, wrong)
    with pytest.raises(ImportFault) as failed:
        await harbour.import_rows(make_row(), make_row())
    assert said in str(failed.value)
    assert await db.fetch("SELECT 1 AS x FROM post") == []


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x1f\x8b\x08broken", b"\x1f\x8b"])
async def test_a_file_without_rows(harbour: Harbour, content: bytes) -> None:
    path = harbour.folder / "nothing"
    path.write_bytes(content)
    with pytest.raises(ImportFault, match="nothing"):
        await harbour.import_rows(file=path)


async def test_a_file_that_breaks_off_keeps_what_came_before(harbour: Harbour) -> None:
    harbour.change_mapping("slack_minutes = 30", "slack_minutes = 31")
    path = write_rows(harbour.folder / "rows.gz", [make_row(text=str(n) * n) for n in range(1, 1500)], packed=True)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImportFault, match="ends too early"):
        await harbour.import_rows(file=path)
    assert 1000 < await Case.all().count() < 1500


async def test_every_row_refused_for_its_own_fault_is_no_fault_of_the_mapping(harbour: Harbour) -> None:
    done = await harbour.import_rows(make_row(lat=None), make_row(lat=None), make_row(text=None, title=None))
    assert (done.imported, done.refused) == (0, 3)


async def test_the_refused_do_not_go_over_the_file_itself(harbour: Harbour) -> None:
    path = write_rows(harbour.folder / "rows.jsonl", [make_row(), make_row(lat=None)])
    before = path.read_bytes()
    harbour.rejects = path
    assert (await harbour.import_rows(file=path)).rejects == harbour.folder / "rows-2.jsonl"
    assert path.read_bytes() == before
    harbour.rejects = harbour.folder / "rows.jsonl" / "below"
    with pytest.raises(ImportFault, match=r"below: (Not a directory|File exists)"):
        await harbour.import_rows(file=path)


async def test_one_great_json_list_is_read(harbour: Harbour) -> None:
    path = harbour.folder / "list.json"
    path.write_text(json.dumps([make_row(), make_row(lat=None), make_resolved()], indent=1))
    done = await harbour.import_rows(file=path)
    assert (done.imported, done.refused, done.lines) == (2, 1, {})
    path.write_text(json.dumps({"status": "ok", "result": [make_row()]}))
    with pytest.raises(
        ImportFault, match=r"in one JSON object|one JSON object\. Take its rows .* jq -c '\.result\[\]'"
    ):
        await harbour.import_rows(file=path)


async def test_a_dry_run_counts_the_same_and_writes_nothing(harbour: Harbour) -> None:
    rows = [make_row(id=1), make_row(id=2, lat=None), make_resolved(id=3, body="Parks"), make_row(id=1)]
    harbour.change_mapping('open = "open"', 'open = "open"\ntest = "skipped"')
    path = write_rows(harbour.folder / "rows.jsonl", [*rows, make_row(state="test")])
    dry = await harbour.import_rows(file=path, dry_run=True)
    assert dry.rejects == harbour.rejects
    said = harbour.rejects.read_text()
    tables = ("city", "department", "category", "calendar", "post", "case_file", "import_addition")
    assert [len(await db.fetch(f"SELECT 1 AS x FROM {table}")) for table in tables] == [0] * len(tables)
    done = await harbour.import_rows(file=path)
    assert dry.as_json() | {"seconds": 0, "rejects": ""} == done.as_json() | {"seconds": 0, "rejects": ""}
    assert (done.imported, done.refused, done.skipped, done.lines["skipped"]) == (2, 2, 1, 1)
    assert done.rejects
    assert done.rejects.read_text() == said
    again = await harbour.import_rows(file=path, dry_run=True)
    assert (again.imported, again.unchanged) == (0, 2)
    harbour.change_mapping('calendar = "office"\nvalues.Roads', 'calendar = "oh"\nvalues.Roads')
    with pytest.raises(ImportFault, match="there is no calendar “oh”"):
        await harbour.import_rows(make_row(body="Harbour police"), dry_run=True)


async def test_no_city_at_all(harbour: Harbour) -> None:
    start = harbour.mapping.read_text("utf-8").index("[city]")
    end = harbour.mapping.read_text("utf-8").index("[calendars.office]")
    harbour.change_mapping(harbour.mapping.read_text("utf-8")[start:end], "")
    with pytest.raises(ImportFault, match="No city is loaded"):
        await harbour.import_rows(make_row())


async def test_events_of_history_say_what_the_source_says(harbour: Harbour) -> None:
    await harbour.import_rows(make_resolved(answer="On its way.", note="Filled."), make_resolved())
    texts = await CaseEvent.filter(kind__in=["replied", "resolved"]).order_by("id").values_list("text", flat=True)
    assert texts[:2] == ["On its way.", "Filled."]
    assert texts[2].startswith("Answered on this day, says the source.")
    assert texts[3].startswith("Resolved on this day, says the source.")
