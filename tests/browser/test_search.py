"""Searching in a browser: from the head of any page, by facets, at the desk, and while a report is written."""

import asyncio
import re

import asyncpg
import pytest
from playwright.async_api import Page, expect

from tests.browser.checks import find_barriers
from tests.browser.conftest import Open
from tests.browser.navigation import loads_page
from tests.live import Live

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WAYS = [(language, script) for language in ("en", "zh") for script in (True, False)]
WORDS = {
    "en": {"query": "pothole", "found": "Pothole", "filters": "Filters", "none": "Nothing found for"},
    "zh": {"query": "路灯", "found": "路灯", "filters": "筛选", "none": "没有找到"},
}


@pytest.fixture(autouse=True, scope="module")
async def indexed(live_server: Live) -> None:
    """Everything is in the index. The bound only ends a test that would never end."""
    connection = await asyncpg.connect(live_server.database)
    for _ in range(600):
        if not await connection.fetchval("SELECT count(*) FROM search_dirty"):
            break
        await asyncio.sleep(0.2)
    await connection.close()


async def accessible(page: Page, axe: str) -> None:
    await expect(page.locator(".htmx-request")).to_have_count(0)  # what is being asked for is paler
    assert not await find_barriers(page, axe)


@pytest.mark.parametrize(("language", "script"), WAYS)
async def test_from_any_page_to_what_one_looks_for(visit: Open, language: str, script: bool) -> None:
    said = WORDS[language]
    page = await visit("/scores", language=language, width=360, script=script)
    await page.locator(".find-open").click()
    if script:
        box = page.locator("#find")
        await expect(box).to_be_focused()
        await page.evaluate("window.same = true")
    else:
        await page.wait_for_url("**/search")
        box = page.locator("#search")
    await box.fill(said["query"])
    async with loads_page(page):
        await box.press("Enter")
    assert re.search(r"/search\?q=", page.url)
    await expect(page.locator("#search")).to_have_value(said["query"])
    await expect(page.locator(".hit mark").first).to_contain_text(said["found"], ignore_case=True)

    # A filter, folded on a phone; and without it again.
    hits = int(re.sub(r"\D", "", await page.locator(".count").inner_text()))
    await page.locator(".facets > summary").click()
    if script:
        await page.evaluate("window.same = true")
    await page.locator("#status-solved").click()
    await expect(page.locator("#without-status")).to_be_in_viewport()
    assert "status=solved" in page.url
    solved = int(re.sub(r"\D", "", await page.locator(".count").inner_text()))
    assert 0 < solved < hits
    await expect(page.locator(".hit .status").first).to_contain_text({"en": "Solved", "zh": "已解决"}[language])
    await page.locator("#without-status").click()
    await expect(page.locator("#without-status")).to_have_count(0)
    assert "status" not in page.url
    if script:
        assert await page.evaluate("window.same") is True
        await expect(page.locator("#search-form [role=status]")).to_contain_text(str(hits))
        await page.go_back()
        await expect(page.locator("#without-status")).to_be_visible()

    # Other words keep the page; what leads nowhere says what to try.
    await page.goto("/search?q=" + said["query"])
    async with loads_page(page):
        await page.locator(".hit h3 a").first.click()
    assert re.search(r"/(reports|traffic|services)/", page.url)
    await page.goto("/search?q=qqqzzz")
    await expect(page.locator(".nothing")).to_contain_text(said["none"])
    await expect(page.locator(".nothing a.main")).to_have_attribute("href", "/reports/new?text=qqqzzz")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_while_one_types(visit: Open, axe: str, language: str, width: int) -> None:
    page = await visit("/services", language=language, width=width)
    if width == 360:
        await page.locator(".find-open").click()
    box, options = page.locator("#find"), page.locator("#finds [role=option]")
    await box.press_sequentially({"en": "pothol", "zh": "路灯"}[language])
    await expect(options.first).to_be_visible()
    assert await options.count() == 7  # six hits, and all of them
    await expect(box).to_have_attribute("aria-expanded", "true")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await accessible(page, axe)
    await box.press("ArrowDown")
    await box.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", "find-2")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await box.press("Escape")
    await expect(options.first).to_be_hidden()
    assert await box.input_value()
    await box.press("ArrowUp")
    await expect(box).to_have_attribute("aria-activedescendant", "find-all")
    await box.press("Tab")
    await expect(options.first).to_be_hidden()
    await box.focus()
    await box.press("ArrowDown")
    async with loads_page(page):
        await box.press("Enter")
    assert re.search(r"/reports/\d+$", page.url)


async def test_a_hit_by_pointing_and_nothing_left_behind(visit: Open) -> None:
    page = await visit("/")
    box, options = page.locator("#find"), page.locator("#finds [role=option]")
    await box.press_sequentially("identity card")
    await expect(options.first).to_be_visible()
    await box.fill("")
    await expect(options.first).to_be_hidden()
    await box.press("Enter")  # leads nowhere, as there is nothing in it
    assert page.url.endswith("/")
    await box.press_sequentially("identity card")
    async with loads_page(page):
        await options.first.click()
    assert "/services/id-card" in page.url


@pytest.mark.parametrize("script", [True, False])
async def test_near(visit: Open, script: bool) -> None:
    page = await visit("/search?kind=report", script=script)
    if script:
        await page.context.grant_permissions(["geolocation"])
        await page.context.set_geolocation({"latitude": 31.172, "longitude": 117.991})
        async with loads_page(page):
            await page.locator("[data-near-me]").click()
        assert "near=31.17200%2C117.99100%2C1000" in page.url
    else:
        await page.locator("#near").fill("青石桥")
        async with loads_page(page):
            await page.locator(".near button").first.click()
    await expect(page.locator("#without-near")).to_contain_text("Within 1 km of")
    assert "kind=report" in page.url
    await expect(page.locator(".hit .about").first).to_contain_text(re.compile(r"\d+ k?m"))
    await page.locator("#within-3").click()
    await expect(page.locator("#without-near")).to_contain_text("Within 3 km of")


async def test_the_desk_searches_its_cases(visit: Open) -> None:
    page = await visit("/desk", user="roads")
    await page.keyboard.press("/")
    await expect(page.locator("#find")).to_be_focused()
    await page.keyboard.type("drain")
    options = page.locator("#finds [role=option]")
    await expect(options.first).to_have_attribute("href", re.compile(r"^/desk/cases/\d+$"))
    async with loads_page(page):
        await page.keyboard.press("Enter")
    assert "/desk/search?q=drain" in page.url
    await page.locator("h1").click()
    await page.keyboard.press("j")
    await expect(page.locator(".hit").first).to_have_class(re.compile("here"))
    async with loads_page(page):
        await page.keyboard.press("Enter")
    assert re.search(r"/desk/cases/\d+$", page.url)
    other = await visit("/desk/search?q=drain", user="lighting", script=False)
    await expect(other.locator(".hit")).to_have_count(0)


@pytest.mark.parametrize(("language", "script"), WAYS)
async def test_what_a_report_may_already_be(visit: Open, axe: str, language: str, script: bool) -> None:
    page = await visit("/reports/new?lat=31.2285&lon=118.0625", language=language, width=360, script=script)
    text = page.locator("#text")
    found = page.locator("#similar a[href^='/reports/']")
    if script:
        await text.press_sequentially("垃圾桶满了没人收")
        await expect(found).to_have_count(1)
        await expect(text).to_be_focused()
        await expect(page.locator("#similar-said")).not_to_be_empty()
        await accessible(page, axe)
    else:
        await text.fill("垃圾桶满了没人收")
        async with loads_page(page):
            await page.locator("button[value=similar]").click()
        await expect(found).to_have_count(1)
    await expect(text).to_have_value("垃圾桶满了没人收")
    await expect(found).to_have_attribute("target", "_blank")
    await text.fill("给孩子上户口要带什么材料")
    if not script:
        async with loads_page(page):
            await page.locator("button[value=similar]").click()
    await expect(page.locator("#similar a[href='/services/newborn-registration']")).to_be_visible()
