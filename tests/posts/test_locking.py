"""In which order rows are locked: a post before its votes and before its case, so that no two wait for each other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import httpx2
import pytest

from civic.db import execute, fetch, in_transaction
from civic.error_responses import to_civic_error
from civic.errors import Busy
from civic.posts.models import Post, Vote
from tests.builders.riverside import get_case, send_desk_form, send_report, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

WAITING = "SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
LOCK_POST = "SELECT id FROM post WHERE id = $1 FOR UPDATE"
LOCK_CASE_AT_ONCE = "SELECT id FROM case_file WHERE id = $1 FOR UPDATE NOWAIT"
LOCK_VOTE_AT_ONCE = "SELECT id FROM vote WHERE post_id = $1 FOR UPDATE NOWAIT"


@asynccontextmanager
async def held_up(post_id: int, doing: Awaitable[httpx2.Response]) -> AsyncIterator[None]:
    """Lock the post, and let somebody wait for it within the block; they go on after it."""
    locked = asyncio.Event()

    async def act() -> httpx2.Response:
        await locked.wait()
        return await doing

    task = asyncio.create_task(act())  # outside of the transaction that follows
    async with in_transaction():
        await execute(LOCK_POST, post_id)
        locked.set()
        async with asyncio.timeout(30):
            while not await fetch(WAITING):
                assert not task.done()
                await asyncio.sleep(0.01)
        yield
    answer = await task
    assert answer.status_code == 303, answer.text


async def test_taking_support_back_locks_the_post_before_the_vote(client: Client, citizen: Client) -> None:
    await send_report(client)
    post = await Post.get()
    await citizen.post(f"/posts/{post.id}/vote")
    async with held_up(post.id, citizen.post(f"/posts/{post.id}/unvote")):
        assert await fetch(LOCK_VOTE_AT_ONCE, post.id)
    assert (await Vote.all().count(), (await Post.get()).votes_count) == (0, 0)


async def test_another_category_locks_the_posts_before_the_case(citizen: Client, dispatcher: Client) -> None:
    """A moderator who hides a line, and an author who answers in a comment, hold the post and want the case."""
    case = await get_case((await send_routed_report(citizen))["id"])
    post = await Post.get()
    async with held_up(post.id, send_desk_form(dispatcher, case.id, "recategorise", category="drain")):
        assert await fetch(LOCK_CASE_AT_ONCE, case.id)


async def test_a_deadlock_is_told_as_busy(client: Client) -> None:
    """The one that the database gives up can be sent again."""
    await send_report(client)
    await send_report(client, text="Another hole at the same place")
    first, second = await Post.all().order_by("id")
    both = asyncio.Barrier(2)

    async def lock(one: Post, other: Post) -> None:
        async with in_transaction():
            await execute(LOCK_POST, one.id)
            await both.wait()
            await execute(LOCK_POST, other.id)

    ended = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
    [error] = [one for one in ended if one is not None]
    assert isinstance(to_civic_error(error), Busy)
