"""A text of which nothing can be seen is none, whatever it is a text of."""

import pytest

from civic.accounts.forms import clean_name
from civic.forms import clean_text
from civic.packs.reader import read_pack
from civic.posts.models import Post
from civic.reports.models import Report
from tests.builders.riverside import BELL_TOWER, JSON, send_form, send_report
from tests.clients import Client
from tests.packs.conftest import WritePack, changed, problems, write_pack

__all__ = ["write_pack"]
UNSEEN = [
    "\u200b" * 20,
    "\u3164",
    "\u2800\u2800",
    "\u00ad\ufeff \u2060",
    "\u0301\u0308",
    "\U000e0041\U000e0042",
    "\ue000",
]


@pytest.mark.parametrize("text", [*UNSEEN, "\t \n", "\x00\x1b"])
def test_what_cannot_be_seen_is_no_text(text: str) -> None:
    assert clean_text(text) == clean_name(text) == ""


@pytest.mark.parametrize("text", ["👍🏽", "👩‍👩‍👧", "!", "坑", "می‌خواهم", "٣", "…"])
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert clean_text(f" {text}\r\n") == text


@pytest.mark.usefixtures("riverside")
@pytest.mark.parametrize("text", UNSEEN)
async def test_reports_and_comments_need_something_to_see(client: Client, citizen: Client, text: str) -> None:
    refused = await send_form(client, text=text)
    assert refused.status_code == 422
    assert 'href="#text"' in refused.text
    assert await Post.all().count() == 0
    report = await send_report(client)
    post = (await Report.get(id=report["id"])).post_id
    for url, sent in ((f"/posts/{post}/comments", {"text": text}), (f"/posts/{post}/flag", {"reason": ""})):
        answer = await citizen.post(url, json=sent, headers=JSON)
        assert answer.status_code == 422, url


@pytest.mark.usefixtures("riverside")
async def test_where_a_text_is_not_needed_it_is_empty(client: Client, citizen: Client) -> None:
    update = await client.post("/traffic", json={"kind": "jam", **BELL_TOWER, "text": UNSEEN[0]}, headers=JSON)
    rating = await citizen.post("/services/id-card/ratings", json={"stars": 4, "text": UNSEEN[1]}, headers=JSON)
    assert (update.status_code, rating.status_code) == (201, 201)
    assert [post.text for post in await Post.all()] == ["", ""]


def test_names_in_a_pack_can_be_seen(write_pack: WritePack) -> None:
    read_pack(write_pack())
    assert any(
        "Nothing of this can be seen." in one for one in problems(write_pack(changed("city.toml", "小城", "\u3164")))
    )
    places = {"places.csv": "lat,lon,name_zh,name_en\n31,118,\u200b,A\n"}
    assert any("The name is missing in: zh." in one for one in problems(write_pack(places)))
