"""Undoing an import takes back what it made, and nothing that people have worked on since."""

import json
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError

from civic import cache, db, timing
from civic.accounts.models import User
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.history import check_histories
from civic.cases.models import Case, CaseEvent
from civic.catalogue.models import Category, Department
from civic.city.models import City
from civic.imports.mapping import ImportFault
from civic.imports.undo import Undoing, undo_import
from civic.posts.models import Comment, Post, Vote
from civic.scores.actions import publish_release
from civic.scores.periods import parse_span
from civic.scores.queries import get_files
from civic.scores.verify import verify_folder
from tests.builders.harbour import MAPPING, NOW, Harbour, make_resolved, make_row, write_rows
from tests.live import command

MADE = ("post", "report", "case_file", "assignment", "clock", "case_event")
FOREIGN_KEYS = """
SELECT c.confrelid::regclass::text AS "to", c.conrelid::regclass::text AS "from", a.attname AS "column",
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]) AS indexed
FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
WHERE c.contype = 'f' AND c.confrelid::regclass::text = ANY($1)
"""


async def count_rows() -> dict[str, int]:
    return {table: (await db.fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"] for table in MADE}


async def make_user() -> User:
    return await User.create(email="somebody@harbour.example", password_hash="-", created_at=NOW)


async def work_on_some(rows: list[Case]) -> None:
    """A comment, a supporter, an answer of the department, and a merge."""
    user = await make_user()
    posts = [await Post.get(report__case_id=one.id) for one in rows]
    await Comment.create(post=posts[0], author=user, text="It is worse now.", created_at=NOW)
    await Vote.create(post=posts[1], user=user, created_at=NOW)
    desk = Actor(ActorKind.DEPARTMENT, user.id, rows[2].department_id)
    with timing.at(NOW):
        await cases.reply(rows[2].id, by=desk, text="Somebody will come and look at it.")
        await cases.merge(rows[3].id, rows[4].id, by=Actor(ActorKind.DISPATCHER, user.id))


async def test_what_nobody_has_worked_on_is_taken_back(harbour: Harbour) -> None:
    await harbour.import_rows(*(make_resolved(id=n) for n in range(1, 4)), make_row(id=4, kind="Lamp", body="Parks"))
    harbour.change_mapping('name = "harbour"', 'name = "port"')
    harbour.change_mapping("slack_minutes = 30", "slack_minutes = 31")
    await harbour.import_rows(*(make_row(id=n, kind="Lamp") for n in range(1, 9)), make_row(id=9, body="Piers"))
    before = await count_rows()
    await db.execute("DELETE FROM search_dirty")
    worked_on = await Case.filter(reports__post__source__in=[f"port:{n}" for n in range(1, 6)]).order_by("id")
    await work_on_some(list(worked_on))

    said = await undo_import("port", confirmed=False)
    assert (said.reports, said.worked_on) == (4, {"comments": 1, "supporters": 1, "history": 1, "merges": 2})
    assert said.added == ["department piers"]
    assert (await count_rows())["post"] == before["post"]

    done = await undo_import("port", confirmed=True)
    assert done.as_json() == said.as_json() | {"done": True}
    paths = (
        await Post.filter(report__case_id__in=[one.id for one in worked_on])
        .order_by("id")
        .values_list("path", flat=True)
    )
    assert done.paths == paths
    left = await Post.all().order_by("id").values_list("source", flat=True)
    assert left == [f"harbour:{n}" for n in range(1, 5)] + [f"port:{n}" for n in range(1, 6)]
    assert (await check_histories()).faults == []
    counts = await count_rows()
    assert counts["post"] == counts["report"] == counts["case_file"] == 9
    assert counts["clock"] == 4 * 9
    marks = await db.fetch("SELECT DISTINCT root FROM search_dirty WHERE urgent")
    assert {row["root"] for row in marks} >= {"post"}
    assert not await Department.exists(slug="piers")
    assert await Category.exists(code="lamp")  # the first import made it

    again = await undo_import("port", confirmed=True)
    assert (again.reports, again.kept) == (0, 5)
    rest = await undo_import("harbour", confirmed=True)
    assert (rest.reports, rest.kept) == (4, 0)
    assert rest.in_use == ["category lamp", "department roads", "city 1", "calendar office"]
    with pytest.raises(ImportFault, match=r"nothing of an import “prot”\. Did you mean port\?"):
        await undo_import("prot", confirmed=True)


async def test_an_import_alone_leaves_nothing_and_can_be_done_again(harbour: Harbour) -> None:
    rows = [make_resolved(id=n, body=f"Body {n % 3}") for n in range(1, 26)]
    path = write_rows(harbour.folder / "many.jsonl", rows)
    await harbour.import_rows(file=path)
    empty = dict.fromkeys(MADE, 0)

    class Stopped(Exception):
        pass

    def stop(undoing: Undoing) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await undo_import("harbour", confirmed=True, on_progress=stop, batch_rows=10)
    assert await Post.all().count() == 25 - 10
    done = await undo_import("harbour", confirmed=True, batch_rows=10)
    assert (done.reports, done.kept, done.in_use) == (15, 0, [])
    assert await count_rows() == empty
    assert not await City.exists()
    assert await db.fetch("SELECT 1 AS x FROM calendar UNION ALL SELECT 1 FROM import_addition") == []
    assert (await harbour.import_rows(file=path)).imported == 25


async def test_a_history_that_was_reopened_is_taken_back(harbour: Harbour) -> None:
    again = {"first_done": "2026-03-05", "again": "2026-03-06"}
    await harbour.import_rows(make_resolved(id=1, done="2026-03-20", **again), make_row(id=2, **again), make_row(id=3))
    assert await Case.filter(reopened=1).count() == 2
    async with db.in_transaction():
        assert (await check_histories()).faults == []
    done = await undo_import("harbour", confirmed=True)
    assert (done.reports, done.kept) == (3, 0)
    assert await count_rows() == dict.fromkeys(MADE, 0)


async def test_the_guard_of_the_history_lets_nothing_else_go(harbour: Harbour) -> None:
    await harbour.import_rows(make_row(id=1))
    case = await Case.get()
    for name in ("", "harb", "port", "%"):
        with pytest.raises(IntegrityError, match="append-only"):
            async with db.in_transaction():
                await db.fetch("SELECT set_config('civic.undone_import', $1, true)", name)
                await db.execute("DELETE FROM case_event WHERE case_id = $1", case.id)
    user = await make_user()
    with timing.at(NOW):
        await cases.reply(case.id, by=Actor(ActorKind.DEPARTMENT, user.id, case.department_id), text="We will come.")
    with pytest.raises(IntegrityError, match="append-only"):
        async with db.in_transaction():
            await db.fetch("SELECT set_config('civic.undone_import', 'harbour', true)")
            await db.execute("DELETE FROM case_event WHERE case_id = $1", case.id)
    assert await CaseEvent.all().count() == 3


async def test_every_table_that_points_at_a_report_is_known(database: str) -> None:
    """Undoing looks at what people did in these tables: a new one needs a line in civic/imports/sql.py."""
    keys = await db.fetch(FOREIGN_KEYS, list(MADE))
    assert {row["from"] for row in keys} == {
        *("report", "case_file", "assignment", "case_event", "clock_step"),
        *("comment", "vote", "flag", "moderation", "post_photo", "traffic_update", "rating"),
        *("case_wait", "case_merge", "handling", "doubt", "hidden_line", "case_event_photo"),
    }
    # The large ones are looked up by an index, or each deletion would read the whole table.
    large = {"report", "case_file", "assignment", "case_event", "clock_step", "vote", "comment", "post_photo"}
    assert [row for row in keys if row["from"] in large and not row["indexed"]] == []


async def test_the_command_asks_before_it_takes_back(tmp_path: Path, empty_database: str) -> None:
    mapping, var = tmp_path / "map.toml", tmp_path / "var"
    mapping.write_text(MAPPING, "utf-8")
    path = write_rows(tmp_path / "rows.jsonl", [make_row(id=1), make_row(id=2)])
    said = command(var, empty_database, "import", str(path), "--mapping", str(mapping))
    assert "as the index catches up" in said
    said = command(var, empty_database, "import", "--undo", "harbour")
    assert said.startswith("2 reports of harbour would be taken back")
    assert "Nothing was changed. Add --yes to do it." in said
    done = json.loads(command(var, empty_database, "import", "--undo", "harbour", "--yes", "--json"))
    assert (done["done"], done["reports"], done["in_use"]) == (True, 2, [])
    for wrong in (["--undo", "harbour", str(path)], [str(path)], []):
        with pytest.raises(RuntimeError, match=r"ended with 1[\s\S]*--undo"):
            command(var, empty_database, "import", *wrong)


async def test_after_a_release_was_published(harbour: Harbour, tmp_path: Path) -> None:
    rows = [make_resolved(id=n, lat=48.5 + n / 100) for n in range(1, 13)]
    await harbour.import_rows(*rows)
    harbour.change_mapping('name = "harbour"', 'name = "port"')
    await harbour.import_rows(*(row | {"body": "Parks", "done": "2026-03-25"} for row in rows))
    march = parse_span("2026-03")
    with timing.at(NOW):
        await City.all().update(loaded_at=NOW)
        cache.clear_caches()
        release = await publish_release(march)
        files = await get_files(release.id)
        done = await undo_import("port", confirmed=True)
    assert (done.reports, done.kept, done.releases) == (12, 0, 1)
    assert await get_files(release.id) == files
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    _document, check = verify_folder(tmp_path / "release.json", tmp_path)
    assert (check.discrepancies, check.unchecked) == ([], [])
    with timing.at(NOW):
        corrected = await publish_release(march, corrects=release.id, reason="One import was of another city.")
    assert corrected.document["replaces"] == release.id
    counted = {
        one.id: {name: it["counted"] for name, it in one.document["results"]["departments"].items()}
        for one in (release, corrected)
    }
    assert counted == {release.id: {"roads": 12, "parks": 12}, corrected.id: {"roads": 12}}
