"""A form that is sent twice is one report: with photos, at once, by a phone that never got its answer."""

import asyncio
import re
from typing import Any

import pytest

from civic.posts.models import Post
from civic.reports.models import Report
from tests.builders.riverside import (
    BELL_TOWER,
    HOLE,
    JSON,
    change_category,
    limit_posts,
    photo_field,
    send_form,
    send_report,
)
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")


async def test_the_same_key_twice_is_one_report_with_one_receipt(client: Client, new_client: Any) -> None:
    await client.get("/reports/new")
    phone = new_client()
    phone.cookies.update(client.cookies)  # it has the form, and will not get the answer with its cookie
    first = await send_report(client, client_key="phone-1:0001")
    second = await send_report(phone, client_key="phone-1:0001")
    assert second["id"] == first["id"]
    assert second["receipt"] == first["receipt"]
    assert second["again"] is True
    assert await Post.all().count() == 1
    assert "Your receipt code" in (await phone.get(first["url"])).text


@pytest.mark.parametrize("public", [True, False])
async def test_a_stranger_with_the_key_learns_that_it_was_used(client: Client, new_client: Any, public: bool) -> None:
    """Neither the receipt nor, of a private report, the place; whether their browser has a mark or not."""
    async with change_category("pothole", public=public):
        await client.get("/reports/new")
        first = await send_report(client, client_key="phone-00000003", address="Secret 5")
        for form_seen in (False, True):
            other = new_client()
            if form_seen:
                await other.get("/reports/new")
            assert await send_report(other, client_key="phone-00000003") == {"again": True}
            answer = await send_form(other, client_key="phone-00000003")
            assert answer.headers["location"] == (first["url"] if public else "/receipt")
            assert (await other.get(first["url"])).status_code == (200 if public else 404)
            assert first["receipt"] not in (await other.get(first["url"])).text


async def test_whoever_holds_the_receipt_is_given_it_again(client: Client, new_client: Any) -> None:
    first = await send_report(client, client_key="phone-1:0001")
    other = new_client()
    await other.post("/receipt", data={"code": first["receipt"]})
    for sender in (client, other):
        assert (await send_report(sender, client_key="phone-1:0001"))["receipt"] == first["receipt"]


async def test_a_form_with_photos_sent_twice_is_one_report(client: Client) -> None:
    ahead = await client.post("/reports/photos", files=[photo_field()], headers=JSON)
    [one] = ahead.json()["photos"]
    answers = [
        await send_form(client, client_key="form-with-photo", kept=one["name"], files=[photo_field("b.jpg")])
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await Post.all().count() == 1
    assert (await Post.get()).photos_count == 2


async def test_sending_again_costs_nothing_of_the_limit(client: Client) -> None:
    limit_posts(client, 1)
    for _ in range(4):
        await send_report(client, client_key="phone-1:0001")
    assert await Post.all().count() == 1


async def test_many_at_once_are_one_report(new_client: Any) -> None:
    clients = [new_client() for _ in range(6)]
    sent = await asyncio.gather(*(send_report(one, client_key="phone-1:0001") for one in clients))
    assert len({one["id"] for one in sent if "id" in one}) == 1
    assert sorted(one["again"] for one in sent) == [False, *[True] * 5]
    assert sum("receipt" in one for one in sent) == 1  # each is another browser
    assert await Post.all().count() == 1
    assert await Report.all().count() == 1


async def test_photos_sent_ahead_and_the_form_twice_at_once(client: Client, new_client: Any) -> None:
    ahead = await client.post("/reports/photos", files=[photo_field()], headers=JSON)
    [one] = ahead.json()["photos"]
    clients = [new_client() for _ in range(4)]
    answers = await asyncio.gather(*(send_form(c, client_key="phone-1:0001", kept=one["name"]) for c in clients))
    assert [answer.status_code for answer in answers] == [303] * 4, [answer.text for answer in answers]
    assert await Post.all().count() == 1


async def test_a_key_used_for_something_else_is_a_conflict(client: Client) -> None:
    await send_report(client, client_key="phone-1:0001")
    answer = await client.post(
        "/reports", json={"text": "Something else", "client_key": "phone-1:0001", **BELL_TOWER}, headers=JSON
    )
    assert answer.status_code == 409
    # In a browser somebody went back to the form of their first report: what they wrote is kept, under a new key.
    answer = await send_form(client, text="Something else", client_key="phone-1:0001")
    assert answer.status_code == 409
    assert "Something else" in answer.text
    assert "phone-1:0001" not in answer.text
    [key] = re.findall(r'name="client_key" value="([^"]+)"', answer.text)
    assert (await send_form(client, text="Something else", client_key=key)).status_code == 303
    assert await Post.all().count() == 2


async def test_sending_again_shows_the_photos_to_their_author_only(client: Client, stranger: Client) -> None:
    """A form that is refused shows its photos; who guesses key and text of a private report sees none."""
    async with change_category("pothole", public=False):
        await send_form(client, client_key="12345678", files=[photo_field()])
        for text in (HOLE, ""):
            answer = await send_form(stranger, client_key="12345678", text=text, email="x")
            assert answer.status_code == 422
            assert "signature=" not in answer.text
        assert "signature=" in (await send_form(client, client_key="12345678", email="x")).text
