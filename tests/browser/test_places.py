"""The place of a report in a browser: what was said last wins, photos say what they know, nothing moves about."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page

pytestmark = pytest.mark.browser

FIELD = Path(__file__).parents[1] / "media" / "field"
FROM_HERE = FIELD / "a05-photo-from-here.jpg"
FROM_ELSEWHERE = FIELD / "a05-photo-from-another-city.jpg"
NO_PICTURE = {"name": "IMG_1.heic", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + bytes(100)}
SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += one.hadRecentInput ? 0 : one.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
})"""


async def add_photo(page: Page, file: object, count: int) -> None:
    await page.locator("#photos").set_input_files(file)  # type: ignore[arg-type]
    await expect(page.locator("#kept-photos img")).to_have_count(count)


async def say(page: Page, words: str) -> None:
    await page.locator("#place_text").fill(words)
    await page.locator("#place_text").press("Enter")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/reports/new", "/traffic/new"])
async def test_nothing_moves_while_the_form_loads(visit: Open, path: str, width: int) -> None:
    page = await visit(path, width=width, fresh=True)
    assert await page.evaluate(SHIFTS) == 0


async def test_photos_say_where_it_is_until_somebody_does(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    line, lat = page.locator("#position"), page.locator("#lat")
    await add_photo(page, FROM_ELSEWHERE, 1)
    await expect(line).to_contain_text("taken outside the city")
    await expect(lat).to_have_value("")
    await add_photo(page, FROM_HERE, 2)
    await expect(line).to_contain_text("◎")
    await expect(lat).to_have_value(re.compile(r"^31\.18"))
    # Taken out, it takes its place along; an address is the last word then, and stays.
    await page.get_by_role("button", name="Remove photo 2").click()
    await expect(lat).to_have_value("")
    await expect(line).to_contain_text("taken outside the city")
    await say(page, "Stone Bridge Road")
    await expect(lat).to_have_value("31.199160")
    await add_photo(page, FROM_HERE, 2)
    await expect(lat).to_have_value("31.199160")
    # A tap on the map is a later word.
    await page.locator("#place-map").click(position={"x": 150, "y": 110})
    await expect(page.locator("#located_by")).to_have_value("pin")


async def test_an_address_after_a_photo_moves_the_pin(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await add_photo(page, FROM_HERE, 1)
    await expect(page.locator("#located_by")).to_have_value("photo")
    await say(page, "Stone Bridge")
    await expect(page.locator("#place-choices")).to_contain_text("Which one is it?")
    await page.locator("#place-choices").get_by_text("Stone Bridge Market").click()
    await expect(page.locator("#located_by")).to_have_value("address")
    await expect(page.locator("#position")).to_contain_text("Stone Bridge Market")
    await page.locator("#text").fill("The stairs are broken at the market")
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    assert re.search(r"/reports/\d+$", page.url), await page.locator("main").inner_text()


async def test_an_unknown_address_is_said_at_once(visit: Open) -> None:
    page = await visit("/reports/new", width=360, language="zh")
    await say(page, "没有这条路九十九号")
    await expect(page.locator("#address-note")).to_contain_text("找不到这个地点")
    await expect(page).to_have_url(re.compile("/reports/new"))  # Enter sends nothing


async def test_a_photo_without_a_place_asks_for_it(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await add_photo(page, FIELD / "a02-gps-half-a-fix-lat-0.jpg", 1)
    await expect(page.locator("#position")).to_contain_text("The photo has no place")


async def test_why_a_photo_was_refused_stays_in_view(visit: Open) -> None:
    page = await visit("/reports/new", width=360)
    await page.locator("#photos").set_input_files(NO_PICTURE)  # type: ignore[arg-type]
    message = page.locator(".photo-message")
    await expect(message).to_contain_text("IMG_1.heic")
    await page.locator("#email").scroll_into_view_if_needed()
    await expect(message).to_be_in_viewport()
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(message).to_contain_text("IMG_1.heic")
    await message.get_by_role("button", name="Close").click()
    await expect(message).to_have_count(0)


async def test_a_photo_is_taken_out_without_a_script(visit: Open) -> None:
    page = await visit("/reports/new", width=360, script=False)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await expect(page.locator("#place-map")).to_be_hidden()
    await page.locator("#photos").set_input_files(FROM_HERE)
    async with loads_page(page):
        await page.get_by_role("button", name="Send the report").click()
    await expect(page.locator("#position")).to_contain_text("◎")
    await page.locator("#text").fill("Still here")
    async with loads_page(page):
        await page.get_by_role("button", name="Remove photo 1").click()
    await expect(page.locator("#kept-photos img")).to_have_count(0)
    await expect(page.locator("#text")).to_have_value("Still here")
    await expect(page.locator("#lat")).to_have_value("")
