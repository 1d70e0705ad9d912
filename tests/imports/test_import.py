"""Stopped and started again, twice at once, on top of what is there: every row comes in once."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from civic import timing
from civic.cases import history, queries
from civic.cases.actions import confirm_next_resolution, end_next_wait, escalate_next_clock
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.status import Status
from civic.catalogue.models import Category, Department
from civic.catalogue.queries import catalogue
from civic.city.models import City
from civic.imports.actions import IMPORT_LOCK, Progress, import_file
from civic.imports.mapping import ImportFault, read_mapping
from civic.lasting_locks import lock_connection
from civic.reports import actions as reports
from civic.sla.models import Clock
from civic.text import make_slug
from tests.builders.harbour import MAPPING, NOW, Harbour, make_resolved, make_row, write_rows
from tests.live import command, environment, prepare


async def test_again_is_unchanged_and_more_is_added(harbour: Harbour) -> None:
    rows = [make_resolved(id=n) for n in range(1, 31)]
    assert (await harbour.import_rows(*rows)).imported == 30
    again = await harbour.import_rows(*rows, make_row(id=99), make_row(id=100, lat=None))
    assert (again.imported, again.refused, again.unchanged) == (1, 1, 30)
    assert await Case.all().count() == 31


async def test_two_at_once_of_one_name(harbour: Harbour) -> None:
    """The second is refused while the first is at work, whoever is quicker."""
    path = write_rows(harbour.folder / "many.jsonl", [make_resolved(id=n, body=f"Body {n % 9}") for n in range(1, 31)])
    mapping = read_mapping(harbour.mapping)
    with timing.at(NOW):
        async with lock_connection() as locks, locks.lock(f"{IMPORT_LOCK}harbour"):
            with pytest.raises(ImportFault, match="Another import of “harbour” is running"):
                await import_file(path, mapping, harbour.folder / "second.jsonl", batch=10)
        assert await Case.all().count() == 0
        done = await import_file(path, mapping, harbour.folder / "first.jsonl", batch=10)
    assert done.imported == await Case.all().count() == 30
    assert await Department.all().count() == 9


async def test_another_mapping_has_its_own_numbers(harbour: Harbour) -> None:
    await harbour.import_rows(make_row(id=1))
    harbour.change_mapping('name = "harbour"', 'name = "port"')
    assert (await harbour.import_rows(make_row(id=1))).imported == 1


async def test_progress_is_told(harbour: Harbour) -> None:
    path = write_rows(harbour.folder / "rows.gz", [make_row() for _ in range(50)], packed=True)
    seen: list[tuple[int, float]] = []

    def on_progress(progress: Progress) -> None:
        seen.append((progress.rows, progress.share))

    await import_file(path, read_mapping(harbour.mapping), harbour.rejects, on_progress=on_progress, batch=20)
    assert [rows for rows, _share in seen] == [20, 40, 50]
    assert seen[-1][1] == 1.0


async def test_what_the_mapping_makes_on_the_way(harbour: Harbour) -> None:
    long = "Igen hosszú nevű közterület-fenntartó és városgazdálkodási nonprofit társaság"
    await harbour.import_rows(
        make_row(), make_row(body="Parks", kind="Lamp"), make_row(body=long, kind="Zaj & bűz"), make_row(body="水务局")
    )
    departments = {one.slug: one for one in await Department.all().select_related("calendar")}
    assert set(departments) == {"roads", "parks", make_slug(long), make_slug("水务局")}
    assert all(len(slug) <= 64 for slug in departments)
    assert (departments["parks"].calendar.slug, departments["roads"].calendar.slug) == ("mornings", "office")
    assert departments[make_slug(long)].names == {"en": long}
    lamp, other = await Category.get(code="lamp"), await Category.get(code="zaj-buz")
    assert (lamp.response_target, lamp.resolution_target) == ("48 hours", "5 days")
    assert (other.response_target, other.resolution_target) == ("2 working days", "10 working days")
    assert set((await catalogue()).department_by_slug) == set(departments)
    assert (await City.get()).names == {"en": "Harbour"}


async def test_what_exists_is_not_changed(harbour: Harbour) -> None:
    await harbour.import_rows(make_row())
    await Department.all().update(names={"en": "The road office"})
    await City.all().update(names={"en": "Another town"})
    harbour.change_mapping('names = { en = "Roads", zh = "道路处" }', 'names = { en = "New roads" }')
    await harbour.import_rows(make_row())
    assert (await Department.get()).names == {"en": "The road office"}
    assert (await City.get()).names == {"en": "Another town"}


async def test_reports_of_a_private_category_stay_private(harbour: Harbour) -> None:
    await harbour.import_rows(make_row())
    await Category.all().update(public=False)
    await harbour.import_rows(make_row(), make_row(kind="Lamp"))
    posts = await Case.filter(id__gt=0).order_by("id").values_list("reports__post__visibility", flat=True)
    assert posts == ["public", "private", "public"]


async def test_an_imported_case_goes_on_like_any_other(harbour: Harbour) -> None:
    await harbour.import_rows(make_row(sent="2026-03-02"), make_row(state="unclear"), make_resolved(done="2026-11-12"))
    old, unclear, fresh = await Case.all().order_by("id")
    await reports.route_case(unclear.id)  # it is in triage already
    assert await CaseEvent.filter(case_id=unclear.id).count() == 2
    with timing.at(NOW):
        assert [await escalate_next_clock(), await end_next_wait(), await confirm_next_resolution()] == [False] * 3
    late, soon = await Clock.filter(id__in=[old.resolution_clock_id, fresh.resolution_clock_id]).order_by("id")
    assert late.step_at is soon.step_at is None
    assert [one.kind for one in (await queries.load_timeline(old.id, internal=False)).lines] == ["received", "assigned"]


async def test_the_chain_of_every_case_holds(harbour: Harbour) -> None:
    await harbour.import_rows(*(make_resolved() for _ in range(5)), make_row(state="unclear"))
    for case in await Case.all():
        assert await history.check_history(case.id) == []


# --- the command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file of 3,000 rows, every hundredth of them refused, and its mapping."""
    mapping = tmp_path / "map.toml"
    mapping.write_text(MAPPING, "utf-8")
    rows = [make_resolved(id=n) if n % 100 else make_row(id=n, lat=None) for n in range(1, 3001)]
    return write_rows(tmp_path / "rows.gz", rows, packed=True), mapping


async def _count(database: str) -> dict[str, int]:
    connection = await asyncpg.connect(database)
    try:
        tables = ("post", "report", "case_file", "assignment", "clock", "case_event")
        return {one: await connection.fetchval(f"SELECT count(*) FROM {one}") for one in tables}
    finally:
        await connection.close()


def _start(var: Path, database: str, *arguments: str) -> subprocess.Popen[bytes]:
    prepare(var)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "civic", *arguments],
        env=environment(var, database),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


async def _begun(process: subprocess.Popen[bytes], database: str) -> None:
    """Wait until it has written something."""
    for _ in range(6000):
        if process.poll() is not None or (await _count(database))["post"]:
            return
        await asyncio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_stopped_at_any_instant_it_goes_on(
    tmp_path: Path, empty_database: str, files: tuple[Path, Path], number: signal.Signals
) -> None:
    path, mapping = files
    var = tmp_path / "var"
    process = _start(var, empty_database, "import", str(path), "--mapping", str(mapping), "--json")
    await _begun(process, empty_database)
    os.kill(process.pid, number)
    assert process.stderr
    with process.stderr:
        said = process.stderr.read().decode()
    assert process.wait(30) == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number], said
    assert "Traceback" not in said
    half = await _count(empty_database)
    assert 0 < half["post"] < 2970
    assert half["post"] == half["report"] == half["case_file"] == half["assignment"] == half["clock"] / 4

    done = json.loads(command(var, empty_database, "import", str(path), "--mapping", str(mapping), "--json"))
    assert (done["imported"], done["refused"], done["unchanged"]) == (2970 - half["post"], 30, half["post"])
    whole = await _count(empty_database)
    assert whole["post"] == whole["case_file"] == 2970
    assert whole["case_event"] == 2970 * 5

    first, second = var / "import-harbour-rejects.jsonl", var / "import-harbour-rejects-2.jsonl"
    assert done["rejects"] == str(second)
    refused = second.read_text("utf-8")
    assert [json.loads(line)["line"] for line in refused.splitlines()] == list(range(100, 3001, 100))
    before = first.read_text("utf-8")
    assert before
    assert refused.startswith(before)  # what was refused before it was stopped is refused again, with the same words


async def test_the_command_says_what_it_did(tmp_path: Path, empty_database: str) -> None:
    mapping, var = tmp_path / "map.toml", tmp_path / "var"
    mapping.write_text(MAPPING, "utf-8")
    path = write_rows(tmp_path / "rows.jsonl", [make_row(id=1), make_row(id=2, text="a word of mine", lat=None)])
    said = command(var, empty_database, "import", str(path), "--mapping", str(mapping))
    assert said.startswith("1 imported, 1 refused, 0 unchanged, in ")
    assert "1 × refused: no_position" in said
    assert "a word of mine" not in said
    rejects = var / "import-harbour-rejects.jsonl"
    assert str(rejects) in said
    assert json.loads(rejects.read_text())["line"] == 2
    other = tmp_path / "other.jsonl"
    said = command(
        var, empty_database, "import", str(path), "--mapping", str(mapping), "--rejects", str(other), "--json"
    )
    done = json.loads(said)
    assert done.pop("seconds") >= 0
    assert done == {
        "imported": 0,
        "refused": 1,
        "unchanged": 1,
        "skipped": 0,
        "reasons": {"no_position": 1},
        "adjusted": {},
        "lines": {"read": 2, "unchanged": 1, "refused": 1},
        "rejects": str(other),
        "dry_run": False,
    }
    assert other.exists()
    refused = write_rows(tmp_path / "refused.jsonl", [make_row(id=9, lat=None)])
    with pytest.raises(RuntimeError, match="ended with 1"):
        command(var, empty_database, "import", str(refused), "--mapping", str(mapping), "--dry-run", "--json")
    mapping.write_text(MAPPING.replace("slack_minutes", "slak_minutes"), "utf-8")
    with pytest.raises(RuntimeError, match="ended with 1") as failed:
        command(var, empty_database, "import", str(path), "--mapping", str(mapping))
    assert "Did you mean slack_minutes?" in str(failed.value)


async def test_assignments_and_cases_agree(harbour: Harbour) -> None:
    await harbour.import_rows(
        *(make_resolved() for _ in range(3)), make_row(), make_row(state="refused", done="2026-04-01")
    )
    for assignment in await Assignment.all().select_related("case"):
        assert assignment.department_id == assignment.case.department_id
        assert (assignment.ended_at is not None) == (assignment.case.status in (Status.CONFIRMED, Status.DECLINED))
