"""Everybody does everything to the same two cases at once, each in two tabs, and no two wait for each other.

Deadlocks are not tried again here, so that each one that is left shows as a refusal to try later (503).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from civic import db
from civic.cases.history import check_histories
from civic.posts.models import Comment, Post, Vote
from tests.builders.riverside import HOLE, get_case_id, get_department_id, send_desk_form, send_routed_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

ROUNDS = 12
TEXT = "This is what I have to say."
Deed = Callable[[], Awaitable[httpx2.Response]]


@pytest.fixture(autouse=True)
def _no_second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "RETRY_PAUSES", ())


@pytest.mark.parametrize("seed", range(3))
async def test_no_two_wait_for_each_other(
    seed: int, citizen: Client, stranger: Client, agent: Client, dispatcher: Client
) -> None:
    reports = [await send_routed_report(citizen), await send_routed_report(citizen, text=HOLE + " It grows.")]
    await agent.join(await get_department_id("roads"))
    deeds = [deed for one in reports for deed in await _deeds(one["id"], citizen, stranger, agent, dispatcher)]
    shuffled, done = random.Random(seed), 0
    for _round in range(ROUNDS):
        chosen = shuffled.sample(deeds, 10)
        answers = await asyncio.gather(*(deed() for deed in (*chosen, *chosen)))
        late = [(one.request.url.path, one.status_code) for one in answers if one.status_code >= 500]
        assert not late
        done += sum(one.status_code == 303 for one in answers)
    assert done > ROUNDS * 5  # many deeds do happen
    for post in await Post.all():
        assert post.votes_count == await Vote.filter(post_id=post.id).count()
        assert post.comments_count == await Comment.filter(post_id=post.id, hidden_at=None).count()
    async with db.in_transaction():
        await db.use_snapshot()
        assert not (await check_histories()).faults


async def _deeds(report_id: int, citizen: Client, stranger: Client, agent: Client, dispatcher: Client) -> list[Deed]:
    case, post = await get_case_id(report_id), (await Post.get(path=f"/reports/{report_id}")).id

    def send(client: Client, address: str, **fields: str) -> Deed:
        return lambda: client.post(address, data={"text": TEXT, **fields})

    def act(client: Client, name: str, **fields: str) -> Deed:
        return lambda: send_desk_form(client, case, name, **{"text": TEXT, **fields})

    return [
        *(
            send(client, f"/posts/{post}/{name}")
            for client in (citizen, stranger)
            for name in ("vote", "unvote", "comments")
        ),
        send(stranger, f"/posts/{post}/flag", reason="spam"),
        *(
            send(citizen, f"/reports/{report_id}/{name}", stars="3")
            for name in ("answer", "confirm", "dispute", "appeal", "rate")
        ),
        send(stranger, f"/reports/{report_id}/doubt"),
        *(act(agent, name) for name in ("accept", "reply", "ask", "resolve", "give_back", "note", "take")),
        act(agent, "hand_over", to="water"),
        act(agent, "add_support", to="water"),
        act(agent, "decline", reason="not_feasible"),
        act(dispatcher, "assign", to="roads"),
        act(dispatcher, "recategorise", category="drain"),
        act(dispatcher, "recategorise", category="pothole"),
        send(dispatcher, "/desk/moderation/hide", post=str(post), reason="spam"),
        send(dispatcher, "/desk/moderation/restore", post=str(post)),
    ]
