"""The main job, walked through in a browser on a phone: in both languages, with JavaScript and without."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page
from tests.media.pictures import encoded, scene, with_gps

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AT_BELL_TOWER = {"name": "hole.jpg", "mimeType": "image/jpeg", "buffer": with_gps((31, 11, 24), (118, 0, 28.8))}
DONE = {"name": "done.jpg", "mimeType": "image/jpeg", "buffer": encoded(scene())}
WAYS = [(language, script) for language in ("en", "zh") for script in (True, False)]
WORDS = {
    "en": {"roads": "Roads Department", "why": "Why: ", "parks": "Parks and Trees", "thanks": "Solved"},
    "zh": {"roads": "市政道路管理处", "why": "原因：", "parks": "园林绿化", "thanks": "已解决"},
}


async def send(page: Page) -> None:
    """Press the main button of the page's form and wait for the answer."""
    async with loads_page(page):
        await page.locator("main form .btn.main").last.click()


async def deed(page: Page, name: str, text: str = "", *, to: str = "", photo: bool = False) -> None:
    """Open a form of the desk, fill it in, send it."""
    form = page.locator(f"#command-{name}")
    await form.locator("summary").click()
    if text:
        await form.locator("textarea").fill(text)
    if to:
        await form.locator("select[name=to]").select_option(to)
    if photo:
        await form.locator("input[type=file]").set_input_files(DONE)  # type: ignore[arg-type]
    async with loads_page(page):
        await form.locator("button.btn").click()
    await expect(page.locator(".errors")).to_have_count(0)


async def shows(page: Page, words: str) -> None:
    """The page says so, now or once the workers are done. The bound only ends a test that would never end."""
    for _ in range(200):
        if words in await page.locator("main").inner_text():
            return
        await asyncio.sleep(0.1)
        await page.reload()
    raise AssertionError(f"{page.url} never said {words!r}")


@pytest.mark.parametrize(("language", "script"), WAYS)
async def test_from_a_photo_to_stars(visit: Open, language: str, script: bool) -> None:
    said = WORDS[language]
    text = f"{language}{'+' if script else '-'}: a hole as deep as a bucket"

    # A citizen on a phone: a photo that knows where it was taken, a sentence, a category.
    citizen = await visit("/reports/new", language=language, width=360, script=script)
    await citizen.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    if script:
        await expect(citizen.locator("#kept-photos img")).to_have_count(1)
        await expect(citizen.locator("#lat")).to_have_value(re.compile(r"31\.19"))
    await citizen.locator("#text").fill(text)
    await citizen.locator("#category").select_option("pothole")
    await send(citizen)
    assert re.search(r"/reports/\d+$", citizen.url), await citizen.locator("main").inner_text()
    assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", await citizen.locator("main").inner_text())
    await shows(citizen, said["roads"])
    await shows(citizen, said["why"])
    await expect(citizen.locator(".gallery img").first).to_be_visible()

    # An agent at the desk: accepts, asks.
    roads = await visit("/desk", language=language, script=script, user="roads")
    await roads.get_by_role("link", name=text).click()
    await deed(roads, "accept", "We have a look.")
    await deed(roads, "ask", "On which side of the road?")

    # The citizen answers.
    await citizen.reload()
    await citizen.locator("#answer-text").fill("On the right.")
    await send(citizen)

    # It is not theirs: handed over with a reason, and solved there, with a photo.
    await roads.reload()
    assert "On the right." in await roads.locator("main").inner_text()
    await deed(roads, "hand_over", "A root lifts the road.", to="parks")
    parks = await visit("/desk", language=language, width=360, script=script, user="parks")
    await parks.get_by_role("link", name=text).click()
    await deed(parks, "resolve", "The root is cut.", photo=True)

    # Not to the citizen's content: disputed, solved again, confirmed with stars.
    await citizen.reload()
    await citizen.locator("#fixed textarea").fill("The hole is still there.")
    async with loads_page(citizen):
        await citizen.locator("#fixed button[formaction$=dispute]").click()
    await parks.reload()
    await deed(parks, "resolve", "And we filled it in.", photo=True)
    await citizen.reload()
    await citizen.locator("label[for=stars-5]").click()
    async with loads_page(citizen):
        await citizen.locator("#fixed button[formaction$=confirm]").click()
    history = await citizen.locator(".timeline").inner_text()
    assert said["thanks"] in await citizen.locator("main").inner_text()
    for words in (
        "We have a look.",
        "On the right.",
        "A root lifts the road.",
        "The hole is still there.",
    ):
        assert words in history
    assert "And we filled it in." in await citizen.locator("main").inner_text()  # the latest word stands above it
    await expect(citizen.locator(".timeline img")).to_have_count(2)


@pytest.mark.parametrize("script", [True, False])
async def test_nothing_is_lost_on_the_way(visit: Open, script: bool) -> None:
    """A mistake in the form: it comes back with all that was typed, chosen and photographed."""
    page = await visit("/reports/new", width=360, script=script)
    await page.locator("#photos").set_input_files(AT_BELL_TOWER)  # type: ignore[arg-type]
    if script:
        await expect(page.locator("#kept-photos img")).to_have_count(1)
    await page.locator("#category").select_option("manhole")
    await page.locator("#text").fill("The cover is gone")
    await page.locator("#email").fill("not an address")
    await send(page)
    await expect(page.locator(".errors")).to_be_visible()
    await expect(page.locator("#kept-photos img")).to_have_count(1)
    await expect(page.locator("#text")).to_have_value("The cover is gone")
    await expect(page.locator("#category")).to_have_value("manhole")
    await expect(page.locator("#email")).to_have_attribute("aria-invalid", "true")
    await page.locator("#email").fill("")
    await page.get_by_role("group", name="Is the hole open?").get_by_label("Yes").check()
    await send(page)
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()


async def test_the_questions_come_with_the_category(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.locator("#category").select_option("traffic-light")
    await expect(page.get_by_text("Green too short")).to_be_visible()
    without = await visit("/reports/new", width=360, script=False)
    await without.locator("#category").select_option("traffic-light")
    async with loads_page(without):
        await without.get_by_role("button", name="Show the questions of this category").click()
    await expect(without.get_by_text("Green too short")).to_be_visible()
    await expect(without.locator(".errors")).to_have_count(0)


async def test_a_pin_on_the_map_is_a_place(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.locator("#place-map").click(position={"x": 140, "y": 110})
    await expect(page.locator("#lat")).to_have_value(re.compile(r"31\.\d+"))
    await expect(page.locator("#position")).to_contain_text("◎")
    await page.locator("#text").fill("A pin is enough")
    await send(page)
    assert re.search(r"/reports/\d+$", page.url)


async def test_where_i_am_is_a_place(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 31.19, "longitude": 118.008})
    await page.locator("[data-locate]").click()
    await expect(page.locator("#lat")).to_have_value(re.compile(r"31\.19"))
    await expect(page.locator("[name=located_by]")).to_have_value("device")
    await page.goto("/")
    await page.locator("[data-near-me]").click()
    await page.wait_for_url("**/reports?near=31.19000,118.00800,1000")
