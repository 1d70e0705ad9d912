"""Pictures that the server draws: the map without a script, where a report is, its card."""

import asyncio
import re
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from civic import fonts
from civic.accounts.people import Person
from civic.cli.check import _font
from civic.config import Config
from civic.fonts import can_write, find_font
from civic.geo.pictures import COLOURS, TILE_PX, View
from civic.posts import moderation
from civic.posts.models import Post
from civic.reports import cards, pictures
from civic.reports.maps.view import HEIGHT, WIDTH, neighbours
from tests.builders.posts import dan
from tests.builders.riverside import photo_field, send_form, send_report
from tests.clients import Client

__all__ = ["dan"]

pytestmark = pytest.mark.usefixtures("riverside")


async def picture(client: Client, path: str) -> Image.Image:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return Image.open(BytesIO(answer.content))


@pytest.mark.parametrize(
    "query",
    ["", "zoom=14", "window=118.0,31.18,118.02,31.2", "window=x&zoom=99", "zoom=nan", "zoom=1e9", "zoom=-4",
     "window=-180,-90,180,90&zoom=18", "window=0,0,0,0", "status=xyz"],
)  # fmt: skip
async def test_every_window_gives_a_picture_of_one_size(client: Client, query: str) -> None:
    await send_report(client)
    shown = await picture(client, f"/map.png?{query}")
    assert (shown.format, shown.size) == ("PNG", (WIDTH, HEIGHT))


async def test_a_picture_shows_its_pins_and_follows_the_filters(client: Client) -> None:
    def colours(image: Image.Image) -> set[tuple[int, ...]]:
        found = image.convert("RGB").getcolors(WIDTH * HEIGHT)
        assert found is not None
        return {colour for _count, colour in found if isinstance(colour, tuple)}

    nothing = colours(await picture(client, "/map.png"))
    await send_report(client)
    assert colours(await picture(client, "/map.png")) - nothing
    assert not colours(await picture(client, "/map.png?status=solved")) - nothing


async def test_the_page_without_a_script_has_the_picture_and_ways_to_move_it(client: Client) -> None:
    page = (await client.get("/map?status=all")).text
    source = re.search(r'<noscript>.*?src="(/map\.png\?[^"]+)"', page, re.DOTALL)
    assert source is not None
    assert "status=all" in source[1]
    ways = re.findall(r'href="(/map\?[^"]*window=[^"]+)"', page)
    assert len(ways) == 6
    assert (await client.get(ways[0].replace("&amp;", "&"))).status_code == 200
    assert "/map.png" in (await client.get("/")).text


def test_the_views_beside_one_lie_beside_it() -> None:
    here = View(31.19, 118.008, 13, WIDTH, HEIGHT)
    beside = neighbours(here)
    assert beside["in"].zoom == 14
    assert beside["out"].zoom == 12
    assert beside["west"].lon < here.lon < beside["east"].lon
    assert beside["south"].lat < here.lat < beside["north"].lat
    x, y = here.place(here.lat, here.lon)
    assert (round(x), round(y)) == (WIDTH // 2, HEIGHT // 2)
    assert View.around(here.box, WIDTH, HEIGHT).zoom == 13


async def test_a_card_and_a_map_are_of_public_reports_alone(client: Client, dan: Person) -> None:
    at = (await send_form(client, files=[photo_field()])).headers["location"].partition("?")[0]
    card = await picture(client, f"{at}/card/zh.jpg")
    assert (card.format, card.size) == ("JPEG", (cards.WIDTH, cards.HEIGHT))
    assert (await client.get(f"{at}/card/xx.jpg")).status_code == 404
    await picture(client, f"{at}/map.png")
    post = await Post.get(path=at)
    await moderation.hide(post.id, dan, "spam")
    for name in ("card/zh.jpg", "card/en.jpg", "map.png"):
        assert (await client.get(f"{at}/{name}")).status_code == 404


async def test_a_card_changes_with_its_report(client: Client) -> None:
    sent = await send_report(client)
    english = (await client.get(f"/reports/{sent['id']}/card/en.jpg")).content
    assert english != (await client.get(f"/reports/{sent['id']}/card/zh.jpg")).content
    assert english == (await client.get(f"/reports/{sent['id']}/card/en.jpg")).content


async def test_one_card_is_drawn_once_however_many_ask(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = await send_report(client)
    drawn = []

    def counted(*given: object) -> bytes:
        drawn.append(given)
        return cards.draw_card(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "draw_card", counted)
    answers = await asyncio.gather(*(client.get(f"/reports/{sent['id']}/card/en.jpg") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(drawn) == 1


async def test_a_place_is_kept_until_its_drawing_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes away frees no place for another one while the thread still draws."""
    places, go_on = asyncio.Semaphore(1), threading.Event()
    monkeypatch.setattr(pictures, "_places", places)
    left = asyncio.create_task(pictures._draw(go_on.wait))
    await asyncio.sleep(0.05)
    left.cancel()
    await asyncio.wait([left])
    assert places.locked()
    go_on.set()
    async with asyncio.timeout(5):
        await places.acquire()


async def test_who_would_wait_too_long_is_told_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(pictures, "_places", asyncio.Semaphore(0))
    assert (await client.get("/map.png")).status_code == 503
    assert (await client.get("/reports")).status_code == 200  # nobody else waits


def test_the_colours_are_those_of_the_pages() -> None:
    css = (Path(__file__).parents[2] / "static" / "css" / "map.css").read_text("utf-8")
    pages = dict(re.findall(r"--map-(\w+): light-dark\((#[0-9a-f]{6})[,0-9a-f]*", css))
    assert {name: pages[name] for name in COLOURS} == COLOURS
    assert TILE_PX == 256


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("一二三四五六七八九，十", ["一二三四五六七", "八九，十"]),
        ("Donaudampfschiff", ["Donauda", "mpfschi", "ff"]),
        ("a b c d e f g h i j k l m n", ["a b c d", "e f g h", "i j k…"]),
        ("   ", []),
    ],
)
def test_lines_break_where_they_may(text: str, lines: list[str]) -> None:
    assert cards.wrap(text, lambda part: len(part) <= 7, 3) == lines


def test_a_text_without_letters_for_it_is_known() -> None:
    assert can_write("A street, 12")
    assert can_write("路灯") == bool(find_font(chinese=True))
    assert not can_write("\uffff")  # which no font has


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts: pictures are written in that of Pillow, which has no Chinese."""

    def forget() -> None:
        for kept in (fonts.find_font, fonts.load_font, fonts._has_letter):
            kept.cache_clear()

    monkeypatch.setattr(fonts, "FOLDERS", ())
    forget()
    yield
    monkeypatch.undo()
    forget()


@pytest.mark.usefixtures("no_fonts")
async def test_a_machine_that_cannot_write_the_citys_language_is_warned_of() -> None:
    found = await _font(Config())
    assert (found.good, found.warned) == (True, True)
    assert "none has the letters of zh," in found.text
    assert "fonts-noto-cjk" in found.text
