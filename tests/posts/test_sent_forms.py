"""The same form sent twice, by a double tap or after a lost answer, is carried out once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from tortoise.models import Model

from civic import timing
from civic.cases.models import CaseEvent, Handling
from civic.posts.models import Comment, Flag, Moderation, Post, SentForm
from civic.posts.sent_forms import REMEMBERED_FOR, delete_old_sent_forms
from tests.builders.riverside import get_case, get_department_id, limit_posts, photo_field, send_routed_report
from tests.clients import Client
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")
TEXT = "Under the second lamp on the left"
KEY = "key-of-a-form"


@dataclass(frozen=True)
class Write:
    """A form with a text: who sends it to which address, what must have happened before, and the rows it makes."""

    who: str
    address: str
    rows: type[Model]
    typed: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()


WRITES = {
    "comment": Write("ana", "/posts/{post}/comments", Comment),
    "flag": Write("stranger", "/posts/{post}/flag", Flag, {"reason": "spam"}),
    "answer": Write("author", "{url}/answer", CaseEvent, before=("ask",)),
    "dispute": Write("author", "{url}/dispute", CaseEvent, {"stars": "2"}, before=("accept", "resolve")),
    "rate": Write("author", "{url}/rate", Handling, {"stars": "3"}, before=("accept", "resolve")),
    "confirm": Write("author", "{url}/confirm", Handling, {"stars": "3"}, before=("accept", "resolve")),
    "appeal": Write("author", "{url}/appeal", CaseEvent, before=("decline",)),
    "reply": Write("roads", "/desk/cases/{case}/reply", CaseEvent, {"seen": "{seen}"}),
    "note": Write("roads", "/desk/cases/{case}/note", CaseEvent, {"seen": "{seen}"}),
    "hand over": Write("roads", "/desk/cases/{case}/hand_over", CaseEvent, {"seen": "{seen}", "to": "parks"}),
    "moderation": Write("dispatcher", "/desk/moderation/hide", Moderation, {"post": "{post}", "reason": "spam"}),
}
each_write = pytest.mark.parametrize("name", WRITES)


@dataclass
class Sending:
    client: Client
    address: str
    typed: dict[str, str]

    async def send(self, **changes: str) -> tuple[int, str]:
        answer = await self.client.post(self.address, data=self.typed | changes)
        return answer.status_code, answer.headers.get("location", "")


@pytest.fixture
async def sending(
    name: str, new_client: Callable[[], Client], citizen: Client, agent: Client, dispatcher: Client
) -> Sending:
    write, author = WRITES[name], new_client()
    roads = await agent.join(await get_department_id("roads"))
    await author.get("/reports/new")  # it gives the browser its mark
    one = await send_routed_report(author)
    case = await get_case(one["id"])
    for command in write.before:
        said = {"text": "We have looked at it.", "reason": "not_public"}
        done = await roads.post(f"/desk/cases/{case.id}/{command}", data=said, files=[photo_field()])
        assert done.status_code == 303, done.text
    stranger = new_client()
    await stranger.get("/posts/1/flag")
    await stranger.get("/reports/new")
    clients = {"ana": citizen, "stranger": stranger, "author": author, "roads": roads, "dispatcher": dispatcher}
    post, seen = await Post.get(report__id=one["id"]), (await get_case(one["id"])).events_count
    words = {"post": post.id, "url": one["url"], "case": case.id, "seen": seen}
    typed = {"text": TEXT, "client_key": KEY, **{key: value.format(**words) for key, value in write.typed.items()}}
    return Sending(clients[write.who], write.address.format(**words), typed)


@each_write
async def test_twice_is_once(name: str, sending: Sending) -> None:
    rows = WRITES[name].rows
    before = await rows.all().count()
    limit_posts(sending.client, 1)
    answers = list(await asyncio.gather(sending.send(), sending.send()))
    after = await rows.all().count()
    assert answers[0] == answers[1]
    assert answers[0][0] in (200, 303)
    assert after > before
    assert await sending.send() == answers[0], "a lost answer comes again, whatever the limit"
    assert await rows.all().count() == after
    assert sending.client.cookies["taken"] == KEY, "the page's script learns that it was taken"


@each_write
async def test_another_text_is_not_taken_for_the_same(name: str, sending: Sending) -> None:
    assert (await sending.send())[0] in (200, 303)
    made = await WRITES[name].rows.all().count()
    status, _ = await sending.send(text="Something else entirely")
    assert status == 409
    assert await WRITES[name].rows.all().count() == made


async def test_the_second_comment_is_sent_with_a_new_key(citizen: Client, new_client: Callable[[], Client]) -> None:
    one = await send_routed_report(new_client())
    address = f"/posts/{(await Post.get(report__id=one['id'])).id}/comments"
    assert (await citizen.post(address, data={"text": TEXT, "client_key": KEY})).status_code == 303
    refused = await citizen.post(address, data={"text": "Another comment", "client_key": KEY})
    fields = form_fields(refused.text, address)
    assert (refused.status_code, fields["text"]) == (409, ["Another comment"])
    assert fields["client_key"] != [KEY]
    assert (await citizen.post(address, data=fields)).status_code == 303
    assert await Comment.all().count() == 2


async def test_a_key_is_its_senders(citizen: Client, stranger: Client, new_client: Callable[[], Client]) -> None:
    one = await send_routed_report(new_client())
    address = f"/posts/{(await Post.get(report__id=one['id'])).id}/comments"
    for client in (citizen, stranger):
        assert (await client.post(address, data={"text": TEXT, "client_key": KEY})).status_code == 303
    assert await Comment.all().count() == 2


async def test_a_refused_form_may_be_sent_again(citizen: Client, new_client: Callable[[], Client]) -> None:
    one = await send_routed_report(new_client())
    address = f"/posts/{(await Post.get(report__id=one['id'])).id}/comments"
    assert (await citizen.post(address, data={"text": " ", "client_key": KEY})).status_code == 422
    assert (await citizen.post(address, data={"text": TEXT, "client_key": KEY})).status_code == 303


async def test_keys_are_forgotten(citizen: Client, new_client: Callable[[], Client]) -> None:
    one = await send_routed_report(new_client())
    address = f"/posts/{(await Post.get(report__id=one['id'])).id}/comments"
    await citizen.post(address, data={"text": TEXT, "client_key": KEY})
    await delete_old_sent_forms()
    assert await SentForm.all().count() == 1
    with timing.at(timing.now() + REMEMBERED_FOR + timing.now().resolution):
        await delete_old_sent_forms()
    assert not await SentForm.exists()
