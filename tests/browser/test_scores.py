"""The pages of the scores, walked from a sentence to the case behind it, with and without a script."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.navigation import loads_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# The first character of every line of a heading but the first.
LINE_STARTS = """text => {
    const heading = document.createElement("h1");
    heading.textContent = text;
    document.querySelector("main .page:not(.only-print)").prepend(heading);
    const starts = [], range = document.createRange(), node = heading.firstChild;
    let top = null;
    for (let i = 0; i < text.length; i++) {
        range.setStart(node, i);
        range.setEnd(node, i + 1);
        const y = Math.round(range.getBoundingClientRect().top);
        if (top !== null && y > top + 4) starts.push(i);
        top = y;
    }
    heading.remove();
    return starts;
}"""


@pytest.mark.parametrize("script", [True, False])
async def test_from_a_sentence_to_a_case(visit: Open, script: bool) -> None:
    page = await visit("/scores", width=360, script=script)
    assert "reports were answered on time in the whole city" in await page.locator(".story").inner_text()
    row = page.locator("tr", has=page.get_by_role("link", name="Water Department"))
    fact = row.locator("td").first.locator("a.fact")
    met, n = (await fact.inner_text()).split(" of ")
    async with loads_page(page):
        await row.get_by_role("link", name="Water Department").click()
    assert f"answered {met} of {n} on time" in await page.locator(".story").inner_text()
    async with loads_page(page):
        await page.locator("#response").get_by_role("link", name=f"The {n} cases behind it").click()
    await expect(page.locator("tbody tr")).to_have_count(int(n))
    async with loads_page(page):
        await page.get_by_role("navigation", name="Which cases").get_by_role("link", name="on time").click()
    await expect(page.locator("tbody tr")).to_have_count(int(met))
    async with loads_page(page):
        await page.locator("tbody th a").first.click()
    assert "/reports/" in page.url


async def test_provisional_figures_say_so(visit: Open) -> None:
    """Those of the period that runs, chosen in the list of periods."""
    page = await visit("/scores")
    value = await page.locator("#period option").first.get_attribute("value")
    await page.goto(f"/scores?period={value}")
    await expect(page.locator(".notice.warn")).to_contain_text("Provisional.")
    assert not await page.locator("#check").count()


async def test_a_chinese_headline_breaks_between_phrases(visit: Open) -> None:
    """Chinese has no spaces: lines of equal length would break inside a word."""
    page = await visit("/scores", language="zh", width=360)
    text = "路灯连续三天不亮，夜间出行很不方便，请尽快安排维修"
    starts = await page.evaluate(LINE_STARTS, text)
    assert starts
    assert all(text[start - 1] == "，" for start in starts), [text[start - 1 : start + 1] for start in starts]
    long = "人民路与解放路交叉口东北角人行道地砖松动破损" * 2  # no phrase ends: it breaks where the line is full
    assert await page.evaluate(LINE_STARTS, long)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
