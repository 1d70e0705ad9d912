"""Comments and votes: one per person, revocable, as many as there are rows; who may, and for whom one speaks."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from civic.accounts.models import Role
from civic.posts.models import Comment, Post, Vote
from tests.builders.riverside import JSON, get_department_id, limit_posts, send_report
from tests.clients import Client, make_user

pytestmark = pytest.mark.usefixtures("riverside")


@pytest.fixture
async def post(client: Client) -> Post:
    """A stranger's report."""
    await send_report(client)
    return await Post.get()


async def fresh() -> Post:
    return await Post.get()


async def people(new_client: Callable[[], Client], number: int) -> list[Client]:
    return [await new_client().sign_in(await make_user(f"p{n}@example.org", name=f"P{n}")) for n in range(number)]


async def test_a_comment_stands_under_the_post(client: Client, citizen: Client, post: Post) -> None:
    answer = await citizen.post(
        f"/posts/{post.id}/comments", data={"text": " It grows.\r\n<b>Fast</b> ", "suggestion": "1"}
    )
    comment = await Comment.get()
    assert (answer.status_code, answer.headers["location"]) == (303, f"{post.path}#comment-{comment.id}")
    page = (await client.get(post.path)).text
    assert "It grows.\n&lt;b&gt;Fast&lt;/b&gt;" in page
    assert "Suggestion" in page
    assert "Ana" in page
    assert f'id="comment-{comment.id}"' in page
    assert (await fresh()).comments_count == 1


async def test_what_became_of_a_comment_is_said(citizen: Client, post: Post) -> None:
    answer = await citizen.post(
        f"/posts/{post.id}/comments", data={"text": "It grows."}, headers={"HX-Request": "true"}
    )
    assert "Your comment is published." in answer.text
    assert (
        "Your comment is published."
        not in (await citizen.post(f"/posts/{post.id}/vote", headers={"HX-Request": "true"})).text
    )


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "x" * 2001])
async def test_a_comment_that_is_refused_is_kept(citizen: Client, post: Post, text: str) -> None:
    answer = await citizen.post(f"/posts/{post.id}/comments", data={"text": text})
    assert answer.status_code == 422
    assert text.strip("\x00") in answer.text
    told = await citizen.post(f"/posts/{post.id}/comments", json={"text": text}, headers=JSON)
    assert list(told.json()["fields"]) == ["text"]
    assert (await fresh()).comments_count == await Comment.all().count() == 0


async def test_a_department_speaks_officially(client: Client, agent: Client, post: Post) -> None:
    roads = await get_department_id("roads")
    assert "Post as" not in (await agent.get(post.path)).text
    answer = await agent.post(f"/posts/{post.id}/comments", data={"text": "We know about it.", "department": roads})
    assert answer.status_code == 403
    await agent.join(roads)
    assert f'<option value="{roads}">' in (await agent.get(post.path)).text
    await agent.post(
        f"/posts/{post.id}/comments", data={"text": "We know about it.", "department": roads, "suggestion": "1"}
    )
    [comment] = await Comment.all()
    assert (comment.department_id, comment.suggestion) == (roads, False)
    assert "Roads" in (await client.get(post.path)).text
    for odd in ("x", "²", str(10**30)):
        await agent.post(f"/posts/{post.id}/comments", data={"text": "As myself, not for you.", "department": odd})
    assert await Comment.filter(department_id=None).count() == 3


async def test_support_is_one_per_person_and_revocable(citizen: Client, stranger: Client, post: Post) -> None:
    for _ in range(3):
        assert (await citizen.post(f"/posts/{post.id}/vote")).status_code == 303
    await stranger.post(f"/posts/{post.id}/vote")
    assert (await fresh()).votes_count == await Vote.all().count() == 2
    assert 'aria-pressed="true"' in (await citizen.get(post.path)).text
    for _ in range(3):
        answer = await citizen.post(f"/posts/{post.id}/unvote", headers=JSON)
    assert answer.json() == {"id": post.id, "votes": 1, "comments": 0}
    assert (await fresh()).votes_count == await Vote.all().count() == 1
    assert 'aria-pressed="false"' in (await citizen.get(post.path)).text


async def test_htmx_gets_the_block_alone(citizen: Client, post: Post) -> None:
    answer = await citizen.post(f"/posts/{post.id}/vote", headers={"HX-Request": "true"})
    assert answer.text.lstrip().startswith('<section id="talk"')
    assert "<html" not in answer.text
    answer = await citizen.post(f"/posts/{post.id}/comments", data={"text": ""}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


async def test_an_official_comment_is_a_public_word(agent: Client, post: Post) -> None:
    """As at the desk: it has to say something. Anybody else may be as brief as they like."""
    roads = await get_department_id("roads")
    await agent.join(roads)
    url = f"/posts/{post.id}/comments"
    answer = await agent.post(url, data={"text": "ok \u3164", "department": roads}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "at least ten letters or digits" in answer.text
    assert "ok</textarea>" in answer.text.replace(" \u3164", "")
    told = await agent.post(url, json={"text": "ok", "department": roads}, headers=JSON)
    assert told.json()["fields"].keys() == {"text"}
    assert (await agent.post(url, data={"text": "ok"})).status_code == 303
    assert (await agent.post(url, data={"text": "\u3164"})).status_code == 422


async def test_counts_hold_when_all_come_at_once(new_client: Callable[[], Client], post: Post) -> None:
    many = await people(new_client, 6)

    async def busy(someone: Client) -> None:
        for deed in ("vote", "vote", "unvote", "vote", "comments", "unvote", "vote"):
            answer = await someone.post(f"/posts/{post.id}/{deed}", data={"text": "Me too."})
            assert answer.status_code == 303, answer.text

    await asyncio.gather(*map(busy, many))
    await asyncio.gather(*(one.post(f"/posts/{post.id}/unvote") for one in many[:2] for _ in range(3)))
    now = await fresh()
    assert now.votes_count == await Vote.all().count() == 4
    assert now.comments_count == await Comment.all().count() == 6


async def test_one_person_at_once_from_two_devices(new_client: Callable[[], Client], post: Post) -> None:
    user = await make_user("p@example.org")
    devices = [await new_client().sign_in(user) for _ in range(4)]
    await asyncio.gather(*(one.post(f"/posts/{post.id}/vote") for one in devices))
    assert (await fresh()).votes_count == await Vote.all().count() == 1


@pytest.mark.parametrize("deed", ["comments", "vote", "unvote"])
async def test_it_needs_an_account(client: Client, post: Post, deed: str) -> None:
    answer = await client.post(f"/posts/{post.id}/{deed}", data={"text": "x"})
    assert (answer.status_code, answer.headers["location"][:13]) == (303, "/sign-in?next")
    assert (await client.post(f"/posts/{post.id}/{deed}", json={"text": "x"}, headers=JSON)).status_code == 401
    page = (await client.get(post.path)).text
    assert "You sign in, or create an account, in the next step." in page


@pytest.mark.parametrize("number", [0, 999_999, 2**63, 10**30])
async def test_a_post_that_there_is_not(citizen: Client, number: int) -> None:
    for deed in ("comments", "vote", "unvote", "flag"):
        answer = await citizen.post(f"/posts/{number}/{deed}", data={"text": "x", "reason": "spam"})
        assert answer.status_code == 404


async def test_comments_have_a_limit(citizen: Client, post: Post) -> None:
    limit_posts(citizen, 1)
    for status in (303, 303, 429):
        answer = await citizen.post(f"/posts/{post.id}/comments", data={"text": "x"})
        assert answer.status_code == status
    assert await Comment.all().count() == 2


async def test_long_talks_are_cut(citizen: Client, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civic.posts.queries.MAX_COMMENTS_SHOWN", 3)
    for number in range(5):
        await citizen.post(f"/posts/{post.id}/comments", data={"text": f"Comment {number}"})
    page = (await citizen.get(post.path)).text
    assert len(re.findall(r"Comment \d", page)) == 3
    assert 'class="soft num small">5<' in page


async def test_the_api_gives_the_same(new_client: Callable[[], Client], post: Post) -> None:
    someone: Any = await new_client().sign_in(await make_user("agent2@example.org", Role.AGENT))
    answer = await someone.post(f"/api/v1/posts/{post.id}/vote")
    assert (answer.status_code, answer.json()["votes"]) == (200, 1)
    answer = await someone.post(f"/api/v1/posts/{post.id}/comments", json={"text": "Yes."})
    assert (answer.status_code, answer.json()["comments"]) == (201, 1)
