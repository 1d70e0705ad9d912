"""An import writes what the actions would have written at those times: the same rows, column by column."""

from contextlib import closing
from datetime import timedelta
from typing import Any

from civic import db, timing
from civic.accounts.people import NOBODY
from civic.cases import actions as cases
from civic.cases.actors import SYSTEM, Actor, ActorKind
from civic.cases.history import check_histories
from civic.catalogue.queries import catalogue
from civic.db import in_transaction
from civic.geo.queries import areas
from civic.imports.files import SourceFile
from civic.imports.mapping import read_mapping
from civic.imports.parser import ImportedReport, Reopening, RowParser
from civic.posts import actions as posts
from civic.reports.models import KIND, Report
from civic.writes import Writes, new_ids
from tests.builders.harbour import NOW, Harbour, make_areas, make_resolved, make_row, write_rows
from tests.builders.town import open_case

ROWS = [
    make_resolved(),
    make_resolved(done="2026-03-04"),  # answered and resolved on one day
    make_resolved(sent="2026-03-04", done="2026-03-04"),  # all on one day
    make_resolved(answered=None),
    make_resolved(answered="2026-03-09"),  # after the resolution
    make_resolved(kind="Lamp", answered="2026-03-03", done="2026-03-20"),  # elapsed targets, too late
    make_resolved(body="Parks"),  # a calendar of its own
    make_resolved(body="Parks", kind="Lamp", answered="2026-03-03T23:59:59+01:00", done="2026-03-28T02:30:00+01:00"),
    make_resolved(
        kind=None, sent="2026-03-27", answered="2026-03-29T02:30", done="2026-03-30"
    ),  # a time that never was
    make_resolved(sent="2025-12-31T23:30:00Z", answered="02.01.2026", done="05.01.2026"),  # another year there
    make_resolved(done="2026-11-12", answered="2026-11-11"),  # not closed by time yet
    make_resolved(done="2026-11-03", sent="2026-11-02", answered=None, note="Filled today."),  # closed by time just now
    make_resolved(answer="It is on its way.", note="Filled with asphalt.", body="A body nobody mapped"),
    make_resolved(note="The same as another one", kind="Noise & dirt"),
    make_row(state="refused", done="2026-04-01"),
    make_row(state="refused", done="2026-04-01", answered="2026-03-03", kind="Lamp", body="Parks"),
    make_row(),  # nobody ever answered
    make_row(answered="2026-03-03"),
    make_row(answered="2026-03-30", kind="Lamp"),
    make_row(body="Parks", answered="2026-03-02T07:59:00Z", sent="2026-03-02T09:10:00+01:00"),  # within the slack
    make_row(sent="2026-11-12"),  # its promises still run
    make_row(sent="2026-11-13T10:15:00+01:00", kind="Lamp", answered="2026-11-13T10:20:00+01:00"),
    make_row(sent="2026-11-02", kind=None, body="Parks"),
    make_row(sent="2026-10-24", kind="Lamp", answered="2026-10-25T02:30"),  # a time that was twice
    make_row(body=None),
    make_row(state="unclear", kind="Lamp", lon=2.1),
    make_row(state="unclear", answered="2026-03-03", lon=2.9),
    make_row(text=None, summary="Only a summary.", street=None, title="x" * 250),
    make_row(title=None, text="路灯不亮了，已经三天。", kind="Lamp"),
    make_resolved(sent="2024-02-29", answered="2024-03-01", done="2024-03-01", lat="48,9", lon=2.95),
    # Reopened: before it was closed by time, after it was, and on the day on which it was resolved first.
    make_resolved(first_done="2026-03-05", again="2026-03-06", done="2026-03-20", note="Filled once more."),
    make_resolved(first_done="2026-03-05", again="2026-03-20", done="2026-04-01", kind="Lamp", answered=None),
    make_resolved(first_done="2026-03-05", again="2026-03-05", done="2026-03-06", body="Parks"),
    make_resolved(first_done="2026-11-03T13:00+01:00", again="2026-11-13T13:00+01:00", done="2026-11-13T13:00+01:00"),
    make_resolved(again="2026-03-06", done="2026-03-20"),  # nothing says when it was resolved first
    make_resolved(again="2026-03-06", done="2026-03-20", answered=None, kind=None),
    make_row(state="refused", first_done="2026-03-04", again="2026-03-06", done="2026-11-12", answered="2026-03-03"),
    make_row(done="2026-03-05", again="2026-03-10", note="Filled with sand.", answered="2026-03-04"),  # it is open now
    make_row(first_done="2026-11-10", again="2026-11-12", kind="Lamp", body="Parks"),
]
TABLES = ("post", "report", "case_file", "clock", "assignment", "case_event", "clock_step", "handling", "doubt")


async def test_history_is_what_the_actions_would_have_written(harbour: Harbour) -> None:
    await make_areas()
    await _empty()
    done = await harbour.import_rows(*ROWS)
    assert (done.imported, done.refused, done.unchanged) == (len(ROWS), 0, 0)
    imported = await _all_rows()
    assert (await check_histories()).faults == []
    for table in ("message", "pgqueuer"):  # nobody is told of history
        assert await db.fetch(f"SELECT 1 AS x FROM {table}") == []

    await _empty()
    understanding = RowParser(read_mapping(harbour.mapping), NOW)
    with closing(SourceFile(harbour.folder / "rows.jsonl", understanding.mapping)) as source:
        for one in source.rows():
            await _live(understanding.parse(one))
    lived = await _all_rows()

    assert {table: len(rows) for table, rows in imported.items()} == {table: len(rows) for table, rows in lived.items()}
    for table in TABLES:
        for ours, theirs in zip(imported[table], lived[table], strict=True):
            assert _compared(table, ours) == _compared(table, theirs), table
    _check_promises(imported)


async def _live(entry: ImportedReport) -> None:
    """Everything by the actions themselves, at its time."""
    found = await catalogue()
    named = {"Hole": "hole", "Lamp": "lamp", "Noise & dirt": "noise-dirt", "": None}[entry.category]
    category = found.category_by_code[named] if named else None
    slug = {"A body nobody mapped": "a-body-nobody-mapped"}.get(entry.department, entry.department.lower())
    area = (await areas()).at(entry.lat, entry.lon)
    reason = {"step": "import", "source": "harbour"}
    with timing.at(entry.received_at):
        async with in_transaction():
            draft = posts.NewPost(
                KIND, entry.text, title=entry.title, language="en", channel="import", source=entry.source
            )
            post_id, report_id = await new_ids(posts.Post, Report)
            post, _code = posts.make_post(draft, NOBODY, post_id, f"/reports/{report_id}")
            case = await open_case(category, area_id=area.id if area else None, channel="import")
            report = Report(
                id=report_id,
                post_id=post_id,
                case_id=case.id,
                category_id=case.category_id,
                area_id=case.area_id,
                lat=entry.lat,
                lon=entry.lon,
                located_by="import",
                address=entry.address,
            )
            writes = Writes()
            writes.insert(report)
            await posts.write_post(post, writes=writes)
        if not slug:
            await cases.send_to_triage(case.id, reason=reason)
            return
        department = found.department_by_slug[slug].id
        await cases.assign(case.id, department, by=SYSTEM, reason=reason)
    desk = Actor(ActorKind.DEPARTMENT, None, department)
    if entry.answered_at:
        with timing.at(entry.answered_at):
            await cases.reply(case.id, by=desk, text=entry.answer_text)
    if entry.reopening:
        await _live_reopening(case.id, desk, entry.reopening)
    if entry.ended_at and entry.meaning.reason:
        with timing.at(entry.ended_at):
            await cases.decline(case.id, by=desk, reason=entry.meaning.reason, text=entry.end_text)
    elif entry.ended_at:
        with timing.at(entry.ended_at):
            await cases.resolve(case.id, by=desk, text=entry.end_text)
        if (closing := entry.ended_at + timedelta(days=10)) <= NOW:
            with timing.at(closing):
                assert await cases.confirm_next_resolution()


async def _live_reopening(case_id: int, desk: Actor, reopening: Reopening) -> None:
    with timing.at(reopening.resolved_at):
        await cases.resolve(case_id, by=desk, text=reopening.resolution_text)
    if (closing := reopening.resolved_at + timedelta(days=10)) <= reopening.at:
        with timing.at(closing):
            assert await cases.confirm_next_resolution()
    with timing.at(reopening.at):
        await cases.dispute(case_id, by=Actor.reporter(NOBODY), text=reopening.text)


def _compared(table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Without what differs on purpose: nobody holds a receipt of an imported post, and `_check_promises`."""
    left_out = {
        "post": {"receipt_hash"},
        "clock": {"step", "step_at", "computed"},
        "case_file": {"due_at"},
        "assignment": {"due_at"},
    }.get(table, set())
    return {name: value for name, value in values.items() if name not in left_out}


def _check_promises(imported: dict[str, list[dict[str, Any]]]) -> None:
    """The due instants of history are for figures only: they are marked, remind nobody and are shown as due nowhere."""
    for clock in imported["clock"]:
        assert (clock["computed"], clock["step"], clock["step_at"]) == (True, 0, None)
    assert not any(row["due_at"] for row in imported["case_file"] + imported["assignment"])


async def _empty() -> None:
    await db.execute(f"TRUNCATE {', '.join(TABLES)}, pgqueuer, message RESTART IDENTITY CASCADE")


async def _all_rows() -> dict[str, list[dict[str, Any]]]:
    return {table: await db.fetch(f"SELECT * FROM {table} ORDER BY id") for table in TABLES}


async def test_rows_of_every_shape_can_be_written_together(harbour: Harbour) -> None:
    """The order of the file is not the order of time."""
    path = write_rows(harbour.folder / "mixed.jsonl", [dict(one) for one in reversed(ROWS)], packed=True)
    done = await harbour.import_rows(file=path)
    assert done.imported == len(ROWS)
    assert done.adjustments == {"answer_after_end": 1, "slack": 1, "first_end_unknown": 2}
