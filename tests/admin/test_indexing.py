"""Whatever changes what a document says leaves a mark, and a worker makes the index say so, once and in order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from civic import db, timing
from civic.accounts.models import Role
from civic.accounts.people import Person
from civic.admin import indexing, reindexing
from civic.admin.indexing import TRIES, backlog, mark_ended, step
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.db import execute, fetch
from civic.departments.queries import catalogue
from civic.posts import actions as posts
from civic.posts.queries import Viewer
from civic.reports import actions as reports
from civic.search import rows
from civic.search.documents import Document, Kind
from civic.traffic import actions as traffic
from tests.admin.feeding import (
    documents,
    finds,
    finds_on_desk,
    forget_marks,
    holder,
    person,
    rating,
    report,
    update,
    whole,
)
from tests.indexed import indexed
from tests.riverside import database_dsn, department, empty, riverside

__all__ = ["database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

Act = Callable[[], Awaitable[object]]
OFFICE = Actor(ActorKind.DISPATCHER)


async def state() -> list[bytes]:
    """What the documents of the database are made of, as digests."""
    found = []
    for source in reindexing.SOURCES:
        async for part in reindexing.parts(source):
            composed = await indexing.compose(indexing.Subjects(**{source: frozenset(part.ids)}))
            found += [rows.digest(one) for one in [*composed.public, *composed.desk]]
    return found


async def all_seen(act: Act, *, changes: bool | None = True) -> Any:
    """Do something, that `changes` documents. What differs is marked, and after the worker has been nothing differs."""
    before = await state()
    done = await act()
    assert changes is None or (await state() != before) is changes
    assert (await reindexing.check()).keys() == [], "what is on its way is no difference"
    assert (not changes) or await fetch("SELECT 1 FROM search_mark")
    await whole()
    return done


@pytest.fixture
async def ana(riverside: None) -> Person:
    return await person("ana@example.org", name="Ana")


@pytest.fixture
async def bo(riverside: None) -> Person:
    return await person("bo@example.org", name="Bo")


@pytest.fixture
async def dan(riverside: None) -> Person:
    return await person("dan@example.org", Role.DISPATCHER, name="Dan")


# --- every change is seen ---------------------------------------------------------------------------------------------


async def test_what_people_do_with_a_report(ana: Person, bo: Person, dan: Person) -> None:
    one = await all_seen(lambda: report(ana, "A deep hole", routed=False))
    post = one.post_id
    await all_seen(lambda: reports.route_case(one.case_id))
    comment = await all_seen(lambda: posts.comment(post, bo, "Same for my bicycle"))
    await all_seen(lambda: posts.vote(post, bo))
    await all_seen(lambda: posts.vote(post, bo), changes=False)
    await all_seen(lambda: posts.unvote(post, bo))
    await all_seen(lambda: posts.flag(post, bo, "spam"), changes=False)
    await all_seen(lambda: posts.hide(post, dan, "abuse", comment_id=comment.id))
    await all_seen(lambda: posts.restore(post, dan, "other", comment_id=comment.id))
    await all_seen(lambda: posts.hide(post, dan, "spam"))
    await all_seen(lambda: posts.restore(post, dan, "other"))
    await all_seen(lambda: posts.keep(post, dan), changes=False)
    await all_seen(lambda: execute("UPDATE report SET address = 'Elm Street 5' WHERE id = $1", one.id))
    await all_seen(lambda: execute("UPDATE post SET title = 'Hole' WHERE id = $1", post))
    await all_seen(lambda: execute("DELETE FROM moderation"), changes=False)
    await all_seen(lambda: execute("DELETE FROM comment WHERE id = $1", comment.id))


async def test_what_departments_do_with_a_case(ana: Person, bo: Person) -> None:
    one = await report(ana, "A deep hole")
    case, parks = one.case_id, await department("parks")
    viewer = Viewer(ana)
    roads = await holder(case)
    support = Actor(ActorKind.DEPARTMENT, None, parks)
    category = (await catalogue()).category_by_code["street-light"]
    acts: list[tuple[Act, bool]] = [
        (lambda: cases.accept(case, by=roads, text="We shall come"), True),
        (lambda: cases.note(case, by=roads, text="The third time this year"), True),
        (lambda: cases.take(case, by=OFFICE, user_id=None), False),
        (lambda: cases.reply(case, by=roads, text="On Monday"), True),
        (lambda: cases.ask(case, by=roads, text="Which lane is it?"), True),
        (lambda: reports.answer(one.id, viewer, "The left one"), True),
        (lambda: cases.ask(case, by=roads, text="And how deep?"), True),
        (lambda: ended_wait(case), True),
        (lambda: cases.add_support(case, parks, by=roads, text="The tree's roots"), True),
        (lambda: cases.support_done(case, by=support, text="Roots are cut"), True),
        (lambda: reports.recategorise(case, category, by=roads), True),
        (lambda: cases.resolve(case, by=roads, text="It is filled"), True),
        (lambda: reports.dispute(one.id, viewer, "It is open again"), True),
        (lambda: cases.resolve(case, by=roads, text="Filled for good"), True),
        (lambda: reports.rate(one.id, viewer, 4, "Well done"), False),
        (lambda: reports.confirm(one.id, viewer), True),
        (lambda: reports.dispute(one.id, viewer, "Once more"), True),
        (lambda: cases.hand_over(case, parks, by=roads, text="It is theirs"), True),
        (lambda: cases.give_back(case, by=support, text="It is not"), True),
        (lambda: cases.assign(case, roads.department_id or 0, by=OFFICE, reason={"step": "dispatcher"}), True),
        (lambda: misrouted(case), False),
        (lambda: cases.exclude(case, by=OFFICE), False),
        (lambda: cases.include(case, by=OFFICE), False),
        (lambda: cases.decline(case, by=roads, reason="not_feasible", text="No road is there"), True),
        (lambda: cases.uphold(case, by=OFFICE, text="There is one"), True),
        (lambda: cases.resolve(case, by=roads, text="Filled again"), True),
        (lambda: closed_by_time(case), True),
        (lambda: erased(case), True),
    ]
    for act, changes in acts:
        await all_seen(act, changes=changes)


async def nothing() -> None:
    pass


async def ended_wait(case: int) -> None:
    await execute("UPDATE case_file SET waiting_until = now() - interval '1 hour' WHERE id = $1", case)
    assert await cases.end_wait()


async def closed_by_time(case: int) -> None:
    await execute("UPDATE case_file SET confirm_until = now() - interval '1 hour' WHERE id = $1", case)
    assert await cases.confirm_by_time()


async def misrouted(case: int) -> None:
    [stint] = await fetch("SELECT id FROM assignment WHERE case_id = $1 AND outcome = 'returned'", case)
    await cases.misroute(case, stint["id"], by=OFFICE)


async def erased(case: int) -> None:
    [event] = await fetch("SELECT id FROM case_event WHERE case_id = $1 AND text = 'Which lane is it?'", case)
    await cases.erase(event["id"])


async def test_merging(ana: Person, bo: Person) -> None:
    one = await report(ana, "A deep hole")
    other = await report(bo, "The hole at the school")
    await whole()
    await all_seen(lambda: reports.merge_reports(other.case_id, one.case_id, by=OFFICE, seen=None, text="The same"))
    assert await finds_on_desk("school") == {one.case_id}
    assert await finds("school") == {f"report:{other.post_id}"}
    await all_seen(lambda: posts.vote(other.post_id, ana))


async def test_moved_by_hand(ana: Person, bo: Person) -> None:
    """Both cases say something else then, and both when a report is gone."""
    one, other = await report(ana, "A deep hole"), await report(bo, "The hole at the school")
    await whole()
    await all_seen(lambda: execute("UPDATE report SET case_id = $1 WHERE id = $2", one.case_id, other.id))
    await all_seen(lambda: execute("DELETE FROM report WHERE id = $1", other.id))


async def test_a_category_that_is_not_public(ana: Person, dan: Person) -> None:
    one = await report(ana, "A deep hole")
    tip = await catalogue()
    private = next((c for c in tip.categories if not c.public), None)
    await whole()
    if private is None:
        await all_seen(lambda: posts.make_private([one.post_id]))
    else:
        await all_seen(lambda: reports.recategorise(one.case_id, private, by=OFFICE))
    assert await finds("deep hole") == set()
    assert await finds_on_desk("deep hole") == {one.case_id}
    await all_seen(lambda: posts.hide(one.post_id, dan, "spam"))
    assert await finds_on_desk("deep hole") == set()


async def test_what_people_do_with_a_traffic_update(ana: Person, bo: Person, dan: Person) -> None:
    one = await all_seen(lambda: update(ana, "Water under the bridge"))
    await all_seen(lambda: traffic.opine(one.id, bo, still=True), changes=None)
    await all_seen(lambda: posts.comment(one.post_id, bo, "Knee-deep"))
    await all_seen(lambda: traffic.end(one.id, Viewer(ana)))
    two = await all_seen(lambda: update(ana, "Water under the bridge again", place="The old bridge"))
    await all_seen(lambda: posts.hide(two.post_id, dan, "wrong"))
    await all_seen(lambda: posts.restore(two.post_id, dan, "other"))
    gone = [await person(f"p{n}@example.org") for n in range(2)]
    for one_of in gone:
        await traffic.opine(two.id, one_of, still=False)
    await all_seen(nothing, changes=False)
    assert {one.status for one in await documents()} & {"live", "ended"} == {"ended"}
    await all_seen(lambda: execute("""UPDATE traffic_update SET place = '', near = '{"en": "Mill Lane"}'"""))


async def test_what_ends_by_itself(ana: Person) -> None:
    one = await update(ana, "Water under the bridge")
    await mark_ended(timing.now().timestamp())
    await whole()
    later = timing.now() + timedelta(days=30)
    with timing.at(later):
        found = await reindexing.check()
        assert found.different == [("traffic", one.post_id)]
    await execute("UPDATE traffic_update SET expires_at = now() - interval '2 seconds'")
    await forget_marks()
    await execute("UPDATE search_state SET value = to_jsonb(extract(epoch FROM now()) - 10) WHERE name = 'ended'")
    assert (await reindexing.check()).keys() == [], "it has just ended, and will be marked"
    await mark_ended(timing.now().timestamp())
    assert len(await fetch("SELECT * FROM search_mark")) == 1
    await whole()
    await mark_ended(timing.now().timestamp())
    assert await fetch("SELECT * FROM search_mark") == []
    assert [one.status for one in await documents() if one.kind == "traffic"] == ["ended"]


async def test_what_people_do_with_ratings(ana: Person, bo: Person, dan: Person) -> None:
    slug = (await catalogue()).services[0].slug
    one = await all_seen(lambda: rating(ana, slug, "Friendly people"))
    await all_seen(lambda: rating(ana, slug, "Very friendly people", 5))
    assert await finds("friendly people") != {f"rating:{one.post_id}"}
    two = await all_seen(lambda: rating(bo, slug, "Unfriendlily"))
    await all_seen(lambda: rating(bo, slug, "", 3))
    await all_seen(lambda: posts.comment(one.post_id, bo, "Indeed"), changes=False)
    three = await all_seen(lambda: rating(dan, slug, "Slow"))
    await all_seen(lambda: posts.vote(three.post_id, bo))
    await all_seen(lambda: posts.hide(three.post_id, dan, "abuse"))
    assert await finds("unfriendlily") == set()
    assert two.post_id


# --- working marks off ------------------------------------------------------------------------------------------------


async def test_nothing_changed_is_nothing_to_do() -> None:
    await indexed()
    assert await step() == 0


async def test_a_change_that_is_taken_back_leaves_no_mark(ana: Person) -> None:
    await indexed()

    async def fail() -> None:
        async with in_transaction():
            await report(ana, "A deep hole", routed=False)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await fetch("SELECT * FROM search_mark") == []


async def test_a_change_is_not_seen_before_it_is_made(ana: Person) -> None:
    """Somebody reads on another connection."""
    one = await report(ana, "A deep hole")
    await whole()
    async with in_transaction():
        await execute("UPDATE post SET title = 'Crater' WHERE id = $1", one.post_id)
        assert await asyncio.create_task(_elsewhere(step)) == 0
    assert await step() == 1
    assert await finds("crater") == {f"report:{one.post_id}"}


async def _elsewhere(act: Callable[[], Awaitable[Any]]) -> Any:
    """Outside of the transaction in hand."""
    import contextvars

    return await asyncio.get_running_loop().create_task(act(), context=contextvars.Context())


async def test_many_marks_of_one_are_one_document(ana: Person) -> None:
    one = await report(ana, "A deep hole")
    for n in range(20):
        await execute("UPDATE post SET title = $2 WHERE id = $1", one.post_id, f"Title {n}")
    await whole()
    assert [d.title for d in await documents() if d.kind == "report"] == ["Title 19"]


async def test_two_at_once(ana: Person) -> None:
    made = [await report(ana, f"Hole number{n}", routed=False) for n in range(30)]
    done = await asyncio.gather(*(step(size=7) for _ in range(12)))
    assert sum(done) >= 30
    await whole()
    assert len({d.subject for d in await documents() if d.kind == "report"}) == len(made)


async def test_changes_while_it_works(ana: Person, bo: Person) -> None:
    """A worker at full speed and people who never stop."""
    made = [await report(ana, f"Hole number{n}", routed=False) for n in range(12)]
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            if not await step(size=5):
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
                    await posts.comment(one.post_id, bo, f"Comment {start} {n}")

    workers = [asyncio.create_task(work()) for _ in range(2)]
    await asyncio.gather(*(people(n) for n in range(3)))
    stop.set()
    await asyncio.gather(*workers)
    await whole()


async def test_one_that_fails_lets_the_others_pass(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [await report(ana, f"Hole number{n}", routed=False) for n in range(30)]
    poisoned = made[11].post_id
    await poison(monkeypatch, poisoned)
    done = 0
    while did := await step(size=20):
        done += did
    assert done < 200, "it does not go round in circles"
    assert {d.subject for d in await documents() if d.kind == "report"} == {m.post_id for m in made} - {poisoned}
    waits = await backlog()
    assert (waits.waiting > 0, waits.held) == (True, 0)
    assert (await reindexing.check()).keys() == [], "it is still on its way"
    for _ in range(TRIES - 1):
        assert await step() == 0, "not before its time"
        await execute("UPDATE search_mark SET due = '-infinity'")
        while await step():
            pass
    waits = await backlog()
    assert waits.waiting == 0
    assert waits.held > 0
    assert {r["subject"] for r in await fetch("SELECT subject FROM search_mark WHERE source = 'post'")} == {poisoned}
    monkeypatch.undo()
    found = await reindexing.check()
    assert ("report", poisoned) in found.missing, "nothing brings it any more, as far as one knows"
    await reindexing.mend(found)
    await whole()
    assert await finds("number11") == {f"report:{poisoned}"}


async def test_what_was_given_up_is_tried_again(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await report(ana, "A deep hole", routed=False)
    await poison(monkeypatch, one.post_id)
    for _ in range(40):
        await step()
        await execute("UPDATE search_mark SET due = '-infinity'")
    [longest] = await fetch("SELECT max(tries) AS tries FROM search_mark")
    assert longest["tries"] > TRIES
    await step()
    [soon] = await fetch("SELECT extract(epoch FROM max(due) - now()) AS seconds FROM search_mark")
    assert 3000 < soon["seconds"] <= 3600
    monkeypatch.undo()
    await execute("UPDATE search_mark SET due = now()")
    await whole()


async def poison(monkeypatch: pytest.MonkeyPatch, post_id: int) -> None:
    """The document of this post cannot be written."""

    async def fails(documents: Iterable[Document], *args: Any, **values: Any) -> Any:
        given = list(documents)
        if post_id in {one.subject for one in given if one.kind == Kind.REPORT}:
            raise ValueError("poisoned")
        return await rows.index(given, *args, **values)

    monkeypatch.setattr(indexing, "index", fails)


async def test_a_database_that_is_away_is_nobodys_fault(ana: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    await report(ana, "A deep hole")
    monkeypatch.setattr(db, "is_away", lambda error: True)
    monkeypatch.setattr(indexing, "put", partial(_raise, ConnectionError))
    with pytest.raises(ConnectionError):
        await step()
    assert await fetch("SELECT * FROM search_mark WHERE tries > 0") == []


async def _raise(kind: type[Exception], *args: object, **values: object) -> None:
    raise kind


async def test_what_is_hidden_goes_before_what_waits(ana: Person, dan: Person) -> None:
    """However much waits."""
    one = await report(ana, "A man called Quirinus")
    comment = await posts.comment(one.post_id, dan, "His number is 5551234")
    other = await report(ana, "Cratered")
    await indexed()
    await execute("INSERT INTO search_mark (source, subject) SELECT 'post', n FROM generate_series(1, 20000) AS n")
    await posts.hide(one.post_id, dan, "personal_data", comment_id=comment.id)
    await step()
    assert await finds("5551234") == set()
    await posts.hide(one.post_id, dan, "personal_data")
    await step()
    assert await finds("quirinus") == set()
    assert await finds_on_desk("quirinus") == set()
    assert (await backlog()).waiting > 15_000
    assert await finds("cratered") == {f"report:{other.post_id}"}
    await posts.make_private([other.post_id])
    await step()
    assert await finds("cratered") == set()


async def test_how_much_waits(ana: Person) -> None:
    await indexed()
    assert await backlog() == indexing.Backlog(0, 0.0, 0)
    await report(ana, "A deep hole", routed=False)
    await execute("UPDATE search_mark SET at = now() - interval '7 seconds'")
    waits = await backlog()
    assert waits.waiting > 0
    assert 7 <= waits.seconds < 20


async def test_another_engine_is_told_of_what_changed(ana: Person) -> None:
    one = await report(ana, "A deep hole", routed=False)
    await step()
    assert await fetch("SELECT * FROM search_push") == []
    await execute("UPDATE post SET title = 'Crater' WHERE id = $1", one.post_id)
    await step(follow=True)
    assert await fetch("SELECT kind, subject FROM search_push") == [{"kind": "report", "subject": one.post_id}]
    await execute("INSERT INTO search_mark (source, subject) VALUES ('post', $1)", one.post_id)
    await step(follow=True)
    assert len(await fetch("SELECT * FROM search_push")) == 1, "nothing was different"
    await execute("UPDATE post SET visibility = 'hidden' WHERE id = $1", one.post_id)
    await step(follow=True)
    assert len(await fetch("SELECT * FROM search_push")) == 2
