"""Joining a case that somebody else has reported, by one press and without an account."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from civic.accounts.people import Person
from civic.cases.models import CaseEvent
from civic.errors import Conflict
from civic.posts import moderation
from civic.posts.models import Post, Visibility, Vote
from civic.reports.models import Report
from tests.builders.posts import dan
from tests.builders.riverside import JSON, get_case_id, limit_posts, photo_field, send_report
from tests.clients import Client

__all__ = ["dan"]

pytestmark = pytest.mark.usefixtures("riverside")


async def join(client: Client, report: int, **fields: object) -> dict[str, object]:
    await client.get("/reports/new")
    answer = await client.post(f"/reports/{report}/join", data=fields, headers=JSON)
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


async def test_a_stranger_joins_with_a_photo_and_can_follow(client: Client, new_client: Callable[[], Client]) -> None:
    one, stranger = await send_report(client), new_client()
    await stranger.get("/reports/new")
    answer = await stranger.post(f"/reports/{one['id']}/join", data={"text": ""}, files=[photo_field()])
    assert answer.status_code == 303
    mine = await stranger.get(answer.headers["location"])
    assert "Your receipt code" in mine.text
    assert mine.text.count('class="gallery"') == 1
    joined = await Report.exclude(id=one["id"]).get()
    case = await get_case_id(one["id"])
    assert (joined.case_id, joined.main, joined.lat) == (case, False, 31.19)
    page = (await client.get(one["url"], headers=JSON)).json()
    assert page["votes"] == 1
    assert page["timeline"][-1]["kind"] == "joined"
    assert f"/reports/{joined.id}" in (await client.get(one["url"])).text


async def test_a_resident_who_joins_supports_by_a_vote(client: Client, citizen: Client) -> None:
    one = await send_report(client)
    joined = await join(citizen, one["id"], text="It is deeper by now")
    assert joined["text"] == "It is deeper by now"
    assert await Vote.all().count() == 1
    assert (await client.get(one["url"], headers=JSON)).json()["votes"] == 1


async def test_nobody_joins_twice_nor_their_own(
    client: Client, citizen: Client, new_client: Callable[[], Client]
) -> None:
    one, stranger = await send_report(client), new_client()
    for who in (citizen, stranger):
        await join(who, one["id"])
    for who in (client, citizen, stranger):
        again = await who.post(f"/reports/{one['id']}/join", data={}, headers=JSON)
        assert again.status_code == 409
        assert "reported this already" in again.text
    assert (await Post.get(id=(await Report.get(id=one["id"])).post_id)).votes_count == 2


async def test_the_same_key_is_one(client: Client, stranger: Client) -> None:
    one = await send_report(client)
    first = await join(stranger, one["id"], client_key="press-1")
    second = await join(stranger, one["id"], client_key="press-1")
    assert (first["id"], first["again"], second["again"]) == (second["id"], False, True)
    assert await CaseEvent.filter(kind="joined").count() == 1


async def test_what_is_closed_hidden_or_nowhere_cannot_be_joined(client: Client, stranger: Client) -> None:
    assert (await stranger.post("/reports/999999/join", data={}, headers=JSON)).status_code == 404
    one = await send_report(client)
    post = await Post.get(id=(await Report.get(id=one["id"])).post_id)
    await Post.filter(id=post.id).update(visibility=Visibility.HIDDEN)
    assert (await stranger.post(f"/reports/{one['id']}/join", data={}, headers=JSON)).status_code == 404
    await Post.filter(id=post.id).update(visibility=Visibility.PUBLIC)
    report = await Report.get(id=one["id"]).select_related("case")
    report.case.status = "declined"  # type: ignore[assignment]
    await report.case.save()
    closed = await stranger.post(f"/reports/{one['id']}/join", data={}, headers=JSON)
    assert closed.status_code == 409
    assert await Report.all().count() == 1


async def test_beyond_the_limit_it_is_held_and_counts_once_released(
    client: Client, stranger: Client, dan: Person
) -> None:
    one, other = await send_report(client), await send_report(client, text="A second hole in the same road")
    limit_posts(stranger, 1, refused_above=5)
    await join(stranger, one["id"])
    held = await join(stranger, other["id"])
    assert held["held"] is True
    seen = (await client.get(other["url"], headers=JSON)).json()
    assert seen["votes"] == 0
    assert "joined" not in [line["kind"] for line in seen["timeline"]]
    post = await Post.get(path=f"/reports/{held['id']}")
    for _ in range(2):  # a second release is none
        with suppress(Conflict):
            await moderation.release(post.id, dan)
        seen = (await client.get(other["url"], headers=JSON)).json()
        assert seen["votes"] == 1
        assert [line["kind"] for line in seen["timeline"]].count("joined") == 1


async def test_who_joins_a_joined_report_supports_the_first(client: Client, new_client: Callable[[], Client]) -> None:
    one, second, third = await send_report(client), new_client(), new_client()
    joined = await join(second, one["id"])
    await join(third, int(str(joined["id"])))
    assert (await client.get(one["url"], headers=JSON)).json()["votes"] == 2
