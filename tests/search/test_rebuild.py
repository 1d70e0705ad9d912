"""The index made anew from the database, and every difference between the two found and mended."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch
from civic.errors import Conflict
from civic.posts import actions as posts
from civic.posts import moderation
from civic.search import feed
from civic.search.documents import Query
from civic.search.engine import Differences, KeyRange
from civic.search.postgres import engine, rows
from civic.search.postgres import search as postgres_search
from civic.search.postgres.engine import PostgresEngine
from civic.search.rebuild import rebuild
from civic.search.saved_state import load_state
from civic.search.subjects import Subject, read_documents
from civic.search.verify import check
from tests.builders.posts import ana, get_holder, make_person, make_rating, make_report, make_update
from tests.builders.riverside import database_dsn, empty, riverside
from tests.indexed import indexed
from tests.search.feeding import documents, everything, finds, forget_marks, index_rows, whole

__all__ = ["ana", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

put_documents = feed.put_documents
TABLES = "search_document, search_desk_document, search_word"


@pytest.fixture
async def busy(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city with some of everything; documents are written four at a time."""
    monkeypatch.setattr(engine, "RANGE_ITEMS", 4)
    dan = await make_person("dan@example.org", Role.DISPATCHER)
    made = [await make_report(ana, f"Hole number{n}") for n in range(9)]
    await moderation.hide(made[3].post_id, dan, "spam")
    await cases.add_note(made[4].case_id, by=await get_holder(made[4].case_id), text="Noteworthy")
    for n in range(3):
        await make_update(ana, f"Water number{n}")
    for one in (await catalogue()).services[:3]:
        await make_rating(ana, one.slug, f"Friendly at {one.slug}")
    await indexed()


async def contents() -> list[Any]:
    return [await index_rows(), await index_rows(rows.DESK)]


async def test_from_nothing(busy: None) -> None:
    before = await contents()
    await execute(f"TRUNCATE {TABLES}")
    assert await finds("hole") == set()
    steps: list[tuple[int, int]] = []
    done = await rebuild(PostgresEngine(), lambda *how: steps.append(how))
    assert await contents() == before
    assert done == steps[-1][0] == steps[-1][1] == await PostgresEngine().total()
    assert [one for one, _ in steps] == sorted(one for one, _ in steps)
    assert len(await finds("hole")) == 8
    [shared] = await fetch("SELECT count(desk_id) AS n FROM search_document")
    assert (await whole()).compared == done - 1 - shared["n"], "one is hidden"
    assert await load_state(engine.STATE) is None


async def test_over_a_damaged_index(busy: None) -> None:
    """Missing, extra, different, another digest, words that are not its own, strays."""
    before = await contents()
    await damage()
    await forget_marks()
    assert await rebuild(PostgresEngine()) == await PostgresEngine().total()
    assert await contents() == before
    await whole()
    assert await finds("secret") == set()
    assert len(await finds("hole")) == 8


async def damage() -> None:
    """Harm an index in many ways."""
    ids = [one.item_id for one in await documents() if one.kind == "report"]
    first = (await read_documents([("report", ids[0])]))["report", ids[0]]
    await rows.remove_documents([("report", ids[0]), ("service", (await catalogue()).services[0].id)])
    await rows.write_documents([replace(first, item_id=999_999), replace(first, item_id=ids[1], title="Other")])
    await rows.write_documents([replace(first, kind="case", item_id=5, title="Secret")])
    await rows.write_documents([replace(first, kind="traffic", item_id=ids[2])])
    await execute("UPDATE search_document SET digest = '\\\\x00' WHERE kind = 'report' AND item_id = $1", ids[3])
    await execute("UPDATE search_document SET words = '''nothing'':1' WHERE item_id = $1", ids[4])
    await execute("DELETE FROM search_desk_document WHERE id = (SELECT min(id) FROM search_desk_document)")


async def test_every_difference_is_found_and_mended(busy: None) -> None:
    before = [await documents(), await documents(rows.DESK)]
    ids = sorted(one.item_id for one in await documents() if one.kind == "report")
    service = (await catalogue()).services[0].id
    [case] = await fetch("SELECT item_id AS id FROM search_desk_document ORDER BY search_desk_document.id LIMIT 1")
    await damage()
    await forget_marks()
    found = await check(PostgresEngine())
    assert set(found.missing) == {("report", ids[0]), ("service", service), ("case", case["id"])}
    assert set(found.extra) == {("report", 999_999), ("traffic", ids[2]), ("case", 5)}
    assert found.different == [("report", ids[1]), ("report", ids[3])]
    assert len(found.keys()) == 8
    await PostgresEngine().mend(found)
    assert (await check(PostgresEngine())).keys() == [], "on its way"
    await execute("UPDATE search_document SET words = (SELECT words FROM search_document WHERE item_id = $1 LIMIT 1)"
                  " WHERE words = '''nothing'':1'", ids[4])  # fmt: skip
    await whole()
    assert [await documents(), await documents(rows.DESK)] == before


async def test_nothing_differs(busy: None) -> None:
    found = await check(PostgresEngine())
    assert found == Differences(compared=found.compared)
    assert found.compared > 20


async def test_stopped_in_the_middle_it_goes_on(busy: None) -> None:
    before = await contents()
    await execute(f"TRUNCATE {TABLES}")

    def stop(done: int, every: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(PostgresEngine(), stop)
    begun = await contents()
    assert 0 < len(begun[0]) < len(before[0])
    steps: list[int] = []
    assert await rebuild(PostgresEngine(), lambda done, every: steps.append(done)) == await PostgresEngine().total()
    assert steps[0] == 8, "not from the beginning"
    assert await contents() == before


@pytest.mark.parametrize("at", range(1, 9))
async def test_failed_anywhere_it_is_as_if_it_had_not_begun(
    busy: None, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The process is killed while it writes the n-th part."""
    before = await contents()
    await execute(f"TRUNCATE {TABLES}")
    written = 0

    async def put(*args: Any, **values: Any) -> None:
        nonlocal written
        written += 1
        await put_documents(*args, **values)
        if written == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(feed, "put_documents", put)
    with pytest.raises(KeyboardInterrupt):
        await rebuild(PostgresEngine())
    await rebuild(PostgresEngine())
    assert await contents() == before
    await whole()


async def test_two_at_once_are_one(busy: None) -> None:
    done = await asyncio.gather(rebuild(PostgresEngine()), rebuild(PostgresEngine()), return_exceptions=True)
    assert {type(one) for one in done} == {int, Conflict}
    await whole()
    assert await rebuild(PostgresEngine()), "and then another can"


async def test_searches_are_answered_meanwhile(busy: None) -> None:
    """All along with everything that is there."""
    before = await contents()
    answers: list[int] = []
    done = asyncio.Event()

    async def search() -> None:
        while not done.is_set():
            answers.append((await postgres_search.find(Query(text="hole"))).total)

    searching = asyncio.create_task(search())
    await rebuild(PostgresEngine())
    done.set()
    await searching
    assert set(answers) == {8}
    assert await contents() == before


async def test_changes_meanwhile(busy: None, ana: Person) -> None:
    """People post, moderators hide, the worker works: nothing is lost, nothing comes back."""
    dan = await make_person("dan2@example.org", Role.DISPATCHER)
    made = [await make_report(ana, f"Crater number{n}", routed=False) for n in range(10)]
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            await feed.step(max_marks=3)
            await asyncio.sleep(0.001)

    async def people() -> None:
        for n, one in enumerate(made):
            await posts.vote(one.post_id, dan)
            if n % 2:
                await moderation.hide(one.post_id, dan, "spam")
            await asyncio.sleep(0.01)

    working = asyncio.create_task(work())
    await asyncio.gather(people(), rebuild(PostgresEngine()))
    await asyncio.gather(people_again(made, dan), rebuild(PostgresEngine()))
    stop.set()
    await working
    await whole()
    assert await finds("crater") == {f"report:{one.post_id}" for n, one in enumerate(made) if n % 2 == 0}


async def people_again(made: list[Any], dan: Person) -> None:
    for n, one in enumerate(made):
        await posts.unvote(one.post_id, dan)
        if n % 2:
            await moderation.restore(one.post_id, dan, "other")
            await moderation.hide(one.post_id, dan, "spam")


async def test_posts_meanwhile(busy: None, ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is posted, and indexed, between two looks at the database is neither taken out nor called extra."""
    made = list[int]()

    next_range = engine._next_range

    async def interrupted(subject: Subject, after: int) -> KeyRange:
        part = await next_range(subject, after)
        made.append((await make_report(ana, f"Crater number{len(made)}", routed=False)).post_id)
        await indexed()
        return part

    monkeypatch.setattr(engine, "_next_range", interrupted)
    assert (await check(PostgresEngine())).keys() == []
    await rebuild(PostgresEngine())
    monkeypatch.undo()
    assert len(made) > 10
    await whole()
    assert await finds("crater") == {f"report:{one}" for one in made}


async def test_what_is_hidden_meanwhile_leaves_at_once(
    busy: None, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker waits for its turn between two parts; it does not have to be lucky."""
    dan = await make_person("dan2@example.org", Role.DISPATCHER)
    one = await make_report(ana, "Slanderous words")
    await indexed()
    parts, begun = 0, asyncio.Event()

    async def slow(*args: Any, **values: Any) -> None:
        nonlocal parts
        await put_documents(*args, **values)
        await asyncio.sleep(0.05)
        parts += 1
        begun.set()

    monkeypatch.setattr(feed, "put_documents", slow)
    monkeypatch.setattr(engine, "RANGE_ITEMS", 1)
    rebuilding = asyncio.create_task(rebuild(PostgresEngine()))
    await begun.wait()
    await moderation.hide(one.post_id, dan, "abuse")
    before = parts
    assert await feed.step()
    assert parts <= before + 2
    assert await finds("slanderous") == set()
    await rebuilding
    assert await finds("slanderous") == set()


async def test_a_part_that_fails_is_left_to_the_worker(busy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await contents()
    poisoned = next(one["item_id"] for one in before[0] if one["kind"] == "report")
    await execute(f"TRUNCATE {TABLES}")
    written = rows.write_documents

    async def fails(given: Any, *args: Any, **values: Any) -> Any:
        given = list(given)
        if poisoned in {one.item_id for one in given if one.kind == "report"}:
            raise ValueError("poisoned")
        return await written(given, *args, **values)

    monkeypatch.setattr(feed, "write_documents", fails)
    await rebuild(PostgresEngine())
    await indexed()
    missing = {f"{one['kind']}:{one['item_id']}" for one in before[0]} - {
        f"{o.kind}:{o.item_id}" for o in await documents()
    }
    assert missing == {f"report:{poisoned}"}
    monkeypatch.undo()
    await execute("UPDATE search_dirty SET due = '-infinity'")
    await whole()
    assert await contents() == before


async def test_the_other_engine_is_told_of_everything(busy: None) -> None:
    await rebuild(PostgresEngine(follow=True))
    pushed = await fetch("SELECT kind, item_id FROM search_push")
    assert {(row["kind"], row["item_id"]) for row in pushed} == {(d.kind, d.item_id) for d in await documents()}
    assert "noteworthy" not in (await everything()).casefold()


async def test_a_rebuild_knows_the_pack_in_force(ana: Person) -> None:
    """Loaded by another process a moment ago."""
    one = await make_report(ana, "A deep hole")
    await whole()
    await catalogue()
    [category] = await fetch("SELECT category_id AS id FROM case_file WHERE id = $1", one.case_id)
    before = await fetch("SELECT names::text FROM category WHERE id = $1", category["id"])
    try:
        await execute("""UPDATE category SET names = '{"en": "Crater"}' WHERE id = $1""", category["id"])
        await execute("UPDATE city SET version = version + 1")
        await rebuild(PostgresEngine())
        assert await finds("crater") == {f"report:{one.post_id}"}
        await whole()
    finally:
        await execute("UPDATE category SET names = $2::jsonb WHERE id = $1", category["id"], before[0]["names"])
        await execute("UPDATE city SET version = version + 1")
