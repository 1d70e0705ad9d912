"""What is hidden, private, internal or personal is in no index that somebody may search who may not see it."""

import pytest

from civic.accounts.models import Role
from civic.accounts.people import NOBODY, Person
from civic.cases import actions as cases
from civic.cases.actors import Actor, ActorKind
from civic.cases.models import Case
from civic.catalogue.models import Membership
from civic.catalogue.queries import catalogue
from civic.db import fetch
from civic.posts import actions as posts
from civic.posts import moderation
from civic.posts.forms import CommentForm, FlagForm
from civic.posts.models import Post
from civic.reports import actions as reports
from civic.reports.actions import post_report
from civic.reports.forms import ReportForm
from civic.reports.merging import merge_reports
from civic.search.postgres import rows
from civic.search.postgres.engine import PostgresEngine
from civic.search.postgres.vocabulary import count_words
from civic.search.subjects import read_documents
from civic.search.verify import check
from tests.builders.posts import LAT, LON, ana, dan, get_holder, make_person, make_rating, make_report, make_update
from tests.builders.riverside import (
    change_category,
    database_dsn,
    empty,
    get_department_id,
    riverside,
)
from tests.indexed import indexed
from tests.search.feeding import everything, finds, finds_on_desk

__all__ = ["ana", "dan", "database_dsn", "empty", "riverside"]

pytestmark = pytest.mark.usefixtures("riverside")

OFFICE = Actor(ActorKind.DISPATCHER)


async def test_nothing_personal() -> None:
    """Who wrote it, their address, the code of their receipt."""
    maker = await make_person("leakymail@secretdomain.example", name="Quirinus Blom")
    agent = await make_person("clerkmail@cityhall.example", Role.AGENT, "roads", name="Clerkname Jones")
    await Membership.create(user_id=agent.id, department_id=await get_department_id("roads"))
    one = await make_report(maker, "A deep hole")
    anonymous = await post_report(
        ReportForm(
            text="Another hole", title="", category=None, lat=LAT, lon=LON, located_by="pin", address="",
            email="hiddenmail@secretdomain.example", answers={}, client_key="clientkey77",
        ),
        NOBODY,
    )  # fmt: skip
    assert anonymous.receipt
    await cases.reply(one.case_id, by=Actor.of(agent, await get_department_id("roads")), text="We come and look")
    await posts.add_comment(one.post_id, maker, CommentForm(text="Thank you"))
    await moderation.add_flag(one.post_id, maker, FlagForm(reason="other", text="flagnote of mine"))
    await cases.set_assignee(one.case_id, by=Actor.of(agent, await get_department_id("roads")), user_id=agent.id)
    slug = (await catalogue()).services[0].slug
    await make_rating(maker, slug, "Friendly")
    await make_update(maker, "Water")
    await indexed()
    words = ["quirinus", "blom", "leakymail", "secretdomain", "hiddenmail", "clerkmail", "clerkname", "jones"]
    words += ["clientkey77", "flagnote", anonymous.receipt, *anonymous.receipt.split("-")]
    for word in words:
        assert await finds(word) == set(), word
        assert await finds_on_desk(word) == set(), word
    for tables in (rows.PUBLIC, rows.DESK):
        kept = (await everything(tables)).casefold()
        assert not [word for word in words if word.casefold() in kept]
    known = {row["word"] for row in await fetch("SELECT word FROM search_word")}
    assert not known & set(words)


async def test_what_is_internal_is_for_the_desk(ana: Person, dan: Person) -> None:
    one = await make_report(ana, "A deep hole")
    roads = await get_holder(one.case_id)
    await cases.add_note(one.case_id, by=roads, text="Beware of doggeral")
    await indexed()
    assert await finds("doggeral") == set()
    assert await finds_on_desk("doggeral") == {one.case_id}
    assert "doggeral" not in await everything()
    assert await fetch("SELECT 1 FROM search_word WHERE word = 'doggeral'") == [], "not even as what may be meant"
    await cases.reply(one.case_id, by=roads, text="Publicity work")
    await indexed()
    assert await finds("publicity") == {f"report:{one.post_id}"}


async def test_a_clerk_finds_what_their_department_has_or_had(ana: Person) -> None:
    one = await make_report(ana, "Zweihander in the road")
    other = await make_report(ana, "Zweihander in the tree", "street-light")
    unrouted = await make_report(ana, "Zweihander in the air", None, routed=False)
    roads, lighting, parks = [await get_department_id(slug) for slug in ("roads", "lighting", "parks")]
    await indexed()
    assert await finds_on_desk("zweihander", [roads]) == {one.case_id}
    assert await finds_on_desk("zweihander", [lighting]) == {other.case_id}
    assert await finds_on_desk("zweihander", [parks]) == set()
    assert await finds_on_desk("zweihander", []) == set()
    assert await finds_on_desk("zweihander", [roads, lighting]) == {one.case_id, other.case_id}
    assert await finds_on_desk("zweihander") == {one.case_id, other.case_id, unrouted.case_id}
    await cases.hand_over(one.case_id, parks, by=await get_holder(one.case_id), text="Theirs, not ours")
    await cases.add_support(other.case_id, roads, by=await get_holder(other.case_id), text="Please come along")
    await indexed()
    assert await finds_on_desk("zweihander", [parks]) == {one.case_id}
    assert await finds_on_desk("zweihander", [roads]) == {one.case_id, other.case_id}, "as they had it, or help"


async def test_hidden_reports(ana: Person, dan: Person) -> None:
    one = await make_report(ana, "Slanderous words", address="Slanderstreet 5", title="Slandertitle")
    await posts.add_comment(one.post_id, ana, CommentForm(text="Slandercomment"))
    words = ("slanderous", "slanderstreet", "slandertitle", "slandercomment")
    await indexed()
    for word in words:
        assert await finds(word)
        assert await finds_on_desk(word) == {one.case_id}
    await moderation.hide(one.post_id, dan, "abuse")
    await indexed()
    for word in words:
        assert await finds(word) == set()
        assert await finds_on_desk(word) == set(), "not even a dispatcher, who finds it among what was moderated"
    assert "slander" not in (await everything() + await everything(rows.DESK)).casefold()
    [case] = await fetch("SELECT number FROM case_file WHERE id = $1", one.case_id)
    assert await finds_on_desk(case["number"]) == {one.case_id}, "the case is still a case"
    await moderation.restore(one.post_id, dan, "other")
    await indexed()
    assert await finds("slanderous") == {f"report:{one.post_id}"}


async def test_one_hidden_report_of_two(ana: Person, dan: Person) -> None:
    one, other = await make_report(ana, "Holey road"), await make_report(dan, "Slanderous words")
    number = (await Case.get(id=one.case_id)).number
    await merge_reports(other.case_id, number, by=OFFICE, seen=None, text="")
    await moderation.hide(other.post_id, dan, "abuse")
    await indexed()
    assert await finds("slanderous") == set()
    assert await finds_on_desk("slanderous") == set()
    assert await finds_on_desk("holey") == {one.case_id}


async def test_hidden_comments(ana: Person, dan: Person) -> None:
    one, flood = await make_report(ana, "A deep hole"), await make_update(ana, "Water")
    for post in (one.post_id, flood.post_id):
        comment = await posts.add_comment(post, ana, CommentForm(text="Slanderous words"))
        await indexed()
        assert len(await finds("slanderous")) == 1
        await moderation.hide(post, dan, "abuse", comment_id=comment.id)
        await indexed()
        assert await finds("slanderous") == set()
        assert await finds_on_desk("slanderous") == set()
        await moderation.restore(post, dan, "other", comment_id=comment.id)
        await indexed()
        assert len(await finds("slanderous")) == 1
        await moderation.hide(post, dan, "abuse", comment_id=comment.id)


async def test_private_reports(ana: Person, dan: Person) -> None:
    """By their category: their author and the desk only."""
    async with change_category("pothole", public=False):
        one = await make_report(ana, "A man sells powderous things")
    await indexed()
    assert (await Post.get(id=one.post_id)).visibility == "private"
    assert await finds("powderous") == set()
    assert await finds_on_desk("powderous", [await get_department_id("roads")]) == {one.case_id}
    assert await finds_on_desk("powderous", [await get_department_id("parks")]) == set()
    await cases.reply(one.case_id, by=await get_holder(one.case_id), text="Answerable")
    await indexed()
    assert await finds("answerable") == set()
    await moderation.hide(one.post_id, dan, "spam")
    await moderation.restore(one.post_id, dan, "other")
    await indexed()
    assert await finds("powderous") == set()
    assert "powderous" not in await everything()


async def test_made_private(ana: Person, dan: Person) -> None:
    one = await make_report(ana, "A man sells powderous things", "street-light")
    await indexed()
    assert await finds("powderous")
    async with change_category("pothole", public=False):
        private = (await catalogue()).category_by_code["pothole"]
        await reports.recategorise(one.case_id, private, by=OFFICE, person=dan)
        await indexed()
    assert await finds("powderous") == set()
    assert await finds_on_desk("powderous") == {one.case_id}


async def test_hidden_and_replaced_ratings(ana: Person, dan: Person) -> None:
    slug = (await catalogue()).services[0].slug
    one = await make_rating(ana, slug, "Slanderous words")
    await indexed()
    assert await finds("slanderous") == {f"rating:{one.post_id}"}
    two = await make_rating(ana, slug, "Kindliness")
    await indexed()
    assert await finds("slanderous") == set()
    assert await finds("kindliness") == {f"rating:{two.post_id}"}
    await moderation.hide(two.post_id, dan, "abuse")
    await indexed()
    assert await finds("kindliness") == set()


async def test_hidden_traffic(ana: Person, dan: Person) -> None:
    one = await make_update(ana, "Slanderous words", address="Slanderstreet")
    await indexed()
    assert await finds("slanderous") == await finds("slanderstreet") == {f"traffic:{one.post_id}"}
    await moderation.hide(one.post_id, dan, "abuse")
    await indexed()
    assert await finds("slanderous") == await finds("slanderstreet") == set()


EVENTS = "SELECT c.number, e.seq FROM case_event e JOIN case_file c ON c.id = e.case_id"


async def test_what_was_erased(ana: Person) -> None:
    one = await make_report(ana, "A deep hole")
    await cases.reply(one.case_id, by=await get_holder(one.case_id), text="Call me at 0905551234")
    await indexed()
    assert await finds("0905551234") == {f"report:{one.post_id}"}
    [event] = await fetch(f"{EVENTS} WHERE e.text LIKE 'Call me%'")
    await cases.erase_event_text(event["number"], event["seq"])
    await indexed()
    assert await finds("0905551234") == set()
    assert await finds_on_desk("0905551234") == set()
    assert "0905551234" not in await everything() + await everything(rows.DESK)


async def test_a_damaged_index_leaks_nothing_after_it_is_mended(ana: Person, dan: Person) -> None:
    """Say, it came back with an old backup."""
    one = await make_report(ana, "Slanderous words")
    await indexed()
    old = (await read_documents([("report", one.post_id)])).values()
    await moderation.hide(one.post_id, dan, "abuse")
    await indexed()
    await rows.write_documents(old)
    assert await finds("slanderous") == set(), "not even before: what is hidden is left out when hits are read"
    found = await check(PostgresEngine())
    assert found.extra == [("report", one.post_id)]
    await PostgresEngine().mend(found)
    await indexed()
    assert await finds("slanderous") == set()


async def test_words_of_hidden_texts_are_forgotten(ana: Person, dan: Person) -> None:
    """What a mistyped word may have meant is said to whoever types it."""
    one = await make_report(ana, "Quirinus Blomqvist did it")
    await indexed()
    await moderation.hide(one.post_id, dan, "personal_data")
    await indexed()
    await count_words()
    assert await fetch("SELECT 1 FROM search_word WHERE word = 'blomqvist'") == []
