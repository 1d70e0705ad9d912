"""The services' pages and rating them, over HTTP."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import pytest

from civic.catalogue.queries import catalogue
from civic.posts.models import Post
from civic.ratings.models import Rating
from tests.clients import Client, make_user
from tests.indexed import indexed
from tests.media.pictures import encoded, scene
from tests.page_ids import find_wrong_ids

pytestmark = pytest.mark.usefixtures("riverside")
JSON = {"Accept": "application/json"}
PAGE = "/services/id-card"


async def rate(client: Client, stars: object = 4, **more: Any) -> dict[str, Any]:
    answer = await client.post(f"{PAGE}/ratings", json={"stars": stars, **more}, headers=JSON)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_the_list(client: Client) -> None:
    await indexed()
    answer = await client.get("/services")
    assert answer.status_code == 200
    assert "Identity card, lost or expired" in answer.text
    assert "Not rated yet" in answer.text
    found = (await client.get("/services?q=marriage", headers=JSON)).json()
    assert found["services"][0]["slug"] == "marriage"
    assert found["services"][0]["stars"] == {"n": 0, "mean": None, "shown": None, "counts": [0, 0, 0, 0, 0]}
    assert "No service matches this." in (await client.get("/services?q=zzz")).text
    assert (await client.get("/api/v1/services")).json()["count"] == 10


async def test_the_list_alone_for_htmx(client: Client) -> None:
    await indexed()
    answer = await client.get("/services?q=marriage", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.text.lstrip().startswith('<div id="results"')


async def test_the_guide(client: Client) -> None:
    page = (await client.get(PAGE)).text
    for words in ("Household register", "ground floor, area A", "Saturday 09:00–12:00", "40 yuan for a lost one"):
        assert words in page
    assert 'href="https://services.riverside.example/id-card" rel="noopener"' in page
    assert "Nobody has rated this service yet." in page
    assert "You sign in, or create an account, in the next step." in page
    client.headers["Accept-Language"] = "zh"
    assert "居民身份证补领、换领" in (await client.get(PAGE)).text
    assert (await client.get("/services/no-such")).status_code == 404


async def test_rating_shows_at_once(client: Client, citizen: Client) -> None:
    answer = await citizen.post(f"{PAGE}/ratings", data={"stars": "4", "text": "Quick and kind"})
    assert answer.status_code == 303
    one = await Rating.first()
    assert one
    assert answer.headers["location"] == f"{PAGE}?rating={one.id}#rating-{one.id}"
    page = await client.get(PAGE)
    assert "Quick and kind" in page.text
    assert "4.0 of 5" in page.text
    assert "A new rating replaces that one." in (await citizen.get(PAGE)).text
    data = (await client.get(PAGE, headers=JSON)).json()
    assert data["stars"] == {"n": 1, "mean": 4.0, "shown": 4.0, "counts": [0, 0, 0, 1, 0]}
    assert [rating["text"] for rating in data["ratings"]] == ["Quick and kind"]


async def test_a_second_rating_replaces_the_first(client: Client, citizen: Client) -> None:
    first = await rate(citizen, 1, text="Waited for hours")
    second = await rate(citizen, 5, text="Much better now")
    assert (first["replaced"], second["replaced"]) == (False, True)
    page = (await client.get(PAGE)).text
    assert "Much better now" in page
    assert "Waited for hours" not in page
    assert "Replaced by a newer one" in (await client.get(first["url"])).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"stars": ""}, "stars"),
        ({"stars": "6"}, "stars"),
        ({"stars": "five"}, "stars"),
        ({"text": "x" * 4001}, "text"),
        ({"client_key": "?"}, "client_key"),
    ],
)
async def test_what_is_wrong_is_named_and_kept(citizen: Client, wrong: dict[str, str], field: str) -> None:
    sent = {"stars": "3", "text": "Kept words", **wrong}
    refused = await citizen.post(f"{PAGE}/ratings", json=sent, headers=JSON)
    assert refused.status_code == 422
    assert list(refused.json()["fields"]) == [field]
    form = await citizen.post(f"{PAGE}/ratings", data=sent)
    assert form.status_code == 422
    assert 'role="alert"' in form.text
    assert set(find_wrong_ids(form.text)) <= {"client_key"}  # no reader can change that field
    del sent["stars"]  # as a browser sends it where no star is chosen
    assert "Please choose one to five stars." in (await citizen.post(f"{PAGE}/ratings", data=sent)).text
    assert sent["text"][:10] in form.text
    assert not await Post.exists()


async def test_it_needs_an_account(client: Client) -> None:
    assert (await client.post(f"{PAGE}/ratings", json={"stars": 5}, headers=JSON)).status_code == 401
    assert not await Rating.exists()


async def test_who_works_there_cannot_rate_but_answers(client: Client, citizen: Client, agent: Client) -> None:
    known = await catalogue()
    department = known.service_by_slug["id-card"].department_id
    await agent.join(department)
    assert (await agent.post(f"{PAGE}/ratings", json={"stars": 5}, headers=JSON)).status_code == 403
    one = await rate(citizen, 2, text="Closed at noon")
    page = (await agent.get(PAGE)).text
    assert "you cannot rate its services" in page
    assert 'name="department"' in page
    reply = {"text": "We are open at noon from Monday on.", "department": str(department)}
    answer = await agent.post(f"/posts/{one['post']}/comments", data=reply)
    assert answer.headers["location"] == one["url"]
    shown = (await client.get(PAGE)).text
    assert "We are open at noon" in shown
    assert 'name="department"' not in shown
    assert (await client.get(PAGE, headers=JSON)).json()["ratings"][0]["replies"][0]["names"]["en"]


async def test_an_opened_rating_can_be_talked_about(client: Client, citizen: Client, stranger: Client) -> None:
    one = await rate(citizen, 3, text="So so")
    answer = await stranger.post(f"/posts/{one['post']}/comments", data={"text": "Same here"})
    assert answer.headers["location"] == one["url"]
    page = (await client.get(one["url"])).text
    assert "Same here" in page
    assert page.count('id="talk"') == 1
    assert page.count(f'id="rating-{one["id"]}"') == 1
    assert 'id="talk"' not in (await client.get(PAGE)).text
    assert (await client.get(f"{PAGE}?rating=999999")).status_code == 404
    assert (await client.get(f"/services/marriage?rating={one['id']}")).status_code == 404
    assert (await client.get(f"{PAGE}?rating=x")).status_code == 200


async def test_what_a_moderator_hides_is_nowhere_and_counts_nowhere(
    client: Client, citizen: Client, dispatcher: Client
) -> None:
    one = await rate(citizen, 1, text="Their names and numbers")
    hidden = {"post": one["post"], "reason": "personal_data"}
    await dispatcher.post("/desk/moderation/hide", data=hidden)
    assert "Their names" not in (await client.get(PAGE)).text
    assert (await client.get(PAGE, headers=JSON)).json()["stars"]["n"] == 0
    assert (await client.get(one["url"])).status_code == 404
    assert "Hidden by a moderator" in (await citizen.get(one["url"])).text
    await dispatcher.post("/desk/moderation/restore", data=hidden)
    assert "Their names" in (await client.get(PAGE)).text


async def test_a_photo_comes_along_and_an_error_keeps_it(client: Client, citizen: Client) -> None:
    files = {"photos": ("a.jpg", encoded(scene()), "image/jpeg")}
    refused = await citizen.post(f"{PAGE}/ratings", data={"stars": ""}, files=files)
    assert refused.status_code == 422
    kept = refused.text.split('name="kept" value="')[1].split('"')[0]
    taken = await citizen.post(f"{PAGE}/ratings", data={"stars": "5", "kept": kept})
    assert taken.status_code == 303
    assert (await client.get(PAGE, headers=JSON)).json()["ratings"][0]["photos"] == [kept]
    assert f"/photos/{kept}/320.webp" in (await client.get(PAGE)).text


async def test_ratings_are_paged_by_keyset_and_cost_the_same(
    client: Client,
    new_client: Callable[[], Client],
    count_queries: Callable[[], AbstractContextManager[Any]],
) -> None:
    async def statements(url: str) -> int:
        with count_queries() as sent:
            assert (await client.get(url)).status_code == 200
        # The city itself is kept for two seconds: when it is read again has nothing to do with the page.
        return len([text for text in sent.texts if 'FROM "city"' not in text])

    async def some(first: int, last: int) -> None:
        for n in range(first, last):
            person = await new_client().sign_in(await make_user(f"p{n}@example.org"))
            await rate(person, 1 + n % 5, text=f"Rating {n}.")

    await some(0, 2)
    await client.get(PAGE)
    few, listed = await statements(PAGE), await statements("/services")
    await some(2, 27)
    assert await statements(PAGE) == few <= 6
    assert await statements("/services") == listed <= 3
    first = (await client.get(PAGE, headers=JSON)).json()
    second = (await client.get(f"{PAGE}?page={first['next']}", headers=JSON)).json()
    texts = [one["text"] for one in first["ratings"] + second["ratings"]]
    assert texts == [f"Rating {n}." for n in range(26, -1, -1)]


async def test_hostile_words_stay_words(client: Client, citizen: Client) -> None:
    words = "<script>alert(1)</script>{{7*7}}'; DROP TABLE rating; --"
    await rate(citizen, 3, text=words)
    page = (await client.get(PAGE)).text
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
    found: httpx2.Response = await client.get("/services", params={"q": words})
    assert found.status_code == 200
    assert "<script>alert" not in found.text


async def test_stars_alone_can_be_opened_from_the_account(citizen: Client) -> None:
    await rate(citizen)
    post = await Post.get(kind="rating")
    page = (await citizen.get("/account")).text
    assert f'<a href="{post.path}">Rating without words</a>' in page
