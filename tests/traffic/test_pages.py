"""The board, posting to it and an update's page, over HTTP."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from civic import timing
from civic.posts.models import Comment, Post
from civic.posts.receipts import COOKIE
from civic.traffic.models import Confirmation, TrafficKind, TrafficUpdate
from tests.clients import Client
from tests.media.pictures import encoded, scene
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")
JSON = {"Accept": "application/json"}
BELL_TOWER = {"lat": "31.19", "lon": "118.008"}


async def send(client: Client, **more: Any) -> httpx2.Response:
    return await client.post("/traffic", data={"kind": "jam", **BELL_TOWER, **more})


async def post(client: Client, **more: Any) -> dict[str, Any]:
    """Post an update as a program does; what it answers."""
    answer = await client.post("/traffic", json={"kind": "jam", **BELL_TOWER, **more}, headers=JSON)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(client: Client, query: str = "") -> list[int]:
    answer = await client.get(f"/traffic{query}", headers=JSON)
    return [one["id"] for one in answer.json()["updates"]]


async def test_an_empty_board_says_so(client: Client) -> None:
    answer = await client.get("/traffic")
    assert answer.status_code == 200
    assert "the roads are clear" in answer.text


@pytest.mark.parametrize("query", ["kind=unicorn", "area=nowhere", "kind=unicorn&area=nowhere"])
async def test_a_board_that_was_asked_for_something_unknown_says_nothing_of_the_roads(
    client: Client, query: str
) -> None:
    await send(client, text="Both lanes to the bridge")
    page = (await client.get(f"/traffic?{query}")).text
    assert "roads are clear" not in page
    assert "0 updates on the road now" not in page
    assert "we do not know what was asked for" in page
    assert '<a href="/traffic">Show everything</a>' in page


async def test_where_it_is_is_said_in_words(client: Client) -> None:
    page = (await client.get((await send(client, text="Both lanes to the bridge")).headers["location"])).text
    aside = page.partition("<aside")[2]
    assert "31.19000, 118.00800</" not in aside
    assert 'href="geo:31.19000,118.00800"' in aside
    assert "Bell Tower" in aside


async def test_anybody_posts_and_everybody_sees_it(client: Client, stranger: Client) -> None:
    answer = await send(client, text="Both lanes to the bridge", address="Bell Tower Square")
    assert answer.status_code == 303
    board = await stranger.get("/traffic")
    assert "Traffic jam · Bell Tower Square" in board.text
    assert "Both lanes to the bridge" in board.text
    page = await stranger.get(answer.headers["location"])
    assert page.status_code == 200
    assert "Your receipt code" not in page.text
    mine = await client.get(answer.headers["location"])
    assert "Your receipt code" in mine.text


async def test_an_update_that_says_nothing_names_what_it_needs(client: Client) -> None:
    """As a browser sends it where nothing is chosen: without the field."""
    refused = await client.post("/traffic", data=BELL_TOWER)
    assert refused.status_code == 422
    assert "Please say what it is." in refused.text


async def test_a_program_gets_the_update(client: Client) -> None:
    one = await post(client, kind="ice", text="Black ice")
    assert one["kind"] == "ice"
    assert one["live"]
    assert (one["still"], one["gone"], one["sure"]) == (0, 0, "single")
    assert one["receipt"]
    assert one["place"], "named by the nearest known place"
    again = await client.get(one["url"], headers=JSON)
    assert again.json()["text"] == "Black ice"
    assert (await client.get(f"/api/v1{one['url']}")).json()["id"] == one["id"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "unicorn"}, "kind"),
        ({"lat": "", "lon": ""}, "place"),
        ({"lat": "12", "lon": "12"}, "place"),
        ({"lat": "x"}, "place"),
        ({"text": "x" * 501}, "text"),
        ({"client_key": "a b"}, "client_key"),
    ],
)
async def test_what_is_wrong_is_named_and_kept(client: Client, wrong: dict[str, str], field: str) -> None:
    refused = await client.post("/traffic", json={"kind": "jam", "text": "Kept", **BELL_TOWER, **wrong}, headers=JSON)
    assert refused.status_code == 422
    assert list(refused.json()["fields"]) == [field]
    form = await send(client, **{"text": "Kept words", **wrong})
    assert form.status_code == 422
    assert 'role="alert"' in form.text
    assert set(find_wrong_ids(form.text)) <= {"client_key"}  # no reader can change that field
    if field != "text":
        assert "Kept words" in form.text
    assert not await Post.exists()


async def test_a_form_sent_twice_is_one_update(client: Client) -> None:
    first = await post(client, client_key="key-12345", text="One")
    second = await post(client, client_key="key-12345", text="One")
    assert second["again"]
    assert (first["id"], first["receipt"]) == (second["id"], second["receipt"])
    other = await client.post(
        "/traffic", json={"kind": "jam", "text": "Two", "client_key": "key-12345", **BELL_TOWER}, headers=JSON
    )
    assert other.status_code == 409


async def test_a_photo_comes_along_and_an_error_keeps_it(client: Client) -> None:
    files = {"photos": ("a.jpg", encoded(scene()), "image/jpeg")}
    refused = await client.post("/traffic", data={"kind": "", **BELL_TOWER}, files=files)
    assert refused.status_code == 422
    kept = refused.text.split('name="kept" value="')[1].split('"')[0]
    signed = refused.text.split('<img src="')[1].split('"')[0].replace("&amp;", "&")
    assert (await client.get(signed)).status_code == 200
    taken = await client.post("/traffic", data={"kind": "flood", "kept": kept, **BELL_TOWER})
    assert taken.status_code == 303
    page = await client.get(taken.headers["location"], headers=JSON)
    assert [one["name"] for one in page.json()["photos"]] == [kept]


async def test_it_leaves_the_board_when_its_time_is_up_but_its_page_stays(client: Client) -> None:
    one = await post(client, kind="jam")
    with timing.at(timing.now() + timedelta(minutes=44)):
        assert await listed(client) == [one["id"]]
    with timing.at(timing.now() + timedelta(minutes=46)):
        assert await listed(client) == []
        page = await client.get(one["url"])
        assert page.status_code == 200
        assert "no longer on the board" in page.text
        assert "Its time was up" in page.text


async def test_filters_by_kind_and_area(client: Client) -> None:
    jam = await post(client, kind="jam")
    ice = await post(client, kind="ice")
    assert await listed(client) == [ice["id"], jam["id"]]
    assert await listed(client, "?kind=jam") == [jam["id"]]
    assert (await client.get("/traffic?kind=nonsense", headers=JSON)).status_code == 422
    assert await listed(client, "?area=old-town") == [ice["id"], jam["id"]]
    assert await listed(client, "?area=docks") == []
    assert "Nothing of this kind" in (await client.get("/traffic?area=docks")).text


async def test_the_board_is_paged_by_keyset(client: Client, citizen: Client) -> None:
    ids = [(await post(citizen, kind="jam", text=str(n)))["id"] for n in range(27)]
    first = (await client.get("/traffic", headers=JSON)).json()
    assert first["count"] == 27
    second = (await client.get(f"/traffic?page={first['next']}", headers=JSON)).json()
    assert [one["id"] for one in first["updates"] + second["updates"]] == ids[::-1]
    assert second["next"] is None
    assert 'rel="next"' in (await client.get("/traffic")).text
    assert len((await client.get("/traffic?page=rubbish", headers=JSON)).json()["updates"]) == 24


async def test_the_map_shows_what_the_board_shows(client: Client) -> None:
    one = await post(client, kind="accident")
    query = "/traffic/points?bbox=117,30,119,32&zoom=11"
    pins = (await client.get(query)).json()["pins"]
    assert [(pin["id"], pin["kind"], pin["url"]) for pin in pins] == [(one["id"], "accident", one["url"])]
    assert (await client.get(f"{query}&kind=jam")).json()["pins"] == []
    assert (await client.get("/traffic/points?bbox=1,2,3,4&zoom=9")).json()["pins"] == []
    assert (await client.get("/traffic/points?bbox=a&zoom=9")).status_code == 400


async def test_many_are_clusters(client: Client, citizen: Client) -> None:
    one = await post(citizen)
    row = await TrafficUpdate.get(id=one["id"]).select_related("post")
    for n in range(160):
        copy = await Post.create(kind="traffic", text=str(n), created_at=row.post.created_at)
        await TrafficUpdate.create(
            post=copy, kind=TrafficKind.JAM, lat=row.lat, lon=row.lon, expires_at=row.expires_at, area_id=row.area_id
        )
    shown = (await client.get("/traffic/points?bbox=117,30,119,32&zoom=11")).json()
    assert shown["pins"] == []
    assert sum(one["count"] for one in shown["clusters"]) == 161


async def test_the_board_alone_for_htmx(client: Client) -> None:
    await post(client, text="Alone")
    answer = await client.get("/traffic", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.text.lstrip().startswith('<div id="board"')
    assert "Alone" in answer.text
    assert "<html" not in answer.text


async def test_still_there_and_gone(client: Client, citizen: Client, stranger: Client) -> None:
    one = await post(client, kind="obstacle")
    answer = await citizen.post(f"{one['url']}/still")
    assert answer.status_code == 303
    told = await citizen.post(f"{one['url']}/gone", headers=JSON)
    assert (told.json()["still"], told.json()["gone"]) == (0, 1), "one opinion a person, the latest counts"
    await stranger.post(f"{one['url']}/gone")
    assert await listed(client) == []
    assert "People on the spot said that it is gone." in (await client.get(one["url"])).text
    late = await citizen.post(f"{one['url']}/still", headers=JSON)
    assert late.status_code == 409
    page = await citizen.post(f"{one['url']}/still")
    assert page.status_code == 409
    assert "This is already over" in page.text


async def test_htmx_gets_how_it_stands(citizen: Client) -> None:
    one = await post(citizen)
    answer = await citizen.post(f"{one['url']}/still", headers={"HX-Request": "true"})
    assert f'id="standing-{one["id"]}"' in answer.text
    assert 'aria-pressed="true"' in answer.text
    assert "<html" not in answer.text


async def test_without_an_account_nobody_has_an_opinion(client: Client) -> None:
    one = await post(client)
    assert (await client.post(f"{one['url']}/still", headers=JSON)).status_code == 401
    assert not await Confirmation.exists()


async def test_its_author_ends_it_by_receipt_or_account(client: Client, citizen: Client, stranger: Client) -> None:
    one = await post(client)
    assert client.cookies.get(COOKIE)
    assert "remove it from the board" in (await client.get(one["url"])).text
    assert (await stranger.post(f"{one['url']}/end", headers=JSON)).status_code == 403
    assert (await client.post(f"{one['url']}/end")).status_code == 303
    assert "Its author said that it is over." in (await stranger.get(one["url"])).text
    two = await post(citizen)
    assert (await citizen.post(f"{two['url']}/gone", headers=JSON)).json()["ended"] == "author"
    assert await listed(client) == []


async def test_what_a_moderator_hides_is_nowhere(client: Client, dispatcher: Client, stranger: Client) -> None:
    one = await post(client, text="Buy my phone")
    row = await TrafficUpdate.get(id=one["id"])
    hidden = {"post": row.post_id, "reason": "spam"}
    assert (await dispatcher.post("/desk/moderation/hide", data=hidden)).status_code == 303
    assert await listed(stranger) == []
    assert (await stranger.get("/traffic", headers=JSON)).json()["count"] == 0
    assert (await stranger.get("/traffic/points?bbox=117,30,119,32&zoom=11")).json()["pins"] == []
    assert (await stranger.get(one["url"])).status_code == 404
    assert (await stranger.post(f"{one['url']}/still")).status_code == 404
    assert "A moderator has hidden this" in (await client.get(one["url"])).text
    await dispatcher.post("/desk/moderation/restore", data=hidden)
    assert await listed(stranger) == [one["id"]]


async def test_comments_and_votes_work_as_for_every_post(client: Client, citizen: Client) -> None:
    one = await post(client)
    row = await TrafficUpdate.get(id=one["id"])
    answer = await citizen.post(f"/posts/{row.post_id}/comments", data={"text": "The side road is free"})
    comment = await Comment.get()
    assert answer.headers["location"] == f"{one['url']}#comment-{comment.id}"
    await citizen.post(f"/posts/{row.post_id}/vote")
    page = await client.get(one["url"])
    assert "The side road is free" in page.text
    assert (await client.get(one["url"], headers=JSON)).json()["votes"] == 1


async def test_pages_ask_the_database_as_often_however_much_there_is(
    citizen: Client, count_queries: Callable[[], AbstractContextManager[Any]]
) -> None:
    async def statements(url: str) -> int:
        with count_queries() as sent:
            assert (await citizen.get(url)).status_code == 200
        # The city itself is kept for two seconds: when it is read again has nothing to do with the page.
        return len([text for text in sent.texts if 'FROM "city"' not in text])

    one = await post(citizen)
    await citizen.get("/traffic")
    few = await statements("/traffic")
    for n in range(12):
        await post(citizen, kind="ice", text=str(n))
    assert await statements("/traffic") == few <= 6
    assert await statements(one["url"]) <= 8


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_pages_are_in_the_reader_s_language(client: Client, language: str) -> None:
    client.headers["Accept-Language"] = language
    await post(client)
    words = {"en": ("Traffic jam", "On the road now"), "zh": ("拥堵", "实时路况")}[language]
    board = (await client.get("/traffic")).text
    assert all(word in board for word in words)
    assert {"en": "Use my location", "zh": "我的位置"}[language] in (await client.get("/traffic/new")).text


async def test_hostile_words_stay_words(client: Client) -> None:
    words = "<script>alert(1)</script>{{7*7}}'; DROP TABLE post; --"
    one = await post(client, text=words, address=words)
    for url in ("/traffic", one["url"]):
        page = (await client.get(url)).text
        assert "<script>alert" not in page
        assert "{{7*7}}" in page
