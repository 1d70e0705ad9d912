"""Whatever changes what a document says leaves a mark, in whatever way it is changed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from civic import timing
from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.forms import CommentForm, FlagForm
from civic.posts.queries import Viewer
from civic.reports import actions as reports
from civic.reports.merging import merge_reports, unmerge_reports
from civic.reports.queries import get_author
from civic.search import feed
from civic.search.feed import mark_expired
from civic.search.postgres.encoding import document_digest
from civic.search.postgres.engine import PostgresEngine
from civic.search.subjects import registered
from civic.search.verify import check
from civic.traffic import actions as traffic
from tests.builders.posts import ana, bo, dan, get_holder, make_person, make_rating, make_report, make_update
from tests.builders.riverside import database_dsn, empty, get_department_id, riverside
from tests.search.feeding import documents, finds, finds_on_desk, forget_marks, whole

__all__ = ["ana", "bo", "dan", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

Act = Callable[[], Awaitable[object]]
OFFICE = Actor(ActorKind.DISPATCHER)


async def state() -> list[bytes]:
    """What the documents of the database are made of, as digests."""
    found = []
    for subject in registered():
        items = await fetch(f"SELECT {subject.column} AS id FROM {subject.table}")
        composed = await feed.compose({subject.kind: [row["id"] for row in items]})
        found += sorted(document_digest(one) for one in composed.documents)
    return found


async def all_seen(act: Act, *, changes: bool | None = True) -> Any:
    """Do something, that `changes` documents. What differs is marked, and after the worker has been nothing differs."""
    before = await state()
    done = await act()
    assert changes is None or (await state() != before) is changes
    assert (await check(PostgresEngine())).keys() == [], "what is on its way is no difference"
    assert (not changes) or await fetch("SELECT 1 FROM search_dirty")
    await whole()
    return done


async def test_what_people_do_with_a_report(ana: Person, bo: Person, dan: Person) -> None:
    one = await all_seen(lambda: make_report(ana, "A deep hole", routed=False))
    post = one.post_id
    await all_seen(lambda: reports.route_case(one.case_id))
    comment = await all_seen(lambda: posts.add_comment(post, bo, CommentForm(text="Same for my bicycle")))
    await all_seen(lambda: posts.vote(post, bo))
    await all_seen(lambda: posts.vote(post, bo), changes=False)
    await all_seen(lambda: posts.unvote(post, bo))
    await all_seen(lambda: moderation.add_flag(post, bo, FlagForm(reason="spam")), changes=False)
    await all_seen(lambda: moderation.hide(post, dan, "abuse", comment_id=comment.id))
    await all_seen(lambda: moderation.restore(post, dan, "other", comment_id=comment.id))
    await all_seen(lambda: moderation.hide(post, dan, "spam"))
    await all_seen(lambda: moderation.restore(post, dan, "other"))
    await all_seen(lambda: moderation.dismiss_flags(post, dan), changes=False)
    await all_seen(lambda: execute("UPDATE report SET address = 'Elm Street 5' WHERE id = $1", one.id))
    await all_seen(lambda: execute("UPDATE post SET title = 'Hole' WHERE id = $1", post))
    await all_seen(lambda: execute("DELETE FROM moderation"), changes=False)
    await all_seen(lambda: execute("DELETE FROM comment WHERE id = $1", comment.id))


async def test_what_departments_do_with_a_case(ana: Person, bo: Person) -> None:
    one = await make_report(ana, "A deep hole")
    case, parks = one.case_id, await get_department_id("parks")
    author = await get_author(one.id, Viewer(ana))
    roads = await get_holder(case)
    support = Actor(ActorKind.DEPARTMENT, None, parks)
    category = (await catalogue()).category_by_code["street-light"]
    acts: list[tuple[Act, bool]] = [
        (lambda: cases.accept(case, by=roads, text="We shall come"), True),
        (lambda: cases.add_note(case, by=roads, text="The third time this year"), True),
        (lambda: cases.set_assignee(case, by=OFFICE, user_id=None), False),
        (lambda: cases.reply(case, by=roads, text="Not before Monday"), True),
        (lambda: cases.ask(case, by=roads, text="Which lane is it?"), True),
        (lambda: reports.answer_question(author, "The left one"), True),
        (lambda: cases.ask(case, by=roads, text="And how deep?"), True),
        (lambda: ended_wait(case), True),
        (lambda: cases.add_support(case, parks, by=roads, text="The tree's roots"), True),
        (lambda: cases.support_done(case, by=support, text="Roots are cut"), True),
        (lambda: reports.recategorise(case, category, by=roads), True),
        (lambda: cases.resolve(case, by=roads, text="It is filled"), True),
        (lambda: reports.dispute_resolution(author, "It is open again"), True),
        (lambda: cases.resolve(case, by=roads, text="Filled for good"), True),
        (lambda: reports.rate_handling(author, 4, "Well done"), False),
        (lambda: reports.confirm_resolution(author), True),
        (lambda: reports.dispute_resolution(author, "Once more, please"), True),
        (lambda: cases.uphold(case, by=OFFICE, text="Yes, it is open"), True),
        (lambda: cases.hand_over(case, parks, by=roads, text="It is theirs"), True),
        (lambda: cases.give_back(case, by=support, text="It is not our part"), True),
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
    assert await cases.end_next_wait()


async def closed_by_time(case: int) -> None:
    await execute("UPDATE case_file SET confirm_until = now() - interval '1 hour' WHERE id = $1", case)
    assert await cases.confirm_next_resolution()


async def misrouted(case: int) -> None:
    [stint] = await fetch("SELECT id FROM assignment WHERE case_id = $1 AND outcome = 'returned'", case)
    await cases.mark_misrouted(case, stint["id"], by=OFFICE)


async def erased(case: int) -> None:
    events = "SELECT c.number, e.seq FROM case_event e JOIN case_file c ON c.id = e.case_id"
    [event] = await fetch(f"{events} WHERE c.id = $1 AND e.text = 'Which lane is it?'", case)
    await cases.erase_event_text(event["number"], event["seq"])


async def test_answers_to_the_questions_of_a_category(ana: Person) -> None:
    """What was written is found, by everybody and on the desk; what was chosen is not."""
    category = next(c for c in (await catalogue()).categories if any(q.kind == "text" for q in c.questions))
    code = next(q.code for q in category.questions if q.kind == "text")
    one = await make_report(
        ana, "A deep hole", category.code, answers={code: "Behind the Zanzibar", "other": "chosenword"}
    )
    await whole()
    assert await finds("zanzibar") == {f"report:{one.post_id}"}
    assert await finds_on_desk("zanzibar") == {one.case_id}
    assert await finds("chosenword") == set()
    await all_seen(lambda: execute("UPDATE report SET answers = '{}' WHERE id = $1", one.id))


async def test_merging(ana: Person, bo: Person) -> None:
    one = await make_report(ana, "A deep hole")
    other = await make_report(bo, "The hole at the school")
    number = (await Case.get(id=one.case_id)).number
    await whole()
    await all_seen(lambda: merge_reports(other.case_id, number, by=OFFICE, seen=None, text="It is the same one"))
    assert await finds_on_desk("school") == {one.case_id}
    assert await finds("school") == {f"report:{other.post_id}"}
    await all_seen(lambda: posts.vote(other.post_id, ana))
    await all_seen(lambda: unmerge_reports(other.case_id, by=OFFICE))
    assert await finds_on_desk("school") == {other.case_id}
    assert await finds("school") == {f"report:{other.post_id}"}


async def test_moved_by_hand(ana: Person, bo: Person) -> None:
    """Both cases say something else then, and both when a report is gone."""
    one, other = await make_report(ana, "A deep hole"), await make_report(bo, "The hole at the school")
    await whole()
    await all_seen(lambda: execute("UPDATE report SET case_id = $1 WHERE id = $2", one.case_id, other.id))
    await all_seen(lambda: execute("DELETE FROM report WHERE id = $1", other.id))


async def test_a_category_that_is_not_public(ana: Person, dan: Person) -> None:
    one = await make_report(ana, "A deep hole")
    tip = await catalogue()
    private = next((c for c in tip.categories if not c.public), None)
    await whole()
    if private is None:
        await all_seen(lambda: moderation.make_private([one.post_id], dan))
    else:
        await all_seen(lambda: reports.recategorise(one.case_id, private, by=OFFICE, person=dan))
    assert await finds("deep hole") == set()
    assert await finds_on_desk("deep hole") == {one.case_id}
    await all_seen(lambda: moderation.hide(one.post_id, dan, "spam"))
    assert await finds_on_desk("deep hole") == set()


async def test_what_people_do_with_a_traffic_update(ana: Person, bo: Person, dan: Person) -> None:
    one = await all_seen(lambda: make_update(ana, "Water under the bridge"))
    await all_seen(lambda: traffic.confirm_update(one.id, bo), changes=None)
    await all_seen(lambda: posts.add_comment(one.post_id, bo, CommentForm(text="Knee-deep")))
    await all_seen(lambda: traffic.end_update(one.id, Viewer(ana)))
    two = await all_seen(lambda: make_update(ana, "Water under the bridge again", address="The old bridge"))
    await all_seen(lambda: moderation.hide(two.post_id, dan, "wrong"))
    await all_seen(lambda: moderation.restore(two.post_id, dan, "other"))
    gone = [await make_person(f"p{n}@example.org") for n in range(2)]
    for one_of in gone:
        await traffic.contest_update(two.id, one_of)
    await all_seen(nothing, changes=False)
    assert {one.status for one in await documents()} & {"live", "ended"} == {"ended"}
    await all_seen(lambda: execute("""UPDATE traffic_update SET place = '', near = '{"en": "Mill Lane"}'"""))


async def test_what_ends_by_itself(ana: Person) -> None:
    one = await make_update(ana, "Water under the bridge")
    await mark_expired(timing.now().timestamp())
    await whole()
    later = timing.now() + timedelta(days=30)
    with timing.at(later):
        found = await check(PostgresEngine())
        assert found.different == [("traffic", one.post_id)]
    await execute("UPDATE traffic_update SET expires_at = now() - interval '2 seconds'")
    await forget_marks()
    await execute("UPDATE search_state SET value = to_jsonb(extract(epoch FROM now()) - 10) WHERE name = 'expired'")
    assert (await check(PostgresEngine())).keys() == [], "it has just ended, and will be marked"
    await mark_expired(timing.now().timestamp())
    assert len(await fetch("SELECT * FROM search_dirty")) == 1
    await whole()
    await mark_expired(timing.now().timestamp())
    assert await fetch("SELECT * FROM search_dirty") == []
    assert [one.status for one in await documents() if one.kind == "traffic"] == ["ended"]


async def test_what_people_do_with_ratings(ana: Person, bo: Person, dan: Person) -> None:
    slug = (await catalogue()).services[0].slug
    one = await all_seen(lambda: make_rating(ana, slug, "Friendly people"))
    await all_seen(lambda: make_rating(ana, slug, "Very friendly people", 5))
    assert await finds("friendly people") != {f"rating:{one.post_id}"}
    two = await all_seen(lambda: make_rating(bo, slug, "Unfriendlily"))
    await all_seen(lambda: make_rating(bo, slug, "", 3))
    await all_seen(lambda: posts.add_comment(one.post_id, bo, CommentForm(text="Indeed")), changes=False)
    three = await all_seen(lambda: make_rating(dan, slug, "Slow"))
    await all_seen(lambda: posts.vote(three.post_id, bo))
    await all_seen(lambda: moderation.hide(three.post_id, dan, "abuse"))
    assert await finds("unfriendlily") == set()
    assert two.post_id
