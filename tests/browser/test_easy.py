"""Large print: four ways on the home page, one thing a screen, the city's number always in view, read aloud."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.checks import find_barriers, find_split_words
from tests.browser.conftest import Open
from tests.browser.navigation import quiet

pytestmark = pytest.mark.browser

# Stands for the browser's voice, which a machine without sound does not have: keeps what it is handed.
VOICE = """
  window.spoken = [];
  window.cancelled = 0;
  window.SpeechSynthesisUtterance = class extends EventTarget {
    constructor(text) { super(); this.text = text; }
  };
  Object.defineProperty(window, "speechSynthesis", { value: {
    speak: (one) => window.spoken.push(one),
    cancel: () => { window.cancelled += 1; },
  } });
"""
CITIZENS = ["/", "/reports", "/reports/new", "/map", "/services", "/traffic", "/me", "/search", "/scores", "/sign-in"]


async def open_large(visit: Open, path: str = "/easy", *, language: str = "zh", **look: bool | int) -> Page:
    """A page in large print, with a voice."""
    page = await visit("/healthz", language=language, fresh=True, **look)
    await page.add_init_script(VOICE)
    await page.goto("/easy")
    if path != "/easy":
        await page.goto(path)
    return page


async def test_the_switch_leads_to_four_ways(visit: Open) -> None:
    page = await visit("/", language="zh", width=360, fresh=True)
    await page.get_by_role("button", name="大字版").click()
    ways = page.locator(".way")
    await expect(ways).to_have_text(["反映问题", "查进度", "办事", "打 12345"])
    assert await ways.nth(3).get_attribute("href") == "tel:12345"
    for n, path in enumerate(("/reports/new", "/me", "/services")):
        assert await ways.nth(n).get_attribute("href") == path
    assert await page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    # It is remembered, in another language too, and can be turned off again.
    await page.get_by_role("link", name="English").click()
    await expect(ways.first).to_have_text("Report a problem")
    await page.get_by_role("button", name="Normal print").click()
    await expect(page.get_by_role("heading", name="What the city is fixing now")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_number_is_in_view_on_every_page_and_nothing_bars_the_way(visit: Open, axe: str, width: int) -> None:
    page = await open_large(visit, width=width)
    for path in CITIZENS:
        await page.goto(path)
        await expect(page.locator(".easy-bar a[href='tel:12345']")).to_be_in_viewport()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        if width == 360:
            await quiet(page)
            assert await find_barriers(page, axe) + await find_split_words(page) == [], path


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_all_four_ways_are_on_the_first_screen(visit: Open, language: str) -> None:
    page = await open_large(visit, language=language, width=360)
    assert await page.evaluate("innerHeight") == 740
    bar = await page.locator(".easy-bar").bounding_box()
    assert bar
    for way in await page.locator(".way").all():
        await expect(way).to_be_in_viewport(ratio=1)
        box = await way.bounding_box()
        assert box
        assert box["height"] >= 48
        assert box["y"] + box["height"] <= bar["y"], "the bar at the foot lies on it"


async def test_the_page_is_read_aloud_in_its_languages_and_stops(visit: Open) -> None:
    page = await open_large(visit, "/reports")
    await expect(page.locator("[data-aloud]")).to_have_text("朗读")
    await page.locator("[data-aloud]").click()
    spoken = await page.evaluate("spoken.map(({ lang, text }) => [lang, text])")
    texts = "\n".join(text for _lang, text in spoken)
    assert spoken[0] == ["zh-CN", "市民反映"]
    assert {lang for lang, _text in spoken} == {"zh-CN", "en"}  # what people wrote has its own
    assert all(0 < len(text) <= 180 for _lang, text in spoken)
    assert "朗读" not in texts
    assert "English" not in texts  # of the page's content alone
    await expect(page.locator("[data-aloud]")).to_have_text("停止朗读")
    before = await page.evaluate("cancelled")
    await page.locator("[data-aloud]").click()
    assert await page.evaluate("cancelled") > before
    await expect(page.locator("[data-aloud]")).to_have_text("朗读")
    await page.locator("[data-aloud]").click()
    await page.evaluate("spoken.at(-1).dispatchEvent(new Event('end'))")  # it has come to its end
    await expect(page.locator("[data-aloud]")).to_have_attribute("aria-pressed", "false")


async def test_there_is_no_button_where_there_is_no_voice(visit: Open) -> None:
    page = await visit("/healthz", fresh=True)
    await page.add_init_script("Object.defineProperty(window, 'speechSynthesis', { value: undefined })")
    await page.goto("/easy")
    await expect(page.locator(".way").first).to_be_visible()
    await expect(page.locator("[data-aloud]")).to_have_count(0)


async def test_a_report_is_asked_one_thing_a_screen(visit: Open) -> None:
    page = await open_large(visit, "/reports/new", width=360)
    sections, send = page.locator("#report-form > section"), page.get_by_role("button", name="提交", exact=True)

    async def on(step: int) -> None:
        for n in range(3):
            await expect(sections.nth(n)).to_be_visible(visible=n == step)
        await expect(send).to_be_visible(visible=step == 2)

    await on(0)
    await page.get_by_role("button", name="下一步").click()
    await on(1)
    await expect(page.locator("#place-title")).to_be_focused()
    await page.locator("#place_text").fill("钟楼广场")
    await page.get_by_role("button", name="下一步").click()
    await on(2)
    await page.locator("#text").fill("钟楼广场的路灯整夜不亮，路面很黑。")
    # Back by the browser and by the page: nothing that was typed is lost.
    await page.go_back()
    await on(1)
    await page.get_by_role("button", name="上一步").click()
    await on(0)
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="下一步").click()
    await expect(page.locator("#text")).to_have_value("钟楼广场的路灯整夜不亮，路面很黑。")
    # One step is read, not the whole form.
    await page.locator("[data-aloud]").click()
    texts = await page.evaluate("spoken.map(one => one.text).join('\\n')")
    assert "怎么了" in texts
    assert "拍照" not in texts
    await send.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("钟楼广场的路灯")


async def test_an_error_is_on_the_step_that_is_shown(visit: Open) -> None:
    page = await open_large(visit, "/reports/new", width=360)
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_role("button", name="下一步").click()
    await page.locator("#text").fill("路灯整夜不亮，路面很黑，请来修理。")
    await page.get_by_role("button", name="提交", exact=True).click()
    summary = page.locator(".errors[role=alert]")
    await expect(summary).to_be_visible()
    await expect(page.locator("#report-form > section").nth(1)).to_be_visible()
    await expect(page.locator("#place_text")).to_be_visible()
    await expect(page.locator("#report-form > section").nth(2)).to_be_hidden()


async def test_without_a_script_the_form_is_one_page(visit: Open) -> None:
    page = await visit("/easy", script=False, fresh=True, width=360)
    await page.goto("/reports/new")
    for n in range(3):
        await expect(page.locator("#report-form > section").nth(n)).to_be_visible()
    await expect(page.locator("[data-aloud]")).to_be_hidden()
    await expect(page.locator(".easy-bar a[href='tel:12345']")).to_be_in_viewport()
