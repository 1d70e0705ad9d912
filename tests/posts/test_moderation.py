"""Flags and moderation: a person decides, everything is logged with its reason, and the author is told."""

import asyncio
from collections.abc import Callable

import pytest

from civic import timing
from civic.notifications.models import Message
from civic.posts.models import Comment, Flag, Moderation, Post
from tests.builders.riverside import HOLE, JSON, limit_posts, send_report
from tests.clients import Client
from tests.html_forms import form_fields
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.fixture
async def post(client: Client) -> Post:
    """A stranger's report, with a confirmed address to tell."""
    await send_report(client, email="ana@example.org")
    await Post.all().update(email_confirmed_at=timing.now())
    return await Post.get()


@pytest.fixture
async def comment(citizen: Client, post: Post) -> Comment:
    await citizen.post(f"/posts/{post.id}/comments", data={"text": "His number is 555-0100"})
    return await Comment.get()


async def moderate(dispatcher: Client, act: str, post: Post, **more: object) -> int:
    answer = await dispatcher.post(f"/desk/moderation/{act}", data={"post": post.id, "reason": "personal_data", **more})
    return answer.status_code


async def test_anybody_flags_with_a_reason(client: Client, stranger: Client, dispatcher: Client, post: Post) -> None:
    assert "What is wrong with it?" in (await client.get(f"/posts/{post.id}/flag")).text
    answer = await client.post(f"/posts/{post.id}/flag", data={"text": "Look"})
    assert answer.status_code == 422
    assert "Please choose a reason" in answer.text
    assert not find_wrong_ids(answer.text)
    assert (await client.post(f"/posts/{post.id}/flag", data={"reason": "unicorn"})).status_code == 422
    assert "Thank you" in (await client.post(f"/posts/{post.id}/flag", data={"reason": "spam", "text": "Look"})).text
    for _ in range(2):  # once a person while it is open
        answer = await stranger.post(f"/posts/{post.id}/flag", json={"reason": "wrong"}, headers=JSON)
        assert answer.json() == {"flagged": True}
    assert await Flag.all().count() == 2
    assert HOLE in (await client.get("/reports")).text, "nothing is hidden without a person's decision"
    page = (await dispatcher.get("/desk/moderation")).text
    assert "2 flags" in page
    assert "Advertising or spam" in page
    assert "“Look”" in page
    [listed] = (await dispatcher.get("/api/v1/desk/moderation")).json()["flagged"]
    assert (listed["post"], listed["count"]) == (post.id, 2)


async def test_flags_have_a_limit(client: Client, post: Post) -> None:
    limit_posts(client, 2)
    statuses = [(await client.post(f"/posts/{post.id}/flag", data={"reason": "spam"})).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_the_log_quotes_what_it_is_about(
    client: Client, dispatcher: Client, post: Post, comment: Comment
) -> None:
    """A link that begins with the text of the post or comment, and says its kind: no bare number."""
    for more in ({}, {"comment": comment.id}):
        assert await moderate(dispatcher, "hide", post, **more) == 303
    page = (await dispatcher.get("/desk/moderation")).text
    log = page.partition("<h2>Log</h2>")[2]
    assert f"“{HOLE[:20]}" in log
    assert f'href="{post.path}#comment-{comment.id}"' in log
    assert "“His number is 555-0100”" in log
    assert f"post {post.id}" not in log
    assert await moderate(dispatcher, "erase", post, comment=comment.id) == 303
    assert "555-0100" not in (await dispatcher.get("/desk/moderation")).text, "what was erased is quoted nowhere"


async def test_hidden_and_restored(client: Client, stranger: Client, dispatcher: Client, post: Post) -> None:
    await client.post(f"/posts/{post.id}/flag", data={"reason": "personal_data"})
    assert await moderate(dispatcher, "hide", post, text="A name is in it.") == 303
    assert (await stranger.get(post.path)).status_code == 404
    assert await Flag.filter(settled_at=None).count() == 0
    assert await moderate(dispatcher, "hide", post) == 409
    told = await Message.get(kind="hidden")
    assert (told.email, told.url) == ("ana@example.org", post.path)
    page = (await dispatcher.get("/desk/moderation")).text
    assert "A name is in it." in page
    assert 'action="/desk/moderation/restore"' in page
    assert await moderate(dispatcher, "restore", post) == 303
    assert (await stranger.get(post.path)).status_code == 200
    assert await Message.filter(kind="restored").count() == 1
    assert await moderate(dispatcher, "restore", post) == 409
    assert [m.act for m in await Moderation.all().order_by("id")] == ["hide", "restore"]
    assert 'action="/desk/moderation/restore"' not in (await dispatcher.get("/desk/moderation")).text


async def test_kept_as_it_is(client: Client, dispatcher: Client, post: Post) -> None:
    await client.post(f"/posts/{post.id}/flag", data={"reason": "wrong"})
    assert await moderate(dispatcher, "keep", post) == 303
    assert "Nothing is waiting for you" in (await dispatcher.get("/desk/moderation")).text
    assert await Message.filter(kind__in=["hidden", "restored"]).count() == 0
    assert (await client.get(post.path)).status_code == 200


async def test_a_hidden_comment(
    client: Client, citizen: Client, stranger: Client, dispatcher: Client, post: Post, comment: Comment
) -> None:
    assert (
        await client.post(f"/posts/{post.id}/flag", data={"reason": "abuse", "comment": comment.id})
    ).status_code == 200
    assert await moderate(dispatcher, "hide", post, comment=comment.id) == 303
    for reader in (client, stranger):
        page = (await reader.get(post.path)).text
        assert "555-0100" not in page
        assert HOLE in page
    assert "Hidden by a moderator" in (await citizen.get(post.path)).text, "its author sees what became of it"
    assert (await Post.get()).comments_count == 0
    told = await Message.get(kind="hidden")
    assert citizen.user
    assert told.user_id == citizen.user.id
    assert await moderate(dispatcher, "hide", post, comment=comment.id) == 409
    assert await moderate(dispatcher, "restore", post, comment=comment.id) == 303
    assert "555-0100" in (await stranger.get(post.path)).text
    assert (await Post.get()).comments_count == 1


async def test_the_log_erases_for_the_reason_of_hiding(
    citizen: Client, dispatcher: Client, post: Post, comment: Comment
) -> None:
    assert await moderate(dispatcher, "hide", post, comment=comment.id, reason="abuse") == 303
    fields = form_fields((await dispatcher.get("/desk/moderation")).text, "/desk/moderation/restore")
    assert (await dispatcher.post("/desk/moderation/erase", data=fields)).status_code == 303
    assert [(m.act, m.reason) for m in await Moderation.all().order_by("id")] == [("hide", "abuse"), ("erase", "abuse")]
    page = (await citizen.get(post.path)).text
    assert "The text of this comment was erased." in page
    assert f"flag?comment={comment.id}" not in page


async def test_a_comment_of_another_post(client: Client, dispatcher: Client, post: Post, comment: Comment) -> None:
    other = await send_report(client, text="Another hole")
    there = await Post.get(path=other["url"])
    assert (
        await client.post(f"/posts/{there.id}/flag", data={"reason": "spam", "comment": comment.id})
    ).status_code == 404
    assert await moderate(dispatcher, "hide", there, comment=comment.id) == 404


async def test_two_moderators_at_once(
    dispatcher: Client, admin: Client, post: Post, citizen: Client, comment: Comment
) -> None:
    done = await asyncio.gather(*(moderate(one, "hide", post, comment=comment.id) for one in (dispatcher, admin) * 2))
    assert sorted(done) == [303, 409, 409, 409]
    assert (await Post.get()).comments_count == 0
    assert await Moderation.all().count() == 1
    done = await asyncio.gather(
        moderate(dispatcher, "restore", post, comment=comment.id),
        *(citizen.post(f"/posts/{post.id}/comments", data={"text": "More"}) for _ in range(3)),
        citizen.post(f"/posts/{post.id}/vote"),
    )
    assert (await Post.get()).comments_count == await Comment.filter(hidden_at=None).count() == 4


@pytest.mark.parametrize("act", ["hide", "restore", "keep"])
async def test_moderators_only(client: Client, citizen: Client, agent: Client, post: Post, act: str) -> None:
    for someone, status in ((client, 303), (citizen, 403), (agent, 403)):
        assert await moderate(someone, act, post) == status
        assert (await someone.get("/desk/moderation")).status_code in (303, 403)
    assert await Moderation.all().count() == 0


async def test_odd_forms_break_nothing(dispatcher: Client, post: Post) -> None:
    for fields in ({}, {"post": "x"}, {"post": "²"}, {"post": str(10**30)}, {"post": "999999", "reason": "spam"}):
        for act in ("hide", "restore", "keep", "unicorn"):
            answer = await dispatcher.post(f"/desk/moderation/{act}", data=fields)
            assert answer.status_code in (404, 422), (act, fields)
    assert await moderate(dispatcher, "unicorn", post) == 404
    assert (
        await dispatcher.post("/desk/moderation/hide", data={"post": post.id, "reason": "x" * 99})
    ).status_code == 422
    await moderate(dispatcher, "hide", post, text="x" * 9999)
    assert await moderate(dispatcher, "restore", post, reason="x" * 99) == 303
    assert (await dispatcher.get("/desk/moderation")).status_code == 200


async def test_an_author_without_an_address_is_not_told(
    client: Client, dispatcher: Client, new_client: Callable[[], Client]
) -> None:
    await send_report(client)
    post = await Post.get()
    assert await moderate(dispatcher, "hide", post) == 303
    assert await Message.filter(kind="hidden").count() == 0
    assert "A moderator has hidden this report" in (await client.get(post.path)).text
    assert (await new_client().get(post.path)).status_code == 404
