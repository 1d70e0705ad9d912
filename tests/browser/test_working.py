"""Using the pages: keys on the desk, votes and filters without a reload, the map, language and print."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_the_desk_by_keyboard(visit: Open) -> None:
    page = await visit("/desk", user="roads")
    rows = page.locator("[data-row]")
    assert await rows.count() > 3
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("j")
    await expect(rows.nth(1)).to_have_class(re.compile("here"))
    heading = await rows.nth(1).locator("[data-open]").inner_text()
    await page.keyboard.press("/")
    await expect(page.locator("#find")).to_be_focused()
    await page.keyboard.type("jk")  # while typing, letters are letters
    await expect(page.locator("#find")).to_have_value("jk")
    await rows.nth(1).locator("[data-open]").focus()
    async with loads_page(page):
        await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text(heading[:20])
    await page.keyboard.press("r")
    await expect(page.locator("#text-reply")).to_be_focused()
    await page.keyboard.type("Reply, not hand over")
    await expect(page.locator("#command-hand_over")).not_to_have_attribute("open", "")
    await page.locator("h1").click()
    await page.keyboard.press("h")
    await expect(page.locator("#to-hand_over")).to_be_focused()
    await page.locator("h1").click()
    async with loads_page(page):
        await page.keyboard.press("u")
    assert page.url.endswith("/desk")


async def test_one_case_after_another_by_keyboard(visit: Open) -> None:
    page = await visit("/desk", user="roads")
    async with loads_page(page):
        await page.locator("[data-open]").first.click()
    await page.keyboard.press("r")
    await page.keyboard.type("Written, and not sent")
    await page.keyboard.press("Tab")
    await expect(page.locator("#command-reply button.btn")).to_be_focused()
    await page.locator("h1").click()
    await page.keyboard.press("n")
    await page.keyboard.type("A crew looks at it on Monday")
    async with loads_page(page):
        await page.keyboard.press("Control+Enter")
    done = page.locator("[data-done]")
    await expect(done).to_be_focused()
    await expect(done).to_contain_text("Your note is kept. Only staff read it.")
    first = page.url
    async with loads_page(page):
        await page.keyboard.press("j")
    assert "/desk/cases/" in page.url
    assert page.url.partition("?")[0] != first.partition("?")[0]


async def test_triage_by_keyboard(visit: Open) -> None:
    page = await visit("/desk/triage", user="dispatcher")
    # Where more wait than fit on the page, the next one takes the free place.
    pressed = await page.locator("[data-row] a[href*='/cases/']").first.get_attribute("href")
    await page.keyboard.press("j")
    async with loads_page(page):
        await page.keyboard.press("1")
    await expect(page.locator(f"[data-row] a[href='{pressed}']")).to_have_count(0)
    await expect(page.locator("[data-done]")).to_contain_text(" is with ")


async def test_the_desks_views_without_a_reload(visit: Open) -> None:
    page = await visit("/desk", user="roads")
    await page.evaluate("window.same = true")
    await page.locator(".chip", has_text="Overdue").click()
    await expect(page.locator(".chip[aria-current]")).to_contain_text("Overdue")
    assert page.url.endswith("view=overdue")
    assert await page.evaluate("window.same") is True


async def test_support_and_comment_without_a_reload(visit: Open) -> None:
    page = await visit("/reports?sort=supported", user="citizen2")
    async with loads_page(page):
        await page.locator(".post h3 a").first.click()
    await page.evaluate("window.same = true")
    button = page.locator("#talk button", has_text="Support")
    was = await button.get_attribute("aria-pressed")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false" if was == "true" else "true")
    await page.locator("#talk textarea").fill("A railing would help.")
    await page.get_by_role("button", name="Publish the comment").click()
    await expect(page.locator("#talk li", has_text="A railing would help.")).to_be_visible()
    await expect(page.locator("#talk textarea")).to_have_value("")
    await page.locator("#talk textarea").evaluate("one => one.removeAttribute('required')")
    await page.get_by_role("button", name="Publish the comment").click()
    await expect(page.locator("#talk .error")).to_be_visible()
    assert await page.evaluate("window.same") is True


async def test_filters_without_a_reload(visit: Open) -> None:
    page = await visit("/reports")
    await page.evaluate("window.same = true")
    await page.locator("#status").select_option("solved")
    await expect(page).to_have_url(re.compile("status=solved"))
    await expect(page.locator("#results .status").first).to_contain_text("Solved")
    await page.locator("#q").fill("unicorn")
    await page.locator("#q").press("Enter")
    await expect(page.locator("#results .empty")).to_contain_text("Nothing matches these filters")
    assert await page.evaluate("window.same") is True
    await page.go_back()
    await expect(page).to_have_url(re.compile("status=solved"))


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_map_shows_what_there_is(visit: Open, width: int) -> None:
    page = await visit("/map", width=width)
    shown = page.locator(".leaflet-marker-icon")
    await expect(shown.first).to_be_visible()
    # What is solved is more than can be shown one by one.
    await page.goto("/map?status=solved")
    cluster = page.locator(".cluster")
    await expect(cluster.first).to_be_visible()
    assert sum(map(int, await cluster.all_inner_texts())) > 150
    async with page.expect_response("**/map/points?*"):
        await cluster.first.evaluate("one => one.click()")
    await page.goto("/map")
    pin = page.locator(".leaflet-marker-icon:has(.pin)")
    await expect(pin.first).to_be_visible()
    await pin.first.evaluate("one => one.click()")
    link = page.locator(".leaflet-popup a[href^='/reports/']")
    await expect(link).to_be_visible()
    words = (await link.inner_text()).removeprefix("Overdue: ").splitlines()[0]
    async with loads_page(page):
        await link.click()
    await expect(page.locator("h1")).to_contain_text(words[:20].rstrip("…"))


async def test_a_pin_by_keyboard(visit: Open) -> None:
    page = await visit("/map")
    await page.locator(".leaflet-marker-icon:has(.pin)").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".leaflet-popup a[href^='/reports/']")).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
async def test_the_language_is_switched_and_remembered(visit: Open, script: bool) -> None:
    page = await visit("/reports?status=open", width=360, script=script)
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    assert page.url.endswith("/reports?status=open")
    await page.goto("/")
    await expect(page.locator("h1")).to_have_text("正在办理的身边事")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("h1")).to_have_text("What the city is fixing now")


@pytest.mark.parametrize("script", [True, False])
async def test_large_print_is_switched_and_remembered(visit: Open, script: bool) -> None:
    page = await visit("/reports", width=360, script=script)
    small = await page.locator("h1").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") if script else 0
    await page.get_by_role("button", name="Large print").click()
    await expect(page.locator("html")).to_have_class(re.compile("large"))
    assert page.url.endswith("/reports")
    await page.goto("/map")
    await expect(page.locator("html")).to_have_class(re.compile("large"))
    if script:
        assert await page.locator("h1").evaluate("one => parseFloat(getComputedStyle(one).fontSize)") > small
    await page.get_by_role("button", name="Normal print").click()
    await expect(page.locator("html")).not_to_have_class(re.compile("large"))


async def test_the_second_of_two_keeps_the_text(visit: Open) -> None:
    first, second = [await visit("/desk", user="roads") for _ in range(2)]
    for page in (first, second):
        await page.locator("[data-open]").first.click()
        await page.locator("#command-reply summary").click()
    await first.locator("#text-reply").fill("We come on Monday.")
    async with loads_page(first):
        await first.locator("#command-reply button.btn").click()
    await second.locator("#text-reply").fill("My long and careful reply")
    async with loads_page(second):
        await second.locator("#command-reply button.btn").click()
    await expect(second.locator("main")).to_contain_text("Somebody else was quicker")
    await expect(second.locator("#text-reply")).to_have_value("My long and careful reply")
    await expect(second.locator("[role=alert]").first).to_contain_text("We come on Monday.")
