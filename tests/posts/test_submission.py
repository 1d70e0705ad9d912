"""Whatever refuses a post of any kind, its page gives back everything that was typed, and it can be sent again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from civic import cookies
from civic.accounts.models import User
from civic.posts.models import Comment, Post
from tests.builders.riverside import BELL_TOWER, JSON, limit_posts, photo_field, send_report
from tests.clients import Client, make_user
from tests.html_forms import form_fields

pytestmark = pytest.mark.usefixtures("riverside")
KEY = "key-of-this-form"
TEXT = "Words <that> nobody wants & to write twice"


@dataclass(frozen=True)
class Kind:
    """How one kind of post is sent. `wrong` are values that are refused with 422."""

    address: str
    fields: dict[str, str]
    wrong: dict[str, str]
    account: bool = False  # needs one

    @property
    def typed(self) -> dict[str, str]:
        return {"text": TEXT, **self.fields, "client_key": KEY}


KINDS = {
    "report": Kind(
        "/reports",
        {"category": "pothole", "place_text": "Bell Tower, north side", "answers[lane]": "cycle", **BELL_TOWER},
        {"lat": "12.5", "lon": "12.5"},
    ),
    "traffic": Kind("/traffic", {"kind": "ice", "place_text": "Bell Tower", **BELL_TOWER}, {"kind": "unicorn"}),
    "rating": Kind("/services/id-card/ratings", {"stars": "2"}, {"stars": "6"}, account=True),
    "comment": Kind("/posts/{post}/comments", {"suggestion": "1"}, {"text": "x" * 2001}, account=True),
}


@dataclass
class Sending:
    """Somebody about to send a form of a kind."""

    client: Client
    user: User
    kind: Kind
    address: str

    async def send(self, json: bool = False, **changes: str) -> httpx2.Response:
        typed = self.kind.typed | changes
        if json:
            return await self.client.post(self.address, json=typed, headers=JSON)
        return await self.client.post(self.address, data=typed)

    async def spend_limit(self) -> None:
        limit_posts(self.client, 1)
        for number in range(3):
            await self.send(text=f"Another {number}", client_key=f"other-{number}")


@pytest.fixture
async def sending(request: pytest.FixtureRequest, new_client: Callable[[], Client]) -> Sending:
    """`kind` of the test, sent by somebody who is signed in where that is needed."""
    kind = KINDS[request.getfixturevalue("kind")]
    post = (await send_report(new_client()))["id"] if "{post}" in kind.address else 0
    post_id = (await Post.get(report__id=post)).id if post else 0
    user = await make_user("ana@example.org", name="Ana")
    client = await new_client().sign_in(user) if kind.account else new_client()
    return Sending(client, user, kind, kind.address.format(post=post_id))


async def _invalid(sending: Sending) -> dict[str, str]:
    return sending.kind.wrong


async def _used_key(sending: Sending) -> dict[str, str]:
    assert (await sending.send(text="The first post of this form")).status_code == 303
    return {}


async def _limit(sending: Sending) -> dict[str, str]:
    await sending.spend_limit()
    return {}


async def _signed_out(sending: Sending) -> dict[str, str]:
    sending.client.cookies.delete(cookies.SESSION)
    return {}


async def _other_department(_: Sending) -> dict[str, str]:
    return {"department": "987654321"}


Refusal = tuple[int, Callable[[Sending], Awaitable[dict[str, str]]]]
INVALID: Refusal = (422, _invalid)
USED_KEY: Refusal = (409, _used_key)
LIMIT: Refusal = (429, _limit)
NOT_ALLOWED: Refusal = (403, _other_department)
CASES = [
    *(("report", one) for one in (INVALID, USED_KEY, LIMIT)),
    *(("traffic", one) for one in (INVALID, USED_KEY, LIMIT)),
    *(("rating", one) for one in (INVALID, USED_KEY, LIMIT)),
    *(("comment", one) for one in (INVALID, USED_KEY, LIMIT, NOT_ALLOWED)),
]
each_refusal = pytest.mark.parametrize(("kind", "refusal"), CASES, ids=[f"{kind}-{one[0]}" for kind, one in CASES])


@each_refusal
async def test_everything_typed_is_in_the_answers_form(kind: str, refusal: Refusal, sending: Sending) -> None:
    status, refuse = refusal
    changes = await refuse(sending)
    before = await Post.all().count(), await Comment.all().count()
    answer = await sending.send(**changes)
    assert answer.status_code == status
    fields = form_fields(answer.text, sending.address)
    typed = sending.kind.typed | changes
    if status == 409:
        assert fields["client_key"] != [KEY], "this is another post: it gets a key of its own"
        typed.pop("client_key")
    for name in {"kind", "stars", "department"} & changes.keys():
        typed.pop(name)  # a value that the page does not offer
    assert {name: fields.get(name) for name in typed} == {name: [value] for name, value in typed.items()}
    assert (await Post.all().count(), await Comment.all().count()) == before


@each_refusal
async def test_the_form_can_be_sent_again(kind: str, refusal: Refusal, sending: Sending) -> None:
    _status, refuse = refusal
    changes = await refuse(sending)
    fields: dict[str, Any] = form_fields((await sending.send(**changes)).text, sending.address)
    fields |= {name: sending.kind.typed[name] for name in changes if name in sending.kind.typed}
    limit_posts(sending.client, 100)
    answer = await sending.client.post(sending.address, data=fields)
    assert answer.status_code == 303, answer.text
    newest = await Comment.all().order_by("-id").first() or await Post.all().order_by("-id").first()
    assert newest is not None
    assert newest.text == TEXT


@each_refusal
async def test_a_program_is_told_why(kind: str, refusal: Refusal, sending: Sending) -> None:
    status, refuse = refusal
    changes = await refuse(sending)
    answer = await sending.send(json=True, **changes)
    assert answer.status_code == status
    assert answer.json()["message"]
    wrong = {"place"} if kind == "report" else set(changes)
    assert set(answer.json()["fields"]) == (wrong if status == 422 else set())


@pytest.mark.parametrize("kind", ["report", "traffic", "rating"])
async def test_a_refused_photo_loses_neither_the_others_nor_the_text(kind: str, sending: Sending) -> None:
    files = [photo_field("good.jpg"), photo_field("broken.jpg", b"\xff\xd8\xff nothing")]
    answer = await sending.client.post(sending.address, data=sending.kind.typed, files=files)
    assert answer.status_code == 422
    assert "broken.jpg" in answer.text
    fields = form_fields(answer.text, sending.address)
    assert fields["text"] == [TEXT]
    assert len(fields["kept"]) == 1
    assert (await sending.client.post(sending.address, data=fields)).status_code == 303
    assert (await Post.get()).photos_count == 1


@pytest.mark.parametrize("kind", ["report", "traffic", "rating"])
async def test_photos_stay_when_the_limit_refuses_the_post(kind: str, sending: Sending) -> None:
    await sending.spend_limit()
    answer = await sending.client.post(sending.address, data=sending.kind.typed, files=[photo_field()])
    assert answer.status_code == 429
    fields = form_fields(answer.text, sending.address)
    assert len(fields["kept"]) == 1
    limit_posts(sending.client, 100)
    assert (await sending.client.post(sending.address, data=fields)).status_code == 303
    assert (await Post.get(client_key=KEY)).photos_count == 1


@pytest.mark.parametrize("kind", ["report", "traffic", "rating"])
async def test_the_same_form_twice_is_one_post_whatever_the_limit(kind: str, sending: Sending) -> None:
    limit_posts(sending.client, 1)
    first, second = [(await sending.send(json=True)).json() for _ in range(2)]
    assert (first["again"], second["again"]) == (False, True)
    assert (first["url"], first["receipt"]) == (second["url"], second["receipt"])
    assert bool(first["receipt"]) == (not sending.kind.account)


@pytest.mark.parametrize("kind", ["comment"])
async def test_a_refused_comment_comes_back_as_a_fragment_for_htmx(kind: str, sending: Sending) -> None:
    answer = await sending.client.post(
        sending.address, data=sending.kind.typed | {"department": "987654321"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 403
    assert answer.text.lstrip().startswith('<section id="talk"')
    assert form_fields(answer.text, sending.address)["text"] == [TEXT]


@pytest.mark.parametrize("kind", ["rating", "comment"])
async def test_a_program_without_a_session_is_told_so(kind: str, sending: Sending) -> None:
    await _signed_out(sending)
    answer = await sending.send(json=True)
    assert (answer.status_code, answer.json()["error"]) == (401, "SignInNeeded")
