"""While a report is written: open ones nearby that may be the same, and the guide that answers."""

import re

import pytest

from civic import db
from civic.reports.similar import find_similar
from civic.search.feed import step
from tests.builders.riverside import BELL_TOWER, JSON, change_category, send_report
from tests.clients import Client

pytestmark = pytest.mark.usefixtures("riverside")

HERE = (31.19, 118.008, 1000)
MANHOLE = "The manhole cover in front of the market rattles all night"


@pytest.fixture
async def city(client: Client) -> None:
    """A manhole at the Bell Tower, a lamp two streets away, and the services' guides."""
    await send_report(client, text=MANHOLE, category="pavement")
    await send_report(client, text="A lamp is out", category="street-light", lat="31.192", lon="118.008")
    await send_report(client, text="A manhole cover is gone", category="pavement", lat="31.25", lon="118.10")
    await db.execute("INSERT INTO search_dirty (root, item_id) SELECT 'service', id FROM service")
    while await step():
        pass


async def titles(text: str, near: tuple[float, float, int] | None = HERE, ids: tuple[int, ...] = ()) -> list[str]:
    return [one.title.striptags() for one in (await find_similar(text, near, ids)).reports]


@pytest.mark.usefixtures("city")
async def test_the_same_words_nearby() -> None:
    assert await titles("There is a loose manhole near the market, it rattles") == [MANHOLE]
    assert await titles("My neighbour plays loud music every evening", (31.194, 118.008, 1000)) == []
    assert await titles("There is a loose manhole near the market, it rattles", None) == []
    assert await titles("There is a loose manhole near the market, it rattles", (31.13, 117.97, 1000)) == []


@pytest.mark.usefixtures("city")
async def test_what_is_right_there_before_anything_is_written() -> None:
    assert await titles("") == [MANHOLE]
    assert await titles("", (31.194, 118.008, 1000)) == []


@pytest.mark.usefixtures("city")
async def test_what_is_right_there_is_offered_whatever_is_written() -> None:
    """Within 50 metres words only rank; beyond they have to meet."""
    for text in ("My neighbour plays loud music every evening", "大家好，这里有问题", "x", ""):
        assert await titles(text) == [MANHOLE], text
    assert await titles("Something else", (31.19 + 45 / 111_195, 118.008, 1000)) == [MANHOLE]
    assert await titles("Something else", (31.19 + 60 / 111_195, 118.008, 1000)) == []


@pytest.mark.usefixtures("city")
async def test_words_meet_across_languages_in_the_names_of_categories(client: Client) -> None:
    """Reported in Chinese, written in English, and the reverse: the category has a name in both."""
    await send_report(
        client, text="井口敞着，旁边就是公交站", category="manhole", lat="31.2", lon="118.0", **{"answers[open]": "yes"}
    )
    while await step():
        pass
    nearby = (31.2 + 100 / 111_195, 118.0, 1000)
    assert await titles("The manhole cover is missing", nearby) == ["井口敞着，旁边就是公交站"]
    assert await titles("井盖没了", nearby) == ["井口敞着，旁边就是公交站"]
    assert await titles("Too much noise at night", nearby) == []


@pytest.mark.usefixtures("city")
async def test_one_tap_joins(client: Client, citizen: Client) -> None:
    """A button of the form itself: what was typed and the photos go with it."""
    page = (await citizen.get("/reports/new", params=BELL_TOWER)).text
    [address] = re.findall(r'<button class="btn smaller" formaction="(/reports/\d+/join)" formnovalidate>', page)
    assert page.index('id="similar-title"') < page.index('id="what-title"')  # at the step of the place
    answer = await citizen.post(address, data={"text": "It rattles here, too"})
    assert answer.status_code == 303
    assert "It rattles here, too" in (await citizen.get(answer.headers["location"])).text


@pytest.mark.usefixtures("city")
async def test_a_case_that_somebody_joined_is_offered_once(client: Client, citizen: Client) -> None:
    [first] = [one for one in (await find_similar("", HERE)).reports if MANHOLE in one.title.striptags()]
    for _ in range(2):
        answer = await citizen.post(f"{first.document.url}/join", data={"text": MANHOLE}, headers=JSON)
        while await step():
            pass
    assert answer.status_code == 409
    assert (await titles(MANHOLE)).count(MANHOLE) == 1


@pytest.mark.usefixtures("city")
async def test_the_same_category_close_by() -> None:
    light = await db.fetch("SELECT id FROM category WHERE code = 'street-light'")
    assert await titles("It is very gloomy", HERE, (light[0]["id"],)) == [MANHOLE, "A lamp is out"]


@pytest.mark.usefixtures("city")
async def test_what_is_solved_or_private_is_not_offered(client: Client) -> None:
    await db.execute(
        "UPDATE case_file SET status = 'declined' WHERE category_id = (SELECT id FROM category WHERE code = 'pavement')"
    )
    async with change_category("pothole", public=False):
        await send_report(client, text="A secret hole at the market")
    while await step():
        pass
    assert await titles("The manhole at the market rattles") == []
    assert await titles("A secret hole at the market") == []


@pytest.mark.usefixtures("city")
async def test_the_guide_that_answers() -> None:
    async def guides(text: str) -> list[str]:
        return [one.document.url for one in (await find_similar(text)).services]

    assert (await guides("I lost my identity card, where do I get a new one?"))[0] == "/services/id-card"
    assert await guides("给孩子上户口要带什么材料") == ["/services/newborn-registration"]
    assert await guides("A deep hole in front of the school gate") == []
    assert await guides("") == []


@pytest.mark.usefixtures("city")
@pytest.mark.parametrize("text", ["'; DROP TABLE post; --", "((((", "\u202e abc", "x" * 9000, "*", "灯" * 2000])
async def test_whatever_is_written(client: Client, text: str) -> None:
    answer = await client.get("/reports/new/similar", params={"text": text, "lat": "nan", "lon": "x", "category": "?"})
    assert answer.status_code == 200


@pytest.mark.usefixtures("city")
async def test_as_one_types(client: Client) -> None:
    asked = {"text": "The manhole rattles", "category": "", **BELL_TOWER}
    part = (await client.get("/reports/new/similar", params=asked)).text
    assert "People nearby have reported this" in part
    assert re.search(r'href="/reports/\d+" target="_blank"', part)
    assert "10 m away" in part
    assert "<html" not in part
    named = {"text": "The manhole rattles", "address": "青石桥"}
    assert "People nearby" not in (await client.get("/reports/new/similar", params=named)).text


@pytest.mark.usefixtures("city")
async def test_without_a_script(client: Client) -> None:
    """A button shows what is similar, and keeps what was typed; a mistake in the form shows it too."""
    page = (await client.get("/reports/new")).text
    assert 'name="show" value="similar"' in page
    assert 'id="similar-title"' not in page
    typed = {"text": "The manhole rattles", "email": "a@example.org", "show": "similar", **BELL_TOWER}
    shown = (await client.post("/reports", data=typed)).text
    assert "People nearby have reported this" in shown
    assert 'value="a@example.org"' in shown
    away = {"text": "Loud music every evening", "lat": "31.194"}
    nothing = (await client.post("/reports", data=typed | away)).text
    assert "Nobody has reported this nearby" in nothing
    nowhere = (await client.post("/reports", data=typed | {"lat": "", "lon": ""})).text
    assert "Say where it is" in nowhere
    wrong = await client.post("/reports", data={"text": "The manhole rattles", "email": "none", **BELL_TOWER})
    assert wrong.status_code == 422
    assert "People nearby have reported this" in wrong.text
