"""A worker turns marks into documents: once, in order, whatever fails and whoever else is at work."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import pytest

from civic import db
from civic.accounts.people import Person
from civic.db import execute, fetch, in_transaction
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.forms import CommentForm
from civic.search import feed
from civic.search.documents import Document
from civic.search.feed import MAX_TRIES, read_backlog, step
from civic.search.postgres import rows
from civic.search.postgres.engine import PostgresEngine
from civic.search.verify import check
from tests.builders.posts import ana, bo, dan, make_report
from tests.builders.riverside import database_dsn, empty, riverside
from tests.indexed import indexed
from tests.search.feeding import documents, finds, finds_on_desk, whole

__all__ = ["ana", "bo", "dan", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")


async def test_nothing_changed_is_nothing_to_do() -> None:
    await indexed()
    assert await step() == 0


async def test_a_change_that_is_taken_back_leaves_no_mark(ana: Person) -> None:
    await indexed()

    async def fail() -> None:
        async with in_transaction():
            await make_report(ana, "A deep hole", routed=False)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await fetch("SELECT * FROM search_dirty") == []


async def test_a_change_is_not_seen_before_it_is_made(ana: Person) -> None:
    """Somebody reads on another connection."""
    one = await make_report(ana, "A deep hole")
    await whole()
    async with in_transaction():
        await execute("UPDATE post SET title = 'Crater' WHERE id = $1", one.post_id)
        assert await asyncio.create_task(_elsewhere(step)) == 0
    assert await step() == 1
    assert await finds("crater") == {f"report:{one.post_id}"}


async def _elsewhere(act: Callable[[], Awaitable[Any]]) -> Any:
    """Outside of the transaction in hand."""
    return await asyncio.get_running_loop().create_task(act(), context=contextvars.Context())


async def test_many_marks_of_one_are_one_document(ana: Person) -> None:
    one = await make_report(ana, "A deep hole")
    for n in range(20):
        await execute("UPDATE post SET title = $2 WHERE id = $1", one.post_id, f"Title {n}")
    await whole()
    assert [d.title for d in await documents() if d.kind == "report"] == ["Title 19"]


async def test_two_at_once(ana: Person) -> None:
    made = [await make_report(ana, f"Hole number{n}", routed=False) for n in range(30)]
    done = await asyncio.gather(*(step(max_marks=7) for _ in range(12)))
    assert sum(done) >= 30
    await whole()
    assert len({d.item_id for d in await documents() if d.kind == "report"}) == len(made)


async def test_changes_while_it_works(ana: Person, bo: Person) -> None:
    """A worker at full speed and people who never stop."""
    made = [await make_report(ana, f"Hole number{n}", routed=False) for n in range(12)]
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            if not await step(max_marks=5):
                await asyncio.sleep(0.001)

    async def people(start: int) -> None:
        for n in range(40):
            one = made[(start * 5 + n * 7) % len(made)]
            match n % 4:
                case 0:
                    await posts.vote(one.post_id, bo)
                case 1:
                    await posts.unvote(one.post_id, bo)
                case 2:
                    await execute("UPDATE post SET title = $2 WHERE id = $1", one.post_id, f"Title {start} {n}")
                case _:
                    await posts.add_comment(one.post_id, bo, CommentForm(text=f"Comment {start} {n}"))

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.gather(*(people(n) for n in range(3)))
    stop.set()
    await asyncio.gather(*workers)
    await whole()


async def test_one_that_fails_lets_the_others_pass(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [await make_report(ana, f"Hole number{n}", routed=False) for n in range(30)]
    poisoned = made[11].post_id
    await poison(monkeypatch, poisoned)
    done = 0
    while did := await step(max_marks=20):
        done += did
    assert done < 200, "it does not go round in circles"
    assert {d.item_id for d in await documents() if d.kind == "report"} == {m.post_id for m in made} - {poisoned}
    waits = await read_backlog()
    assert (waits.waiting > 0, waits.held) == (True, 0)
    assert (await check(PostgresEngine())).keys() == [], "it is still on its way"
    for _ in range(MAX_TRIES - 1):
        assert await step() == 0, "not before its time"
        await execute("UPDATE search_dirty SET due = '-infinity'")
        while await step():
            pass
    waits = await read_backlog()
    assert waits.waiting == 0
    assert waits.held > 0
    marks = await fetch("SELECT root, item_id FROM search_dirty")
    assert {(row["root"], row["item_id"]) for row in marks} == {("case", made[11].case_id)}
    monkeypatch.undo()
    found = await check(PostgresEngine())
    assert ("report", poisoned) in found.missing, "nothing brings it any more, as far as one knows"
    await PostgresEngine().mend(found)
    await whole()
    assert await finds("number11") == {f"report:{poisoned}"}


async def test_what_was_given_up_is_tried_again(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await make_report(ana, "A deep hole", routed=False)
    await poison(monkeypatch, one.post_id)
    await execute("UPDATE search_dirty SET tries = $1", MAX_TRIES + 3)
    while await step():
        pass
    assert (await read_backlog()).held > 0
    [soon] = await fetch("SELECT extract(epoch FROM max(due) - now()) AS seconds FROM search_dirty")
    assert 3000 < soon["seconds"] <= 3600
    monkeypatch.undo()
    await execute("UPDATE search_dirty SET due = now()")
    await whole()


async def poison(monkeypatch: pytest.MonkeyPatch, post_id: int) -> None:
    """The document of this post cannot be written."""

    async def fails(documents: Iterable[Document], *args: Any, **values: Any) -> Any:
        given = list(documents)
        if post_id in {one.item_id for one in given if one.kind == "report"}:
            raise ValueError("poisoned")
        return await rows.write_documents(given, *args, **values)

    monkeypatch.setattr(feed, "write_documents", fails)


async def test_a_database_that_is_away_is_nobodys_fault(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_report(ana, "A deep hole")
    monkeypatch.setattr(db, "is_database_away", lambda error: True)
    monkeypatch.setattr(feed, "put_documents", partial(_raise, ConnectionError))
    with pytest.raises(ConnectionError):
        await step()
    assert await fetch("SELECT * FROM search_dirty WHERE tries > 0") == []


async def _raise(kind: type[Exception], *args: object, **values: object) -> None:
    raise kind


async def test_what_is_hidden_goes_before_what_waits(ana: Person, dan: Person) -> None:
    """However much waits."""
    one = await make_report(ana, "A man called Quirinus")
    comment = await posts.add_comment(one.post_id, dan, CommentForm(text="His number is 5551234"))
    other = await make_report(ana, "Cratered")
    await indexed()
    await execute("INSERT INTO search_dirty (root, item_id) SELECT 'post', n FROM generate_series(1, 20000) AS n")
    await moderation.hide(one.post_id, dan, "personal_data", comment_id=comment.id)
    await step()
    assert await finds("5551234") == set()
    await moderation.hide(one.post_id, dan, "personal_data")
    await step()
    assert await finds("quirinus") == set()
    assert await finds_on_desk("quirinus") == set()
    assert (await read_backlog()).waiting > 15_000
    assert await finds("cratered") == {f"report:{other.post_id}"}
    await moderation.make_private([other.post_id], dan)
    await step()
    assert await finds("cratered") == set()


async def test_how_much_waits(ana: Person) -> None:
    await indexed()
    assert await read_backlog() == feed.Backlog(0, 0.0, 0)
    await make_report(ana, "A deep hole", routed=False)
    await execute("UPDATE search_dirty SET at = now() - interval '7 seconds'")
    waits = await read_backlog()
    assert waits.waiting > 0
    assert 7 <= waits.seconds < 20


async def test_another_engine_is_told_of_what_changed(ana: Person) -> None:
    one = await make_report(ana, "A deep hole", routed=False)
    await step()
    assert await fetch("SELECT * FROM search_push") == []
    await execute("UPDATE post SET title = 'Crater' WHERE id = $1", one.post_id)
    await step(follow=True)
    assert await fetch("SELECT kind, item_id FROM search_push") == [{"kind": "report", "item_id": one.post_id}]
    await execute("INSERT INTO search_dirty (root, item_id) VALUES ('post', $1)", one.post_id)
    await step(follow=True)
    assert len(await fetch("SELECT * FROM search_push")) == 1, "nothing was different"
    await execute("UPDATE post SET visibility = 'hidden' WHERE id = $1", one.post_id)
    await step(follow=True)
    assert len(await fetch("SELECT * FROM search_push")) == 2
