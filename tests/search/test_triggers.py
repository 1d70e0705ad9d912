"""The database's triggers are those that the subjects ask for, and a transaction marks a thing once."""

import re

import pytest

from civic.accounts.people import Person
from civic.db import execute, fetch, in_transaction
from civic.posts import actions as posts
from civic.reports import actions as reports
from civic.search.subjects import DirtySource, register, registered
from civic.search.triggers import expected_triggers, install_triggers, marking_triggers
from tests.builders.posts import ana, bo, make_report
from tests.builders.riverside import database_dsn, empty, riverside
from tests.indexed import indexed
from tests.source import python_files, relative

__all__ = ["ana", "bo", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

NAMES = "SELECT tgname AS name FROM pg_trigger WHERE tgname LIKE 'search%' ORDER BY 1"


async def marks() -> list[tuple[str, int, bool]]:
    rows = await fetch("SELECT root, item_id, urgent FROM search_dirty ORDER BY 1, 2")
    return [(row["root"], row["item_id"], row["urgent"]) for row in rows]


async def test_the_database_has_what_the_subjects_ask_for() -> None:
    assert [row["name"] for row in await fetch(NAMES)] == sorted(expected_triggers())
    assert not await install_triggers(), "nothing is to be changed"


async def test_what_differs_is_replaced_and_what_is_not_asked_for_dropped() -> None:
    before = await fetch(NAMES)
    await execute("DROP TRIGGER search_dirty_comment_insert ON comment")
    assert await install_triggers()
    source = (await fetch("SELECT prosrc FROM pg_proc WHERE proname = 'search_dirty_post_update'"))[0]["prosrc"]
    await execute(
        "CREATE OR REPLACE FUNCTION search_dirty_post_update() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NULL; END $$"
    )
    assert await install_triggers()
    assert (await fetch("SELECT prosrc FROM pg_proc WHERE proname = 'search_dirty_post_update'"))[0]["prosrc"] == source
    every = registered()
    try:
        register(one for one in every if one.kind != "traffic")
        assert await install_triggers()
        assert "search_dirty_traffic_update_update" not in {row["name"] for row in await fetch(NAMES)}
    finally:
        register(every)
    assert await install_triggers()
    assert await fetch(NAMES) == before


def test_a_table_has_one_trigger_for_each_event() -> None:
    sources = [
        DirtySource("thing", "post", "SELECT post_id FROM changed", columns=("a",)),
        DirtySource("thing", "case", "SELECT case_id FROM changed", columns=("b",)),
        DirtySource("thing", "case", "SELECT case_id FROM changed", columns=("b",)),
        DirtySource("other", "post", "SELECT id FROM changed", on=("update",)),
    ]
    found = marking_triggers(sources)
    assert list(found) == [
        "search_dirty_thing_insert",
        "search_dirty_thing_update",
        "search_dirty_thing_delete",
        "search_dirty_other_update",
    ]
    assert found["search_dirty_thing_update"].when == (
        '(OLD."a") IS DISTINCT FROM (NEW."a") OR (OLD."b") IS DISTINCT FROM (NEW."b")'
    )
    assert found["search_dirty_thing_insert"].body.count("INSERT INTO search_dirty") == 2
    assert found["search_dirty_other_update"].when == "OLD.* IS DISTINCT FROM NEW.*"


async def test_a_transaction_marks_a_thing_once(ana: Person, bo: Person) -> None:
    await indexed()
    one = await make_report(ana, "A deep hole", routed=False)
    assert await marks() == [("case", one.case_id, False)]
    await indexed()
    async with in_transaction():
        await reports.route_case(one.case_id)
        await execute("UPDATE report SET address = 'Elm Street 5' WHERE id = $1", one.id)
        await execute("UPDATE case_file SET number = number || '-1' WHERE id = $1", one.case_id)
    assert await marks() == [("case", one.case_id, False)]
    await posts.vote(one.post_id, bo)
    await posts.unvote(one.post_id, bo)
    assert [root for root, _item, _urgent in await marks()] == ["case", "post", "post"], "each in its transaction"


async def test_what_must_not_be_found_makes_the_mark_urgent(ana: Person) -> None:
    one = await make_report(ana, "A deep hole", routed=False)
    await indexed()
    async with in_transaction():
        await execute("UPDATE post SET title = 'Hole' WHERE id = $1", one.post_id)
        assert await marks() == [("post", one.post_id, False)]
        await execute("UPDATE post SET visibility = 'hidden' WHERE id = $1", one.post_id)
        await execute("UPDATE post SET title = 'A hole' WHERE id = $1", one.post_id)
    assert await marks() == [("post", one.post_id, True)]


def test_every_way_to_migrate_brings_the_triggers() -> None:
    """`database_schema.migrate` alone would leave a database whose changes nobody puts into the index."""
    alone = [
        relative(path)
        for path in python_files("civic")
        if re.search(r"\bdatabase_schema\.migrate\b|\bdatabase_schema\.migrate_if_needed\b", path.read_text("utf-8"))
    ]
    assert alone == ["civic/composition.py"]
