"""Beyond a limit a post or a comment is not refused but held: nobody else sees it until a moderator has looked."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from civic import timing
from civic.cases.actions import escalate_next_clock
from civic.cases.history import check_history
from civic.cases.models import Assignment, Case, CaseEvent
from civic.cases.status import OPEN, Status
from civic.catalogue.queries import catalogue
from civic.config import LimitsConfig
from civic.db import fetch
from civic.notifications.models import Message
from civic.posts.models import Comment, Moderation, Post, Visibility
from civic.ratings.models import Rating
from civic.reports.actions import route_case
from civic.reports.queries import HOME_COUNTS
from civic.scores.sql import CASES
from civic.sla.models import Clock
from tests.builders.riverside import BELL_TOWER, CODE, HOLE, JSON, get_case, limit_posts, send_form, send_report
from tests.clients import Client
from tests.indexed import indexed

pytestmark = pytest.mark.usefixtures("riverside")

JOBS = "SELECT count(*) AS n FROM pgqueuer WHERE entrypoint = 'route'"
TELL = "will be shown after somebody has looked"


async def count_jobs() -> int:
    [row] = await fetch(JOBS)
    return int(row["n"])


async def decide(dispatcher: Client, act: str, post: int, **more: object) -> int:
    answer = await dispatcher.post(f"/desk/moderation/{act}", data={"post": post, "reason": "spam", **more})
    return answer.status_code


@pytest.fixture
async def held(client: Client) -> dict[str, Any]:
    """The second report of a browser that may send one."""
    limit_posts(client, 1, refused_above=10)
    await client.get("/reports/new")
    await send_report(client)
    return await send_report(client, text="Another deep hole, behind the school", email="ana@example.org")


async def test_a_mobile_carrier_puts_many_browsers_behind_one_address(new_client: Callable[[], Client]) -> None:
    for _ in range(31):
        phone = new_client()
        await phone.get("/reports/new")
        assert (await send_form(phone)).status_code == 303
    assert await Post.filter(visibility=Visibility.PUBLIC).count() == 31


async def test_an_address_has_a_limit_too(client: Client, new_client: Callable[[], Client]) -> None:
    limit_posts(client, 30, refused_above=10, address_posts_per_hour=2)
    answers = []
    for _ in range(3):
        phone = new_client()
        await phone.get("/reports/new")
        answers.append(await send_report(phone))
    assert [answer["held"] for answer in answers] == [False, False, True]
    assert answers[2]["visibility"] == "held"


async def test_the_largest_limits_that_may_be_set_hold_nothing(client: Client, stranger: Client) -> None:
    most = {
        name: one.le
        for name, field in LimitsConfig.model_fields.items()
        for one in field.metadata
        if hasattr(one, "le")
    }
    limit_posts(
        client,
        most["posts_per_hour"],
        refused_above=most["refused_above"],
        address_posts_per_hour=most["address_posts_per_hour"],
    )
    await client.get("/reports/new")
    report = await send_report(client)
    assert not report["held"]
    assert (await stranger.post(f"/posts/{report['id']}/flag", data={"reason": "spam"})).status_code == 200


async def test_who_is_held_is_told_and_nobody_else_sees_it(
    client: Client, stranger: Client, agent: Client, dispatcher: Client, held: dict[str, Any]
) -> None:
    assert held["held"] is True
    page = (await client.get(held["url"])).text
    assert TELL in page
    assert "noindex" in page
    for untrue in ("A department is being found", "It is being assigned to a department", "Report abuse"):
        assert untrue not in page
    await indexed()
    for reader in (stranger, agent):
        assert (await reader.get(held["url"])).status_code == 404
        for url in (
            "/reports",
            "/map",
            "/",
            "/search?q=behind",
            "/api/v1/reports?q=behind",
            f"{held['url']}/history.json",
        ):
            assert "behind the school" not in (await reader.get(url)).text, url
    similar = await stranger.get("/reports/similar", params={"text": "hole behind the school", **BELL_TOWER})
    assert "behind the school" not in similar.text
    assert (await stranger.get("/api/v1/reports")).json()["count"] == 1
    post = await Post.get(visibility=Visibility.HELD)
    for act in ("vote", "comments", "flag"):
        assert (
            await stranger.post(f"/posts/{post.id}/{act}", data={"text": "Seen", "reason": "spam"})
        ).status_code == 404
    assert await count_jobs() == 1, "the first one's: the router does not get what is held"
    assert not await route_case((await get_case(held["id"])).id), "nor by a job of another way"
    assert "behind the school" not in (await dispatcher.get("/desk/triage")).text
    assert "behind the school" in (await dispatcher.get("/desk/moderation")).text
    [item] = (await dispatcher.get("/api/v1/desk/moderation")).json()["held"]
    assert (item["post"], item["kind"]) == (post.id, "report")
    assert await Message.filter(kind="held", role="dispatcher").count() == 1


async def test_a_released_report_goes_its_way(client: Client, dispatcher: Client, held: dict[str, Any]) -> None:
    await Post.all().update(email_confirmed_at=timing.now())
    received = (await get_case(held["id"])).received_at
    post = await Post.get(visibility=Visibility.HELD)
    with timing.at(received + timedelta(hours=30)):
        assert await decide(dispatcher, "release", post.id) == 303
        assert await count_jobs() == 2
        case = await get_case(held["id"])
        assert await route_case(case.id)
        assert not await route_case(case.id), "a worker that was killed does it again: once"
        assert held["url"] in (await client.get("/reports")).text
        assert TELL not in (await client.get(held["url"])).text
    [given] = await Assignment.filter(case_id=case.id)
    assert given.started_at == received + timedelta(hours=30), "a department's time counts from the release"
    promise, own = await Clock.get(id=case.response_clock_id), await Clock.get(id=given.response_clock_id)
    assert promise.started_at == received, "the citizen's from the receipt"
    assert promise.due_at is not None
    assert own.due_at is not None
    assert promise.due_at < own.due_at
    kinds = await CaseEvent.filter(case_id=case.id).order_by("seq").values_list("kind", flat=True)
    assert kinds == ["received", "checked", "assigned"]
    assert await check_history(case.id) == []
    assert await Message.filter(kind="released", email="ana@example.org").count() == 1
    assert await Moderation.filter(post_id=post.id, act="release").count() == 1
    assert await decide(dispatcher, "release", post.id) == 409, "another moderator was first"


async def test_two_moderators_at_once(client: Client, dispatcher: Client, admin: Client, held: dict[str, Any]) -> None:
    post = await Post.get(visibility=Visibility.HELD)
    decided = await asyncio.gather(decide(dispatcher, "release", post.id), decide(admin, "release", post.id))
    assert sorted(decided) == [303, 409]
    assert await CaseEvent.filter(kind="checked").count() == 1
    assert await count_jobs() == 2


async def test_a_held_report_that_is_hidden_is_routed_once_it_is_restored(
    client: Client, dispatcher: Client, held: dict[str, Any]
) -> None:
    post = await Post.get(visibility=Visibility.HELD)
    assert await decide(dispatcher, "hide", post.id) == 303
    assert (await dispatcher.get("/api/v1/desk/moderation")).json()["held"] == []
    assert "behind the school" not in (await dispatcher.get("/desk/triage")).text
    assert await count_jobs() == 1
    assert await decide(dispatcher, "restore", post.id) == 303
    assert await count_jobs() == 2
    assert held["url"] in (await client.get("/reports")).text


async def test_what_is_held_counts_nowhere(dispatcher: Client, held: dict[str, Any]) -> None:
    case = await Case.get(unreleased=True)
    [row] = await fetch(HOME_COUNTS, list(OPEN), 100, case.received_at - timedelta(days=1), timing.now(), Status.MERGED)
    assert row["open"] == 1
    published = await fetch(CASES, case.received_at - timedelta(days=1), timing.now())
    assert held["number"] not in [row["number"] for row in published]
    triage = (await dispatcher.get("/api/v1/desk/triage")).json()
    assert held["number"] not in str(triage)


async def test_reminders_of_a_held_report_go_to_nobody(held: dict[str, Any]) -> None:
    case = await get_case(held["id"])
    await Case.exclude(id=case.id).update(unreleased=False)
    with timing.at(case.received_at + timedelta(days=60)):
        while await escalate_next_clock():
            pass
    assert await CaseEvent.filter(case_id=case.id).count() == 1


async def test_a_browser_without_cookies_reads_it_at_once(new_client: Callable[[], Client], client: Client) -> None:
    limit_posts(client, 1, refused_above=10)
    first, answer = [
        await new_client().post("/reports", data={"text": f"{HOLE} {n}", "category": "pothole", **BELL_TOWER})
        for n in ("at first", "once more")
    ]
    assert first.status_code == 303
    assert answer.status_code == 201
    assert TELL in answer.text
    assert re.search(CODE, answer.text)
    assert await Post.filter(visibility=Visibility.HELD).count() == 1


async def test_two_at_once_at_the_limit(client: Client) -> None:
    limit_posts(client, 1, refused_above=10)
    await client.get("/reports/new")
    sent = await asyncio.gather(send_report(client), send_report(client, text="The other hole of the two"))
    assert sorted(one["held"] for one in sent) == [False, True]


async def test_far_above_the_limit_it_is_refused_and_nothing_is_lost(client: Client) -> None:
    limit_posts(client, 1, refused_above=2)
    await client.get("/reports/new")
    answers = [await send_form(client, text=f"{HOLE} number {n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "Too much was sent from here" in answers[2].text
    assert f"{HOLE} number 2" in answers[2].text


async def test_the_same_form_twice_is_one_held_report(client: Client) -> None:
    limit_posts(client, 1, refused_above=10)
    await client.get("/reports/new")
    await send_report(client)
    first = await send_report(client, text="The second of them", client_key="k-1")
    again = await send_report(client, text="The second of them", client_key="k-1")
    assert (first["held"], again["held"], again["again"]) == (True, True, True)


async def test_a_private_report_stays_private(client: Client, stranger: Client, dispatcher: Client) -> None:
    limit_posts(client, 1, refused_above=10)
    await client.get("/reports/new")
    await send_report(client)
    private = await send_private(client)
    post = await Post.get(visibility=Visibility.HELD)
    assert await decide(dispatcher, "release", post.id) == 303
    assert (await Post.get(id=post.id)).visibility == Visibility.PRIVATE
    assert await count_jobs() == 2
    assert (await stranger.get(private["url"])).status_code == 404


async def send_private(client: Client) -> dict[str, Any]:
    code = next(one for one in (await catalogue()).every_category if not one.public).code
    return await send_report(client, category=code, text="Something that others need not read")


async def test_comments_are_held_and_released(
    client: Client, citizen: Client, stranger: Client, dispatcher: Client
) -> None:
    report = await send_report(citizen)
    limit_posts(citizen, 1, refused_above=10)  # twice as many comments
    post = await Post.get()
    url = f"/posts/{post.id}/comments"
    answers = [await citizen.post(url, json={"text": f"Comment {n} of three"}, headers=JSON) for n in range(3)]
    assert [answer.json()["held"] for answer in answers] == [False, False, True]
    assert answers[2].json()["comments"] == 2
    sent = {"text": "Comment 3 of three", "client_key": "one-comment"}
    again = [(await citizen.post(url, json=sent, headers=JSON)).json() for _ in range(2)]
    assert [one["held"] for one in again] == [True, True], "also when it is sent once more"
    await Comment.filter(text=sent["text"]).delete()
    assert TELL in (await citizen.get(report["url"])).text.replace("it will", "will")
    assert "Comment 2 of three" not in (await stranger.get(report["url"])).text
    comment = await Comment.get(held=True)
    assert "Comment 2 of three" in (await dispatcher.get("/desk/moderation")).text
    assert await decide(dispatcher, "release", post.id, comment=comment.id) == 303
    assert "Comment 2 of three" in (await stranger.get(report["url"])).text
    assert (await Post.get()).comments_count == 3
    assert await decide(dispatcher, "release", post.id, comment=comment.id) == 409
    assert await Message.filter(kind="released", user_id=citizen.user.id if citizen.user else 0).count() == 1


async def test_a_held_comment_that_is_hidden_leaves_the_queue(citizen: Client, dispatcher: Client) -> None:
    await send_report(citizen)
    limit_posts(citizen, 1, refused_above=10)
    post = await Post.get()
    for n in range(3):
        await citizen.post(f"/posts/{post.id}/comments", data={"text": f"Comment {n} of three"})
    comment = await Comment.get(held=True)
    assert await decide(dispatcher, "hide", post.id, comment=comment.id) == 303
    assert (await dispatcher.get("/api/v1/desk/moderation")).json()["held"] == []
    assert (await Post.get()).comments_count == 2
    assert await decide(dispatcher, "restore", post.id, comment=comment.id) == 303
    assert (await Post.get()).comments_count == 3


async def test_a_traffic_update_is_held(client: Client, stranger: Client, dispatcher: Client) -> None:
    limit_posts(client, 1, refused_above=10)
    await client.get("/traffic/new")
    form = {"kind": "jam", **BELL_TOWER}
    await client.post("/traffic", json=form, headers=JSON)
    answer = (await client.post("/traffic", json={**form, "text": "Nothing moves"}, headers=JSON)).json()
    assert answer["held"] is True
    assert TELL in (await client.get(f"/traffic/{answer['id']}")).text
    assert "Nothing moves" not in (await stranger.get("/traffic")).text
    post = await Post.get(visibility=Visibility.HELD)
    assert await decide(dispatcher, "release", post.id) == 303
    assert "Nothing moves" in (await stranger.get("/traffic")).text


async def test_a_held_rating_counts_and_replaces_when_it_is_released(citizen: Client, dispatcher: Client) -> None:
    [service, *_] = (await citizen.get("/api/v1/services")).json()["services"]
    url = f"{service['url']}/ratings"
    await citizen.post(url, json={"stars": 2}, headers=JSON)
    limit_posts(citizen, 1, refused_above=10)
    answer = (await citizen.post(url, json={"stars": 5, "text": "Better now"}, headers=JSON)).json()
    assert answer["held"] is True

    async def stars() -> list[int]:
        counts: list[int] = (await citizen.get(f"/api/v1{service['url']}")).json()["stars"]["counts"]
        return counts

    assert sum(await stars()) == 1, await stars()
    before = await stars()
    post = await Post.get(visibility=Visibility.HELD)
    assert await decide(dispatcher, "release", post.id) == 303
    after = await stars()
    assert sum(after) == 1
    assert after != before, "the five stars count, the two do not"
    assert await Rating.filter(replaced_at=None).count() == 1


async def test_what_staff_write_is_not_held(agent: Client) -> None:
    limit_posts(agent, 1, refused_above=10)
    assert [(await send_report(agent, text=f"Hole {n} of the three"))["held"] for n in range(3)] == [False] * 3
