"""What stops being public is found by nobody from the moment of its commit, however long no worker runs."""

from collections.abc import Awaitable, Callable

import pytest

from civic.accounts.people import Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import CaseEvent
from civic.catalogue.queries import catalogue
from civic.db import execute, fetch
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.forms import CommentForm
from civic.reports import actions as reports
from civic.reports.similar import find_similar
from civic.search import feed, saved_state
from civic.search.documents import Query, SearchResult
from civic.search.meili import queue
from civic.search.meili.client import Meili
from civic.search.meili.engine import MeiliEngine
from civic.search.meili.outbox import send_batch
from civic.search.meili.sync import disable
from civic.search.queries import find, find_on_desk, wanted_settings
from civic.search.rebuild import rebuild
from tests.builders.posts import LAT, LON, ana, bo, dan, get_holder, make_rating, make_report, make_update
from tests.builders.riverside import change_category, database_dsn, empty, riverside
from tests.clients import Client
from tests.indexed import indexed
from tests.search.feeding import everything

__all__ = ["ana", "bo", "dan", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

WORD = "blomqvist"
TEXT = "Quirinus Blomqvist of 5 Elm Street did it"
Hide = Callable[[], Awaitable[object]]


async def hide_report(ana: Person, dan: Person) -> tuple[Hide, Hide]:
    one = await make_report(ana, TEXT)
    return (
        lambda: moderation.hide(one.post_id, dan, "personal_data"),
        lambda: moderation.restore(one.post_id, dan, "other"),
    )


async def hide_update(ana: Person, dan: Person) -> tuple[Hide, Hide]:
    one = await make_update(ana, TEXT)
    return (
        lambda: moderation.hide(one.post_id, dan, "personal_data"),
        lambda: moderation.restore(one.post_id, dan, "other"),
    )


async def hide_rating(ana: Person, dan: Person) -> tuple[Hide, Hide]:
    one = await make_rating(ana, (await catalogue()).services[0].slug, TEXT)
    return (
        lambda: moderation.hide(one.post_id, dan, "personal_data"),
        lambda: moderation.restore(one.post_id, dan, "other"),
    )


async def hide_comment(ana: Person, dan: Person) -> tuple[Hide, Hide]:
    one = await make_report(ana, "A deep hole")
    comment = await posts.add_comment(one.post_id, ana, CommentForm(text=TEXT))
    return (
        lambda: moderation.hide(one.post_id, dan, "personal_data", comment_id=comment.id),
        lambda: moderation.restore(one.post_id, dan, "other", comment_id=comment.id),
    )


async def hide_line(ana: Person, dan: Person) -> tuple[Hide, Hide]:
    one = await make_report(ana, "A deep hole")
    case = await cases.reply(one.case_id, by=await get_holder(one.case_id), text=TEXT)
    line = f"{case.number}-{case.events_count}"
    return (
        lambda: moderation.hide(one.post_id, dan, "personal_data", line=line),
        lambda: moderation.restore(one.post_id, dan, "other", line=line),
    )


HIDING = [hide_report, hide_update, hide_rating, hide_comment, hide_line]


@pytest.fixture(params=HIDING)
async def hiding(request: pytest.FixtureRequest, ana: Person, dan: Person) -> tuple[Hide, Hide]:
    """Something public with the word in it, and how it is hidden and restored."""
    both: tuple[Hide, Hide] = await request.param(ana, dan)
    await indexed()
    return both


@pytest.fixture(params=[False, True], ids=["postgresql", "meilisearch"])
async def meili(request: pytest.FixtureRequest, follower: Meili) -> Meili | None:
    return follower if request.param else None


async def fill(meili: Meili | None) -> None:
    """Let Meilisearch have everything that is public now. Afterwards nothing is sent to it."""
    if meili:
        await saved_state.save_state(queue.KEY, await meili.make_search_key())
        await rebuild(MeiliEngine(meili, await wanted_settings()))


async def search(text: str, meili: Meili | None) -> SearchResult:
    return await find(Query(text=text, size=100), meili)


async def test_no_worker_has_to_run(hiding: tuple[Hide, Hide], meili: Meili | None) -> None:
    hide, restore = hiding
    await fill(meili)
    found = await search(WORD, meili)
    assert (len(found.hits), found.engine) == (1, "meilisearch" if meili else "postgresql")
    await hide()
    assert await search(WORD, meili) == SearchResult([], 0, facets=(await search("xyzzyx", None)).facets)
    assert (await search("blomqist", meili)).corrections == (), "nor is it said what a mistyped word may have meant"
    assert (await find_on_desk(Query(text=WORD))).hits == []
    assert WORD not in (await everything()).casefold()
    await restore()
    assert len((await search(WORD, None)).hits) == 1


async def test_only_the_word_is_gone(ana: Person, dan: Person, meili: Meili | None) -> None:
    """A report one of whose comments is hidden is found by its other words."""
    hide, _restore = await hide_comment(ana, dan)
    await indexed()
    await fill(meili)
    await hide()
    assert (await search(WORD, meili)).hits == []
    [hit] = [one for one in (await search("hole", meili)).hits if one.document.kind == "report"]
    assert WORD not in f"{hit.title} {hit.excerpt} {hit.document.discussion}".casefold()


async def test_meilisearch_is_told_later(hiding: tuple[Hide, Hide], follower: Meili) -> None:
    hide, _restore = hiding
    await fill(follower)
    await hide()
    assert await fetch("SELECT 1 FROM search_push")
    while await send_batch(follower):
        pass
    assert (await follower.find(Query(text=WORD))).hits == []


async def test_nothing_is_queued_for_a_meilisearch_that_is_not_there(hiding: tuple[Hide, Hide]) -> None:
    await disable()  # another test may have filled one
    await hiding[0]()
    assert await fetch("SELECT 1 FROM search_push") == []


async def test_what_a_statement_hid_is_left_out_when_hits_are_read(ana: Person, meili: Meili | None) -> None:
    """Typed by hand, say: the index does not know of it yet."""
    one, other = await make_report(ana, TEXT), await make_report(ana, f"{WORD} again")
    await indexed()
    await fill(meili)
    await execute("UPDATE post SET visibility = 'hidden' WHERE id = $1", one.post_id)
    found = await search(WORD, meili)
    assert ([hit.document.item_id for hit in found.hits], found.total) == ([other.post_id], 1)
    await execute("UPDATE post SET visibility = 'private' WHERE id = $1", other.post_id)
    found = await search(WORD, meili)
    assert (found.hits, found.total, found.facets, found.corrections) == ([], 0, {}, ())


async def test_nor_is_it_offered_as_similar(ana: Person, dan: Person, meili: Meili | None, client: Client) -> None:
    hide, _restore = await hide_report(ana, dan)
    await indexed()
    await fill(meili)
    near = (LAT, LON, 1000)
    assert (await find_similar(TEXT, near, meili=meili)).reports
    await hide()
    assert not (await find_similar(TEXT, near, meili=meili)).reports
    for path in (
        f"/search?q={WORD}",
        f"/api/v1/search?q={WORD}",
        f"/reports/new/similar?text={WORD}&lat={LAT}&lon={LON}",
    ):
        answer = await client.get(path, headers={"HX-Request": "true"})
        assert "Quirinus" not in answer.text


async def test_lists_narrowed_by_words(hiding: tuple[Hide, Hide], client: Client) -> None:
    await hiding[0]()
    assert (await client.get(f"/api/v1/reports?q={WORD}")).json()["count"] == 0


async def test_what_becomes_private_with_its_category(ana: Person, dan: Person, meili: Meili | None) -> None:
    one = await make_report(ana, TEXT, "street-light")
    await indexed()
    await fill(meili)
    async with change_category("pothole", public=False):
        private = (await catalogue()).category_by_code["pothole"]
        by = Actor(ActorKind.DISPATCHER, dan.id)
        await reports.recategorise(one.case_id, private, by=by, person=dan)
    assert (await search(WORD, meili)).hits == []
    assert WORD not in (await everything()).casefold()
    assert len((await find_on_desk(Query(text=WORD))).hits) == 1, "who works on it goes on finding it"


async def test_what_is_erased(ana: Person, meili: Meili | None) -> None:
    one = await make_report(ana, "A deep hole")
    case = await cases.reply(one.case_id, by=await get_holder(one.case_id), text=TEXT)
    await indexed()
    await fill(meili)
    await cases.erase_event_text(case.number, case.events_count)
    assert (await search(WORD, meili)).hits == []
    assert (await find_on_desk(Query(text=WORD))).hits == []
    assert not await CaseEvent.filter(text__contains="Blomqvist").exists()


async def test_a_document_that_cannot_be_made_is_taken_out(
    ana: Person, dan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hiding is never refused because of the index."""
    hide, _restore = await hide_comment(ana, dan)
    await indexed()

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(feed, "compose", fail)
        await hide()
    assert (await search("hole", None)).hits == []
    await indexed()
    assert len((await search("hole", None)).hits) == 1
    assert (await search(WORD, None)).hits == []


async def test_counts_and_clusters_are_of_what_is_public(
    ana: Person, dan: Person, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large city a count is kept for seconds, but not across a moderator's decision; the map follows at once."""
    monkeypatch.setattr("civic.reports.queries.MAX_EXACT_COUNT", 0)
    monkeypatch.setattr("civic.reports.maps.queries.MAX_PINS", 1)
    made = [await make_report(ana, f"Hole {n}") for n in range(4)]
    window = "/api/v1/map/points?bbox=117,31,119,32&zoom=10"

    async def counted() -> tuple[int, int]:
        clusters = (await client.get(window)).json()["clusters"]
        return (await client.get("/api/v1/reports")).json()["count"], sum(one["count"] for one in clusters)

    assert await counted() == (4, 4)
    await make_report(ana, "One more")
    assert await counted() == (4, 5), "the list's is kept for some seconds"
    await moderation.hide(made[0].post_id, dan, "spam")
    assert await counted() == (4, 4), "of the five"
    await moderation.hide(made[1].post_id, dan, "spam")
    assert await counted() == (3, 3)
    await moderation.restore(made[1].post_id, dan, "other")
    assert await counted() == (4, 4)
